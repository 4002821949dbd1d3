import { describe, expect, it } from 'vitest';
import { buildMutant } from './bugs/mutant.js';
import { realLibrary } from './bugs/library.js';
import { FOUND, SEEDS } from './seeds.js';
import { runSteps, simulate } from './simulate.js';

const STEPS = 25;
const FIRST = Array.from({ length: 12 }, (_, index) => index + 1);
const OVER_SOCKETS = [21, 22, 23];
const options = { library: realLibrary };

describe('whatever happens, in any order, all promises hold', () => {
  it.each([...FIRST, ...SEEDS])('seed %i', async (seed) => {
    // A violation is printed with its script by `npm run simulate -- --seed <seed> --steps 25`.
    expect(await simulate(seed, STEPS, options)).not.toHaveProperty('violation');
  });

  it.each(OVER_SOCKETS)('seed %i, over sockets', async (seed) => {
    expect(await simulate(seed, STEPS, { ...options, sockets: true })).not.toHaveProperty('violation');
  });

  it('is the same for the same seed', async () => {
    const [first, second] = [await simulate(24, STEPS, options), await simulate(24, STEPS, options)];
    expect(second).toEqual(first);
  });
});

describe('what a simulation found stays fixed', () => {
  it.each(FOUND)('$bug.name', async ({ seed, steps, bug }) => {
    expect(await runSteps(seed, steps, options)).not.toHaveProperty('violation');
    const mutant = { library: await buildMutant(bug) };
    const { violation } = await runSteps(seed, steps, mutant);
    expect(violation).toBeDefined();
    // A copy that only breaks down would show nothing.
    expect(violation?.rule).not.toBe('error');
  });
});
