import { expect, it } from 'vitest';
import { BUGS } from './bugs.js';
import { buildMutant } from './mutant.js';
import { simulate } from '../simulate.js';

const STEPS_OF_ONE_SEED = 60;
const MOST_STEPS = 3_000;

it.each(BUGS)(
  'catches it when $name',
  async (bug) => {
    const library = await buildMutant(bug);
    let steps = 0;
    for (let seed = bug.seed ?? 1; steps < MOST_STEPS; seed += 1) {
      const { violation, done } = await simulate(seed, STEPS_OF_ONE_SEED, { library });
      steps += done;
      if (violation === undefined) continue;
      // A copy that only breaks down would show nothing.
      expect(violation.rule).not.toBe('error');
      return;
    }
    expect.fail(`${steps} steps showed nothing`);
  },
  120_000,
);
