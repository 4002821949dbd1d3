import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { inOrder } from '../canonical-json.js';
import { slicesOf, type Turns } from './turns.js';

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
function* listJson(list: readonly unknown[], json: (value: unknown) => string | undefined): Turns<string> {
  const pieces: string[] = [];
  for (const slice of slicesOf(list)) {
    if (pieces.length > 0) yield;
    pieces.push(json(slice)?.slice(1, -1) ?? '');
  }
  return `[${pieces.join(',')}]`;
}

/**
 * Returns the same as `JSON.stringify(document)`, in turns, for an object that may hold long lists.
 *
 * @param json Makes the JSON of a field, or of a part of a list.
 */
export function* jsonInTurns(
  document: object,
  json: (value: unknown) => string | undefined = JSON.stringify,
): Turns<string> {
  const fields: string[] = [];
  for (const name of Object.keys(document)) {
    const value: unknown = Reflect.get(document, name);
    const made = Array.isArray(value) ? yield* listJson(value, json) : json(value);
    if (made !== undefined) fields.push(`${JSON.stringify(name)}:${made}`);
  }
  return `{${fields.join(',')}}`;
}

/** Returns the same as `canonicalJson`, in turns, for an object that may hold long lists. */
export function* canonicalJsonInTurns(document: object): Turns<string> {
  const names = Object.keys(document).sort();
  const sorted = Object.fromEntries(names.map((name) => [name, Reflect.get(document, name) as unknown]));
  return yield* jsonInTurns(sorted, (value) => JSON.stringify(inOrder(value)));
}
