import { untilAborted } from '../abort.js';
import { showLife } from './life-sign.js';

/** Work that one call does for all that need what comes of it. */
export interface JointWork<Result> {
  /**
   * Resolves to what comes of the work; `undefined`: whoever did it is gone, as a request of a Cloudflare worker can be
   * in the midst of it, and nothing will come. Rejects with what the work rejects with, and with the signal's reason.
   */
  wait(signal?: AbortSignal): Promise<{ readonly result: Result } | undefined>;
}

/** Begins work for all that wait for it. What it rejects with is heard by them alone. */
export function beginJointWork<Result>(work: () => Promise<Result>): JointWork<Result> {
  const worker = showLife();
  const waiting = new Set<() => void>();
  const ended: { outcome?: PromiseSettledResult<Result> } = {};
  const settle = (outcome: PromiseSettledResult<Result>) => {
    worker.stop();
    ended.outcome = outcome;
    for (const wake of waiting) wake();
  };
  work().then(
    (value) => settle({ status: 'fulfilled', value }),
    (reason: unknown) => settle({ status: 'rejected', reason }),
  );

  /** Waits for a promise of the call's own: that of another request would reject, or never settle, when it is gone. */
  async function untilEnded(signal: AbortSignal | undefined): Promise<void> {
    if (ended.outcome !== undefined) return;
    let leave = () => {};
    const woken = new Promise<void>((wake) => {
      const watch = showLife(() => worker.isGone() && wake());
      waiting.add(wake);
      leave = () => {
        watch.stop();
        waiting.delete(wake);
      };
    });
    try {
      await untilAborted(woken, signal);
    } finally {
      leave();
    }
  }

  return {
    async wait(signal) {
      await untilEnded(signal);
      const { outcome } = ended;
      if (outcome?.status === 'rejected') throw outcome.reason;
      return outcome && { result: outcome.value };
    },
  };
}
