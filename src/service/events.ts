import type { Operation } from '../contracts/plan.js';
import type { SourceLocation } from '../contracts/source.js';
import type { ErrorCode } from '../contracts/error-codes.js';
import type { ResultSummary } from '../contracts/result.js';

/** Why a run was begun. */
export type RunCause = 'created' | 'manual' | 'change' | 'retry' | 'reconcile' | 'deleted';

interface SyncFields {
  /** The id of the record. */
  readonly syncId: string;
  readonly name: string;
}

interface RunFields extends SyncFields {
  readonly jobId: string;
  readonly operation: Operation;
  readonly cause: RunCause;
}

interface Failure {
  readonly code: ErrorCode | 'ABORTED' | 'UNEXPECTED';
  readonly message: string;
}

/**
 * What a service does, as it happens. No event holds a value or a token.
 *
 * - `run-started`, `run-succeeded`, `run-failed`: one run of a record. The engine's own events tell its steps.
 * - `retry-scheduled`: auto-sync tries a record again after `waitMs`; `attempt` counts the failures, from 1.
 * - `sync-left`: auto-sync leaves a record alone until its source, its definition or its schedule changes.
 * - `source-failed`: a location could not be looked at; it is looked at again after `waitMs`. After `retries` of them its
 *   records count as failed (`sync-left`), until it can be read again.
 * - `watch-failed`: a source could not be watched; it is tried again after `waitMs`.
 * - `cross-sync-conflict`: another record writes to the same place and can match the same keys, such as `key`.
 * - `not-released`: a deleted record's place could not be found, so that its ownership there is still remembered.
 * - `service-failed`: a record could not be read or written on nobody's behalf. Auto-sync tries again, and loses nothing by it.
 */
export type ServiceEvent =
  | (RunFields & { readonly type: 'run-started'; readonly place: string })
  | (RunFields & {
      readonly type: 'run-succeeded';
      readonly summary: ResultSummary;
      readonly requestCount: number;
    })
  | (RunFields & Failure & { readonly type: 'run-failed' })
  | (SyncFields & { readonly type: 'retry-scheduled'; readonly attempt: number; readonly waitMs: number })
  | (SyncFields & Failure & { readonly type: 'sync-left'; readonly attempts: number })
  | (Failure & {
      readonly type: 'source-failed';
      readonly location: SourceLocation;
      readonly waitMs: number;
    })
  | (Failure & { readonly type: 'watch-failed'; readonly location: SourceLocation; readonly waitMs: number })
  | (SyncFields & {
      readonly type: 'cross-sync-conflict';
      readonly otherId: string;
      readonly otherName: string;
      readonly place: string;
      readonly key: string;
      readonly message: string;
    })
  | (SyncFields & Failure & { readonly type: 'not-released' })
  | (Failure & { readonly type: 'service-failed' });
