import type { SourceLocation } from '../contracts/source.js';
import type { Activity } from './activity.js';
import { failureText, isWorthRetrying, pauseAfter, type FailureText } from './failures.js';
import type { ResolvedServiceOptions } from './options.js';

/** How long a source may take to say that it watches before it is looked at anyhow, in ms: some say it at the end. */
const WATCH_PATIENCE_MS = 1_000;

/** Looks after one location of the source. */
export interface Watcher {
  /** Begins to watch, or to poll, and looks for the first time. */
  start(): void;
  /** Something may have changed: looks once that has settled down. */
  trigger(): void;
  /** Looks now. */
  look(): void;
  stop(): void;
}

export interface WatcherTasks {
  /** Digests what the location holds. */
  digest(signal: AbortSignal): Promise<string>;
  /** Called with each digest that a look finds, a changed one or not. */
  onDigest(digest: string): Promise<void>;
  /** Called when looking was given up for now, after so many failures in a row. */
  onGivenUp(failure: FailureText, attempts: number): Promise<void>;
}

/** Watches a location by its source's `watch`, else by polling; a look is one digest, after things have settled down. */
export function createWatcher(
  { engine, autoSync, clock, random, emit }: ResolvedServiceOptions,
  location: SourceLocation,
  activity: Activity,
  tasks: WatcherTasks,
): Watcher {
  const { source } = engine;
  const { debounce, maxDebounce, pollInterval, pollJitter, retries } = autoSync;
  const controller = new AbortController();
  const { signal } = controller;
  /** What is waited for: the end of the changes, at the latest at a moment. */
  let settling: { quietAt: number; readonly latestAt: number } | undefined;
  let isLooking = false;
  let lookAgain = false;
  let seen: string | undefined;
  let failures = 0;
  let isRetrying = false;

  /** Runs to its end or until it is stopped. */
  const background = (work: () => Promise<void>): Promise<void> =>
    work().catch((error: unknown) => {
      if (!signal.aborted) emit({ type: 'service-failed', ...failureText(error) });
    });

  async function retryLater(waitMs: number): Promise<void> {
    isRetrying = true;
    await clock.sleep(waitMs, signal);
    isRetrying = false;
    look();
  }

  async function failed(error: unknown): Promise<void> {
    if (signal.aborted) return;
    failures += 1;
    const failure = failureText(error);
    if (failures <= retries && isWorthRetrying(error)) {
      const waitMs = pauseAfter(failures, random(), autoSync);
      emit({ type: 'source-failed', location, ...failure, waitMs });
      if (!isRetrying) void background(() => retryLater(waitMs));
      return;
    }
    emit({ type: 'source-failed', location, ...failure });
    // What is found next counts as a change, since the records now say that they failed.
    seen = undefined;
    await tasks.onGivenUp(failure, failures);
  }

  /** The digest of now; `undefined` where there is none to be had. */
  async function digest(): Promise<string | undefined> {
    try {
      const found = await tasks.digest(signal);
      signal.throwIfAborted();
      failures = 0;
      return found;
    } catch (error) {
      await failed(error);
      return undefined;
    }
  }

  async function lookAround(): Promise<void> {
    do {
      lookAgain = false;
      const found = await digest();
      if (found === undefined) continue;
      seen = found;
      await tasks.onDigest(found);
    } while (lookAgain && !signal.aborted);
  }

  function look(): void {
    if (signal.aborted) return;
    lookAgain = isLooking;
    if (isLooking) return;
    isLooking = true;
    activity.track(background(lookAround).finally(() => (isLooking = false)));
  }

  async function settle(until: { quietAt: number; readonly latestAt: number }): Promise<void> {
    for (;;) {
      const left = Math.min(until.quietAt, until.latestAt) - clock.now();
      if (left <= 0) break;
      await clock.sleep(left, signal);
    }
    settling = undefined;
    look();
  }

  function trigger(): void {
    if (signal.aborted) return;
    const quietAt = clock.now() + debounce;
    if (settling !== undefined) {
      settling.quietAt = quietAt;
      return;
    }
    settling = { quietAt, latestAt: clock.now() + maxDebounce };
    const until = settling;
    activity.track(background(() => settle(until)));
  }

  /** Resolves once the source watches; tries again as long as it can't. */
  async function watch(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await source.watch?.(location, trigger, { signal });
        return;
      } catch (error) {
        signal.throwIfAborted();
        const waitMs = pauseAfter(attempt, random(), autoSync);
        emit({ type: 'watch-failed', location, ...failureText(error), waitMs });
        await clock.sleep(waitMs, signal);
        // Nobody tells of what changes meanwhile.
        look();
      }
    }
  }

  async function follow(): Promise<void> {
    const patience = new AbortController();
    const waited = clock.sleep(WATCH_PATIENCE_MS, AbortSignal.any([signal, patience.signal]));
    let isLate = false;
    const watching = watch().then(() => {
      if (isLate) trigger();
    });
    await Promise.race([watching, waited.catch(() => undefined)]);
    patience.abort();
    isLate = true;
    look();
    await watching;
  }

  async function poll(): Promise<void> {
    look();
    for (;;) {
      await clock.sleep(pollInterval * (1 + pollJitter * (2 * random() - 1)), signal);
      if (isRetrying || settling !== undefined || isLooking) continue;
      const found = await digest();
      if (found !== undefined && found !== seen) trigger();
    }
  }

  return {
    start: () => void background(source.watch === undefined ? poll : follow),
    trigger,
    look,
    stop: () => controller.abort(),
  };
}
