import type { ResolvedServiceOptions } from '../options.js';
import { SYNC_PREFIX } from '../records/record-store.js';
import { Nap } from './nap.js';
import type { Background } from './retry-loop.js';

/** How long a change that the store tells of waits for others, in ms: each run saves its record twice. */
const GATHER_MS = 1_000;

/** Waits until the records are to be read again: after each interval, and where the store can watch them, soon after a change. */
export class RecordChanges {
  readonly #options: ResolvedServiceOptions;
  readonly #nap: Nap;
  #dueAt = Infinity;

  constructor(options: ResolvedServiceOptions) {
    this.#options = options;
    this.#nap = new Nap(options.clock);
  }

  /** Begins to watch, until `signal` is aborted. */
  watch(background: Background, signal: AbortSignal): void {
    const { store } = this.#options;
    if (store.watch === undefined) return;
    let isAgain = false;
    const watching = async () => {
      // What changed while nothing watched was not told.
      if (isAgain) this.#hear();
      isAgain = true;
      await store.watch?.(SYNC_PREFIX, () => this.#hear(), { signal });
    };
    void background.watch(watching, signal);
  }

  async next(signal: AbortSignal): Promise<void> {
    const { refreshInterval } = this.#options.autoSync;
    this.#dueAt = Math.min(this.#dueAt, this.#nap.now() + refreshInterval);
    await this.#nap.until(() => this.#dueAt, signal);
    this.#dueAt = Infinity;
  }

  #hear(): void {
    this.#dueAt = Math.min(this.#dueAt, this.#nap.now() + GATHER_MS);
    this.#nap.wake();
  }
}
