import type { Clock } from '../../src/contracts/clock.js';
import type { SecretSource } from '../../src/contracts/source.js';
import type { StateStore } from '../../src/contracts/state-store.js';

/** How a run ends: it hangs for ever, as that of a process that was killed, or all that it calls fails from then on. */
export type CrashMode = 'killed' | 'cut-off';

const forever = <Answer>() => new Promise<Answer>(() => undefined);

/**
 * Ends a run at the n-th step, from 0. A step is a request, a write to the store or to the source; each counts twice:
 * before it is carried out, and after that, before its answer is in.
 */
export function crashAt(step: number, mode: CrashMode, fetch = globalThis.fetch) {
  let count = 0;
  let isDead = false;
  let tell = (): void => undefined;
  const died = new Promise<void>((resolve) => (tell = resolve));
  const underWay = new Set<Promise<unknown>>();

  async function gate(): Promise<void> {
    if (!isDead && count++ < step) return;
    isDead = true;
    tell();
    if (mode === 'killed') return forever();
    throw new Error('it crashed');
  }

  async function carryOut<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    await gate();
    const acting = act();
    underWay.add(acting);
    const answer = await acting.finally(() => underWay.delete(acting));
    await gate();
    return answer;
  }

  return {
    /** Resolves at the crash, once what is under way has been carried out. */
    died: died.then(async () => {
      await Promise.allSettled(underWay);
    }),
    fetch: (...given: Parameters<typeof globalThis.fetch>) => carryOut(() => fetch(...given)),
    store: (store: StateStore): StateStore => ({
      get: (key) => (isDead ? gate().then(() => store.get(key)) : store.get(key)),
      list: (prefix) => store.list(prefix),
      put: (...given) => carryOut(() => store.put(...given)),
      delete: (...given) => carryOut(() => store.delete(...given)),
    }),
    source: (source: SecretSource): SecretSource => ({
      ...source,
      ...(source.write === undefined
        ? {}
        : { write: (...given) => carryOut(async () => source.write?.(...given)) }),
    }),
    /** For the calls of a memory destination, before they are carried out. */
    gate,
  };
}

export type Crash = ReturnType<typeof crashAt>;

/** Time for a run that is to crash: it stands still, and nobody wakes. Waits of a run that is cut off end at once. */
export function stoppedClock(now: number, mode: CrashMode): Clock {
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        if (mode === 'cut-off' && ms < 10) resolve();
      }),
  };
}
