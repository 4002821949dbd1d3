import assert from 'node:assert/strict';
import { testConnection } from './connection.js';
import { testDeclarations } from './declarations.js';
import { testFollowUp, testNoFollowUp } from './follow-up.js';
import { createKit, type Kit } from './kit.js';
import { assertNoLeak, leakCanaries, type LeakScenario } from './leaks.js';
import { testSyncTroubles } from './sync-troubles.js';
import { testSyncs } from './syncs.js';
import type { DriverFixture, FixtureTokens } from './fixture.js';
import { checkSuite, skippable, type ConformanceRunner, type Skip } from '../runner.js';

/** How long to wait for a destination that fails: what is to come out has come out by then. */
const PATIENCE_MS = 200;

/** The driver under test. */
export interface DriverConformanceOptions {
  /** For the title of the suite. */
  readonly name: string;
  /**
   * Makes a driver with a destination that is used by nothing else; called for each test. A destination that can't choose its
   * tokens ignores them, and is tested for less.
   */
  create(tokens: FixtureTokens): DriverFixture | Promise<DriverFixture>;
  /** Names of ways to fail that the fixture's `fail` knows: nothing may leak in any of them. Default: none. */
  readonly failures?: readonly string[] | undefined;
  /** Whether the driver declares what follows its writes (`capabilities.followUp`), which is tested then. Default: false. */
  readonly followUp?: boolean | undefined;
}

/**
 * Tests that a driver keeps the promises of `DestinationDriver`, by itself and in the real engine: what it says of itself
 * is pure; it writes what it is told and nothing else; conflicts, aborts, lost responses and bad tokens end as they should;
 * and no value or token comes out anywhere, whatever fails. Pass the `describe` and `it` of your test runner.
 *
 * @example
 * driverConformance({ name: 'vault', create: (tokens) => startVault(tokens) }, { describe, it });
 */
export function driverConformance(options: DriverConformanceOptions, runner: ConformanceRunner): void {
  checkSuite('driverConformance', options, runner);
  const { describe, it } = runner;
  const { name, failures = [] } = options;
  const [accepted, refused] = leakCanaries().tokens.map(({ text }) => text);
  const tokens: FixtureTokens = { accepted: accepted ?? '', refused: refused ?? '' };
  const withKit = async (body: (kit: Kit) => void | Promise<void>, skip: Skip): Promise<void> => {
    const fixture = await options.create(tokens);
    try {
      await body(createKit(fixture, skip));
    } finally {
      await fixture.dispose?.();
    }
  };
  const test = (title: string, body: (kit: Kit) => void | Promise<void>) =>
    it(
      title,
      skippable((skip) => withKit(body, skip)),
    );

  describe(`${name} keeps the promises of a driver`, () => {
    testDeclarations(test);
    testConnection(test);
    testSyncs(test);
    testSyncTroubles(test);
    if (options.followUp === true) testFollowUp(test);
    else testNoFollowUp(test);

    test('shows no value and no token anywhere when all goes well', async (kit) => {
      const ends = await assertNoLeak(kit, () => undefined);
      const expected = {
        sync: 'answered',
        validateConnection: 'answered',
        'a sync with a bad token': 'failed',
      };
      for (const [call, end] of Object.entries(expected)) assert.equal(ends.get(call), end, call);
    });
    test('shows no value and no token anywhere when a driver throws what it has', async (kit) => {
      const ends = await assertNoLeak(kit, throwValues);
      assert.equal(ends.get('sync'), 'failed');
    });
    for (const failure of failures) {
      test(`shows no value and no token anywhere when it fails by: ${failure}`, async (kit) => {
        assert(kit.fixture.fail !== undefined, 'the fixture has no fail()');
        await assertNoLeak(kit, ({ fixture }) => fixture.fail?.(failure), PATIENCE_MS);
      });
    }
  });
}

/** An error that quotes a value, as a mistake in a driver can throw it. */
const throwValues: LeakScenario = ({ watched }) => {
  watched.beforeWrite = ({ changes }) => {
    throw new Error(changes.map(({ value }) => value?.reveal() ?? '').join(' '));
  };
};
