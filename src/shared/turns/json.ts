import { bytesToHex } from '@noble/hashes/utils.js';
import { inOrder } from '../canonical-json.js';
import { bestSha256 } from '../sha256.js';
import { isLong, mapInTurns, slicesOf, type Turns } from './turns.js';

const encoder = new TextEncoder();

/** How many bytes are hashed in one turn. */
const BYTES_PER_TURN = 2 ** 19;

/** Hands bytes over piece by piece, with a turn for others after each. */
export function* bytesInTurns(bytes: Uint8Array, take: (piece: Uint8Array) => void): Turns {
  for (let start = 0; start < bytes.length; start += BYTES_PER_TURN) {
    if (start > 0) yield;
    take(bytes.subarray(start, start + BYTES_PER_TURN));
  }
}

/** Returns the same as `checksum`, in turns. */
export function* checksumInTurns(text: string): Turns<string> {
  const hash = bestSha256().create();
  yield* bytesInTurns(encoder.encode(text), (bytes) => void hash.update(bytes));
  return bytesToHex(hash.digest());
}

type ToJson = (items: readonly unknown[]) => string;

/** Adds the pieces of the JSON of a list, in turns. */
function* addListJson(pieces: string[], list: readonly unknown[], toJson: ToJson): Turns {
  let isFirst = true;
  pieces.push('[');
  for (const slice of slicesOf(list)) {
    if (!isFirst) {
      yield;
      pieces.push(',');
    }
    pieces.push(toJson(slice).slice(1, -1));
    isFirst = false;
  }
  pieces.push(']');
}

/** The JSON of an object. One with long lists is of some tens of megabytes: it is put together once, in a turn of its own. */
function* objectJson(
  document: object,
  names: readonly string[],
  listToJson: ToJson,
  toJson: (value: unknown) => string | undefined,
): Turns<string> {
  const pieces: string[] = [];
  let takesLong = false;
  for (const name of names) {
    const value: unknown = Reflect.get(document, name);
    const json = Array.isArray(value) ? '' : toJson(value);
    if (json === undefined) continue;
    pieces.push(pieces.length === 0 ? '{' : ',', JSON.stringify(name), ':', json);
    if (!Array.isArray(value)) continue;
    takesLong ||= isLong(value);
    yield* addListJson(pieces, value, listToJson);
  }
  pieces.push(pieces.length === 0 ? '{}' : '}');
  if (takesLong) yield;
  const text = pieces.join('');
  if (takesLong) yield;
  return text;
}

/** Of items with more names than that, the JSON is made another way: each name would be looked for in each item. */
const MOST_NAMES = 64;

/** Names of which an object that has them all keeps an order of its own, or that mean something else. */
const UNORDERED_NAME = /^\d|^__proto__$/;

/**
 * The names of all fields of plain objects that hold no others, in order; `undefined` where an item is something else,
 * or where they are many.
 */
function fieldNames(items: readonly unknown[]): string[] | undefined {
  const names = new Set<string>();
  for (const item of items) {
    if (typeof item !== 'object' || item === null || Object.getPrototypeOf(item) !== Object.prototype)
      return undefined;
    for (const name in item) {
      const value: unknown = Reflect.get(item, name);
      if (typeof value === 'object' && value !== null) return undefined;
      names.add(name);
    }
    if (names.size > MOST_NAMES) return undefined;
  }
  const inOrderOfNames = [...names].sort();
  return inOrderOfNames.some((name) => UNORDERED_NAME.test(name)) ? undefined : inOrderOfNames;
}

/** The canonical JSON of a part of a list. Of plain rows, which plans and places have many of, nothing is copied. */
function canonicalItems(items: readonly unknown[]): string {
  const names = fieldNames(items);
  return names === undefined ? JSON.stringify(items.map(inOrder)) : JSON.stringify(items, names);
}

/** Returns the same as `JSON.stringify(document)`, in turns, for an object that may hold long lists. */
export const jsonInTurns = (document: object): Turns<string> =>
  objectJson(document, Object.keys(document), JSON.stringify, JSON.stringify);

/** Returns the same as `inOrder`, in turns, for an object that may hold long lists. */
export function* inOrderInTurns(document: object): Turns<object> {
  const fields: (readonly [string, unknown])[] = [];
  for (const name of Object.keys(document).sort()) {
    const value: unknown = Reflect.get(document, name);
    fields.push([name, Array.isArray(value) ? yield* mapInTurns(value, inOrder) : inOrder(value)]);
  }
  return Object.fromEntries(fields);
}

/** Returns the same as `canonicalJson`, in turns, for an object that may hold long lists. */
export const canonicalJsonInTurns = (document: object): Turns<string> =>
  objectJson(document, Object.keys(document).sort(), canonicalItems, (value) =>
    JSON.stringify(inOrder(value)),
  );
