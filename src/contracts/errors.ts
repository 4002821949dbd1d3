import type { SyncPlan } from './plan.js';
import type { ErrorCode, ErrorProblem } from './error-codes.js';
import type { SyncResult } from './result.js';

type CarriesPlan = 'PLAN_BLOCKED' | 'DELETION_REFUSED';

/** What an error can say beyond its code and message. */
export interface ErrorDetails {
  /** True when the same call can succeed later without anything being changed. Default: false. */
  readonly retryable?: boolean;
  /** The key at the destination that failed. */
  readonly key?: string;
  readonly problems?: readonly ErrorProblem[];
  /** The HTTP status of the answer that was refused. */
  readonly status?: number;
  /** When to try again, as an ISO 8601 timestamp: on `RATE_LIMITED`. */
  readonly retryAt?: string;
  /** True when a write may have been carried out although its answer was lost or not understood. */
  readonly maybeWritten?: boolean;
  readonly result?: SyncResult;
  readonly plan?: SyncPlan;
  /** Only an error that holds no value, token or response body. */
  readonly cause?: unknown;
}

const BRAND = Symbol.for('secret-sync-engine.SecretSyncError');

/**
 * The one error that this library throws for what it foresees. Tell the cases apart by {@link code}; the message
 * names what failed and the remedy, and never holds a value or a token.
 */
export class SecretSyncError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'SecretSyncError';
  readonly code: Code;
  /** True when the same call can succeed later without anything being changed. */
  readonly retryable: boolean;
  declare readonly key?: string;
  declare readonly problems?: readonly ErrorProblem[];
  declare readonly status?: number;
  declare readonly retryAt?: string;
  declare readonly maybeWritten?: boolean;
  /**
   * What was done before it failed: on `SYNC_FAILED`, and on `STATE_NOT_SAVED` of every run that could write (not of
   * `release`, and not of a store that is called directly).
   */
  declare readonly result: Code extends 'SYNC_FAILED' ? SyncResult : SyncResult | undefined;
  /** The plan that can't be applied: on `PLAN_BLOCKED` and `DELETION_REFUSED`. */
  declare readonly plan: Code extends CarriesPlan ? SyncPlan : SyncPlan | undefined;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    const { cause, retryable = false, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    for (const [name, value] of Object.entries(rest)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true });
    }
  }

  get [BRAND](): true {
    return true;
  }
}

/**
 * True for a {@link SecretSyncError}, also one of another copy of this package, and, where `code` is given, for
 * that code only.
 */
export function isSecretSyncError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: Code,
): error is SecretSyncError<Code> {
  return (
    error instanceof Error &&
    BRAND in error &&
    (code === undefined || ('code' in error && error.code === code))
  );
}
