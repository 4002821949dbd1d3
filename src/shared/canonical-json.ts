import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { SecretValue } from '../contracts/secret.js';
import { byText } from './text.js';

const encoder = new TextEncoder();

/** Returns a checksum without a key, which finds damage but no forgery. */
export function checksum(text: string): string {
  return bytesToHex(sha256(encoder.encode(text)));
}

function itemsInOrder(list: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (const [index, item] of list.entries()) {
    const field = inOrder(item);
    if (field !== item) copy ??= list.slice(0, index);
    copy?.push(field);
  }
  return copy ?? list;
}

/** Data whose fields are in one order, so that equal data is equal JSON; the same object where they are already. */
export function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return itemsInOrder(value);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value);
  const isSorted = names.every((name, index) => index === 0 || (names[index - 1] ?? '') <= name);
  // Only what differs is kept: nearly all of what is looked at is in order.
  let changed: Map<string, unknown> | undefined;
  for (const name of names) {
    const given: unknown = Reflect.get(value, name);
    if (typeof given !== 'object' || given === null) continue;
    const field = inOrder(given);
    if (field !== given) changed = (changed ?? new Map<string, unknown>()).set(name, field);
  }
  if (isSorted && changed === undefined) return value;
  const copy: Record<string, unknown> = {};
  for (const name of names.sort()) {
    const field: unknown = changed?.get(name) ?? Reflect.get(value, name);
    if (name === '__proto__') Object.defineProperty(copy, name, { value: field, enumerable: true });
    else copy[name] = field;
  }
  return copy;
}

/** Returns JSON with its fields in one order: equal data gives equal strings. Cheap for data that is in order. */
export const canonicalJson = (value: unknown): string => JSON.stringify(inOrder(value)) ?? 'null';

/**
 * Whether a wanted text is the JSON of what a destination made something other than a string of. White space around it
 * does not count, nor does that within an object or list, nor the order of fields: the destination keeps none of them. The
 * digits of a number do: 1.1 and 1.10 can be versions.
 */
export function isJsonOf(wanted: string | SecretValue, json: string): boolean {
  const text = (typeof wanted === 'string' ? wanted : wanted.reveal()).trim();
  if (text === json) return true;
  if (!/^[[{]/.test(text) || text[0] !== json[0]) return false;
  try {
    return canonicalJson(JSON.parse(text)) === canonicalJson(JSON.parse(json));
  } catch {
    return false;
  }
}

/** Returns a copy of plain data with its fields in one order, and without those that are `undefined`. */
export function withoutUndefined(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(withoutUndefined);
  if (typeof input !== 'object' || input === null) return input;
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  given.sort(byText(([name]) => name));
  return Object.fromEntries(given.map(([name, value]) => [name, withoutUndefined(value)]));
}
