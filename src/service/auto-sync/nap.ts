import type { Clock } from '../../contracts/clock.js';
import { createSteadyNow } from '../../http/pacing/steady-time.js';
import { onAbort } from '../../shared/abort.js';

/**
 * Waits for a time that can move while it is waited for. Its time is no time of day: it goes on where the clock of the
 * machine is set.
 */
export class Nap {
  /** The time that is waited by, in ms. */
  readonly now: () => number;
  readonly #clock: Clock;
  #napping: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.now = createSteadyNow(clock);
  }

  /** Looks at the time again that is waited for. */
  wake(): void {
    this.#napping?.abort();
  }

  /** Waits until a time, by `now`; `Infinity`: until it is woken. Rejects once the signal is aborted. */
  async until(dueAt: () => number, signal: AbortSignal): Promise<void> {
    const release = onAbort(signal, () => this.wake());
    try {
      for (;;) {
        signal.throwIfAborted();
        const left = dueAt() - this.now();
        if (left <= 0) return;
        await this.#pause(left);
      }
    } finally {
      release();
    }
  }

  async #pause(ms: number): Promise<void> {
    const napping = new AbortController();
    this.#napping = napping;
    if (ms === Infinity) {
      await new Promise<void>((resolve) => {
        onAbort(napping.signal, () => resolve());
      });
      return;
    }
    await this.#clock.sleep(ms, napping.signal).catch((error: unknown) => {
      if (!napping.signal.aborted) throw error;
    });
  }
}
