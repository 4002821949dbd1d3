import type { Clock } from '../../contracts/clock.js';
import { inTurn } from './in-turn.js';
import { createPace } from './pace.js';
import { Semaphore } from '../../shared/joint/semaphore.js';
import { createQuotaFollower, type Ticket } from './quota-follower.js';
import { createSteadyTime, type SteadyTime } from './steady-time.js';
import type { Quota } from './told-times.js';

export type { Ticket } from './quota-follower.js';

/** A server that takes nothing for now. */
export interface Closure {
  /** On the clock. */
  readonly until: number;
  /** The server said so itself. */
  readonly isTold: boolean;
  /** How many times in a row it has said so, without taking anything in between. */
  readonly inARow: number;
}

/** Returns whether it is pointless to wait for that. */
export type IsTooLate = (until: number, isTold: boolean, inARow: number) => boolean;

/** The pace of all requests of one connection. */
export interface Throttle {
  /** Resolves when the server may be asked again; or, immediately, to what `isTooLate` says is not worth waiting for. */
  open(signal: AbortSignal, isTooLate: IsTooLate): Promise<Closure | undefined>;
  /**
   * Resolves when it is the next request's turn, first come, first served; to `undefined` when the server has closed
   * in the meantime, so that none has to wait for it in line.
   */
  turn(signal: AbortSignal): Promise<Ticket | undefined>;
  /** The server took the request. */
  accepted(ticket: Ticket, quota: Quota | undefined): void;
  /**
   * The server refused the request for its rate. Returns until when nothing is sent, on the clock: until the `told`
   * time; where none was told, for the `backoff`, in ms, drawn once for all that were in flight together.
   */
  refused(ticket: Ticket, told: number | undefined, backoff?: () => number): number;
  /** The server can't take anything before then, for another reason than the rate: the pace stays. */
  hold(ticket: Ticket, until: number): void;
}

/** No told time closes a connection for longer, in ms: it is taken to mean something else. */
const LONGEST_CLOSURE = 86_400_000;
/** After so many ms in which nothing was sent, what was learned of the pace is of no use any more. */
const FORGOTTEN_AFTER = 300_000;

/**
 * Makes the throttle of a connection. Until the server has said stop for the first time, nothing is held back.
 *
 * | the server                                       | what happens                                              |
 * |--------------------------------------------------|-----------------------------------------------------------|
 * | refuses, or has nothing left, and says until when | all wait until then, a day at most; see {@link createPace} |
 * | refuses and does not say until when              | all wait for one backoff; see {@link createPace}          |
 * | can't serve for now (503), and says until when   | all wait until then; the pace stays                       |
 * | accepts, says what is left                       | the pace follows what is left, up or down                 |
 * | accepts, says nothing                            | the pace grows                                            |
 * | was sent nothing for five minutes                | what was learned of its pace is forgotten                 |
 *
 * What was in flight together when the server refused counts as one refusal. The pace is decided when the wait is over:
 * by then it is known which of them were taken.
 */
export function createThrottle(clock: Clock): Throttle {
  const throttle = new PacedThrottle(clock);
  return {
    open: (signal, isTooLate) => throttle.open(signal, isTooLate),
    turn: (signal) => throttle.turn(signal),
    accepted: (ticket, quota) => throttle.accepted(ticket, quota),
    refused: (ticket, told, backoff) => throttle.refused(ticket, told, backoff),
    hold: (ticket, until) => throttle.hold(ticket, until),
  };
}

class PacedThrottle implements Throttle {
  readonly #clock: Clock;
  readonly #time: SteadyTime;
  readonly #gate = new Semaphore(1);
  readonly #pace = createPace();
  readonly #quota = createQuotaFollower();
  #nextAt = 0;
  #closedUntil = 0;
  #toldUntil = 0;
  #inARow = 0;
  #stop: { isTold: boolean; readonly isCounted: boolean; taken: number; refused: number } | undefined;
  #sent = 0;
  /** How many had been sent at the last stop. */
  #sentAtStop = 0;
  #sentAtHold = 0;
  #lastSentAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#time = createSteadyTime(clock);
  }

  async open(signal: AbortSignal, isTooLate: IsTooLate): Promise<Closure | undefined> {
    for (;;) {
      const now = this.#time.now();
      if (this.#closedUntil <= now) return undefined;
      const until = this.#time.shown(this.#closedUntil);
      const isTold = this.#toldUntil >= this.#closedUntil;
      const inARow = this.#inARow;
      if (isTooLate(until, isTold, inARow)) return { until, isTold, inARow };
      await this.#clock.sleep(this.#closedUntil - now, signal);
    }
  }

  async turn(signal: AbortSignal): Promise<Ticket | undefined> {
    // None is in line, and nothing is to be spread: the queue would only cost time.
    const isFree = this.#pace.perMs === 0 && this.#gate.isUnused;
    return isFree ? this.#takeTurn(signal) : inTurn(this.#gate, { signal }, () => this.#takeTurn(signal));
  }

  accepted(ticket: Ticket, quota: Quota | undefined): void {
    const isNew = ticket.sequence >= this.#sentAtStop;
    this.#inARow = 0;
    if (this.#stop && !isNew) this.#stop.taken += 1;
    this.#pace.accepted(ticket.sentAt, isNew && !quota);
    if (!quota) return;
    const told = { ...quota, resetAt: this.#time.of(quota.resetAt), ...ticket };
    this.#quota.follow(told, this.#time, isNew ? this.#pace : undefined);
  }

  refused(ticket: Ticket, told: number | undefined, backoff = () => 0): number {
    const now = this.#time.now();
    const isShared = ticket.sequence < this.#sentAtStop && this.#closedUntil > now;
    const untold = () => (isShared ? this.#closedUntil : now + backoff());
    const until = told === undefined ? untold() : this.#time.of(told);
    this.#stopFor(ticket.sequence, until, told !== undefined, false);
    return this.#time.shown(until);
  }

  hold(ticket: Ticket, until: number): void {
    if (ticket.sequence >= this.#sentAtHold) {
      this.#sentAtHold = this.#sent;
      this.#inARow += 1;
    }
    this.#closeUntil(this.#time.of(until), true);
  }

  #closeUntil(until: number, isTold: boolean): void {
    const end = Math.min(until, this.#time.now() + LONGEST_CLOSURE);
    this.#closedUntil = Math.max(this.#closedUntil, end);
    if (isTold) this.#toldUntil = Math.max(this.#toldUntil, end);
  }

  #stopFor(sequence: number, until: number, isTold: boolean, isCounted: boolean): void {
    if (sequence >= this.#sentAtStop) {
      this.#stop = { isTold, isCounted, taken: 0, refused: 0 };
      this.#sentAtStop = this.#sent;
      this.#inARow += 1;
    }
    if (this.#stop) {
      this.#stop.refused += isCounted ? 0 : 1;
      this.#stop.isTold ||= isTold;
    }
    this.#closeUntil(until, isTold);
  }

  #closeWhenUsedUp(): void {
    const usedUp = this.#quota.takeUsedUp(this.#time.now(), this.#sent, this.#pace.perMs);
    if (usedUp !== undefined) this.#stopFor(usedUp.sequence, usedUp.resetAt, true, true);
  }

  /** Called when nothing is closed any more. */
  #decidePace(now: number): void {
    if (this.#stop) {
      this.#pace.stopped(this.#stop, this.#closedUntil);
      this.#stop = undefined;
      this.#nextAt = this.#closedUntil;
      this.#quota.beginPeriod(this.#closedUntil);
    } else if (now - Math.max(this.#lastSentAt, this.#closedUntil) > FORGOTTEN_AFTER) this.#pace.forget();
  }

  async #takeTurn(signal: AbortSignal): Promise<Ticket | undefined> {
    for (;;) {
      this.#closeWhenUsedUp();
      const now = this.#time.now();
      if (this.#closedUntil > now) return undefined;
      this.#decidePace(now);
      if (this.#pace.perMs > 0) {
        if (this.#nextAt > now) {
          await this.#clock.sleep(this.#nextAt - now, signal);
          continue;
        }
        const interval = 1 / this.#pace.perMs;
        // A timer that was late is made up for, by one request at most.
        this.#nextAt = Math.max(this.#nextAt, now - interval) + interval;
      }
      this.#lastSentAt = now;
      return { sentAt: now, sequence: this.#sent++ };
    }
  }
}
