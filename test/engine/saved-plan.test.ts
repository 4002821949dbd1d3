import { indexState } from '../../src/core/inputs/ownership.js';
import { describe, expect, it } from 'vitest';
import { isSecretSyncError, type SecretSyncError } from '../../src/contracts/errors.js';
import type { PlanOptions, SyncPlan } from '../../src/contracts/plan.js';
import { decide } from '../../src/core/build-plan.js';
import { unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import { parseDefinitionFields } from '../../src/core/definition/parse-definition.js';
import { sourceSnapshot } from '../../src/core/inputs/source-snapshot.js';
import {
  assertApplicable,
  assertConfirmable,
  checkSavedPlan as checkInTurns,
} from '../../src/engine/saved-plan.js';
import { createKeyring, ephemeralKeyring, type Keyring } from '../../src/core/fingerprint/keyring.js';
import { destinationEntries, type DestinationInput } from '../../src/core/inputs/destination-index.js';
import { type DecidedPlan } from '../../src/core/situation.js';
import { assertNotStale as compareInTurns } from '../../src/core/staleness.js';
import { inOneGo } from '../../src/shared/turns/turns.js';

const checkSavedPlan = (candidate: unknown, ring: Keyring) => inOneGo(checkInTurns(candidate, ring));
const assertNotStale = (plan: SyncPlan, now: SyncPlan, withImports: boolean) =>
  inOneGo(compareInTurns(plan, now, withImports));

// Made in each test: what fails while a file is loaded fails without a name.
const keyring = () => createKeyring('k'.repeat(32));

interface Situation {
  readonly source?: Record<string, string>;
  readonly destination?: DestinationInput;
  readonly syncOptions?: object;
  readonly options?: PlanOptions;
}

function decideOn({
  source = {},
  destination = {},
  syncOptions = {},
  options = { force: false },
}: Situation): DecidedPlan {
  const { definition } = parseDefinitionFields({
    name: 'nightly',
    destination: 'custom',
    destinationConfig: {},
    syncOptions: { keySchema: 'APP_{{secretKey}}', ...syncOptions },
  });
  if (definition === undefined) throw new Error('The definition of the test is not valid.');
  const deciding = decide({
    operation: 'sync',
    definition,
    place: 'custom:place',
    source: sourceSnapshot(source),
    entries: destinationEntries(destination),
    ownership: indexState(),
    seal: true,
    capabilities: {
      ...unrestrictedCapabilities,
      checkKey: (key) => (key.includes(' ') ? 'use no blanks' : undefined),
    },
    options,
    keyring: keyring(),
  });
  return inOneGo(deciding);
}

function thrownBy(call: () => unknown): SecretSyncError {
  try {
    call();
  } catch (error) {
    if (isSecretSyncError(error)) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

const planned = (): SyncPlan =>
  decideOn({ source: { A: '1', B: '2' }, destination: { APP_A: '0', APP_OLD: 'x' } }).plan;

/** The same plan with something in place of what it says. */
const withField = (fields: object) => (): unknown => ({ ...planned(), ...fields });

describe('what is wrong with a saved plan', () => {
  const unsealed = (): unknown => {
    const { preconditions: _, ...rest } = planned();
    return rest;
  };
  const madeWith = (keyId: string) => (): unknown => ({
    ...planned(),
    preconditions: { ...planned().preconditions, keyId },
  });

  it.each<[string, () => unknown, string]>([
    [
      'a newer version',
      withField({ formatVersion: 3 }),
      'a newer version of secret-sync-engine made it; update this one',
    ],
    [
      'no preconditions',
      unsealed,
      'it has no preconditions, as a plan of planSync without a fingerprintKey; plan with the engine',
    ],
    ['not a plan at all', () => ({ preconditions: {} }), 'it is not a plan, or was edited'],
    ['null', () => null, 'it is not a plan, or was edited'],
    [
      'an older version',
      withField({ formatVersion: 1 }),
      'an older version of secret-sync-engine made it; plan again',
    ],
    ['an unknown operation', withField({ operation: 'drop' }), 'it is not a plan, or was edited'],
    [
      'a change without a key',
      withField({ changes: [{ action: 'create' }] }),
      'it is not a plan, or was edited',
    ],
    ['an import of nothing', withField({ imports: [{}] }), 'it is not a plan, or was edited'],
    ['a definition without an id', withField({ definition: {} }), 'it is not a plan, or was edited'],
    ['a problem without a reason', withField({ problems: [{}] }), 'it is not a plan, or was edited'],
    [
      'an option that there is not',
      withField({ options: { force: false, importBehavior: 'merge' } }),
      'it is not a plan, or was edited',
    ],
    [
      'another key',
      madeWith('f'.repeat(12)),
      'it was made with a fingerprint key that this engine does not have; pass that key as a previous one',
    ],
    ['an edit', withField({ place: 'custom:elsewhere' }), 'it was edited after it was made'],
  ])('is said: %s', (_title, candidate, why) => {
    const error = thrownBy(() => checkSavedPlan(candidate(), keyring()));
    expect(error.code).toBe('PLAN_INVALID');
    expect(error.message).toBe(`The plan can't be applied: ${why}. Make a new plan.`);
  });

  it.each<[string, () => unknown, () => Keyring]>([
    ['the key of the plan ended with its engine', madeWith('process-1'), keyring],
    ['this engine has drawn a key of its own', planned, ephemeralKeyring],
  ])('is a fingerprint key that does not last: %s', (_title, candidate, ring) => {
    const error = thrownBy(() => checkSavedPlan(candidate(), ring()));
    expect(error.code).toBe('FINGERPRINT_KEY_REQUIRED');
    expect(error.message).toBe(
      'A plan that another engine made can only be applied where both have the same fingerprintKey; pass it to both and make a new plan.',
    );
  });

  it('is nothing when it is as it was made', () => {
    const plan = planned();
    const saved: unknown = JSON.parse(JSON.stringify(plan));
    const ring = keyring();
    const { operation, definition, place, options, digester } = checkSavedPlan(saved, ring);
    expect({ operation, definition, place, options }).toEqual({
      operation: 'sync',
      definition: plan.definition,
      place: 'custom:place',
      options: { force: false },
    });
    expect(digester).toBe(ring.current);
  });

  it.each(['prioritize-source', 'prioritize-destination'] as const)(
    'is nothing when it was made to import with %s',
    (importBehavior) => {
      const { plan: made } = decideOn({ options: { force: false, importBehavior } });
      const saved: unknown = JSON.parse(JSON.stringify(made));
      expect(checkSavedPlan(saved, keyring()).options).toEqual({ force: false, importBehavior });
    },
  );

  it.each(['import', 'remove'])('is nothing in the operation %s', (operation) => {
    const error = thrownBy(() => checkSavedPlan(withField({ operation })(), keyring()));
    expect(error.message).toContain('it was edited after it was made');
  });
});

describe('a plan with problems', () => {
  const blockedPlan = () => decideOn({ source: { 'A B': '1' } }).plan;
  const tooManyPlan = () =>
    decideOn({
      source: { A: '1' },
      destination: Object.fromEntries(['A', 'B', 'C', 'D', 'E'].map((key) => [`APP_${key}`, '1'])),
    }).plan;

  it('is refused with all of them, and with the plan', () => {
    const blocked = blockedPlan();
    const error = thrownBy(() => assertApplicable(blocked));
    expect(error.code).toBe('PLAN_BLOCKED');
    expect(error.message).toMatch(/^The plan can't be applied, and nothing was written: /);
    expect(error.problems).toEqual(blocked.problems);
    expect(error.plan).toBe(blocked);
    expect(thrownBy(() => assertApplicable(tooManyPlan())).code).toBe('DELETION_REFUSED');
    expect(() => assertApplicable(planned())).not.toThrow();
  });

  it('passes on to a confirmation only when nothing else is wrong', () => {
    const [blocked, tooMany] = [blockedPlan(), tooManyPlan()];
    expect(() => assertConfirmable(tooMany, 4)).not.toThrow();
    expect(thrownBy(() => assertConfirmable(tooMany, undefined)).code).toBe('DELETION_REFUSED');
    expect(thrownBy(() => assertConfirmable(blocked, 4)).code).toBe('PLAN_BLOCKED');
    const both: SyncPlan = { ...tooMany, problems: [...tooMany.problems, ...blocked.problems] };
    expect(thrownBy(() => assertConfirmable(both, 4)).code).toBe('PLAN_BLOCKED');
    expect(() => assertConfirmable(planned(), undefined)).not.toThrow();
  });

  it.each(['unowned-without-schema', 'too-many', 'nothing-remembered'] as const)(
    'can be confirmed when it is refused for %s',
    (reason) => {
      const refused: SyncPlan = {
        ...tooManyPlan(),
        problems: [{ code: 'DELETION_REFUSED', reason, message: 'no' }],
      };
      expect(() => assertConfirmable(refused, 1)).not.toThrow();
    },
  );

  it('cannot be confirmed when the source is empty', () => {
    const emptied = decideOn({ destination: { APP_A: '1' } }).plan;
    expect(thrownBy(() => assertConfirmable(emptied, 1)).code).toBe('DELETION_REFUSED');
  });
});

describe('a plan and the same decision made now', () => {
  const source = { A: '1', B: '2', C: '3' };
  const destination = { APP_A: '0', APP_B: '2', APP_D: '4' };
  const first = () => decideOn({ source, destination });
  const staleness = (now: Situation): string[] => {
    const then = first();
    try {
      assertNotStale(then.plan, decideOn(now).plan, true);
    } catch (error) {
      if (!isSecretSyncError(error, 'PLAN_STALE')) throw error;
      expect(error.message).toMatch(/^The plan is out of date, and nothing was written; make a new plan:/);
      return (error.problems ?? []).map(({ code, key, message }) => `${code} ${key}: ${message}`);
    }
    return [];
  };
  const MOVED = 'the value to be written, or what exists there, has changed since the plan was made';

  it('agree when nothing that is written has moved', () => {
    expect(staleness({ source, destination })).toEqual([]);
    expect(staleness({ source, destination: { ...destination, OTHER: 'new' } })).toEqual([]);
  });

  it.each<[string, Situation, string[]]>([
    [
      'the value to be written moved',
      { source: { ...source, A: '9' }, destination },
      [`PLAN_STALE APP_A: ${MOVED}`],
    ],
    [
      'the entry to be overwritten moved',
      { source, destination: { ...destination, APP_A: '9' } },
      [`PLAN_STALE APP_A: ${MOVED}`],
    ],
    [
      'the entry to be deleted moved',
      { source, destination: { ...destination, APP_D: '9' } },
      [`PLAN_STALE APP_D: ${MOVED}`],
    ],
    [
      'a write is not needed any more',
      { source, destination: { ...destination, APP_A: '1' } },
      ['PLAN_STALE APP_A: it was planned as update and would now be nothing to do'],
    ],
    [
      'a write was not planned',
      { source, destination: { ...destination, APP_B: '9' } },
      ['PLAN_STALE APP_B: it was planned as nothing to do and would now be update'],
    ],
    [
      'a write has become another one',
      { source, destination: { APP_B: '2', APP_D: '4' } },
      ['PLAN_STALE APP_A: it was planned as update and would now be create'],
    ],
    [
      'a key is blocked that was not there',
      { source: { ...source, 'X Y': '1' }, destination },
      ['PLAN_STALE APP_X Y: it was planned as nothing to do and would now be blocked'],
    ],
    [
      'several moved, which are named by key, those that were planned among those that were not',
      { source: { ...source, '1': 'new' }, destination: { ...destination, APP_A: '9' } },
      [
        'PLAN_STALE APP_1: it was planned as nothing to do and would now be create',
        `PLAN_STALE APP_A: ${MOVED}`,
      ],
    ],
    [
      'several moved, which are named in order',
      { source: { ...source, E: '5', A: '9' }, destination: { APP_A: '0', APP_B: '2' } },
      [
        `PLAN_STALE APP_A: ${MOVED}`,
        'PLAN_STALE APP_D: it was planned as delete and would now be nothing to do',
        'PLAN_STALE APP_E: it was planned as nothing to do and would now be create',
      ],
    ],
  ])('differ when %s', (_title, now, expected) => {
    expect(staleness(now)).toEqual(expected);
  });

  it('differ in kind: the same key of another kind is another entry', () => {
    const ofKind = (kind: string): SyncPlan => ({
      ...first().plan,
      changes: [{ key: 'APP_A', kind, action: 'create', reason: 'missing' }],
    });
    const now = ofKind('secret');
    expect(() => assertNotStale(ofKind('secret'), now, true)).not.toThrow();
    expect(thrownBy(() => assertNotStale(ofKind('variable'), now, true)).problems).toHaveLength(2);
  });

  it('are compared by their actions alone where they have no digests', () => {
    const { plan } = first();
    const { preconditions: _, ...rest } = plan;
    const bare: SyncPlan = { ...rest, changes: plan.changes.map(({ digest: _digest, ...row }) => row) };
    expect(() => assertNotStale(bare, bare, true)).not.toThrow();
    const problems = thrownBy(() => assertNotStale(bare, { ...bare, changes: [] }, true)).problems;
    expect(problems).toHaveLength(3);
  });

  it('differ where a second entry of the same key and kind would be deleted', () => {
    const deletions = (...ids: string[]) =>
      decideOn({ destination: ids.map((id) => ({ key: 'APP_D', value: '4', id })), source: { A: '1' } }).plan;
    expect(() => assertNotStale(deletions('1'), deletions('1'), true)).not.toThrow();
    const [problem] =
      thrownBy(() => assertNotStale(deletions('1'), deletions('1', '2'), true)).problems ?? [];
    expect(problem).toMatchObject({
      key: 'APP_D',
      message: 'it was planned as delete and would now be delete and delete',
    });
    expect(thrownBy(() => assertNotStale(deletions('1', '2'), deletions('1', '3'), true)).problems).toEqual([
      { code: 'PLAN_STALE', key: 'APP_D', message: MOVED },
    ]);
  });

  it('differ in imports, unless those have been written already', () => {
    const syncOptions = { initialSyncBehavior: 'import-prioritize-destination' };
    const then = decideOn({ source: { A: '1' }, destination: { APP_A: '0', APP_N: 'n' }, syncOptions });
    expect(then.plan.imports.map(({ action }) => action)).toEqual(['update', 'create']);
    const now = decideOn({ source: { A: '1' }, destination: { APP_A: '1', APP_N: 'm' }, syncOptions });
    const problems = thrownBy(() => assertNotStale(then.plan, now.plan, true)).problems ?? [];
    expect(problems.map(({ key, message }) => `${key}: ${message}`)).toEqual([
      'A: its import was planned as update and would now be nothing to do',
      `N: ${MOVED}`,
    ]);
    expect(() => assertNotStale(then.plan, now.plan, false)).not.toThrow();
  });

  it('agree on imports that write nothing', () => {
    const syncOptions = { initialSyncBehavior: 'import-prioritize-source' };
    const then = decideOn({ source: { A: '1' }, destination: { APP_A: '0' }, syncOptions });
    expect(then.plan.imports.map(({ action }) => action)).toEqual(['ignore']);
    expect(() => assertNotStale(then.plan, { ...then.plan, imports: [] }, true)).not.toThrow();
  });
});
