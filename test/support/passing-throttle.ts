import type { Clock } from '../../src/contracts/clock.js';
import {
  createThrottle,
  type IsTooLate,
  type Throttle,
  type Ticket,
} from '../../src/http/pacing/throttle.js';

export interface PassingThrottle extends Throttle {
  /** Resolves when the next request may be sent, or, at once, to the time that is too late: as a client goes about it. */
  pass(signal: AbortSignal, isTooLate: IsTooLate): Promise<Ticket | number>;
}

export function createPassingThrottle(clock: Clock): PassingThrottle {
  const throttle = createThrottle(clock);
  return {
    ...throttle,
    async pass(signal, isTooLate) {
      for (;;) {
        const closure = await throttle.open(signal, isTooLate);
        if (closure) return closure.until;
        const ticket = await throttle.turn(signal);
        if (ticket) return ticket;
      }
    },
  };
}
