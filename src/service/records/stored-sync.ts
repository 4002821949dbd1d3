import * as z from 'zod/mini';
import type { SyncDefinition } from '../../contracts/definition.js';
import type { ErrorCode } from '../../contracts/error-codes.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import type { Operation } from '../../contracts/plan.js';
import type { SourceDescription } from '../../contracts/source.js';
import { parseDefinitionFields } from '../../core/definition/parse-definition.js';
import { canonicalJson } from '../../shared/canonical-json.js';
import { quote } from '../../shared/text.js';
import type { RunCause, RunOptions } from '../runs/sync-job.js';

/** `pending`: a run that was asked for and has not begun. */
export type RunStatus = 'pending' | 'running' | 'succeeded' | 'failed';

/** Why the last run failed, for whoever decides when to try again. */
export interface RunFailure {
  /** Of what the source held; `null` where the run did not get to read it. */
  readonly digest: string | null;
  /** How many runs failed in a row, from 1. */
  readonly attempts: number;
  /** ISO 8601; `null` where only a person can resolve it: it is tried again when the source or the definition changes. */
  readonly retryAt: string | null;
}

/** A run that was asked for, until it has succeeded or can't. */
export interface AskedRun {
  readonly id: string;
  readonly jobId: string | null;
  readonly cause: RunCause;
  readonly options: RunOptions;
  /** A run has begun for it. */
  readonly isTaken: boolean;
}

/** How the last run of one operation went, and what is asked for. */
export interface RunState {
  readonly status: RunStatus;
  readonly jobId: string | null;
  /** The run of the engine. */
  readonly runId: string | null;
  readonly message: string | null;
  /** When one last succeeded, ISO 8601. */
  readonly succeededAt: string | null;
  readonly failure: RunFailure | null;
  readonly asked: AskedRun | null;
}

/** The deletion of a record: no run begins while it is running. `failed`: its process ended before it did. */
export interface Deletion {
  readonly id: string;
  readonly status: 'running' | 'failed';
}

/** Keys of a record that another sync, which wants them with other values, has written since. */
export interface TakenKeys {
  /** The id of the other sync. */
  readonly syncId: string;
  readonly name: string;
  /** The first of them, sorted. */
  readonly keys: readonly string[];
  readonly hasMore: boolean;
  /** The other sync wants them no longer: this one is due. */
  readonly isLeft: boolean;
}

/** A record as it is stored. While a run or its deletion is in progress, it is saved again every 10 s. */
export interface StoredSync {
  readonly definition: SyncDefinition;
  /** The identity of the place, as last seen. */
  readonly place: string;
  /** Places that it pointed to before, where it may still own what it wrote. */
  readonly formerPlaces: readonly string[];
  /** Those of them where it may still hold keys that other syncs write. */
  readonly heldPlaces: readonly string[];
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly described: SourceDescription | null;
  /** What people called its connection when the definition was last changed. */
  readonly connectionName: string | null;
  /** Of what the source held at the last sync that succeeded, for this definition. */
  readonly sourceDigest: string | null;
  readonly deletion: Deletion | null;
  /** Since the last sync that succeeded. */
  readonly takenKeys: readonly TakenKeys[];
  /** The ids of the records whose `takenKeys` may name this one. */
  readonly tookFrom: readonly string[];
  readonly runs: Readonly<Record<Operation, RunState | null>>;
}

export const FORMAT_VERSION = 2;

/** What a record says of an operation that was never run. */
export const NO_RUN = {
  status: 'pending',
  jobId: null,
  runId: null,
  message: null,
  succeededAt: null,
  failure: null,
  asked: null,
} as const satisfies RunState;

/** A run that is asked for now. */
export const askedRun = (cause: RunCause, jobId: string | null, options: RunOptions = {}): AskedRun => ({
  id: globalThis.crypto.randomUUID(),
  jobId,
  cause,
  options,
  isTaken: false,
});

const text = z.string();
const optionalText = z.nullable(text);
const causeSchema = z.enum(['created', 'manual', 'change', 'retry', 'reconcile', 'deleted']);
const failureSchema = z.strictObject({ digest: optionalText, attempts: z.int(), retryAt: optionalText });
const askedSchema = z.strictObject({
  id: text,
  jobId: optionalText,
  cause: causeSchema,
  options: z.strictObject({
    force: z.exactOptional(z.boolean()),
    confirmDeletions: z.exactOptional(z.int()),
    importBehavior: z.exactOptional(z.enum(['prioritize-source', 'prioritize-destination'])),
  }),
  isTaken: z.boolean(),
});
const runSchema = z.strictObject({
  status: z.enum(['pending', 'running', 'succeeded', 'failed']),
  jobId: optionalText,
  runId: z._default(optionalText, null),
  message: optionalText,
  succeededAt: optionalText,
  failure: z._default(z.nullable(failureSchema), null),
  asked: z._default(z.nullable(askedSchema), null),
  /** Of format 1, which compared the clocks of two machines. */
  runningUntil: z.optional(z.unknown()),
});
const takenSchema = z.strictObject({
  syncId: text,
  name: text,
  keys: z.array(text),
  hasMore: z.boolean(),
  isLeft: z.boolean(),
});
const runsSchema = z.nullable(runSchema);
const recordSchema = z.strictObject({
  formatVersion: z.union([z.literal(1), z.literal(FORMAT_VERSION)]),
  definition: z.unknown(),
  place: text,
  formerPlaces: z._default(z.array(text), []),
  heldPlaces: z._default(z.array(text), []),
  version: z.int(),
  createdAt: text,
  updatedAt: text,
  described: z.nullable(
    z.strictObject({
      environment: z.exactOptional(z.strictObject({ slug: text, name: text, id: text })),
      folder: z.exactOptional(z.strictObject({ id: text, path: text })),
    }),
  ),
  connectionName: z._default(optionalText, null),
  sourceDigest: optionalText,
  deletion: z._default(z.nullable(z.strictObject({ id: text, status: z.enum(['running', 'failed']) })), null),
  takenKeys: z._default(z.array(takenSchema), []),
  tookFrom: z._default(z.array(text), []),
  runs: z.strictObject({ sync: runsSchema, import: runsSchema, remove: runsSchema }),
  deletingUntil: z.optional(z.unknown()),
});

/** @throws SecretSyncError `STATE_UNREADABLE`. */
export function unreadable(key: string): SecretSyncError<ErrorCode> {
  return new SecretSyncError(
    'STATE_UNREADABLE',
    `The document ${quote(key)} of the service can't be used: it is damaged, or a newer version of secret-sync-engine wrote it. Restore it from a backup, update, or delete the sync by its id.`,
  );
}

/** In format 1 a first run was asked for by its status alone. */
function upgraded(run: z.infer<typeof runsSchema>): RunState | null {
  if (run === null) return null;
  const { runningUntil: _runningUntil, ...state } = run;
  if (state.status !== 'pending' || state.asked !== null) return state;
  return { ...state, asked: askedRun('created', null) };
}

/** @throws SecretSyncError `STATE_UNREADABLE`. */
export function parseSync(document: JsonValue, key: string): StoredSync {
  const parsed = recordSchema.safeParse(document);
  const definition = parsed.success ? parseDefinitionFields(parsed.data.definition) : undefined;
  if (!parsed.success || definition?.definition === undefined || definition.problems.length > 0)
    throw unreadable(key);
  const { formatVersion: _formatVersion, deletingUntil: _deletingUntil, runs, ...rest } = parsed.data;
  return {
    ...rest,
    definition: definition.definition,
    runs: { sync: upgraded(runs.sync), import: upgraded(runs.import), remove: upgraded(runs.remove) },
  };
}

/** A document as plain JSON: a driver's config may hold fields that are `undefined`. */
export const renderDocument = (stored: StoredSync): JsonValue =>
  JSON.parse(JSON.stringify({ formatVersion: FORMAT_VERSION, ...stored })) as JsonValue;

/** Whether two records say the same. */
export const sameRecord = (first: StoredSync, second: StoredSync): boolean =>
  canonicalJson(renderDocument(first)) === canonicalJson(renderDocument(second));
