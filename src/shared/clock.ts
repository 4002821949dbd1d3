import type { Clock } from '../contracts/clock.js';
import { onAbort } from './abort.js';

/** The longest wait that one timer can hold, in ms; a longer one would end immediately. */
const LONGEST_TIMER = 2 ** 31 - 1;

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(() => {
      release();
      resolve();
    }, ms);
    const release = onAbort(signal, (reason) => {
      clearTimeout(timer);
      // The platform rejects with the reason itself, whatever it is.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(reason);
    });
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
