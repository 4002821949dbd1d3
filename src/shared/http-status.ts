import type { ErrorCode } from '../contracts/error-codes.js';
import { isSecretSyncError } from '../contracts/errors.js';

/*
 * | what failed                                             | status |
 * |---------------------------------------------------------|--------|
 * | what was asked for is not valid                         | 400    |
 * | a sync that does not exist                              | 404    |
 * | it conflicts with the present state, or needs a decision | 409   |
 * | how the server is set up, or its store                  | 500    |
 * | the source or the destination failed or refused         | 502    |
 * | the destination is unavailable, or limits requests      | 503    |
 * | it took too long                                        | 504    |
 *
 * A destination that refuses its credentials is 502, not 401: the credentials of who asked are another matter.
 */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  INVALID_DEFINITION: 400,
  INVALID_OPTION: 400,
  INVALID_KEY_SCHEMA: 400,
  UNKNOWN_DESTINATION: 400,
  UNKNOWN_CONNECTION: 400,
  CONNECTION_MISMATCH: 400,
  UNSAFE_URL: 400,
  SOURCE_NOT_WRITABLE: 400,
  IMPORT_NOT_SUPPORTED: 400,
  PLAN_INVALID: 400,
  SYNC_NOT_FOUND: 404,
  PLAN_BLOCKED: 409,
  DELETION_REFUSED: 409,
  PLAN_STALE: 409,
  SYNC_DISABLED: 409,
  SYNC_BUSY: 409,
  CONFLICT: 409,
  STATE_CONFLICT: 409,
  SYNC_EXISTS: 409,
  VERSION_CONFLICT: 409,
  CROSS_SYNC_CONFLICT: 409,
  DURABLE_STORE_REQUIRED: 500,
  FINGERPRINT_KEY_REQUIRED: 500,
  STATE_UNREADABLE: 500,
  STATE_NOT_SAVED: 500,
  SOURCE_READ_FAILED: 502,
  SOURCE_WRITE_FAILED: 502,
  SYNC_FAILED: 502,
  REDEPLOY_FAILED: 502,
  UNAUTHORIZED: 502,
  FORBIDDEN: 502,
  NOT_FOUND: 502,
  DESTINATION_REJECTED: 502,
  INVALID_RESPONSE: 502,
  RATE_LIMITED: 503,
  DESTINATION_UNAVAILABLE: 503,
  TIMEOUT: 504,
};

/**
 * Returns the HTTP status that an API of your own can respond with for an error of this library; 500 for any other
 * error.
 *
 * @example
 * return Response.json({ message: error.message }, { status: httpStatus(error) });
 */
export function httpStatus(error: unknown): number {
  // An error of another copy of this package can have a code that this one does not know.
  return isSecretSyncError(error) && Object.hasOwn(STATUS, error.code) ? STATUS[error.code] : 500;
}
