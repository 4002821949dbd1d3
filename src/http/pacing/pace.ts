/** A time at which the server took no more: the refusals of what was in flight together are one. */
export interface Stop {
  /** The server said until when. */
  readonly isTold: boolean;
  /** The server counts for us, and said that nothing is left: there is a limit, and it was reached. */
  readonly isCounted: boolean;
  /** How many of those that were in flight were taken all the same. */
  readonly taken: number;
  /** How many were refused. */
  readonly refused: number;
}

/** How fast requests are sent to a server that has refused one. */
export interface Pace {
  /** Requests a ms; 0: nothing is held back. */
  readonly perMs: number;
  /** The server took a request. `isNew`: one that was sent since the last stop, and that no quota tells more of. */
  accepted(sentAt: number, isNew: boolean): void;
  /** The server said stop and takes more from `until` on. */
  stopped(stop: Stop, until: number): void;
  /** The quota of the server says by how much too fast or too slow it is. */
  multiply(factor: number): void;
  forget(): void;
}

/** Limits are counted in these, in ms: what servers say is rounded up to whole seconds, and this undoes it. */
const USUAL_WINDOWS = [1_000, 10_000, 60_000, 3_600_000];
const REMEMBERED = 1_000;
/** So many accepted requests say something of a limit; fewer are chance. */
const ENOUGH = 20;
/** Of what is thought to be the limit; the rest is for jitter on the way. */
const CAUTION = 0.95;
const DECREASE = 0.9;
/** What one accepted request adds to a pace, in requests a ms, as long as it is a guess: 2 requests a second. */
const SEARCHING = 2 / 1_000;
/** What it adds where the limit is known: a pace that is used to the full grows by a sixtieth in 10 s. */
const KNOWN = 1 / 600_000;
/** What is slower than one a second need not be spread, in requests a ms: the times that the server says do it. */
const SLOWEST = 1 / 1_000;
/** Two stops tell of one limit when what was seen before them differs by no more. */
const SAME = 0.25;

/**
 * The pace, in requests a ms, that a server sustains which took those sent at `accepted` and takes nothing more until
 * `until`: the best of all stretches up to then. No stretch shorter than a second counts, since no limit is.
 */
function sustainedPace(accepted: readonly number[], until: number): number {
  return accepted.reduce((best, start, index) => {
    const longest = until - start;
    const usual = USUAL_WINDOWS.find((window) => window <= longest && window > longest - 1_000);
    return Math.max(best, (accepted.length - index) / Math.max(usual ?? longest, 1_000));
  }, 0);
}

/**
 * Additive increase, multiplicative decrease. After each stop all wait; what becomes of the pace then:
 *
 * | the stop                                                    | the pace                                       |
 * |-------------------------------------------------------------|------------------------------------------------|
 * | the first, untold, or after fewer than 20 accepted requests | none: it may have been a hiccup                |
 * | the first, or 20 accepted since the last; most of what was in flight with it was taken | as it was: a stray    |
 * | any other, with no pace yet                                 | what was seen to be sustained; it is a guess   |
 * | while it is a guess                                         | what was seen since, or a tenth less           |
 * | the server counts, or a guess that was seen twice           | the same, and the limit is known               |
 * | when the limit is known                                     | a tenth less                                   |
 *
 * Each accepted request adds to the pace: much while it is a guess, so that one that is far too low is outgrown within
 * seconds; little when the limit is known, since a stop costs the wait that the server tells.
 */
export function createPace(): Pace {
  let perMs = 0;
  let step = 0;
  /** When those were sent that the server took since the pace was last set. */
  let accepted: number[] = [];
  let acceptedSinceStop = 0;
  let hasStopped = false;
  let seenBefore = 0;
  /** How many accepted requests speak for the pace that was seen. */
  let evidence = 0;

  const isExcused = ({ isTold, isCounted, taken, refused }: Stop): boolean => {
    if (isCounted) return false;
    if (!hasStopped && (!isTold || acceptedSinceStop < ENOUGH)) return true;
    return taken > refused && (!hasStopped || acceptedSinceStop >= ENOUGH);
  };

  return {
    get perMs() {
      return perMs;
    },
    accepted(sentAt, isNew) {
      if (perMs > 0 && isNew) perMs += step;
      if (step === KNOWN) return;
      acceptedSinceStop += 1;
      accepted.push(sentAt);
      if (accepted.length > REMEMBERED) accepted.shift();
    },
    stopped(stop, until) {
      if (step === KNOWN) {
        perMs = Math.max(perMs * DECREASE, SLOWEST);
        return;
      }
      const seen = sustainedPace(accepted, until);
      const isSame = Math.abs(seen - seenBefore) <= SAME * seenBefore;
      evidence = acceptedSinceStop + (isSame ? evidence : 0);
      if (!isExcused(stop)) {
        const isKnown = stop.isCounted || (isSame && evidence >= ENOUGH);
        const guess = perMs > 0 ? Math.min(perMs * DECREASE, seen * CAUTION || Infinity) : seen * CAUTION;
        if (guess > 0) {
          step = isKnown ? KNOWN : step > 0 ? Math.max(step / 4, KNOWN) : SEARCHING;
          perMs = Math.max(guess, SLOWEST);
        }
        accepted = [];
      }
      acceptedSinceStop = 0;
      hasStopped = true;
      seenBefore = seen;
    },
    multiply(factor) {
      perMs *= factor;
    },
    forget() {
      perMs = 0;
      step = 0;
      accepted = [];
      acceptedSinceStop = 0;
      hasStopped = false;
      seenBefore = 0;
      evidence = 0;
    },
  };
}
