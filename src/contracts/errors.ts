import type { SyncPlan, SyncResult } from './plan.js';
import { quote } from './quote.js';

/** Every code a {@link SecretSyncError} can have. The README lists the remedy of each. */
export const ERROR_CODES = [
  'INVALID_DEFINITION',
  'INVALID_OPTION',
  'INVALID_KEY_SCHEMA',
  'UNKNOWN_DESTINATION',
  'UNKNOWN_CONNECTION',
  'CONNECTION_MISMATCH',
  'UNSAFE_URL',
  'SOURCE_READ_FAILED',
  'SOURCE_NOT_WRITABLE',
  'SOURCE_WRITE_FAILED',
  'IMPORT_NOT_SUPPORTED',
  'DURABLE_STORE_REQUIRED',
  'FINGERPRINT_KEY_REQUIRED',
  'PLAN_BLOCKED',
  'DELETION_REFUSED',
  'PLAN_STALE',
  'PLAN_INVALID',
  'SYNC_DISABLED',
  'SYNC_BUSY',
  'SYNC_FAILED',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'RATE_LIMITED',
  'CONFLICT',
  'DESTINATION_UNAVAILABLE',
  'DESTINATION_REJECTED',
  'INVALID_RESPONSE',
  'TIMEOUT',
  'STATE_UNREADABLE',
  'STATE_NOT_SAVED',
  'STATE_CONFLICT',
  'SYNC_NOT_FOUND',
  'SYNC_EXISTS',
  'VERSION_CONFLICT',
  'CROSS_SYNC_CONFLICT',
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** One of several things that are wrong, as listed in {@link SecretSyncError.problems}. */
export interface ErrorProblem {
  readonly code: ErrorCode;
  /** Where in the input, in dots and brackets: `destinationConfig.projectId`. */
  readonly path?: string;
  /** The key at the destination, or at the source for errors about the source. */
  readonly key?: string;
  readonly message: string;
}

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

/** What an error says beyond its code and message, for a copy of it; without its cause, result and plan. */
export function detailsOf(error: SecretSyncError): ErrorDetails {
  const { retryable, key, problems, status, retryAt, maybeWritten } = error;
  return {
    retryable,
    ...(key !== undefined && { key }),
    ...(problems !== undefined && { problems }),
    ...(status !== undefined && { status }),
    ...(retryAt !== undefined && { retryAt }),
    ...(maybeWritten !== undefined && { maybeWritten }),
  };
}

/**
 * One error for one or many problems: its code is the one that all problems share, else `general`; its message
 * names each.
 */
export function errorFromProblems(
  general: ErrorCode,
  subject: string,
  problems: readonly ErrorProblem[],
  details: ErrorDetails = {},
): SecretSyncError {
  const shared = problems[0]?.code;
  const code =
    shared !== undefined && problems.every((problem) => problem.code === shared) ? shared : general;
  const lines = problems.map((problem) => {
    const where = problem.path ?? problem.key;
    return where === undefined || where === '' ? problem.message : `${quote(where)}: ${problem.message}`;
  });
  const message = lines.length === 1 ? `${subject}: ${lines[0]}` : `${subject}:\n- ${lines.join('\n- ')}`;
  return new SecretSyncError(code, message, { ...details, problems });
}
