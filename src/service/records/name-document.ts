import * as z from 'zod/mini';
import { isSecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import type { VersionedDocument } from '../../contracts/state-store.js';
import type { DocumentStore } from './document-store.js';
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

/** The document of a name as it was found; one that is damaged has no holder, and may not even be readable. */
export interface FoundHandle {
  readonly document: VersionedDocument | undefined;
  readonly holder: StoredHandle | undefined;
  readonly damage?: unknown;
}

/** Whether a document exists and can't be used, now or later. */
export const isDamage = (error: unknown): boolean =>
  isSecretSyncError(error, 'STATE_UNREADABLE') && !error.retryable;

/** Reads the document of a name; `undefined` where there is none. */
export async function readHandle(documents: DocumentStore, key: string): Promise<FoundHandle | undefined> {
  let document: VersionedDocument | undefined;
  try {
    document = await documents.get(key);
    return document && { document, holder: parseHandle(document.document, key) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { document, holder: undefined, damage: error };
  }
}

function parseHandle(document: JsonValue, key: string): StoredHandle {
  const { data } = handleSchema.safeParse(document);
  if (data === undefined) throw unreadable(key);
  return { id: data.id, isConfirmed: 'until' in data ? data.until === null : data.isConfirmed };
}

export const renderHandle = ({ id, isConfirmed }: StoredHandle): JsonValue => ({
  formatVersion: FORMAT_VERSION,
  id,
  isConfirmed,
});
