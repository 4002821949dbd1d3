import { expect, it } from 'vitest';
import { BUGS } from './bugs.js';
import { buildMutant } from './mutant.js';
import { simulate } from '../simulate.js';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.js';

const STEPS_OF_ONE_SEED = 60;
const MOST_STEPS = 3_000;

/** Turns of the event loop in which whoever goes on sleeps at least once. */
const MANY_TURNS = 100;

/** Whether a simulation that is over left something behind that goes on, for which time moves by itself. */
async function goesOn(clock: VirtualClock): Promise<boolean> {
  const pass = async () => {
    for (let turn = 0; turn < MANY_TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  await pass();
  const before = clock.slept.length;
  await pass();
  return clock.slept.length > before;
}

it.each(BUGS)(
  'catches it when $name',
  async (bug) => {
    const library = await buildMutant(bug);
    let steps = 0;
    for (let seed = bug.seed ?? 1; steps < MOST_STEPS; seed += 1) {
      const clock = createVirtualClock({ auto: true });
      const { violation, done } = await simulate(seed, STEPS_OF_ONE_SEED, { library, clock });
      steps += done;
      if (violation === undefined) continue;
      // A copy that only breaks down would show nothing.
      expect(violation.rule).not.toBe('error');
      expect(await goesOn(clock)).toBe(false);
      return;
    }
    expect.fail(`${steps} steps showed nothing`);
  },
  120_000,
);
