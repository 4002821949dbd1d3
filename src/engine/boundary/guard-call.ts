import type { Clock } from '../../contracts/clock.js';
import { isSecretSyncError, SecretSyncError, type ErrorDetails } from '../../contracts/errors.js';
import { untilAborted } from '../../shared/abort.js';
import { detailsOf, noteFromSource } from '../../shared/problems.js';
import { type ErrorCode } from '../../contracts/error-codes.js';

// Code that is not ours: sources, drivers, stores, connections, observers. Its errors can quote a value, it need not
// look at a signal, and it can return anything.

/** Does what looks at something foreign, whose properties can throw, as those of a proxy do; `undefined` where one does. */
function unlessThrows<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Returns the class of an unforeseen error: the one thing of it that certainly contains no value. */
function className(error: unknown): string {
  const name = unlessThrows((): unknown => (error instanceof Error ? error.constructor.name : typeof error));
  return typeof name === 'string' && /^[A-Z][A-Za-z]{0,40}Error$/.test(name) ? name : 'an unknown error';
}

/** The fields of an error of this library: only its message and its problems are text that others can have written. */
const FIELDS: ReadonlySet<PropertyKey> = new Set(
  'name message stack code retryable key problems status retryAt maybeWritten definitionId place destination connectionId runId'.split(
    ' ',
  ),
);

const isPlain = (error: SecretSyncError): boolean =>
  Object.getPrototypeOf(error) === SecretSyncError.prototype &&
  Reflect.ownKeys(error).every((field) => FIELDS.has(field));

/** Returns an error that is a `SecretSyncError` already, as far as it says what one of this library says. */
function knownError(error: unknown): SecretSyncError | undefined {
  if (!isSecretSyncError(error)) return undefined;
  return isPlain(error) ? error : new SecretSyncError(error.code, error.message, detailsOf(error));
}

/**
 * Makes a `SecretSyncError` of what foreign code threw; of an unforeseen error it shows the class alone. One that is a
 * `SecretSyncError` already keeps what those of this library say. Its cause, and what its code has added to it, can contain
 * anything.
 */
export function foreignError(
  error: unknown,
  code: ErrorCode,
  sentence: string,
  details: ErrorDetails = {},
): SecretSyncError {
  const known = unlessThrows(() => knownError(error));
  return known ?? new SecretSyncError(code, `${sentence} (${className(error)})`, details);
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

/** Calls the source, as {@link guarded} does, and notes that what it throws came from there. */
export async function guardedSource<Result>(
  call: () => Result | Promise<Result>,
  signal: AbortSignal,
  ...rest: [code: ErrorCode, sentence: string, details?: ErrorDetails & { readonly clock?: Clock }]
): Promise<Result> {
  try {
    return await guarded(call, signal, ...rest);
  } catch (error) {
    // Once the signal is aborted it is the reason for that, which can have come from the destination.
    throw signal.aborted ? error : noteFromSource(error);
  }
}
