import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { type ErrorCode } from '../../contracts/error-codes.js';

/** Codes that say the same of a source as of a destination. */
const SHARED: ReadonlySet<ErrorCode> = new Set([
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'RATE_LIMITED',
  'TIMEOUT',
  'INVALID_OPTION',
  'UNSAFE_URL',
  'SOURCE_READ_FAILED',
  'SOURCE_NOT_WRITABLE',
  'SOURCE_WRITE_FAILED',
]);

/** Returns the same error with another code or message. */
export function retell(error: SecretSyncError, code: ErrorCode, message = error.message): SecretSyncError {
  const { retryable, status, retryAt, maybeWritten } = error;
  return new SecretSyncError(code, message, {
    retryable,
    ...(status === undefined ? {} : { status }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(maybeWritten === undefined ? {} : { maybeWritten }),
  });
}

/** Calls, and gives an error of the http client that is about a destination the code that fits a source. */
export async function aboutSource<Result>(
  code: 'SOURCE_READ_FAILED' | 'SOURCE_WRITE_FAILED',
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw isSecretSyncError(error) && !SHARED.has(error.code) ? retell(error, code) : error;
  }
}
