import type { Clock } from '../../contracts/clock.js';

/** Time that never goes back, and how it relates to what the clock shows. */
export interface SteadyTime {
  now(): number;
  /** The steady time at which the clock will show this moment. */
  of(moment: number): number;
  /** What the clock will show at this steady time. */
  shown(time: number): number;
}

/**
 * Time that never goes back: a server that said "in a minute" means a minute, although the clock of the machine is set
 * back by an hour in the meantime.
 */
export function createSteadyTime(clock: Clock): SteadyTime {
  let latest = -Infinity;
  let ahead = 0;
  const now = () => {
    const shown = clock.now();
    ahead += Math.max(latest - shown, 0);
    latest = shown;
    return shown + ahead;
  };
  return {
    now,
    of(moment) {
      now();
      return moment + ahead;
    },
    shown(time) {
      now();
      return time - ahead;
    },
  };
}

/** Returns what tells the time since any fixed moment, in ms, which never goes back: the clock's own steady time if it has one. */
export function createSteadyNow(clock: Clock): () => number {
  const time = createSteadyTime(clock);
  return () => clock.steady?.() ?? time.now();
}
