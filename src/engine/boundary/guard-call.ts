import type { Clock } from '../../contracts/clock.js';
import { isSecretSyncError, SecretSyncError, type ErrorDetails } from '../../contracts/errors.js';
import { untilAborted } from '../../shared/abort.js';
import { detailsOf } from '../../shared/problems.js';
import { type ErrorCode } from '../../contracts/error-codes.js';

// Code that is not ours: sources, drivers, stores, connections, observers. Its errors can quote a value, it need not
// look at a signal, and it can return anything.

/** Returns the class of an unforeseen error: the one thing of it that certainly contains no value. */
function className(error: unknown): string {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  return /^[A-Z][A-Za-z]{0,40}Error$/.test(name) ? name : 'an unknown error';
}

/**
 * Makes a `SecretSyncError` of what foreign code threw; of an unforeseen error it shows the class alone. One that is a
 * `SecretSyncError` already keeps everything but its cause, which can contain anything.
 */
export function foreignError(
  error: unknown,
  code: ErrorCode,
  sentence: string,
  details: ErrorDetails = {},
): SecretSyncError {
  if (!isSecretSyncError(error))
    return new SecretSyncError(code, `${sentence} (${className(error)})`, details);
  if (error.cause === undefined) return error;
  return new SecretSyncError(error.code, error.message, detailsOf(error));
}

/** Calls foreign code that is synchronous. */
export function callForeign<Result>(
  call: () => Result,
  code: ErrorCode,
  sentence: string,
  details?: ErrorDetails,
): Result {
  try {
    return call();
  } catch (error) {
    throw foreignError(error, code, sentence, details);
  }
}

/**
 * Calls foreign code. Throws what it throws as {@link foreignError} makes it; once the signal is aborted, its reason,
 * even if the code ignores it. With a `clock`, the code has a grace then, to say how it ended.
 */
export async function guarded<Result>(
  call: () => Result | Promise<Result>,
  signal: AbortSignal | undefined,
  code: ErrorCode,
  sentence: string,
  { clock, ...details }: ErrorDetails & { readonly clock?: Clock } = {},
): Promise<Result> {
  signal?.throwIfAborted();
  try {
    return await untilAborted((async () => call())(), signal, clock);
  } catch (error) {
    signal?.throwIfAborted();
    throw foreignError(error, code, sentence, details);
  }
}

/** Hands an event to an observer. What it throws, or rejects with, changes nothing. */
export function notify<Event>(observer: ((event: Event) => unknown) | undefined, event: Event): void {
  try {
    const returned = observer?.(event);
    if (returned instanceof Promise) returned.catch(() => undefined);
  } catch {
    return;
  }
}
