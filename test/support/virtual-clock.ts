import type { Clock } from '../../src/contracts/clock.js';

/** Turns of the event loop without any use of the clock after which a run is taken to do nothing but wait. */
const QUIET_TURNS = 3;

export interface VirtualClockOptions {
  /** The first `now()`, in ms since the epoch. Default: 2026-01-01T00:00:00.250Z, which is no whole second. */
  readonly start?: number;
  /** Let time move by itself to the next end of a sleep when nothing else runs. Default: false. */
  readonly auto?: boolean;
  /** Offer a `steady` time, too. Default: false. */
  readonly steady?: boolean;
}

export interface VirtualClock extends Clock {
  /** Moves time on, waking sleepers in order; each gets its turn before the next wakes. */
  advance(ms: number): Promise<void>;
  /** Sets the clock by so many ms, forward or back, as a person does: who sleeps sleeps no longer nor shorter for that. */
  set(ms: number): void;
  /** How many sleeps are under way: 0 when no timer was left behind. */
  readonly sleepers: number;
  /** The lengths of all sleeps that were begun, in ms. */
  readonly slept: readonly number[];
  /**
   * The same `fetch`, while whose requests are under way, their bodies included, time does not move by itself. For
   * real servers with `auto`, whose answers would else come after every timeout.
   */
  track(fetch: typeof globalThis.fetch): typeof globalThis.fetch;
}

interface Sleeper {
  readonly at: number;
  wake(): void;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A clock that moves only when it is told, or, with `auto`, when everybody sleeps. */
export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const { start = Date.parse('2026-01-01T00:00:00.250Z'), auto = false, steady = false } = options;
  const sleepers = new Set<Sleeper>();
  const slept: number[] = [];
  let now = start;
  let setBy = 0;
  let held = 0;
  let uses = 0;
  let isPumping = false;

  const next = () => {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (first === undefined || sleeper.at < first.at) first = sleeper;
    }
    return first;
  };

  const pump = async () => {
    if (!auto || isPumping) return;
    isPumping = true;
    while (sleepers.size > 0 && held === 0) {
      const before = uses;
      for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) await turn();
      if (uses !== before || held > 0) continue;
      const sleeper = next();
      if (!sleeper) break;
      now = Math.max(now, sleeper.at);
      sleeper.wake();
    }
    isPumping = false;
  };

  const release = () => {
    held -= 1;
    uses += 1;
    void pump();
  };

  return {
    now: () => now + setBy,
    ...(steady && { steady: () => now - start }),
    set: (ms) => void (setBy += ms),
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        uses += 1;
        slept.push(ms);
        const sleeper: Sleeper = {
          at: now + Math.max(ms, 0),
          wake() {
            end();
            resolve();
          },
        };
        const abort = () => {
          end();
          reject(signal?.reason as Error);
        };
        const end = () => {
          uses += 1;
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', abort);
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', abort, { once: true });
        void pump();
      });
    },
    async advance(ms) {
      const until = now + ms;
      for (;;) {
        for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) await turn();
        const sleeper = next();
        if (!sleeper || sleeper.at > until) break;
        now = Math.max(now, sleeper.at);
        sleeper.wake();
      }
      now = Math.max(now, until);
    },
    get sleepers() {
      return sleepers.size;
    },
    slept,
    track: (fetch) => async (input, init) => {
      held += 1;
      let isHeld = true;
      const done = () => {
        if (isHeld) release();
        isHeld = false;
      };
      try {
        const response = await fetch(input, init);
        const reader = response.body?.getReader();
        if (!reader) {
          done();
          return response;
        }
        const body = new ReadableStream<Uint8Array>({
          async pull(controller) {
            try {
              const { done: isOver, value } = await reader.read();
              if (!isOver) return controller.enqueue(value);
              controller.close();
              done();
            } catch (error) {
              done();
              controller.error(error);
            }
          },
          cancel(reason) {
            done();
            return reader.cancel(reason);
          },
        });
        const { status, statusText, headers } = response;
        return new Response(body, { status, statusText, headers });
      } catch (error) {
        done();
        throw error;
      }
    },
  };
}
