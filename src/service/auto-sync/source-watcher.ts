import type { SourceLocation } from '../../contracts/source.js';
import type { Activity } from '../runs/idle-tracker.js';
import type { Background } from './retry-loop.js';
import { failureText, isWorthRetrying, pauseAfter, type FailureText } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import { settlesWithin } from '../../shared/async.js';

/** How long a source may take to say that it watches before it is looked at anyhow, in ms: some say it at the end. */
const WATCH_PATIENCE_MS = 1_000;

/** Looks after one location of the source. */
export interface Watcher {
  /** Begins to watch, or to poll, and looks for the first time. */
  start(): void;
  /** Looks now. */
  look(): void;
  stop(): void;
}

export interface WatcherTasks {
  /** Digests what the location holds. */
  digest(signal: AbortSignal): Promise<string>;
  /** Called with each digest that a look finds, a changed one or not. */
  onDigest(digest: string): void;
  /** Called with each failure after so many in a row that the location counts as out of reach. */
  onGivenUp(failure: FailureText, attempts: number): void;
}

/** Something was told that calls for a look, at the end of the changes, at the latest at a moment. */
interface Settling {
  quietAt: number;
  readonly latestAt: number;
  /** Says that it was looked at. */
  readonly end: () => void;
}

/**
 * Watches a location by its source's `watch`, and polls it for as long as there is none. One loop makes all the looks,
 * each a digest, so that there is one place where a look succeeds and one where it fails.
 */
export function createWatcher(
  { engine, autoSync, clock, random, emit }: ResolvedServiceOptions,
  location: SourceLocation,
  activity: Activity,
  background: Background,
  tasks: WatcherTasks,
): Watcher {
  const { source } = engine;
  const { debounce, maxDebounce, pollInterval, pollJitter, retries } = autoSync;
  const controller = new AbortController();
  const { signal } = controller;
  let isWatched = false;
  let settling: Settling | undefined;
  let pollAt = Infinity;
  /** While a failed look is to be made again, it is the only one: it sees whatever else is told meanwhile. */
  let retryAt: number | undefined;
  let failures = 0;
  /** What was last handed on. */
  let seen: string | undefined;
  let nap: AbortController | undefined;

  const jittered = (interval: number) => interval * (1 + pollJitter * (2 * random() - 1));

  function dueAt(): number {
    if (retryAt !== undefined) return retryAt;
    return settling === undefined ? pollAt : Math.min(settling.quietAt, settling.latestAt);
  }

  async function untilDue(): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const left = dueAt() - clock.now();
      if (left <= 0) return;
      const napping = new AbortController();
      nap = napping;
      // Until something is told, where nothing is due.
      if (left === Infinity)
        await new Promise((resolve) => napping.signal.addEventListener('abort', resolve, { once: true }));
      else
        await clock.sleep(left, napping.signal).catch((error: unknown) => {
          if (!napping.signal.aborted) throw error;
        });
    }
  }

  /** Looks when things have been quiet for a time, at the latest after `latest`, in ms. */
  function settle(quiet: number, latest: number): void {
    if (signal.aborted || retryAt !== undefined) return;
    const quietAt = clock.now() + quiet;
    if (settling === undefined) {
      let end = () => undefined as void;
      activity.track(new Promise<void>((resolve) => (end = resolve)));
      settling = { quietAt, latestAt: clock.now() + latest, end };
    } else settling.quietAt = latest === 0 ? 0 : quietAt;
    nap?.abort();
  }

  const trigger = () => settle(debounce, maxDebounce);
  const look = () => settle(0, 0);

  function failed(error: unknown): void {
    failures += 1;
    const failure = failureText(error);
    const isGivenUp = failures > retries || !isWorthRetrying(error);
    // It goes on being looked at: a source that was away may have missed what there was to tell.
    const waitMs = pauseAfter(failures, random(), autoSync);
    emit({ type: 'source-failed', location, ...failure, waitMs });
    if (!isGivenUp) {
      retryAt = clock.now() + waitMs;
      settling?.end();
      settling = undefined;
      return;
    }
    pollAt = clock.now() + waitMs;
    // What is found next counts as a change, since the records now say that they failed.
    seen = undefined;
    tasks.onGivenUp(failure, failures);
  }

  function found(digest: string, isPoll: boolean): void {
    failures = 0;
    pollAt = isWatched ? Infinity : clock.now() + jittered(pollInterval);
    if (isPoll && digest !== seen) return trigger();
    seen = digest;
    tasks.onDigest(digest);
  }

  async function lookOnce(): Promise<void> {
    await untilDue();
    const isPoll = retryAt === undefined && settling === undefined;
    const answered = settling;
    retryAt = undefined;
    settling = undefined;
    try {
      const looking = tasks.digest(signal);
      if (!isPoll) activity.track(looking);
      const digest = await looking;
      if (!signal.aborted) found(digest, isPoll);
    } catch (error) {
      if (!signal.aborted) failed(error);
    } finally {
      answered?.end();
    }
  }

  function setWatched(now: boolean): void {
    if (now === isWatched) return;
    isWatched = now;
    // A look that is due after a failure stays due.
    if (failures === 0) pollAt = now ? Infinity : clock.now() + jittered(pollInterval);
    nap?.abort();
  }

  /** Watches; where that fails, tries again, and polls meanwhile. */
  async function watch(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const watching = Promise.resolve().then(() => source.watch?.(location, trigger, { signal }));
      try {
        const isQuick = await settlesWithin(watching, WATCH_PATIENCE_MS, clock, signal);
        if (!isQuick && !signal.aborted) {
          setWatched(true);
          look();
        }
        await watching;
        setWatched(true);
        // Nobody told of what changed meanwhile.
        if (isQuick) look();
        else trigger();
        return;
      } catch (error) {
        if (signal.aborted) return;
        setWatched(false);
        if (attempt === 1) look();
        const waitMs = pauseAfter(attempt, random(), autoSync);
        emit({ type: 'watch-failed', location, ...failureText(error), waitMs });
        await clock.sleep(waitMs, signal);
      }
    }
  }

  return {
    start() {
      if (source.watch === undefined) look();
      else void background.untilDone(watch, signal);
      void background.forever(lookOnce, signal);
    },
    look,
    stop() {
      controller.abort();
      settling?.end();
      nap?.abort();
    },
  };
}
