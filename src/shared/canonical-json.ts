import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { byText } from './text.js';

const encoder = new TextEncoder();

/** A checksum without a key, which finds damage but no forgery. */
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
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return itemsInOrder(value);
  if (typeof value !== 'object' || value === null) return value;
  let isInOrder = true;
  let last = '';
  const fields = Object.keys(value).map((name) => {
    const given: unknown = Reflect.get(value, name);
    const field = inOrder(given);
    if (name < last || field !== given) isInOrder = false;
    last = name;
    return [name, field] as const;
  });
  if (isInOrder) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, field] of fields.sort(byText(([text]) => text))) {
    if (name === '__proto__') Object.defineProperty(copy, name, { value: field, enumerable: true });
    else copy[name] = field;
  }
  return copy;
}

/** JSON with its fields in one order: equal data gives equal text, whatever wrote it down. Cheap for data that is in order. */
export const canonicalJson = (value: unknown): string => JSON.stringify(inOrder(value)) ?? 'null';

/** A copy of plain data with its fields in one order, and without those that are `undefined`, which JSON does not have. */
export function withoutUndefined(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(withoutUndefined);
  if (typeof input !== 'object' || input === null) return input;
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  given.sort(byText(([name]) => name));
  return Object.fromEntries(given.map(([name, value]) => [name, withoutUndefined(value)]));
}
