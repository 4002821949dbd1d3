import type { Clock } from '../contracts/clock.js';

/** The longest wait that one timer can hold; a longer one would end immediately. */
const LONGEST_TIMER = 2 ** 31 - 1;

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** The clock of the machine. A wait that was aborted leaves neither timer nor listener. */
export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  async sleep(ms, signal) {
    for (let left = ms; ; left -= LONGEST_TIMER) {
      await wait(Math.min(left, LONGEST_TIMER), signal);
      if (left <= LONGEST_TIMER) return;
    }
  },
};
