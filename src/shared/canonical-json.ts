import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { byText } from './text.js';

const encoder = new TextEncoder();

/** Returns a checksum without a key, which finds damage but no forgery. */
export function checksum(text: string): string {
  return bytesToHex(sha256(encoder.encode(text)));
}

/** Returns a copy whose fields are in one order, so that equal data is equal JSON. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) {
    const field = inOrder(Reflect.get(value, name));
    if (name === '__proto__') Object.defineProperty(copy, name, { value: field, enumerable: true });
    else copy[name] = field;
  }
  return copy;
}

/** Returns JSON with its fields in one order: equal data gives equal strings. */
export const canonicalJson = (value: unknown): string => JSON.stringify(inOrder(value)) ?? 'null';

/** Returns a copy of plain data with its fields in one order, and without those that are `undefined`. */
export function withoutUndefined(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(withoutUndefined);
  if (typeof input !== 'object' || input === null) return input;
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  given.sort(byText(([name]) => name));
  return Object.fromEntries(given.map(([name, value]) => [name, withoutUndefined(value)]));
}
