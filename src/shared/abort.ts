import type { Clock } from '../contracts/clock.js';

/** How long code that was told to stop may take to end what it does, in ms. */
const GRACE_MS = 5_000;

/** A signal for one request; call `release` when it has ended. */
export interface FollowingSignal {
  readonly signal: AbortSignal;
  readonly release: () => void;
}

interface Hub {
  readonly followers: Set<AbortController>;
  readonly abort: () => void;
}

/**
 * Makes signals that are aborted, for the same reason, with any of their sources. However many follow one source,
 * it has one listener, and none once all were released: Node warns of a leak from the eleventh on.
 */
export function createSignalHub(): (sources: readonly (AbortSignal | undefined)[]) => FollowingSignal {
  const hubs = new WeakMap<AbortSignal, Hub>();

  const hubOf = (source: AbortSignal): Hub => {
    const known = hubs.get(source);
    if (known) return known;
    const followers = new Set<AbortController>();
    const abort = () => followers.forEach((follower) => follower.abort(source.reason));
    source.addEventListener('abort', abort);
    const hub = { followers, abort };
    hubs.set(source, hub);
    return hub;
  };

  return (sources) => {
    const controller = new AbortController();
    const followed = new Set(sources.filter((source) => source !== undefined));
    for (const source of followed) {
      if (source.aborted) controller.abort(source.reason);
      hubOf(source).followers.add(controller);
    }
    const release = () => {
      for (const source of followed) {
        const { followers, abort } = hubOf(source);
        followers.delete(controller);
        if (followers.size > 0) continue;
        source.removeEventListener('abort', abort);
        hubs.delete(source);
      }
    };
    return { signal: controller.signal, release };
  };
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
