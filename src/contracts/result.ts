import type { SyncPlan } from './plan.js';
import type { ErrorCode } from './error-codes.js';
import type { FollowUpOutcome } from './follow-up.js';

/** Why a key failed, as plain data. */
export interface OutcomeError {
  readonly code: ErrorCode;
  readonly message: string;
  /** True when the same call can succeed later without anything being changed. */
  readonly retryable: boolean;
  /** The HTTP status of the response that was refused. */
  readonly status?: number;
  /** When to try again, as an ISO 8601 timestamp: on `RATE_LIMITED`. */
  readonly retryAt?: string;
}

/** How one planned key ended. */
export interface Outcome {
  readonly key: string;
  readonly kind?: string;
  readonly action: 'create' | 'update' | 'replace' | 'delete' | 'blocked';
  /**
   * `applied`; `skipped`: left out by `invalidKeys: 'skip'`; `failed`: not written; `withheld`: not attempted,
   * because something before it failed; `indeterminate`: its response was lost and reading back failed too.
   */
  readonly status: 'applied' | 'skipped' | 'failed' | 'withheld' | 'indeterminate';
  readonly error?: OutcomeError;
}

export interface ResultSummary {
  readonly applied: number;
  readonly skipped: number;
  readonly failed: number;
  readonly withheld: number;
  readonly indeterminate: number;
  /** How many keys were created or updated at the source. */
  readonly imported: number;
}

/** What a run did. */
export interface SyncResult {
  /** `failed` occurs only in the result that an error carries. */
  readonly status: 'succeeded' | 'failed';
  /** The id that the events of the run carry. */
  readonly runId: string;
  readonly plan: SyncPlan;
  /** One for each create, update, replace, delete and skipped key, in the plan's order. */
  readonly outcomes: readonly Outcome[];
  readonly summary: ResultSummary;
  /** How what followed the writes went; absent where nothing did. */
  readonly after?: FollowUpOutcome;
  /**
   * Of what the source held, or holds with what was imported, under the fingerprint key: equal as long as nothing
   * changes there. Absent where the source was not read, as in a removal of what is remembered.
   */
  readonly sourceDigest?: string;
  /** How many HTTP requests the run sent to the destination, repeated ones included. */
  readonly requestCount: number;
  /** ISO 8601. */
  readonly startedAt: string;
  /** ISO 8601. */
  readonly finishedAt: string;
}

/** What a sync returns that was told to do nothing unless its source has changed, and whose source has not. */
export interface UnchangedResult {
  readonly status: 'unchanged';
  readonly runId: string;
  readonly sourceDigest: string;
  /** Nothing is asked of the destination. */
  readonly requestCount: 0;
  /** ISO 8601. */
  readonly startedAt: string;
  /** ISO 8601. */
  readonly finishedAt: string;
}
