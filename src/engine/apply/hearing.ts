import { forEachInTurns, inTurns, yieldToOthers, type Turns } from '../../shared/turns/turns.js';

/** How many outcomes are entered in one turn: each is looked through for echoes, remembered and told to observers. */
const ENTERED_PER_TURN = 512;

/** Enters many outcomes, or other things that take as long, in turns. */
export const enterAll = <Told>(many: Iterable<Told>, enter: (told: Told) => void): Turns =>
  forEachInTurns(many, enter, ENTERED_PER_TURN);

/** What a driver tells while it writes, entered in turns and in the order in which it was told. */
export interface Hearing<Told> {
  /** Takes what a driver tells. It is entered immediately, or in a later turn where a whole turn's worth was told before. */
  hear(told: Told): void;
  /** Resolves once all that was told is entered, whether the run was ended in the meantime or not. */
  allEntered(): Promise<void>;
}

/**
 * Makes a hearing. A driver may tell of 100,000 keys in one go: to enter them all in one go would block everything else.
 *
 * @param enter Enters one thing that was told.
 */
export function createHearing<Told>(enter: (told: Told) => void): Hearing<Told> {
  let waiting: Told[] = [];
  let entered = 0;
  let entering: Promise<void> | undefined;

  async function enterWaiting(): Promise<void> {
    do {
      await yieldToOthers();
      const told = waiting;
      waiting = [];
      await inTurns(enterAll(told, enter));
      entered = told.length % ENTERED_PER_TURN;
    } while (waiting.length > 0);
    entering = undefined;
  }

  return {
    hear(told) {
      if (entering === undefined && entered < ENTERED_PER_TURN) {
        entered += 1;
        return enter(told);
      }
      waiting.push(told);
      if (entering !== undefined) return;
      entering = enterWaiting();
      // It is waited for at the end; until then no one listens for what it rejects with.
      entering.catch(() => undefined);
    },
    async allEntered() {
      await entering;
    },
  };
}
