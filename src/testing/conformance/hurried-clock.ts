import type { Clock } from '../../contracts/clock.js';
import { systemClock } from '../../shared/clock.js';

/** From here on a sleep, in ms, bounds what takes real time (a timeout, the renewal of a lease) and is not skipped. */
const LONG = 10_000;

/**
 * A clock that skips the waits between attempts and for a server's pace: they are over immediately, and the time has moved
 * by them. Long sleeps end in real time, or when so much was skipped.
 */
export function hurriedClock(): Clock {
  let skipped = 0;
  const sleepers = new Set<{ readonly due: number; wake(): void }>();
  const now = () => systemClock.now() + skipped;

  async function sleepLong(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const woken = new AbortController();
    const sleeper = { due: now() + ms, wake: () => woken.abort() };
    sleepers.add(sleeper);
    try {
      await systemClock.sleep(
        ms,
        AbortSignal.any(signal === undefined ? [woken.signal] : [woken.signal, signal]),
      );
    } catch (error) {
      if (!woken.signal.aborted || signal?.aborted === true) throw error;
    } finally {
      sleepers.delete(sleeper);
    }
  }

  return {
    now,
    async sleep(ms, signal) {
      if (ms >= LONG) return sleepLong(ms, signal);
      await systemClock.sleep(0, signal);
      skipped += Math.max(ms, 0);
      for (const sleeper of sleepers) if (sleeper.due <= now()) sleeper.wake();
    },
  };
}
