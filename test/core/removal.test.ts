import { describe, expect, it } from 'vitest';
import type { DestinationEntry } from '../../src/contracts/destination.js';
import type { PlaceState, RememberedEntry } from '../../src/contracts/state-store.js';
import { unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import { planSync, type PlanSyncInput } from '../../src/core/plan-sync.js';
import { indexState } from '../../src/core/inputs/ownership.js';
import { isRemembered } from '../../src/core/removal.js';

const ME = 'nightly';
const THEM = 'other';
const capabilities = {
  ...unrestrictedCapabilities,
  kind: 'secret',
  isReserved: (key: string) => key.startsWith('SYS_'),
};

function removal(more: Partial<PlanSyncInput> & { readonly keySchema?: string } = {}) {
  const { keySchema, ...input } = more;
  const plan = planSync({
    definition: {
      name: ME,
      syncOptions: { disableSecretDeletion: true, ...(keySchema === undefined ? {} : { keySchema }) },
    },
    source: {},
    destination: [],
    capabilities,
    operation: 'remove',
    ...input,
  });
  return {
    plan,
    changes: plan.changes.map(({ key, kind, action, reason }) => `${key}/${kind} ${action} ${reason}`),
    problems: plan.problems.map(({ reason }) => reason),
  };
}

const secret = (key: string, more: Partial<DestinationEntry> = {}): DestinationEntry => ({
  key,
  kind: 'secret',
  ...more,
});
const mine = (key: string, more: Partial<RememberedEntry> = {}): RememberedEntry => ({
  key,
  kind: 'secret',
  syncId: ME,
  ...more,
});

describe('a removal of a sync that is remembered', () => {
  it.each<[string, DestinationEntry, RememberedEntry, string]>([
    [
      'deletes what it wrote, although deletions are disabled for syncs',
      secret('A'),
      mine('A'),
      'A/secret delete written-by-this-sync',
    ],
    [
      'deletes what it adopted',
      secret('A'),
      mine('A', { adopted: true }),
      'A/secret delete written-by-this-sync',
    ],
    [
      'deletes what it wrote in the other kind',
      secret('A', { kind: 'variable' }),
      mine('A', { kind: 'variable' }),
      'A/variable delete written-by-this-sync',
    ],
    [
      'deletes what it may have written before a crash',
      secret('A'),
      mine('A', { pending: { syncId: ME, action: 'create' } }),
      'A/secret delete written-by-this-sync',
    ],
    [
      'keeps what was recreated since',
      secret('A', { id: '2' }),
      mine('A', { id: '1' }),
      'A/secret keep not-owned',
    ],
    ['keeps what is reserved', secret('SYS_A'), mine('SYS_A'), 'SYS_A/secret keep reserved'],
    ['keeps what is fixed by now', secret('A', { fixed: 'override' }), mine('A'), 'A/secret keep fixed'],
    [
      'keeps what is inherited by now',
      secret('A', { fixed: 'inherited' }),
      mine('A'),
      'A/secret keep other-scope',
    ],
    [
      'keeps what others hang on',
      secret('A', { hasDependents: true }),
      mine('A'),
      'A/secret keep has-dependents',
    ],
    [
      'keeps what another sync may have written since',
      secret('A'),
      mine('A', { pending: { syncId: THEM, action: 'update' } }),
      'A/secret keep owned-by-other-sync',
    ],
    [
      'keeps what another sync owned when this one began to write',
      secret('A'),
      mine('A', { syncId: THEM, pending: { syncId: ME, action: 'update' } }),
      'A/secret keep owned-by-other-sync',
    ],
  ])('%s', (_title, entry, record, expected) => {
    const removed = removal({ destination: [entry], state: { entries: [record] } });
    expect(removed.changes).toEqual([expected]);
    expect(removed.problems).toEqual([]);
  });

  it('touches nothing else: not what the source renders, nor what others wrote, nor what nobody wrote', () => {
    const removed = removal({
      source: { A: '1', B: '1', C: '1' },
      destination: [secret('A'), secret('A', { kind: 'variable' }), secret('B'), secret('C')],
      state: { entries: [mine('A'), mine('B', { syncId: THEM })] },
    });
    expect(removed.changes).toEqual(['A/secret delete written-by-this-sync']);
  });

  it('has nothing to delete, and nothing to ask, where only its first sync is remembered', () => {
    const syncs = [{ syncId: ME, importedAt: '2026-01-01T00:00:00.000Z' }];
    const removed = removal({ source: { A: '1' }, destination: [secret('A')], state: { syncs } });
    expect(removed.plan).toMatchObject({ applicable: true, changes: [], isInitialSync: false });
  });

  it('deletes what it wrote under an earlier schema', () => {
    const removed = removal({
      keySchema: 'NEW_{{secretKey}}',
      destination: [secret('OLD_A')],
      state: { entries: [mine('OLD_A')] },
    });
    expect(removed.changes).toEqual(['OLD_A/secret delete written-by-this-sync']);
  });

  it('asks for no confirmation, however many there are', () => {
    const keys = Array.from({ length: 150 }, (_, index) => `K${index}`);
    const removed = removal({
      destination: keys.map((key) => secret(key)),
      state: { entries: keys.map((key) => mine(key)) },
    });
    expect(removed.plan).toMatchObject({ applicable: true, summary: { delete: 150 } });
  });
});

describe('a removal of a sync of which nothing is remembered', () => {
  const destination = [
    secret('APP_A'),
    secret('APP_B', { hasDependents: true }),
    secret('APP_Z'),
    secret('A'),
  ];
  const given = { keySchema: 'APP_{{secretKey}}', source: { A: '1', B: '1', GONE: '1' }, destination };

  it('deletes the rendered source keys, once that is confirmed', () => {
    const asked = removal(given);
    expect(asked.changes).toEqual([
      'APP_A/secret delete rendered-from-source',
      'APP_B/secret keep has-dependents',
    ]);
    expect(asked.problems).toEqual(['nothing-remembered']);
    expect(asked.plan.problems[0]).toMatchObject({
      code: 'DELETION_REFUSED',
      message: expect.stringMatching(/confirmDeletions: 1 \("APP_A"\)/) as unknown,
    });
    expect(removal({ ...given, confirmDeletions: 2 }).problems).toEqual(['nothing-remembered']);
    expect(removal({ ...given, confirmDeletions: 1 }).plan.applicable).toBe(true);
  });

  it('says how many it would delete, and names them in order', () => {
    const words = (more: object) =>
      removal({ destination: ['A', 'B', 'C'].map((key) => secret(key)), ...more }).plan.problems;
    const why = 'nothing is remembered of this sync here, so that its keys are only guessed from the source';
    expect(words({ source: { B: '1' } })).toEqual([
      {
        code: 'DELETION_REFUSED',
        reason: 'nothing-remembered',
        message: `1 deletion is refused: ${why}; confirm with confirmDeletions: 1 ("B")`,
      },
    ]);
    expect(words({ source: { C: '1', A: '1', B: '1' } }).map(({ message }) => message)).toEqual([
      `3 deletions are refused: ${why}; confirm with confirmDeletions: 3 ("A", "B", "C")`,
    ]);
  });

  it('leaves alone what stands there without a name, which no sync writes', () => {
    const removed = removal({ source: { '': '1', A: '1' }, destination: [secret(''), secret('A')] });
    expect(removed.changes).toEqual(['A/secret delete rendered-from-source']);
  });

  it('leaves alone what another sync wrote, what is of another kind and what is reserved', () => {
    const removed = removal({
      source: { A: '1', B: '1', SYS_C: '1' },
      destination: [secret('A'), secret('B', { kind: 'variable' }), secret('SYS_C')],
      state: { entries: [mine('A', { syncId: THEM })] },
    });
    expect(removed.changes).toEqual(['A/secret keep owned-by-other-sync', 'SYS_C/secret keep reserved']);
    expect(removed.plan.applicable).toBe(true);
  });

  it('leaves alone what the schema cannot have brought about', () => {
    const removed = removal({
      keySchema: 'p/{{secretKey}}',
      source: { 'x/y': '1', '': '1', z: '1' },
      destination: [secret('p/x/y'), secret('p/'), secret('p/z')],
    });
    expect(removed.changes).toEqual(['p/z/secret delete rendered-from-source']);
  });

  it('names a key once that the source holds in two spellings of one', () => {
    const removed = removal({
      source: { a: '1', A: '1' },
      destination: [secret('A')],
      capabilities: { ...capabilities, canonicalKey: (key) => key.toLowerCase() },
    });
    expect(removed.changes).toEqual(['A/secret delete rendered-from-source']);
  });
});

describe('a removal', () => {
  const REMAIN = 'at the destination, for the reason given with each';

  it.each<[string, readonly RememberedEntry[], readonly string[]]>([
    ['that keeps nothing: nothing', [mine('A'), mine('B')], []],
    [
      'of one key that stays',
      [mine('A'), mine('B', { holders: [THEM] })],
      [`1 key that this sync wrote or wants stays ${REMAIN}: "B"`],
    ],
    [
      'of several keys that stay, in order',
      [mine('B', { holders: [THEM] }), mine('A', { syncId: THEM, holders: [ME] })],
      [`2 keys that this sync wrote or wants stay ${REMAIN}: "A", "B"`],
    ],
  ])('warns %s', (_title, entries, messages) => {
    const { plan } = removal({ destination: [secret('B'), secret('A')], state: { entries } });
    expect(plan.warnings).toEqual(messages.map((message) => ({ code: 'KEYS_REMAIN', message })));
  });

  it.each<[string, PlaceState, readonly string[]]>([
    ['is remembered by what it wrote', { entries: [mine('B')] }, []],
    ['is remembered by its first sync', { syncs: [{ syncId: ME, importedAt: '' }] }, []],
    ['is remembered by a redeployment that it still has to start', { redeployDue: [ME] }, []],
    ['is not remembered by that of another sync', { redeployDue: [THEM] }, ['nothing-remembered']],
  ])('of a sync that %s: guesses no key from the source unless it must', (_title, state, problems) => {
    const removed = removal({ source: { A: '1' }, destination: [secret('A')], state });
    expect(removed.problems).toEqual(problems);
    expect(removed.changes).toHaveLength(problems.length);
  });

  it.each([
    [1, '1 deletion is refused', '"K0"'],
    [2, '2 deletions are refused', '"K0", "K1"'],
  ])('of %d keys that are only guessed says so', (count, start, names) => {
    const keys = Array.from({ length: count }, (_, index) => `K${index}`);
    const source = Object.fromEntries(keys.map((key) => [key, '1']));
    const given = { source, destination: keys.map((key) => secret(key)) };
    expect(removal(given).plan.problems).toEqual([
      {
        code: 'DELETION_REFUSED',
        reason: 'nothing-remembered',
        message:
          `${start}: nothing is remembered of this sync here, so that its keys are only guessed from the source; ` +
          `confirm with confirmDeletions: ${count} (${names})`,
      },
    ]);
    expect(removal({ ...given, confirmDeletions: count }).problems).toEqual([]);
    expect(removal({ ...given, confirmDeletions: count + 1 }).problems).toHaveLength(1);
  });
});

describe('a sync is remembered at a place', () => {
  const syncs = [{ syncId: ME, importedAt: '2026-01-01T00:00:00.000Z' }];

  it.each<[string, PlaceState, boolean]>([
    ['where its first sync was', { syncs }, true],
    [
      'where it wrote a key, among those of others',
      { entries: [mine('A', { syncId: THEM }), mine('B')] },
      true,
    ],
    [
      'where it began to write a key of another',
      { entries: [mine('A', { syncId: THEM, pending: { syncId: ME, action: 'update' } })] },
      true,
    ],
    [
      'not where only another was',
      { syncs: [{ syncId: THEM, importedAt: '' }], entries: [mine('A', { syncId: THEM })] },
      false,
    ],
    ['not where nothing is', {}, false],
  ])('%s', (_title, state, expected) => {
    expect(isRemembered(indexState(state), ME)).toBe(expected);
  });
});
