import type { SourceLocation } from '../../contracts/source.js';
import { settlesWithin } from '../../shared/async.js';
import { failureText, pauseAfter, watchFailure } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { Activity } from '../runs/idle-tracker.js';
import type { Look, SourceLooks } from '../runs/source-looks.js';
import { Nap } from './nap.js';
import type { Background } from './retry-loop.js';

/** How long a source may take to say that it watches before it is looked at anyhow, in ms: some say it at the end. */
const WATCH_PATIENCE_MS = 1_000;

/** Something was told that calls for a look, at the end of the changes, at the latest at a moment. Times are those of the nap. */
interface Settling {
  quietAt: number;
  readonly latestAt: number;
  /** Says that the location was looked at. */
  readonly end: () => void;
}

export interface WatcherParts {
  readonly options: ResolvedServiceOptions;
  readonly looks: SourceLooks;
  readonly activity: Activity;
  readonly background: Background;
}

/** A look that was made to be acted on: not one that found a change whose end is still waited for. */
export type FinalLook = Exclude<Look, { readonly isGivenUp: false }>;

/**
 * Watches a location by its source's `watch`, with a slow look beside it, and polls it for as long as there is no watch. One
 * loop makes all the looks, so that there is one place where a look succeeds and one where it fails.
 */
export class SourceWatcher {
  readonly #parts: WatcherParts;
  readonly #location: SourceLocation;
  readonly #onLook: (look: FinalLook) => void;
  readonly #controller = new AbortController();
  readonly #nap: Nap;
  #isWatched = false;
  #settling: Settling | undefined;
  #pollAt = Infinity;
  /** While a failed look is to be made again, it is the only one: it sees whatever else is told in the meantime. */
  #retryAt: number | undefined;
  #isFailing = false;
  /** What was last handed on. */
  #seen: string | undefined;

  /** `onLook` gets each look that was made to be acted on, also one that found what the last one did. */
  constructor(parts: WatcherParts, location: SourceLocation, onLook: (look: FinalLook) => void) {
    this.#parts = parts;
    this.#location = location;
    this.#onLook = onLook;
    this.#nap = new Nap(parts.options.clock);
  }

  /** Begins to watch, or to poll, and looks for the first time. */
  start(): void {
    const { options, background } = this.#parts;
    const { signal } = this.#controller;
    if (options.port.source.watch === undefined) this.look();
    else void background.untilDone(() => this.#watch(signal), signal);
    void background.forever(() => this.#lookOnce(signal), signal);
  }

  /** Looks now. */
  look(): void {
    this.#settle(0, 0);
  }

  stop(): void {
    this.#controller.abort();
    this.#settling?.end();
  }

  #dueAt(): number {
    if (this.#retryAt !== undefined) return this.#retryAt;
    const settling = this.#settling;
    return settling === undefined ? this.#pollAt : Math.min(settling.quietAt, settling.latestAt);
  }

  /** Looks when things have been quiet for a time, at the latest after `latest`, in ms. */
  #settle(quiet: number, latest: number): void {
    const { activity } = this.#parts;
    if (this.#controller.signal.aborted || this.#retryAt !== undefined) return;
    const now = this.#nap.now();
    if (this.#settling === undefined) {
      let end = () => undefined as void;
      activity.track(new Promise<void>((resolve) => (end = resolve)));
      this.#settling = { quietAt: now + quiet, latestAt: now + latest, end };
    } else this.#settling.quietAt = now + quiet;
    this.#nap.wake();
  }

  #trigger(): void {
    const { debounce, maxDebounce } = this.#parts.options.autoSync;
    this.#settle(debounce, maxDebounce);
  }

  #nextPoll(): number {
    const { random, autoSync } = this.#parts.options;
    const interval = this.#isWatched ? autoSync.watchPollInterval : autoSync.pollInterval;
    return this.#nap.now() + interval * (1 + autoSync.pollJitter * (2 * random() - 1));
  }

  async #lookOnce(signal: AbortSignal): Promise<void> {
    await this.#nap.until(() => this.#dueAt(), signal);
    const isPoll = this.#retryAt === undefined && this.#settling === undefined;
    const settled = this.#settling;
    this.#retryAt = undefined;
    this.#settling = undefined;
    try {
      const looking = this.#parts.looks.look(this.#location, signal);
      if (!isPoll) this.#parts.activity.track(looking);
      const look = await looking;
      if ('digest' in look) this.#found(look.digest, isPoll);
      else this.#failed(look);
    } finally {
      settled?.end();
    }
  }

  #found(digest: string, isPoll: boolean): void {
    this.#isFailing = false;
    this.#pollAt = this.#nextPoll();
    // It may still be changing.
    if (isPoll && digest !== this.#seen) return this.#trigger();
    this.#seen = digest;
    this.#onLook({ digest });
  }

  #failed(look: Exclude<Look, { readonly digest: string }>): void {
    this.#isFailing = true;
    // It goes on being looked at: a source that was away may have missed what there was to tell.
    const again = this.#nap.now() + look.waitMs;
    const { isGivenUp } = look;
    if (!isGivenUp) {
      this.#retryAt = again;
      this.#settling?.end();
      this.#settling = undefined;
      return;
    }
    this.#pollAt = again;
    // What is found next counts as a change, since the records now say that they failed.
    this.#seen = undefined;
    this.#onLook({ ...look, isGivenUp });
  }

  #setWatched(now: boolean): void {
    if (now === this.#isWatched) return;
    this.#isWatched = now;
    // A look that is due after a failure stays due.
    if (!this.#isFailing) this.#pollAt = this.#nextPoll();
    this.#nap.wake();
  }

  /** Watches; where that fails, tries again, and polls in the meantime. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { port, autoSync, clock, random, emit } = this.#parts.options;
    const { source } = port;
    let failures = 0;
    for (;;) {
      const began = this.#nap.now();
      const watching = Promise.resolve().then(() =>
        source.watch?.(this.#location, () => this.#trigger(), { signal }),
      );
      try {
        const isQuick = await settlesWithin(watching, WATCH_PATIENCE_MS, clock, signal);
        if (!isQuick && !signal.aborted) {
          this.#setWatched(true);
          this.look();
        }
        await watching;
        this.#setWatched(true);
        // Nothing told of what changed in the meantime.
        if (isQuick) this.look();
        else this.#trigger();
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#setWatched(false);
        failures = watchFailure(failures, this.#nap.now() - began, autoSync);
        if (failures === 1) this.look();
        const waitMs = pauseAfter(failures, random(), autoSync);
        emit({ type: 'watch-failed', location: this.#location, ...failureText(error), waitMs });
        await clock.sleep(waitMs, signal);
      }
    }
  }
}
