import {
  isSecretSyncError,
  SecretSyncError,
  type ErrorCode,
  type ErrorDetails,
} from '../contracts/errors.js';

/** The class of an unforeseen error: the one thing of it that surely holds no value. */
function className(error: unknown): string {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  return /^[A-Z][A-Za-z]{0,40}Error$/.test(name) ? name : 'an unknown error';
}

/**
 * Calls code that is not ours: a source, a driver, a store. What it throws comes out as a `SecretSyncError` whose
 * message holds nothing of an unforeseen error but its class, since a message can quote a value.
 */
export async function guarded<Result>(
  call: () => Result | Promise<Result>,
  signal: AbortSignal | undefined,
  code: ErrorCode,
  sentence: string,
  details: ErrorDetails = {},
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (isSecretSyncError(error)) throw error;
    throw new SecretSyncError(code, `${sentence} (${className(error)})`, details);
  }
}
