import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { inOrder } from '../canonical-json.js';
import { mapInTurns, slicesOf, type Turns } from './turns.js';

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
  const hash = sha256.create();
  yield* bytesInTurns(encoder.encode(text), (bytes) => void hash.update(bytes));
  return bytesToHex(hash.digest());
}

/** The JSON of a list, in turns. */
function* listJson(list: readonly unknown[]): Turns<string> {
  const pieces: string[] = [];
  for (const slice of slicesOf(list)) {
    if (pieces.length > 0) yield;
    pieces.push(JSON.stringify(slice).slice(1, -1));
  }
  return `[${pieces.join(',')}]`;
}

/** Returns the same as `JSON.stringify(document)`, in turns, for an object that may hold long lists. */
export function* jsonInTurns(document: object): Turns<string> {
  const fields: string[] = [];
  for (const name of Object.keys(document)) {
    const value: unknown = Reflect.get(document, name);
    const json: string | undefined = Array.isArray(value) ? yield* listJson(value) : JSON.stringify(value);
    if (json !== undefined) fields.push(`${JSON.stringify(name)}:${json}`);
  }
  return `{${fields.join(',')}}`;
}

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
export function* canonicalJsonInTurns(document: object): Turns<string> {
  return yield* jsonInTurns(yield* inOrderInTurns(document));
}
