import { createSteadyNow } from '../../http/pacing/steady-time.js';
import { failureText, pauseAfter, watchFailure } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';

/** Work that no caller waits for: it survives what fails, tells of it by `service-failed`, and pauses before it goes on. */
export interface Background {
  /** Does work until it has succeeded once, or is aborted. Never rejects. */
  untilDone(work: () => Promise<void>, signal: AbortSignal): Promise<void>;
  /** The same for a watch: that one ends which has held for a while is the first failure again. */
  watch(watching: () => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Does one round after the other until it is aborted; each waits for what it has to. Never rejects. */
  forever(round: () => Promise<void>, signal: AbortSignal): Promise<void>;
}

export function createBackground({ clock, random, autoSync, emit }: ResolvedServiceOptions): Background {
  const now = createSteadyNow(clock);
  /** `next`: the number of a failure, by how many there were before in a row, and for how long the work went on, in ms. */
  async function repeat(
    work: () => Promise<void>,
    signal: AbortSignal,
    next: (before: number, held: number) => number,
  ): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const began = now();
      try {
        await work();
        return;
      } catch (error) {
        if (signal.aborted) return;
        emit({ type: 'service-failed', ...failureText(error) });
      }
      failures = next(failures, now() - began);
      await clock.sleep(pauseAfter(failures, random(), autoSync), signal).catch(() => undefined);
    }
  }
  const untilDone: Background['untilDone'] = (work, signal) => repeat(work, signal, (before) => before + 1);
  return {
    untilDone,
    watch: (watching, signal) =>
      repeat(watching, signal, (before, held) => watchFailure(before, held, autoSync)),
    async forever(round, signal) {
      while (!signal.aborted) await untilDone(round, signal);
    },
  };
}
