import type { SyncPlan } from './plan.js';
import type { ErrorCode, ErrorProblem } from './error-codes.js';
import type { SyncResult } from './result.js';

type CarriesPlan = 'PLAN_BLOCKED' | 'DELETION_REFUSED';

/** What an error can say beyond its code and message. */
export interface ErrorDetails {
  /** True when the same call can succeed later without anything being changed. Default: false. */
  readonly retryable?: boolean | undefined;
  /** The key at the destination that failed. */
  readonly key?: string | undefined;
  readonly problems?: readonly ErrorProblem[] | undefined;
  /** The HTTP status of the response that was a refusal. */
  readonly status?: number | undefined;
  /** When to try again, as an ISO 8601 timestamp: on `RATE_LIMITED`. */
  readonly retryAt?: string | undefined;
  /** True when a write may have been carried out although its response was lost or not understood. */
  readonly maybeWritten?: boolean | undefined;
  readonly result?: SyncResult | undefined;
  readonly plan?: SyncPlan | undefined;
  /** The id of the definition that it is about. */
  readonly definitionId?: string | undefined;
  /** The identity of the place that the run was for. */
  readonly place?: string | undefined;
  /** The name of its driver. */
  readonly destination?: string | undefined;
  /** Its connection, where it names one. */
  readonly connectionId?: string | undefined;
  /** The id that the events of the run carry. */
  readonly runId?: string | undefined;
  /** Only an error that contains no value, token or response body. */
  readonly cause?: unknown;
}

/** The longest message of an error, in bytes of UTF-8. */
const MESSAGE_BYTES = 16_384;
/** The room for saying how much was left out. */
const REMARK_BYTES = 64;

/** A message that fits a log: what is left out of a longer one is counted. */
function bounded(message: string): string {
  // A code unit is three bytes at most.
  if (message.length * 3 <= MESSAGE_BYTES) return message;
  const encoder = new TextEncoder();
  const { read } = encoder.encodeInto(message, new Uint8Array(MESSAGE_BYTES));
  if (read === message.length) return message;
  const kept = encoder.encodeInto(message, new Uint8Array(MESSAGE_BYTES - REMARK_BYTES)).read;
  return `${message.slice(0, kept)} … (${message.length - kept} more characters were left out)`;
}

const boundedProblem = (problem: ErrorProblem): ErrorProblem => {
  const message = bounded(problem.message);
  return message === problem.message ? problem : { ...problem, message };
};

const BRAND = Symbol.for('secret-sync-engine.SecretSyncError');

/**
 * The one error that this library throws for what it foresees. Tell the cases apart by {@link code}; the message
 * names what failed and the remedy, never contains a value or a token, and has at most 16 KiB: what is left out of a
 * longer one is counted. The messages of its {@link problems} have the same limit.
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
  /** Where a run is known, which one it is; see {@link ErrorDetails}. */
  declare readonly definitionId?: string;
  declare readonly place?: string;
  declare readonly destination?: string;
  declare readonly connectionId?: string;
  declare readonly runId?: string;
  /**
   * What was done before it failed: on `SYNC_FAILED` and `REDEPLOY_FAILED`, and on `STATE_NOT_SAVED` of every run that
   * could write (not of `release`, and not of a store that is called directly).
   */
  declare readonly result: Code extends 'SYNC_FAILED' | 'REDEPLOY_FAILED'
    ? SyncResult
    : SyncResult | undefined;
  /** The plan that can't be applied: on `PLAN_BLOCKED` and `DELETION_REFUSED`. */
  declare readonly plan: Code extends CarriesPlan ? SyncPlan : SyncPlan | undefined;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    // From JavaScript anything can come; an error that throws while it is made would hide what it is about.
    const { cause, retryable = false, problems, ...rest } = { ...details };
    super(bounded(String(message)), cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    const fields = { ...rest, problems: problems?.map(boundedProblem) };
    for (const [name, value] of Object.entries(fields)) {
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
  try {
    return (
      error instanceof Error &&
      BRAND in error &&
      (code === undefined || ('code' in error && error.code === code))
    );
  } catch {
    // A proxy can throw whatever is asked of it.
    return false;
  }
}
