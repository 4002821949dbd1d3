import type { Pace } from './pace.js';
import type { SteadyTime } from './steady-time.js';
import type { Quota } from './told-times.js';

/** A request that was let through. */
export interface Ticket {
  /** In the throttle's own time, which is no time of day. */
  readonly sentAt: number;
  /** How many went before it. */
  readonly sequence: number;
}

/** The pace follows what is left of the quota in periods of so many ms. */
const PERIOD = 2_000;
/** The share of the quota that is meant to be left over in a period. */
const RESERVE = 0.06;
/** A quota that is whole again this soon, in ms, is renewed while requests are on their way. */
const SOON = 5_000;

/** What a server said of its quota in the response to one request. Its time is the throttle's own. */
export type ToldQuota = Quota & Ticket;

/** Follows what a server says of its quota. */
export interface QuotaFollower {
  /** Takes what was told, and makes the pace follow it. No pace: the request was sent before the last stop. */
  follow(told: ToldQuota, time: SteadyTime, pace: Pace | undefined): void;
  /** What was told last, once, where nothing is left of it for what was sent since; else `undefined`. */
  takeUsedUp(now: number, sent: number, perMs: number): ToldQuota | undefined;
  /** The pace was set at this moment by something else. */
  beginPeriod(at: number): void;
}

/** Makes a follower of one server's quota. */
export function createQuotaFollower(): QuotaFollower {
  let newest: ToldQuota | undefined;
  let largest = 0;
  let lowestShare = 1;
  let paceSetAt = 0;
  return {
    follow(told, time, pace) {
      if (newest && newest.sequence > told.sequence) return;
      newest = told;
      largest = Math.max(told.limit ?? 0, told.remaining + 1, largest);
      if (pace === undefined || pace.perMs === 0) return;
      lowestShare = Math.min(lowestShare, told.remaining / largest);
      if (time.now() - paceSetAt < PERIOD) return;
      pace.multiply(Math.min((1 - RESERVE) / (1 - lowestShare), 2));
      paceSetAt = time.now();
      lowestShare = 1;
    },
    takeUsedUp(now, sent, perMs) {
      if (!newest) return undefined;
      const opensIn = newest.resetAt - now;
      if (opensIn <= 0) return undefined;
      // Those that were sent after the one that told what is left use it too.
      const underWay = perMs > 0 && opensIn < SOON ? 0 : sent - newest.sequence - 1;
      if (newest.remaining > underWay) return undefined;
      const usedUp = newest;
      newest = undefined;
      return usedUp;
    },
    beginPeriod(at) {
      paceSetAt = at;
      lowestShare = 1;
    },
  };
}
