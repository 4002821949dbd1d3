import PQueue from 'p-queue';
import type { Clock } from '../contracts/clock.js';
import type { Quota } from './retry-timing.js';

/** A request that was let through. */
export interface Ticket {
  /** In the throttle's own time, which is no time of day. */
  readonly sentAt: number;
  /** How many went before it. */
  readonly sequence: number;
}

/** The pace of all requests of one connection. */
export interface Throttle {
  /**
   * Resolves when the next request may be sent, first come, first served; or, at once, to the time until which the
   * server takes nothing, where `isTooLate` says that it is not worth waiting for.
   */
  pass(signal: AbortSignal, isTooLate: (until: number) => boolean): Promise<Ticket | number>;
  /** The server took the request. */
  accepted(ticket: Ticket, quota: Quota | undefined): void;
  /** The server refused the request for its rate; nothing is sent before `until`. `isTold`: that is its own word; default: true. */
  refused(ticket: Ticket, until: number, isTold?: boolean): void;
}

/** Limits are counted in these, ms: what servers tell is rounded up to whole seconds, and this undoes it. */
const USUAL_WINDOWS = [1_000, 10_000, 60_000, 3_600_000];
const REMEMBERED = 1_000;
/** Of what is thought to be the limit; the rest is for jitter on the way. */
const CAUTION = 0.95;
const DECREASE = 0.9;
/** Without a refusal for so long, in ms, the pace has doubled. */
const DOUBLES_IN = 120_000;
/** The pace follows what is left of the quota in periods of so many ms. */
const PERIOD = 2_000;
/** The share of the quota that is meant to be left over in a period. */
const RESERVE = 0.06;
/** A quota that is whole again this soon, in ms, is renewed while requests are on their way. */
const SOON = 5_000;

/**
 * Time that never goes back: a server that said "in a minute" means a minute, although the clock of the machine is set
 * back by an hour meanwhile.
 */
function createSteadyTime(clock: Clock) {
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
    /** The steady time at which the clock will show this moment. */
    of(moment: number): number {
      now();
      return moment + ahead;
    },
    /** What the clock will show at this steady time. */
    shown(time: number): number {
      now();
      return time - ahead;
    },
  };
}

/**
 * The pace, in requests a ms, that a server sustains which took those sent at `accepted` and `underWay` more, and now
 * takes nothing until `until`: the best of all stretches up to now. No stretch shorter than a second counts, since no limit is.
 */
function sustainedPace(accepted: readonly number[], underWay: number, until: number): number {
  return accepted.reduce((best, start, index) => {
    const longest = until - start;
    const usual = USUAL_WINDOWS.find((window) => window <= longest && window > longest - 1_000);
    return Math.max(best, (accepted.length - index + underWay) / Math.max(usual ?? longest, 1_000));
  }, 0);
}

/**
 * Until the server has said stop for the first time nothing is held back. From then on requests are spread:
 *
 * | the server                        | what happens                                                                |
 * |-----------------------------------|-----------------------------------------------------------------------------|
 * | refuses once, tells no time       | all wait once; it may have been a hiccup, so nothing is held back yet       |
 * | refuses, or has nothing left: 1st | all wait until the told time; the pace is what it was seen to sustain       |
 * | refuses, or has nothing left: on  | all wait until the told time; the pace falls by a tenth                     |
 * | accepts, says what is left        | the pace follows what is left, up or down                                   |
 * | accepts, says nothing             | the pace grows, ever faster the longer nothing was refused                  |
 *
 * What was under way together when the server refused counts as one refusal.
 */
export function createThrottle(clock: Clock): Throttle {
  const time = createSteadyTime(clock);
  const gate = new PQueue({ concurrency: 1 });
  const accepted: number[] = [];
  /** Requests a ms at `paceSetAt`; 0: not held back. */
  let pace = 0;
  let paceSetAt = 0;
  /** When the next request may be sent: never before `closedUntil`. */
  let nextAt = 0;
  let hasRefused = false;
  let closedAt = -Infinity;
  let closedUntil = 0;
  let sent = 0;
  let largestQuota = 0;
  let lowestShare = 1;
  let newest: (Quota & Ticket) | undefined;

  const paceNow = () => pace * (1 + (Math.max(time.now() - paceSetAt, 0) / DOUBLES_IN) ** 2);

  const close = (until: number, sentAt: number, underWay: number, isTold = true) => {
    if (sentAt > closedAt) {
      if (isTold || hasRefused) {
        const next = pace > 0 ? paceNow() * DECREASE : sustainedPace(accepted, underWay, until) * CAUTION;
        // Slower than one a second need not be spread: the told times do it.
        pace = next > 0 ? Math.max(next, 1 / 1_000) : 0;
      }
      hasRefused = true;
      closedAt = time.now();
      lowestShare = 1;
    }
    closedUntil = Math.max(closedUntil, until);
    nextAt = Math.max(nextAt, closedUntil);
    paceSetAt = Math.max(paceSetAt, closedUntil);
  };

  const closeWhenUsedUp = () => {
    if (!newest) return;
    const opensIn = newest.resetAt - time.now();
    if (opensIn <= 0) return;
    // Those that were sent after the one that told what is left use it too.
    const underWay = pace > 0 && opensIn < SOON ? 0 : sent - newest.sequence - 1;
    if (newest.remaining > underWay) return;
    close(newest.resetAt, newest.sentAt, underWay);
    newest = undefined;
  };

  /** When the server takes something again, on the clock, where that is too late. */
  const refusalOf = (isTooLate: (until: number) => boolean): number | undefined => {
    const until = time.shown(closedUntil);
    return closedUntil > time.now() && isTooLate(until) ? until : undefined;
  };

  const takeTurn = async (
    signal: AbortSignal,
    isTooLate: (until: number) => boolean,
  ): Promise<Ticket | number> => {
    for (;;) {
      closeWhenUsedUp();
      const now = time.now();
      const refusal = refusalOf(isTooLate);
      if (refusal !== undefined) return refusal;
      if (nextAt > now) {
        await clock.sleep(nextAt - now, signal);
        continue;
      }
      if (pace > 0) {
        const interval = 1 / paceNow();
        // A timer that was late is made up for, by one request at most.
        nextAt = Math.max(nextAt, now - interval) + interval;
      }
      return { sentAt: now, sequence: sent++ };
    }
  };

  return {
    async pass(signal, isTooLate) {
      return refusalOf(isTooLate) ?? gate.add(() => takeTurn(signal, isTooLate), { signal });
    },
    accepted(ticket, quota) {
      if (pace === 0) {
        accepted.push(ticket.sentAt);
        if (accepted.length > REMEMBERED) accepted.shift();
      }
      if (!quota || (newest && newest.sequence > ticket.sequence)) return;
      newest = { ...quota, resetAt: time.of(quota.resetAt), ...ticket };
      largestQuota = Math.max(quota.limit ?? 0, quota.remaining + 1, largestQuota);
      if (pace === 0 || ticket.sentAt <= closedAt) return;
      lowestShare = Math.min(lowestShare, quota.remaining / largestQuota);
      if (time.now() - paceSetAt < PERIOD) return;
      pace *= Math.min((1 - RESERVE) / (1 - lowestShare), 2);
      paceSetAt = time.now();
      lowestShare = 1;
    },
    refused: (ticket, until, isTold) => close(time.of(until), ticket.sentAt, 0, isTold),
  };
}
