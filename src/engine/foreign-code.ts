import type { Clock } from '../contracts/clock.js';
import {
  isSecretSyncError,
  SecretSyncError,
  type ErrorCode,
  type ErrorDetails,
} from '../contracts/errors.js';

// Code that is not ours: sources, drivers, stores, connections, observers. Its errors can quote a value, it need not
// look at a signal, and it can answer anything.

/** How long code that was told to stop may take to end what it does, in ms. */
const GRACE_MS = 5_000;

/** The class of an unforeseen error: the one thing of it that surely holds no value. */
function className(error: unknown): string {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  return /^[A-Z][A-Za-z]{0,40}Error$/.test(name) ? name : 'an unknown error';
}

/**
 * What foreign code threw, as a `SecretSyncError` that holds nothing of an unforeseen error but its class. One that
 * is a `SecretSyncError` already keeps all but its cause, which is not ours to vouch for.
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
  const { code: own, message, retryable, key, problems, status, retryAt, maybeWritten } = error;
  const rest = Object.entries({ key, problems, status, retryAt, maybeWritten });
  const known = Object.fromEntries(rest.filter(([, value]) => value !== undefined));
  return new SecretSyncError(own, message, { ...known, retryable });
}

/** Calls foreign code that answers at once. */
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
 * Waits for work, but not longer than until a signal is aborted; then rejects with its reason. With a clock the work
 * has a grace to end by itself first. What becomes of it later is not heard.
 */
export async function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
  clock?: Clock,
): Promise<Result> {
  if (signal === undefined) return work;
  const settled = new AbortController();
  const stopped = new Promise<never>((_resolve, reject) => {
    const stop = () => {
      // The platform rejects with the reason as it stands, whatever it is.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      const giveUp = () => reject(signal.reason);
      if (clock === undefined) giveUp();
      else clock.sleep(GRACE_MS, settled.signal).then(giveUp, () => undefined);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    settled.abort();
  }
}

/**
 * Calls foreign code: what it throws comes out as by {@link foreignError}; once the signal is aborted its reason comes
 * out, even if the code takes no notice of it. `clock`: it has a grace then, to say how it ended.
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
    const answer = observer?.(event);
    if (answer instanceof Promise) answer.catch(() => undefined);
  } catch {
    return;
  }
}
