import type { Clock } from '../contracts/clock.js';

/** Whether work settles within a time, in ms, or until it is given up. Leaves no timer behind. */
export async function settlesWithin(
  work: Promise<unknown>,
  ms: number,
  clock: Clock,
  givenUp?: AbortSignal,
): Promise<boolean> {
  const enough = new AbortController();
  const until = givenUp === undefined ? enough.signal : AbortSignal.any([givenUp, enough.signal]);
  const settled = work.then(
    () => true,
    () => true,
  );
  const late = clock.sleep(ms, until).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    enough.abort();
  }
}

/** Does work, and renews so often, in ms, what holds only for a time. A renewal that fails is left to the next one. */
export async function renewing<Result>(
  clock: Clock,
  every: number,
  renew: () => Promise<unknown>,
  work: () => Promise<Result>,
): Promise<Result> {
  const ended = new AbortController();
  const renewals = async () => {
    for (;;) {
      await clock.sleep(every, ended.signal);
      await renew().catch(() => undefined);
    }
  };
  const renewal = renewals().catch(() => undefined);
  try {
    return await work();
  } finally {
    ended.abort();
    // None may come after the end.
    await renewal;
  }
}

/**
 * Reads both sides at once. When one fails, the other is told to stop, and no call is left behind; then throws what
 * failed first in this order.
 */
export async function both<First, Second>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<First>,
  second: (signal: AbortSignal) => Promise<Second>,
): Promise<[First, Second]> {
  const sibling = new AbortController();
  const either = AbortSignal.any([signal, sibling.signal]);
  const stopOther = (error: unknown): never => {
    sibling.abort(error);
    throw error;
  };
  const [one, two] = await Promise.allSettled([
    first(either).catch(stopOther),
    second(either).catch(stopOther),
  ]);
  if (one.status === 'rejected') throw one.reason;
  if (two.status === 'rejected') throw two.reason;
  return [one.value, two.value];
}
