import { failureText, pauseAfter } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';

/** Work that no caller waits for: it survives what fails, tells of it by `service-failed`, and pauses before it goes on. */
export interface Background {
  /** Does work until it has succeeded once, or is aborted. Never rejects. */
  untilDone(work: () => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Does one round after the other until it is aborted; each waits for what it has to. Never rejects. */
  forever(round: () => Promise<void>, signal: AbortSignal): Promise<void>;
}

export function createBackground({ clock, random, autoSync, emit }: ResolvedServiceOptions): Background {
  async function untilDone(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await work();
        return;
      } catch (error) {
        if (signal.aborted) return;
        emit({ type: 'service-failed', ...failureText(error) });
      }
      await clock.sleep(pauseAfter(attempt, random(), autoSync), signal).catch(() => undefined);
    }
  }
  return {
    untilDone,
    async forever(round, signal) {
      while (!signal.aborted) await untilDone(round, signal);
    },
  };
}
