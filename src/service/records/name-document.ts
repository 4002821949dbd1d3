import * as z from 'zod/mini';
import type { JsonValue } from '../../contracts/json.js';
import { FORMAT_VERSION, unreadable } from './stored-sync.js';

/** The document that reserves a name or id for a record. */
export interface StoredHandle {
  /** The id of the record. */
  readonly id: string;
  /** False while the record is still being made: the reservation then holds for the length of a lease. */
  readonly isConfirmed: boolean;
}

const handleSchema = z.union([
  z.strictObject({ formatVersion: z.literal(FORMAT_VERSION), id: z.string(), isConfirmed: z.boolean() }),
  z.strictObject({ formatVersion: z.literal(1), id: z.string(), until: z.nullable(z.number()) }),
]);

/** @throws SecretSyncError `STATE_UNREADABLE`. */
export function parseHandle(document: JsonValue, key: string): StoredHandle {
  const { data } = handleSchema.safeParse(document);
  if (data === undefined) throw unreadable(key);
  return { id: data.id, isConfirmed: 'until' in data ? data.until === null : data.isConfirmed };
}

export const renderHandle = ({ id, isConfirmed }: StoredHandle): JsonValue => ({
  formatVersion: FORMAT_VERSION,
  id,
  isConfirmed,
});
