import * as z from 'zod/mini';
import type { SyncDefinition } from '../../contracts/definition.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import type { Operation } from '../../contracts/plan.js';
import { quote } from '../../shared/text.js';
import type { SourceDescription } from '../../contracts/source.js';
import { parseDefinitionFields } from '../../core/definition/parse-definition.js';

/** `pending`: a first run that was asked for and has not begun. */
export type RunStatus = 'pending' | 'running' | 'succeeded' | 'failed';

/** How the last run of one operation went. */
export interface RunState {
  readonly status: RunStatus;
  readonly jobId: string | null;
  readonly message: string | null;
  /** When one last succeeded, ISO 8601. */
  readonly succeededAt: string | null;
  /** The end of the lease of a run that is under way, in ms since the epoch. */
  readonly runningUntil: number | null;
}

/** A record as it stands in the store. */
export interface StoredSync {
  readonly definition: SyncDefinition;
  /** The identity of the place, as last seen. */
  readonly place: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly described: SourceDescription | null;
  /** Of what the source held at the last sync that succeeded, for this definition. */
  readonly sourceDigest: string | null;
  /** While it is being deleted, until when, in ms since the epoch: no run is begun. */
  readonly deletingUntil: number | null;
  readonly runs: Readonly<Record<Operation, RunState | null>>;
}

const text = z.string();
const optionalText = z.nullable(text);
const optionalTime = z.nullable(z.number());
const runSchema = z.nullable(
  z.strictObject({
    status: z.enum(['pending', 'running', 'succeeded', 'failed']),
    jobId: optionalText,
    message: optionalText,
    succeededAt: optionalText,
    runningUntil: optionalTime,
  }),
);
const recordSchema = z.strictObject({
  formatVersion: z.literal(1),
  definition: z.unknown(),
  place: text,
  version: z.int(),
  createdAt: text,
  updatedAt: text,
  described: z.nullable(
    z.strictObject({
      environment: z.exactOptional(z.strictObject({ slug: text, name: text, id: text })),
      folder: z.exactOptional(z.strictObject({ id: text, path: text })),
    }),
  ),
  sourceDigest: optionalText,
  deletingUntil: optionalTime,
  runs: z.strictObject({ sync: runSchema, import: runSchema, remove: runSchema }),
});

/** A claim on a text that a record is called by: its name or its id. */
export interface StoredHandle {
  /** The id of the record. */
  readonly id: string;
  /** Until when the claim holds without the record, in ms since the epoch; `null` once the record was made. */
  readonly until: number | null;
}

const handleSchema = z.strictObject({ formatVersion: z.literal(1), id: text, until: optionalTime });

function unreadable(key: string): SecretSyncError {
  return new SecretSyncError(
    'STATE_UNREADABLE',
    `The document ${quote(key)} of the service can't be used: it is damaged, or a newer version of secret-sync-engine wrote it. Restore it from a backup, or update.`,
  );
}

/** @throws SecretSyncError `STATE_UNREADABLE`. */
export function parseSync(document: JsonValue, key: string): StoredSync {
  const parsed = recordSchema.safeParse(document);
  const definition = parsed.success ? parseDefinitionFields(parsed.data.definition) : undefined;
  if (!parsed.success || definition?.definition === undefined || definition.problems.length > 0)
    throw unreadable(key);
  const { formatVersion: _formatVersion, ...rest } = parsed.data;
  return { ...rest, definition: definition.definition };
}

/** @throws SecretSyncError `STATE_UNREADABLE`. */
export function parseHandle(document: JsonValue, key: string): StoredHandle {
  const parsed = handleSchema.safeParse(document);
  if (!parsed.success) throw unreadable(key);
  return { id: parsed.data.id, until: parsed.data.until };
}

/** A document as plain JSON: a driver's config may hold fields that are `undefined`. */
export function renderDocument(stored: StoredSync | StoredHandle): JsonValue {
  return JSON.parse(JSON.stringify({ formatVersion: 1, ...stored })) as JsonValue;
}
