import type { Clock } from '../contracts/clock.js';

/** How long code that was told to stop may take to end what it does, in ms. */
const GRACE_MS = 5_000;

/**
 * The reason for ending a wait that is no longer needed. Without one, the platform creates an error with a stack for each
 * call, which takes longer than the rest of the wait.
 */
const NOT_NEEDED = new DOMException('This is not waited for any more.', 'AbortError');

/** Ends a wait that is no longer needed. No one reads the reason. */
export const endUnneeded = (controller: AbortController): void => controller.abort(NOT_NEEDED);

interface Hub {
  readonly listeners: Set<(reason: unknown) => void>;
  readonly tell: () => void;
}

/**
 * Who waits for a signal. The platform's own `{ signal }` for listeners loses its removal to a garbage collection, and
 * Node warns of a leak from the eleventh listener on: so all share one listener, and each is removed by hand.
 */
const hubs = new WeakMap<AbortSignal, Hub>();

function hubOf(signal: AbortSignal): Hub {
  const known = hubs.get(signal);
  if (known !== undefined) return known;
  const listeners = new Set<(reason: unknown) => void>();
  const tell = () => {
    for (const listener of [...listeners]) listener(signal.reason);
  };
  const hub = { listeners, tell };
  hubs.set(signal, hub);
  signal.addEventListener('abort', tell);
  return hub;
}

/**
 * Calls a function when a signal is aborted; immediately, when it is already. Returns what takes the function back. All
 * functions of one signal share one listener, and it is removed with the last of them.
 */
export function onAbort(signal: AbortSignal | undefined, listener: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    listener(signal.reason);
    return () => undefined;
  }
  // A function of its own, so that one function can be given twice.
  const own = (reason: unknown) => {
    release();
    listener(reason);
  };
  const release = () => {
    const hub = hubs.get(signal);
    if (hub === undefined || !hub.listeners.delete(own) || hub.listeners.size > 0) return;
    signal.removeEventListener('abort', hub.tell);
    hubs.delete(signal);
  };
  hubOf(signal).listeners.add(own);
  return release;
}

/** A signal that follows others; call `release` when what it is for has ended. */
export interface FollowingSignal {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** Makes a signal that is aborted, for the same reason, with the first of others. Unlike `AbortSignal.any`, it lets go. */
export function followSignals(...sources: readonly (AbortSignal | undefined)[]): FollowingSignal {
  const controller = new AbortController();
  const releases = sources.map((source) => onAbort(source, (reason) => controller.abort(reason)));
  return { signal: controller.signal, release: () => releases.forEach((release) => release()) };
}

/**
 * Waits for work, but not longer than until a signal is aborted; then rejects with its reason. With a clock the work
 * has a grace to end by itself first. What becomes of the work after that is ignored.
 */
export async function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
  clock?: Clock,
): Promise<Result> {
  if (signal === undefined) return work;
  let grace: AbortController | undefined;
  let release = () => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    release = onAbort(signal, (reason) => {
      // The platform rejects with the reason itself, whatever it is.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      const giveUp = () => reject(reason);
      if (clock === undefined) return giveUp();
      grace = new AbortController();
      clock.sleep(GRACE_MS, grace.signal).then(giveUp, () => undefined);
    });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    release();
    if (grace !== undefined) endUnneeded(grace);
  }
}
