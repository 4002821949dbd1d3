import type { JsonValue } from '../../contracts/json.js';
import { isLong, slicesOf, type Turns } from './turns.js';

/**
 * The JSON of a document; of one with a long list the fields by name, such a list in parts: so that it can be made and
 * read in turns, and is never one string of tens of megabytes.
 */
export type DocumentJson = string | readonly (readonly [name: string, json: string | readonly string[]])[];

export const parseJson = (json: string): JsonValue => JSON.parse(json) as JsonValue;

const isPlainObject = (document: JsonValue): document is { readonly [name: string]: JsonValue } =>
  typeof document === 'object' && document !== null && !Array.isArray(document);

/** Whether a document has a list that takes more than one turn. */
export const hasLongList = (document: JsonValue): boolean =>
  isPlainObject(document) && Object.values(document).some((value) => Array.isArray(value) && isLong(value));

/** Returns the JSON of a document, in turns. */
export function* renderDocument(document: JsonValue): Turns<DocumentJson> {
  if (!isPlainObject(document) || !hasLongList(document)) return JSON.stringify(document);
  const fields: (readonly [name: string, json: string | readonly string[]])[] = [];
  for (const [name, value] of Object.entries(document)) {
    if (!Array.isArray(value) || !isLong(value)) {
      const json: string | undefined = JSON.stringify(value);
      if (json !== undefined) fields.push([name, json]);
      continue;
    }
    const parts: string[] = [];
    for (const slice of slicesOf<unknown>(value)) {
      parts.push(JSON.stringify(slice));
      yield;
    }
    fields.push([name, parts]);
  }
  return fields;
}

/** Reads, in turns, what {@link renderDocument} returned. */
export function* parseDocument(json: DocumentJson): Turns<JsonValue> {
  if (typeof json === 'string') return parseJson(json);
  const fields: [name: string, value: JsonValue][] = [];
  for (const [name, parts] of json) {
    if (typeof parts === 'string') {
      fields.push([name, parseJson(parts)]);
      continue;
    }
    const items: JsonValue[] = [];
    for (const part of parts) {
      for (const item of JSON.parse(part) as readonly JsonValue[]) items.push(item);
      yield;
    }
    fields.push([name, items]);
  }
  return Object.fromEntries(fields);
}
