import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { driverConformance } from '../../src/testing/conformance/driver/index.js';
import type { DriverFixture, FixtureTokens } from '../../src/testing/conformance/driver/fixture.js';
import { memoryFixture } from './memory-fixture.js';
import { HARMING, LEAKING, UNTRUE, type Mutant } from './mutants.js';

/** Runs the tests of the suite whose titles fit, and tells which passed and which failed. */
async function runSuite(
  create: (tokens: FixtureTokens) => DriverFixture,
  titles: RegExp,
): Promise<{ readonly passed: readonly string[]; readonly failed: readonly string[] }> {
  const tests: (readonly [title: string, body: () => Promise<void>])[] = [];
  driverConformance(
    { name: 'a mutant', create },
    { describe: (_title, body) => body(), it: (title, body) => tests.push([title, body]) },
  );
  const passed: string[] = [];
  const failed: string[] = [];
  for (const [title, body] of tests) {
    if (!titles.test(title)) continue;
    await body().then(
      () => passed.push(title),
      () => failed.push(title),
    );
  }
  return { passed, failed };
}

// What a mutant prints is no news.
beforeAll(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true));
afterAll(() => void vi.restoreAllMocks());

describe.each([
  ['leaks', LEAKING],
  ['does harm', HARMING],
  ['does not tell the truth', UNTRUE],
])('the conformance suite finds a driver that %s, because it', (_name, mutants) => {
  it.each(mutants.map((mutant) => [mutant.mistake, mutant] as const))('%s', async (_mistake, mutant) => {
    const { found, options = {}, make } = mutant;
    const withFetch = (tokens: FixtureTokens) => ({
      ...memoryFixture(tokens, options),
      engineOptions: { fetch: async () => new Response('{}') },
    });
    const mutated = await runSuite((tokens) => {
      const fixture = withFetch(tokens);
      return { ...fixture, driver: make(fixture.driver) };
    }, found);
    expect(mutated.failed).not.toEqual([]);
    expect(mutated.passed).toEqual([]);

    const healthy = await runSuite(withFetch, found);
    if (!isMadeByOptions(mutant)) expect(healthy.failed).toEqual([]);
  });
});

/** The mistake lies in the options, so that there is no healthy driver to compare with. */
const isMadeByOptions = ({ options = {} }: Mutant): boolean => options.import === true;
