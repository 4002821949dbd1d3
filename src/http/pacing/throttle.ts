import PQueue from 'p-queue';
import type { Clock } from '../../contracts/clock.js';
import { inTurn } from './in-turn.js';
import { createPace } from './pace.js';
import { createSteadyTime } from './steady-time.js';
import type { Quota } from './told-times.js';

/** A request that was let through. */
export interface Ticket {
  /** In the throttle's own time, which is no time of day. */
  readonly sentAt: number;
  /** How many went before it. */
  readonly sequence: number;
}

/** A server that takes nothing for now. */
export interface Closure {
  /** On the clock. */
  readonly until: number;
  /** It is the server's own word. */
  readonly isTold: boolean;
  /** How many times in a row it has said so, without taking anything in between. */
  readonly inARow: number;
}

/** Whether it is pointless to wait for that. */
export type IsTooLate = (until: number, isTold: boolean, inARow: number) => boolean;

/** The pace of all requests of one connection. */
export interface Throttle {
  /** Resolves when the server may be asked again; or, at once, to what `isTooLate` says is not worth waiting for. */
  open(signal: AbortSignal, isTooLate: IsTooLate): Promise<Closure | undefined>;
  /**
   * Resolves when it is the next request's turn, first come, first served; to `undefined` when the server has closed
   * meanwhile, so that nobody has to wait for it in line.
   */
  turn(signal: AbortSignal): Promise<Ticket | undefined>;
  /** The server took the request. */
  accepted(ticket: Ticket, quota: Quota | undefined): void;
  /**
   * The server refused the request for its rate. Answers until when nothing is sent, on the clock: until the `told`
   * time; where none was told, for the `backoff`, in ms, drawn once for all that were under way together.
   */
  refused(ticket: Ticket, told: number | undefined, backoff?: () => number): number;
  /** The server can't take anything before then, for another reason than the rate: the pace stays. */
  hold(ticket: Ticket, until: number): void;
}

/** No told time closes a connection for longer, in ms: it is taken to mean something else. */
const LONGEST_CLOSURE = 86_400_000;
/** The pace follows what is left of the quota in periods of so many ms. */
const PERIOD = 2_000;
/** The share of the quota that is meant to be left over in a period. */
const RESERVE = 0.06;
/** A quota that is whole again this soon, in ms, is renewed while requests are on their way. */
const SOON = 5_000;
/** After so many ms in which nothing was sent, what was learnt of the pace is of no use any more. */
const FORGOTTEN_AFTER = 300_000;

/**
 * Until the server has said stop for the first time nothing is held back.
 *
 * | the server                                       | what happens                                              |
 * |--------------------------------------------------|-----------------------------------------------------------|
 * | refuses, or has nothing left, and says until when | all wait until then, a day at most; see {@link createPace} |
 * | refuses and does not say until when              | all wait for one backoff; see {@link createPace}          |
 * | can't serve for now (503), and says until when   | all wait until then; the pace stays                       |
 * | accepts, says what is left                       | the pace follows what is left, up or down                 |
 * | accepts, says nothing                            | the pace grows                                            |
 * | was left alone for five minutes                  | it is met afresh                                          |
 *
 * What was under way together when the server refused counts as one refusal. The pace is decided when the wait is over:
 * by then is known which of them were taken.
 */
export function createThrottle(clock: Clock): Throttle {
  const time = createSteadyTime(clock);
  const gate = new PQueue({ concurrency: 1 });
  const pace = createPace();
  let paceSetAt = 0;
  let nextAt = 0;
  let closedUntil = 0;
  let toldUntil = 0;
  let inARow = 0;
  let stop: { isTold: boolean; readonly isCounted: boolean; taken: number; refused: number } | undefined;
  let sent = 0;
  /** How many had been sent at the last stop. */
  let sentAtStop = 0;
  let sentAtHold = 0;
  let lastSentAt = 0;
  let largestQuota = 0;
  let lowestShare = 1;
  let newest: (Quota & Ticket) | undefined;

  const closeUntil = (until: number, isTold: boolean) => {
    const end = Math.min(until, time.now() + LONGEST_CLOSURE);
    closedUntil = Math.max(closedUntil, end);
    if (isTold) toldUntil = Math.max(toldUntil, end);
  };

  const stopFor = (sequence: number, until: number, isTold: boolean, isCounted: boolean) => {
    if (sequence >= sentAtStop) {
      stop = { isTold, isCounted, taken: 0, refused: 0 };
      sentAtStop = sent;
      inARow += 1;
    }
    if (stop) {
      stop.refused += isCounted ? 0 : 1;
      stop.isTold ||= isTold;
    }
    closeUntil(until, isTold);
  };

  const closeWhenUsedUp = () => {
    if (!newest) return;
    const opensIn = newest.resetAt - time.now();
    if (opensIn <= 0) return;
    // Those that were sent after the one that told what is left use it too.
    const underWay = pace.perMs > 0 && opensIn < SOON ? 0 : sent - newest.sequence - 1;
    if (newest.remaining > underWay) return;
    stopFor(newest.sequence, newest.resetAt, true, true);
    newest = undefined;
  };

  /** Called when nothing is closed any more. */
  const decidePace = (now: number) => {
    if (stop) {
      pace.stopped(stop, closedUntil);
      stop = undefined;
      nextAt = closedUntil;
      paceSetAt = closedUntil;
      lowestShare = 1;
    } else if (now - Math.max(lastSentAt, closedUntil) > FORGOTTEN_AFTER) pace.forget();
  };

  const takeTurn = async (signal: AbortSignal): Promise<Ticket | undefined> => {
    for (;;) {
      closeWhenUsedUp();
      const now = time.now();
      if (closedUntil > now) return undefined;
      decidePace(now);
      if (pace.perMs > 0) {
        if (nextAt > now) {
          await clock.sleep(nextAt - now, signal);
          continue;
        }
        const interval = 1 / pace.perMs;
        // A timer that was late is made up for, by one request at most.
        nextAt = Math.max(nextAt, now - interval) + interval;
      }
      lastSentAt = now;
      return { sentAt: now, sequence: sent++ };
    }
  };

  const open: Throttle['open'] = async (signal, isTooLate) => {
    for (;;) {
      const now = time.now();
      if (closedUntil <= now) return undefined;
      const until = time.shown(closedUntil);
      const isTold = toldUntil >= closedUntil;
      if (isTooLate(until, isTold, inARow)) return { until, isTold, inARow };
      await clock.sleep(closedUntil - now, signal);
    }
  };
  const turn: Throttle['turn'] = async (signal) => {
    // Nobody is in line, and nothing is to be spread: the queue would only cost time.
    const isFree = pace.perMs === 0 && gate.size + gate.pending === 0;
    return isFree ? takeTurn(signal) : inTurn(gate, { signal }, () => takeTurn(signal));
  };

  return {
    open,
    turn,
    accepted(ticket, quota) {
      const isNew = ticket.sequence >= sentAtStop;
      inARow = 0;
      if (stop && !isNew) stop.taken += 1;
      pace.accepted(ticket.sentAt, isNew && !quota);
      if (!quota || (newest && newest.sequence > ticket.sequence)) return;
      newest = { ...quota, resetAt: time.of(quota.resetAt), ...ticket };
      largestQuota = Math.max(quota.limit ?? 0, quota.remaining + 1, largestQuota);
      if (pace.perMs === 0 || !isNew) return;
      lowestShare = Math.min(lowestShare, quota.remaining / largestQuota);
      if (time.now() - paceSetAt < PERIOD) return;
      pace.multiply(Math.min((1 - RESERVE) / (1 - lowestShare), 2));
      paceSetAt = time.now();
      lowestShare = 1;
    },
    refused(ticket, told, backoff = () => 0) {
      const now = time.now();
      const isShared = ticket.sequence < sentAtStop && closedUntil > now;
      const until = told === undefined ? (isShared ? closedUntil : now + backoff()) : time.of(told);
      stopFor(ticket.sequence, until, told !== undefined, false);
      return time.shown(until);
    },
    hold(ticket, until) {
      if (ticket.sequence >= sentAtHold) {
        sentAtHold = sent;
        inARow += 1;
      }
      closeUntil(time.of(until), true);
    },
  };
}
