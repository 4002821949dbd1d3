import type { ImportBehavior } from '../../contracts/definition.js';
import type { ErrorCode } from '../../contracts/error-codes.js';
import type { SyncEvent } from '../../contracts/events.js';
import type { Operation } from '../../contracts/plan.js';
import type { ResultSummary } from '../../contracts/result.js';
import type { SourceLocation } from '../../contracts/source.js';

/** Why a run was begun. */
export type RunCause = 'created' | 'manual' | 'change' | 'retry' | 'reconcile' | 'deleted';

/** What a run is asked for with, beyond its record. */
export interface RunOptions {
  readonly force?: boolean | undefined;
  readonly confirmDeletions?: number | undefined;
  readonly importBehavior?: ImportBehavior | undefined;
}

/** A run that is asked for, as JSON: a queue can carry it. It holds no secret. */
export interface SyncJob {
  /** The id of the record. */
  readonly syncId: string;
  readonly operation: Operation;
  readonly cause: RunCause;
  /** Default: none. */
  readonly options?: RunOptions;
  /** Of what the source held when the run was found to be due. Absent: it is due whatever the source holds. */
  readonly sourceDigest?: string;
}

/** How a job ended, as JSON. */
export type Performed =
  | {
      readonly status: 'succeeded';
      readonly summary: ResultSummary;
      readonly requestCount: number;
      /** The run of the engine: its events have it too. */
      readonly runId: string;
      /** Of what the source held; `null` after a removal that did not have to read it. */
      readonly sourceDigest: string | null;
    }
  /** Nothing was to be done any more: another run did it, or the record is switched off or gone. */
  | { readonly status: 'unwanted' }
  /**
   * Another run is in progress for this record or at its place, or the limit of its connection is reached; ask again soon, or
   * at `retryAt` (ISO 8601) where the connection's server said when.
   */
  | { readonly status: 'busy'; readonly retryAt?: string }
  /** Ended by the signal; ask again. */
  | { readonly status: 'aborted' }
  | {
      readonly status: 'failed';
      readonly code: ErrorCode | 'ABORTED' | 'UNEXPECTED';
      readonly message: string;
      /** When to try again, ISO 8601; `null` where only a person can resolve it. */
      readonly retryAt: string | null;
    };

/** Options of `findDue`. */
export interface FindDueOptions {
  /** Only records that read this location of the source. Default: all. */
  readonly location?: SourceLocation | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `perform`. */
export interface PerformOptions {
  /** Ends the run; what was written until then is remembered. */
  readonly signal?: AbortSignal | undefined;
  /** Shown by the record and by events. Must differ for each attempt of a job. Default: a new UUID. */
  readonly jobId?: string | undefined;
  /**
   * How many runs may go through the connection of the record at the same time, over all processes that give this option
   * and share the store; further ones are `busy`. What a server said to one of them of its rate limit then holds for all.
   * Default: no limit, and nothing is shared.
   */
  readonly runsPerConnection?: number | undefined;
  /** Gets the engine's events of this run. What it throws is ignored. */
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
}

/** A queue that carries jobs to the processes that run them. */
export interface SyncQueue {
  /** Adds a job, to be given out after `delay` ms. Returns its id; that of a job that waits already where it serves both. */
  enqueue(job: SyncJob, options?: { readonly delay?: number }): Promise<string>;
}

/** A job without the fields that its request leaves out. */
export function jobOf(
  syncId: string,
  operation: Operation,
  cause: RunCause,
  rest: { readonly options?: RunOptions; readonly sourceDigest?: string | undefined } = {},
): SyncJob {
  const given = Object.entries(rest.options ?? {}).filter(([, value]) => value !== undefined);
  return {
    syncId,
    operation,
    cause,
    ...(given.length > 0 && { options: Object.fromEntries(given) }),
    ...(rest.sourceDigest !== undefined && { sourceDigest: rest.sourceDigest }),
  };
}

/** The options that an operation takes. */
export function optionsOf({ operation }: SyncJob, { force, confirmDeletions, importBehavior }: RunOptions) {
  const confirmation = confirmDeletions === undefined ? {} : { confirmDeletions };
  if (operation === 'import') return importBehavior === undefined ? {} : { importBehavior };
  return operation === 'remove' ? confirmation : { ...confirmation, ...(force === true && { force }) };
}
