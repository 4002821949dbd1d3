import type { Clock } from '../contracts/clock.js';

/** How long a lease lasts that is not renewed, and how often its holder renews it, in ms. */
export const LEASE_MS = 30_000;
export const RENEW_MS = 10_000;
/** By how much a clock is adjusted now and then, without having been wrong. */
const CLOCK_TOLERANCE_MS = 1_000;

/** A lease document as it was found. */
export interface FoundLease {
  /** Absent: the document is no lease, or can't be read. */
  readonly holder?: string;
  /** How long ago it was put, in ms by the store's own clock; absent where the store has none. */
  readonly age?: number;
  /** How long this process has seen the same document there, in ms. */
  readonly watchedFor: number;
}

/**
 * Decides what to do about a lease. No two machines' clocks are compared: a lease ends by its age, which is of one
 * clock, the store's, or by having been watched for its whole length.
 *
 * | document | holder | age | watched | decision |
 * |---|---|---|---|---|
 * | none | – | – | – | create |
 * | a lease | this one: its response was lost | – | – | adopt |
 * | a lease, or damaged | another, or none | at least 30 s | – | replace |
 * | a lease, or damaged | another, or none | less, or unknown | at least 30 s | replace |
 * | a lease, or damaged | another, or none | less, or unknown | less | wait |
 */
export function decideLease(
  found: FoundLease | undefined,
  holder: string,
): 'create' | 'adopt' | 'replace' | 'wait' {
  if (found === undefined) return 'create';
  if (found.holder === holder) return 'adopt';
  return (found.age ?? 0) >= LEASE_MS || found.watchedFor >= LEASE_MS ? 'replace' : 'wait';
}

/** A moment, by all that a machine has to measure time: a clock that can be set, one that can't, and its own waits. */
export interface Moment {
  readonly now: number;
  readonly steady: number | undefined;
  readonly slept: number;
}

export const momentOf = (clock: Clock, slept: number): Moment => ({
  now: clock.now(),
  steady: clock.steady?.(),
  slept,
});

/** Whether less than a lease's length has passed since a moment, as far as that can be known. */
export function isRecent(moment: Moment, current: Moment): boolean {
  // A clock that was set back does not say how long ago the moment was.
  const passed = current.now - moment.now;
  if (passed >= LEASE_MS || passed <= -CLOCK_TOLERANCE_MS) return false;
  if (current.slept - moment.slept >= LEASE_MS) return false;
  const { steady } = moment;
  return steady === undefined || current.steady === undefined || current.steady - steady < LEASE_MS;
}
