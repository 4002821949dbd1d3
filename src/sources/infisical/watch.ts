import { backoff } from '../../http/backoff.js';
import type { Effective } from './effective.js';
import { subscribe, type EventsOptions } from './events.js';
import type { InfisicalPlace } from './options.js';

/** A lost stream is asked for again after a backoff of these ms. */
const RECONNECT = { minTimeout: 1_000, maxTimeout: 60_000 };
/** A stream that was open for so long, in ms, was a good one: that it ended is the first failure. */
const LASTING = 60_000;

export interface WatchOptions extends EventsOptions {
  readonly random: () => number;
  /** In ms. */
  readonly pollInterval: number;
  readonly read: (place: InfisicalPlace, signal: AbortSignal) => Promise<Effective>;
}

function isEqual(left: Effective, right: Effective): boolean {
  const values = new Map(left.secrets);
  const hidden = new Set(left.unreadable);
  return (
    left.secrets.length === right.secrets.length &&
    left.unreadable.length === right.unreadable.length &&
    right.secrets.every(([key, value]) => values.get(key)?.equals(value) === true) &&
    right.unreadable.every((key) => hidden.has(key))
  );
}

/**
 * Calls `onChange` for each change until the signal is aborted: as Infisical pushes them, and where it does not, by
 * reading again every `pollInterval`, give or take a tenth. Resolves when it misses nothing that changes from then on;
 * rejects when the folder can't be read at that time. What fails later is tried again.
 */
export async function watch(
  options: WatchOptions,
  place: InfisicalPlace,
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, pollInterval, read } = options;
  let seen: Effective | undefined;
  let events = await subscribe(options, place, signal);
  try {
    seen = await read(place, signal);
  } catch (error) {
    // It will not be followed.
    if (typeof events === 'object') events.close();
    throw error;
  }

  const follow = async (): Promise<void> => {
    let failures = 0;
    for (;;) {
      if (typeof events === 'object') {
        const openedAt = clock.now();
        await events.follow(() => {
          failures = 0;
          seen = undefined;
          onChange();
        });
        if (clock.now() - openedAt >= LASTING) failures = 0;
      }
      if (events === 'refused') await clock.sleep(pollInterval * (0.9 + random() / 5), signal);
      else {
        await clock.sleep(backoff(++failures, random(), RECONNECT), signal);
        events = await subscribe(options, place, signal);
      }
      // What changed while nothing was pushed.
      const now = await read(place, signal).catch(() => undefined);
      signal.throwIfAborted();
      if (now === undefined) continue;
      const isChanged = seen === undefined || !isEqual(seen, now);
      seen = now;
      if (isChanged) onChange();
    }
  };
  // Ends by the abort alone, unless onChange throws, which is not ours to hide.
  follow().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
