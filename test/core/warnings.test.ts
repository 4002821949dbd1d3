import { describe, expect, it } from 'vitest';
import type { RememberedEntry } from '../../src/contracts/state-store.js';
import { unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import { compileKeySchema } from '../../src/core/definition/key-schema.js';
import { createKeyring } from '../../src/core/fingerprint/keyring.js';
import { indexEntries } from '../../src/core/inputs/destination-index.js';
import { sourceSnapshot } from '../../src/core/inputs/source-snapshot.js';
import { indexState } from '../../src/core/inputs/ownership.js';
import type { Situation } from '../../src/core/situation.js';
import { plannedChange, type Step } from '../../src/core/step.js';
import { driverWarnings, ownKeyWarnings, stateWarnings } from '../../src/core/warnings.js';
import { inOneGo } from '../../src/shared/turns/turns.js';
import { planSync, type PlanSyncInput } from '../../src/core/plan-sync.js';
import { composeSources } from '../../src/sources/compose/index.js';
import { memorySource } from '../../src/sources/memory.js';

describe('a plan of several sources', () => {
  const definition = {
    name: 'several',
    destination: 'memory',
    destinationConfig: {},
    syncOptions: { keySchema: 'APP_{{secretKey}}' },
  };

  it('warns of each key that several hold, with the one that won, and shows no value', async () => {
    const source = composeSources([
      { name: 'base', source: memorySource({ B: 'hunter2', A: 'hunter3', C: 'hunter4' }) },
      { name: 'app', source: memorySource({ A: 'hunter5', B: 'hunter6' }) },
    ]);
    const read = await source.read({}, { signal: new AbortController().signal });
    const plan = planSync({ definition, source: read, destination: {} });
    expect(plan.warnings.filter(({ code }) => code === 'SOURCE_CLASH')).toEqual([
      { code: 'SOURCE_CLASH', key: 'APP_A', message: '"A" is held by "base", "app"; "app" wins' },
      { code: 'SOURCE_CLASH', key: 'APP_B', message: '"B" is held by "base", "app"; "app" wins' },
    ]);
    expect(plan.applicable).toBe(true);
    expect(JSON.stringify(plan)).not.toContain('hunter');
  });

  it('names the last of more than two as the one that wins', async () => {
    const source = composeSources(
      ['base', 'region', 'app'].map((name) => ({ name, source: memorySource({ A: name }) })),
    );
    const read = await source.read({}, { signal: new AbortController().signal });
    expect(planSync({ definition, source: read, destination: {} }).warnings).toEqual([
      { code: 'SOURCE_CLASH', key: 'APP_A', message: '"A" is held by "base", "region", "app"; "app" wins' },
    ]);
  });

  it('warns of each value whose reference was left unresolved, by the key at the destination', () => {
    const source = { secrets: { B: '${hunter2}', A: '${hunter2}', C: 'fine' }, unresolved: ['B', 'A'] };
    const plan = planSync({ definition, source, destination: {} });
    expect(plan.warnings.map(({ code, key }) => [code, key])).toEqual([
      ['UNRESOLVED_REFERENCE', 'APP_A'],
      ['UNRESOLVED_REFERENCE', 'APP_B'],
    ]);
    expect(plan.warnings[0]?.message).toBe(
      'the value of "A" in the source holds a reference that was left unresolved, and is written as it is; correct the ' +
        'reference at the source',
    );
    expect(plan.applicable).toBe(true);
    expect(JSON.stringify(plan)).not.toContain('hunter2');
  });

  it('warns where a part holds nothing any more, also of keys that a weaker part holds', () => {
    const part = (name: string, keys: readonly string[]) => ({ name, keys });
    const remembered = { syncId: 'several', part: 'app' };
    const plan = planSync({
      definition,
      source: { secrets: { A: 'hunter2', B: '2' }, parts: [part('base', ['A', 'B']), part('app', [])] },
      destination: { APP_A: 'hunter3', APP_B: '2', APP_C: '3' },
      state: {
        entries: [
          { key: 'APP_A', ...remembered },
          { key: 'APP_B', syncId: 'several', part: 'base' },
          { key: 'APP_C', ...remembered },
        ],
      },
    });
    expect(plan.warnings).toEqual([
      {
        code: 'PART_EMPTY',
        message: '"app" of the source held "APP_A", "APP_C" and holds nothing any more',
      },
    ]);
    expect(JSON.stringify(plan)).not.toContain('hunter');
  });

  it('does not warn where one source holds all', () => {
    const plan = planSync({ definition, source: { A: '1' }, destination: {} });
    expect(plan.warnings).toEqual([]);
  });
});

/** The warnings of a plan with one of these codes, each with its key. */
const warningsOf = (input: Partial<PlanSyncInput>, ...codes: readonly string[]) =>
  planSync({ definition: { name: 'nightly' }, source: {}, destination: {}, ...input })
    .warnings.filter(({ code }) => codes.includes(code))
    .map(({ code, key, message }) => ({ code, ...(key === undefined ? {} : { key }), message }));

const keySchema = 'APP_{{secretKey}}';
const withSchema = (more: object = {}) => ({ name: 'nightly', syncOptions: { keySchema, ...more } });

describe('a plan warns of its key schema', () => {
  const rest = 'so that nothing distinguishes the keys of this sync from others at the destination';

  it.each([
    ['there is none', undefined, [{ code: 'NO_KEY_SCHEMA', message: `no keySchema is set, ${rest}` }]],
    [
      'it holds no literal',
      '{{secretKey}}',
      [{ code: 'NO_KEY_SCHEMA', message: `the keySchema holds no literal, ${rest}` }],
    ],
    ['it has a literal before the key: no', 'A{{secretKey}}', []],
    ['it has a literal after the key: no', '{{secretKey}}A', []],
  ])('where %s', (_title, schema, expected) => {
    const syncOptions = schema === undefined ? {} : { keySchema: schema };
    expect(warningsOf({ definition: { name: 'nightly', syncOptions } }, 'NO_KEY_SCHEMA')).toEqual(expected);
  });
});

describe('a plan warns of a source that was read in part', () => {
  const message = 'the source could not read everything, so that nothing is deleted';

  it.each([
    ['was not complete', { secrets: { A: '1' }, complete: false }, [message]],
    [
      'has keys that could not be read, in order',
      { secrets: {}, unreadable: ['B', 'A'] },
      [`${message}: "A", "B"`],
    ],
    ['was read whole: no', { secrets: { A: '1' } }, []],
  ])('where it %s', (_title, source, expected) => {
    const found = warningsOf({ definition: withSchema(), source }, 'SOURCE_PARTIAL');
    expect(found.map((warning) => warning.message)).toEqual(expected);
  });
});

describe('a plan warns of a key of its own that no schema matches any more', () => {
  const entry = { key: 'OLD_A', value: '1' };
  const mine: RememberedEntry = { key: 'OLD_A', syncId: 'nightly' };
  const left = 'this sync wrote it, and the key schema no longer matches it; it';

  it.each<[string, Partial<PlanSyncInput>, readonly string[]]>([
    ['which stays', {}, [`${left} stays. Delete it by hand, or set deleteLeftBehind`]],
    [
      'which is deleted',
      { definition: withSchema({ deleteLeftBehind: true }) },
      [`${left} is deleted, as deleteLeftBehind says`],
    ],
    ['not where it is gone', { destination: [] }, []],
    [
      'not where the source asks for it in a schema that it does not match',
      {
        source: { OLD_A: '1' },
        definition: { name: 'nightly', syncOptions: { keySchema: '{{secretKey}}' } },
      },
      [],
    ],
    ['not where another sync wrote it', { state: { entries: [{ ...mine, syncId: 'other' }] } }, []],
    ['not where nothing is remembered of it', { state: {} }, []],
    ['not where the schema matches it', { definition: { name: 'nightly' } }, []],
    ['not where it is an alias by now', { destination: [{ ...entry, fixed: 'alias' }] }, []],
    ['not where the source asks for it', { definition: { name: 'nightly' }, source: { OLD_A: '1' } }, []],
  ])('%s', (_title, input, expected) => {
    const found = warningsOf(
      { definition: withSchema(), destination: [entry], state: { entries: [mine] }, ...input },
      'LEFT_BEHIND',
    );
    expect(found).toEqual(expected.map((message) => ({ code: 'LEFT_BEHIND', key: 'OLD_A', message })));
  });
});

describe('a plan warns of a part of the source that holds nothing any more', () => {
  const ofPart = (key: string, part: string): RememberedEntry => ({ key, syncId: 'nightly', part });
  const entries = [ofPart('APP_B', 'web'), ofPart('APP_A', 'web'), ofPart('APP_C', 'app')];
  const destination = ['APP_A', 'APP_B', 'APP_C'].map((key) => ({ key, value: '1' }));

  it.each<[string, readonly { name: string; secrets: Record<string, string> }[], readonly string[]]>([
    [
      'with the keys that it held',
      [
        { name: 'web', secrets: {} },
        { name: 'app', secrets: { C: '1' } },
      ],
      ['"web" of the source held "APP_A", "APP_B" and holds nothing any more'],
    ],
    [
      'also where it is gone',
      [{ name: 'app', secrets: { C: '1' } }],
      ['"web" of the source held "APP_A", "APP_B" and holds nothing any more'],
    ],
    [
      'for each of them',
      [{ name: 'other', secrets: { D: '1' } }],
      [
        '"web" of the source held "APP_A", "APP_B" and holds nothing any more',
        '"app" of the source held "APP_C" and holds nothing any more',
      ],
    ],
    [
      'not while it holds something',
      [
        { name: 'web', secrets: { OTHER: '1' } },
        { name: 'app', secrets: { C: '1' } },
      ],
      [],
    ],
  ])('%s', async (_title, parts, expected) => {
    const source = composeSources(
      parts.map(({ name, secrets }) => ({ name, source: memorySource(secrets) })),
    );
    const read = await source.read({}, { signal: new AbortController().signal });
    const found = warningsOf(
      { definition: withSchema(), source: read, destination, state: { entries } },
      'PART_EMPTY',
    );
    expect(found).toEqual(expected.map((message) => ({ code: 'PART_EMPTY', message })));
  });
});

describe('what a driver says about writes', () => {
  const step = (action: 'create' | 'replace' | 'keep', more: Partial<Step> = {}): Step => ({
    change: plannedChange('A', 'secret', action, 'missing'),
    ...more,
  });
  const said = (capabilities: object, steps: readonly Step[]) =>
    inOneGo(driverWarnings({ ...unrestrictedCapabilities, ...capabilities }, steps));

  it('is asked of each write, with the kind that it replaces', () => {
    const asked: unknown[] = [];
    const warn = (write: unknown) => {
      asked.push(write);
      return [{ code: 'REPLACED', message: 'it is down for a moment' }];
    };
    const variable = { key: 'A', kind: 'variable' };
    const found = said({ warn }, [
      step('create', { before: variable }),
      step('keep'),
      step('replace', { before: variable }),
    ]);
    expect(asked).toStrictEqual([
      { key: 'A', kind: 'secret', action: 'create' },
      { key: 'A', kind: 'secret', action: 'replace', previousKind: 'variable' },
    ]);
    const warning = { key: 'A', code: 'REPLACED', message: 'it is down for a moment' };
    expect(found).toEqual([warning, warning]);
  });

  it('is nothing where it has nothing to say', () => {
    expect(said({ warn: () => undefined }, [step('create')])).toEqual([]);
    expect(said({}, [step('create')])).toEqual([]);
    expect(said({ writeWarnings: [{ code: 'LATER', message: 'x' }] }, [step('keep')])).toEqual([]);
    expect(said({ writeWarnings: [{ code: 'LATER', message: 'x' }] }, [step('create')])).toHaveLength(1);
  });
});

describe('what is remembered of a place', () => {
  const keyring = createKeyring('k'.repeat(32));
  const made = (keyId: string, key: string) => ({ key, syncId: 'nightly', fingerprint: `${keyId}.00` });
  const situation = (entries: readonly RememberedEntry[]): Situation => ({
    operation: 'sync',
    definition: planSync({ definition: { name: 'nightly' }, source: {}, destination: {} }).definition,
    place: 'memory',
    source: sourceSnapshot({}),
    entries: [],
    ownership: indexState({ entries }),
    capabilities: unrestrictedCapabilities,
    options: { force: false },
    seal: true,
    keyring,
    keySchema: compileKeySchema(undefined),
    index: inOneGo(indexEntries([], unrestrictedCapabilities)),
  });
  const warned = (entries: readonly RememberedEntry[], more: Partial<Situation> = {}) =>
    inOneGo(stateWarnings({ ...situation(entries), ...more }));

  it.each([
    [10, 0],
    [9_000, 2],
  ])('is looked through in turns: %d keys', (count, turns) => {
    const steps = Array.from({ length: count }, (_, index): Step => {
      const before = { key: `K${index}` };
      const remembered = { ...before, syncId: 'nightly' };
      return { change: plannedChange(before.key, undefined, 'keep', 'not-a-string'), before, remembered };
    });
    expect([...ownKeyWarnings(situation([]), steps)]).toHaveLength(turns);
  });

  it('is warned of where it could not be verified', () => {
    expect(warned([], { isUnverified: true })).toEqual([
      {
        code: 'STATE_UNVERIFIED',
        message:
          'what is remembered of this place could not be verified, and acceptUnverifiedState accepts it all the same: check ' +
          'the deletions; it is sealed under the current key when it is saved',
      },
    ]);
    expect(warned([], { isUnverified: false })).toEqual([]);
  });

  it('is warned of where fingerprints were made with a key that is not at hand, with their number', () => {
    const { keyId } = keyring.current;
    const lost = [
      made('other', 'A'),
      made(keyId, 'B'),
      made('another', 'C'),
      { key: 'D', syncId: 'nightly' },
    ];
    expect(warned(lost)).toEqual([
      {
        code: 'FINGERPRINTS_VOID',
        message:
          'the fingerprints of 2 remembered keys were made with a fingerprint key that this engine does not ' +
          "have; what can't be read back is written again",
      },
    ]);
    expect(warned([made(keyId, 'B')])).toEqual([]);
    expect(warned(lost, { keyring: undefined })).toEqual([]);
  });
});
