import type { Clock } from '../contracts/clock.js';
import { endUnneeded, followSignals, onAbort, untilAborted } from './abort.js';

/** Whether work settles within a time, in ms, or until it is given up. Leaves no timer and no listener behind. */
export async function settlesWithin(
  work: Promise<unknown>,
  ms: number,
  clock: Clock,
  givenUp?: AbortSignal,
): Promise<boolean> {
  const enough = new AbortController();
  const release = onAbort(givenUp, () => endUnneeded(enough));
  const settled = work.then(
    () => true,
    () => true,
  );
  const late = clock.sleep(ms, enough.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    release();
    endUnneeded(enough);
  }
}

export interface TimeLimit {
  readonly ms: number;
  readonly clock: Clock;
  /** Ends the work before the limit. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does work, but not longer than a time; then throws what `tooLate` makes. The signal of the work is aborted with it. What
 * becomes of work that takes no notice is not heard. Leaves no timer and no listener behind.
 */
export async function withTimeLimit<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  { ms, clock, signal }: TimeLimit,
  tooLate: () => Error,
): Promise<Result> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  const settled = new AbortController();
  const release = onAbort(signal, (reason) => ended.abort(reason));
  clock.sleep(ms, settled.signal).then(
    () => ended.abort(tooLate()),
    () => undefined,
  );
  try {
    return await untilAborted(work(ended.signal), ended.signal);
  } finally {
    endUnneeded(settled);
    release();
  }
}

/** Does work, and renews every so many ms what holds only for a time. A renewal that fails is left to the next one. */
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
    endUnneeded(ended);
    // None may come after the end.
    await renewal;
  }
}

/**
 * Does two things at the same time. When one fails, the other is told to stop, and no call is left behind; then throws
 * what failed first in this order.
 */
export async function both<First, Second>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<First>,
  second: (signal: AbortSignal) => Promise<Second>,
): Promise<[First, Second]> {
  const sibling = new AbortController();
  const either = followSignals(signal, sibling.signal);
  const stopOther = (error: unknown): never => {
    sibling.abort(error);
    throw error;
  };
  try {
    const [one, two] = await Promise.allSettled([
      first(either.signal).catch(stopOther),
      second(either.signal).catch(stopOther),
    ]);
    if (one.status === 'rejected') throw one.reason;
    if (two.status === 'rejected') throw two.reason;
    return [one.value, two.value];
  } finally {
    either.release();
  }
}

/**
 * Does work for each item, in their order, for a few at a time. Nothing is made for an item before its turn: there can be
 * 100,000 of them. Rejects with the first that rejects, once no other is in progress.
 */
export async function eachAtOnce<Item>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const workOn = async () => {
    for (const item of left) await work(item);
  };
  const lanes = Array.from({ length: Math.min(concurrency, items.length) }, workOn);
  for (const lane of await Promise.allSettled(lanes)) if (lane.status === 'rejected') throw lane.reason;
}

/** Tells an observer of something. What it throws, or rejects with, changes nothing. */
export function notify<Told extends readonly unknown[]>(
  observer: ((...told: Told) => unknown) | undefined,
  ...told: Told
): void {
  try {
    const returned = observer?.(...told);
    if (returned instanceof Promise) returned.catch(() => undefined);
  } catch {
    return;
  }
}
