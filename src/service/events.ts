import type { Operation } from '../contracts/plan.js';
import type { SourceLocation } from '../contracts/source.js';
import type { ResultSummary } from '../contracts/result.js';
import type { FailureText } from './failure.js';
import type { RunCause } from './runs/sync-job.js';

interface SyncFields {
  /** The id of the record. */
  readonly syncId: string;
  readonly name: string;
}

interface RunFields extends SyncFields {
  readonly jobId: string;
  /** The `runId` of the engine's own events; `null` for a run that failed before it had its turn. */
  readonly runId: string | null;
  readonly operation: Operation;
  readonly cause: RunCause;
}

/**
 * What a service does, as it happens. No event holds a value or a token.
 *
 * - `run-started`, `run-succeeded`, `run-failed`: one run of a record. The engine's own events show its steps, under the same
 *   `runId`.
 * - `retry-scheduled`: a record is tried again after `waitMs`; `attempt` counts the failures in a row, from 1.
 * - `sync-left`: a record does not get in sync by itself at present. With `retryAt` it has failed more often than `retries`, and
 *   is tried again at the longest pause for as long as the cause lasts. Without, it is tried again when its source can be read
 *   again or holds something else, when its definition changes, or when its schedule says so.
 * - `source-failed`: a location could not be looked at; it is looked at again after `waitMs`. After `retries` of them its
 *   records count as failed (`sync-left`), until it can be read again.
 * - `watch-failed`: a source could not be watched; it is tried again after `waitMs`.
 * - `cross-sync-conflict`: another record writes to the same place and can match the same keys, such as `key`.
 * - `keys-taken-over`: another sync, `otherId`, has written its own values of `keys`, which this record wants with others. The
 *   record says that it is not in sync until its next sync succeeds, which auto-sync does not begin for this.
 * - `record-unreadable`: a record can't be read, so that nothing is done for it; `key` is that of its document in the store,
 *   `syncId` its id, where it can be told. `deleteSync` of that id removes it.
 * - `record-unverified`: a document of the service could not be verified, and the engine's `acceptUnverifiedState` accepts
 *   it; `key` is its key in the store. It is sealed when it is next saved.
 * - `service-failed`: a record could not be read or written for something that no caller waits for. It is tried again, and
 *   nothing is lost.
 */
export type ServiceEvent =
  | (RunFields & { readonly type: 'run-started'; readonly place: string })
  | (RunFields & {
      readonly type: 'run-succeeded';
      readonly summary: ResultSummary;
      readonly requestCount: number;
    })
  | (RunFields & FailureText & { readonly type: 'run-failed' })
  | (SyncFields & { readonly type: 'retry-scheduled'; readonly attempt: number; readonly waitMs: number })
  | (SyncFields &
      FailureText & {
        readonly type: 'sync-left';
        readonly attempts: number;
        /** ISO 8601. */
        readonly retryAt: string | null;
      })
  | (FailureText & {
      readonly type: 'source-failed';
      readonly location: SourceLocation;
      readonly waitMs: number;
    })
  | (FailureText & {
      readonly type: 'watch-failed';
      readonly location: SourceLocation;
      readonly waitMs: number;
    })
  | (SyncFields & {
      readonly type: 'cross-sync-conflict';
      readonly otherId: string;
      readonly otherName: string;
      readonly place: string;
      readonly key: string;
      readonly message: string;
    })
  | (SyncFields & {
      readonly type: 'keys-taken-over';
      readonly otherId: string;
      readonly otherName: string;
      readonly place: string;
      readonly keys: readonly string[];
      readonly message: string;
    })
  | { readonly type: 'record-unverified'; readonly key: string }
  | (FailureText & { readonly type: 'record-unreadable'; readonly key: string; readonly syncId?: string })
  | (FailureText & { readonly type: 'service-failed' });
