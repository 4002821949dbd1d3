import { describe, expect, it } from 'vitest';
import type { SyncOptionsInput } from '../../src/contracts/definition.js';
import { isSecretSyncError } from '../../src/contracts/errors.js';
import { SecretValue } from '../../src/contracts/secret.js';
import { unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import { planSync, type PlanSyncInput } from '../../src/core/plan-sync.js';

const FINGERPRINT_KEY = 'k'.repeat(32);
const SYNCED = [{ syncId: 'nightly', importedAt: '2026-01-01T00:00:00.000Z' }];

const plan = (
  source: PlanSyncInput['source'],
  destination: PlanSyncInput['destination'],
  syncOptions: SyncOptionsInput = {},
  more: Partial<PlanSyncInput> = {},
) => planSync({ definition: { name: 'nightly', syncOptions }, source, destination, ...more });

const codes = ({ warnings }: { warnings: readonly { code: string }[] }) => warnings.map(({ code }) => code);
const lines = ({ changes }: ReturnType<typeof planSync>) =>
  changes.map(
    ({ key, kind, action, reason }) => `${key}${kind === undefined ? '' : `/${kind}`} ${action} ${reason}`,
  );

describe('planSync', () => {
  it('makes a whole plan of two records', () => {
    expect(plan({ A: '1', B: '2', C: '3' }, { A: '0', B: '2', OLD: 'x' })).toEqual({
      formatVersion: 2,
      operation: 'sync',
      definition: {
        id: 'nightly',
        name: 'nightly',
        isEnabled: true,
        syncOptions: {
          initialSyncBehavior: 'overwrite-destination',
          autoSyncEnabled: true,
          disableSecretDeletion: false,
          deletionScope: 'ask',
          deleteLeftBehind: false,
          maxDeletions: { count: 100, ratio: 0.5 },
          allowEmptySource: false,
          allowReplace: false,
          invalidKeys: 'refuse',
          redeploy: 'never',
        },
        destination: 'destination',
        destinationConfig: {},
      },
      place: 'destination',
      isInitialSync: true,
      applicable: false,
      imports: [],
      changes: [
        { key: 'A', sourceKey: 'A', action: 'update', reason: 'value-differs' },
        { key: 'B', sourceKey: 'B', action: 'unchanged', reason: 'value-equal' },
        { key: 'C', sourceKey: 'C', action: 'create', reason: 'missing' },
        { key: 'OLD', action: 'delete', reason: 'absent-from-source' },
      ],
      options: { force: false },
      problems: [
        {
          code: 'DELETION_REFUSED',
          reason: 'unowned-without-schema',
          message: expect.stringContaining('confirmDeletions: 1') as unknown,
        },
      ],
      warnings: [
        {
          code: 'NO_KEY_SCHEMA',
          message:
            'no keySchema is set, so that nothing distinguishes the keys of this sync from others at the destination',
        },
        { code: 'OVERWRITES_UNOWNED', key: 'A', message: expect.any(String) as unknown },
      ],
      summary: { create: 1, update: 1, replace: 0, delete: 1, unchanged: 1, keep: 0, blocked: 0, import: 0 },
    });
  });

  it('names keys by the schema, with the environment of the definition', () => {
    const made = planSync({
      definition: {
        name: 'nightly',
        environment: 'prod',
        syncOptions: { keySchema: ' {{environment}}_{{secretKey}} ' },
      },
      source: { A: '1' },
      destination: { prod_B: '1', OTHER: '1' },
    });
    expect(lines(made)).toEqual([
      'OTHER keep outside-schema',
      'prod_A create missing',
      'prod_B delete absent-from-source',
    ]);
    expect(made.definition.syncOptions.keySchema).toBe('{{environment}}_{{secretKey}}');
    expect(made.changes[1]?.sourceKey).toBe('A');
    expect(codes(made)).toEqual([]);
  });

  it('keeps what a partial read of the source could not name, and says so', () => {
    const made = plan({ secrets: { A: '1' }, unreadable: ['HIDDEN', 'B'] }, { HIDDEN: 'x', OLD: 'x' });
    expect(lines(made)).toEqual([
      'A create missing',
      'HIDDEN keep unreadable-at-source',
      'OLD keep source-partial',
    ]);
    expect(made.applicable).toBe(true);
    expect(made.warnings.find(({ code }) => code === 'SOURCE_PARTIAL')?.message).toMatch(/: "B", "HIDDEN"$/);
  });

  it('deletes nothing when the source read was not complete', () => {
    const made = plan({ secrets: {}, complete: false }, { OLD: 'x' }, { deletionScope: 'matching' });
    expect(lines(made)).toEqual(['OLD keep source-partial']);
    expect(codes(made)).toEqual(['NO_KEY_SCHEMA', 'SOURCE_PARTIAL']);
    expect(made.warnings[1]?.message).toBe(
      'the source could not read everything, so that nothing is deleted',
    );
  });

  it('takes a record that has a key called secrets as a record', () => {
    expect(lines(plan({ secrets: 'x', complete: 'y' }, {}))).toEqual([
      'complete create missing',
      'secrets create missing',
    ]);
  });

  it('refuses an empty source that would delete, even where all that can be imported was', () => {
    const refused = plan({}, { OLD: 'x' }, { deletionScope: 'matching' });
    expect(refused.problems.map(({ reason }) => reason)).toEqual(['source-empty']);
    const importing = plan({}, [{ key: 'READABLE', value: 'x' }, { key: 'OLD' }], {
      initialSyncBehavior: 'import-prioritize-source',
      deletionScope: 'matching',
    });
    expect(importing.summary).toMatchObject({ import: 1, delete: 1 });
    expect(importing.problems.map(({ reason }) => reason)).toEqual(['source-empty']);
  });

  it('lets confirmed deletions through, and shows in the plan what was confirmed', () => {
    const made = plan({ A: '1' }, { OLD: 'x' }, {}, { confirmDeletions: 1, force: true });
    expect(made.applicable).toBe(true);
    expect(made.options).toEqual({ force: true, confirmDeletions: 1 });
    expect(plan({ A: '1' }, { OLD: 'x' }, {}, { confirmDeletions: 2 }).applicable).toBe(false);
  });

  it('leaves another sync alone: neither deleted nor adopted, and taken over only with a warning', () => {
    const state = { entries: ['A', 'B', 'OLD'].map((key) => ({ key, syncId: 'other' })) };
    const made = plan({ A: '1', B: '2' }, { A: '1', B: '0', OLD: 'x' }, {}, { state });
    expect(lines(made)).toEqual([
      'A unchanged value-equal',
      'B update value-differs',
      'OLD keep owned-by-other-sync',
    ]);
    expect(codes(made)).toEqual(['NO_KEY_SCHEMA', 'SHARED_WITH_OTHER_SYNC', 'OWNED_BY_OTHER_SYNC']);
    expect(made.warnings[2]).toMatchObject({
      key: 'B',
      syncId: 'other',
      message: expect.stringContaining('"other"') as unknown,
    });
  });

  it('writes over an entry that is marked as reserved where no capabilities are given', () => {
    expect(lines(plan({ A: '1' }, [{ key: 'A', value: '0', reserved: true }]))).toEqual([
      'A update value-differs',
    ]);
  });

  it('shows in its options nothing that the caller did not ask for', () => {
    expect(plan({}, {}).options).toStrictEqual({ force: false });
  });

  it('refuses a definition that is not valid, and says so first', () => {
    expect(() => planSync({ definition: { name: 'Nightly' }, source: {}, destination: {} })).toThrowError(
      /^The definition is not valid: "name": /,
    );
  });

  it('owns keys by the id of the definition, which is its name unless one is given', () => {
    const input = { source: { A: '1' }, destination: { A: '1', OLD: 'x' } };
    const state = { entries: [{ key: 'OLD', syncId: 'fixed-id' }] };
    const byName = planSync({ ...input, state, definition: { name: 'renamed' } });
    expect(lines(byName)).toContain('OLD keep owned-by-other-sync');
    const byId = planSync({ ...input, state, definition: { id: 'fixed-id', name: 'renamed' } });
    expect(lines(byId)).toContain('OLD delete absent-from-source');
    expect(byId.applicable).toBe(true);
  });
});

describe('the first sync', () => {
  const importing = {
    initialSyncBehavior: 'import-prioritize-destination',
    deletionScope: 'matching',
  } as const;

  it('imports, and what was imported stays', () => {
    const made = plan({ A: '1' }, { A: '2', NEW: 'x' }, importing);
    expect(made.isInitialSync).toBe(true);
    expect(made.imports).toEqual([
      { sourceKey: 'A', key: 'A', action: 'update', reason: 'destination-wins' },
      { sourceKey: 'NEW', key: 'NEW', action: 'create', reason: 'absent-from-source' },
    ]);
    expect(lines(made)).toEqual(['A unchanged value-equal', 'NEW unchanged value-equal']);
    expect(made.summary).toMatchObject({ import: 2, delete: 0, update: 0 });
  });

  it('counts only what changes the source as an import', () => {
    const made = plan({ A: '1' }, { A: '2' }, { initialSyncBehavior: 'import-prioritize-source' });
    expect(made.imports).toEqual([{ sourceKey: 'A', key: 'A', action: 'ignore', reason: 'source-wins' }]);
    expect(made.summary.import).toBe(0);
  });

  it('is over once it is remembered, whatever was written', () => {
    const made = plan({ A: '1' }, { A: '2', NEW: 'x' }, importing, { state: { syncs: SYNCED } });
    expect(made.isInitialSync).toBe(false);
    expect(made.imports).toEqual([]);
    expect(lines(made)).toEqual(['A update value-differs', 'NEW delete absent-from-source']);
  });

  it('is still to come where only another sync is remembered', () => {
    const syncs = [{ syncId: 'other', importedAt: '2026-01-01T00:00:00.000Z' }];
    expect(plan({}, {}, {}, { state: { syncs } }).isInitialSync).toBe(true);
  });
});

describe('the operation import', () => {
  it('plans nothing at the destination, whatever the definition says of the first sync', () => {
    const made = plan(
      { A: '1', B: '2' },
      { A: '2', OLD: 'x' },
      {},
      { operation: 'import', state: { syncs: SYNCED } },
    );
    expect(made.operation).toBe('import');
    expect(made.changes).toEqual([]);
    expect(made.imports.map(({ key, action }) => `${key} ${action}`)).toEqual(['A ignore', 'OLD create']);
    expect(made).toMatchObject({ applicable: true, warnings: [], options: { force: false } });
  });

  it('lets the side win that was asked for, and shows it in the plan', () => {
    const importBehavior = 'prioritize-destination';
    const made = plan({ A: '1' }, { A: '2' }, {}, { operation: 'import', importBehavior });
    expect(made.imports.map(({ key, action }) => `${key} ${action}`)).toEqual(['A update']);
    expect(made.options).toEqual({ force: false, importBehavior });
  });

  it('is refused, as a first sync that imports is, where the destination cannot be imported from', () => {
    const capabilities = { ...unrestrictedCapabilities, import: false };
    const refused = [
      () => plan({}, {}, {}, { operation: 'import', capabilities }),
      () => plan({}, {}, { initialSyncBehavior: 'import-prioritize-source' }, { capabilities }),
    ];
    for (const attempt of refused) {
      expect(attempt).toThrowError(
        expect.objectContaining({
          code: 'IMPORT_NOT_SUPPORTED',
          message: 'destination can\'t be imported from; use initialSyncBehavior "overwrite-destination".',
        }),
      );
    }
    expect(plan({ A: '1' }, {}, {}, { capabilities }).applicable).toBe(true);
    const removal = plan(
      {},
      {},
      { initialSyncBehavior: 'import-prioritize-source' },
      { capabilities, operation: 'remove' },
    );
    expect(removal.applicable).toBe(true);
  });
});

describe('a destination of plain values', () => {
  it.each<[string, PlanSyncInput['destination']]>([
    ['a record', { APP_A: '0', APP_OLD: 'x' }],
    ['a Map', new Map(Object.entries({ APP_A: '0', APP_OLD: 'x' }))],
  ])('holds entries of the kind that the capabilities write: %s', (_title, destination) => {
    const capabilities = { ...unrestrictedCapabilities, kind: 'secret' };
    const made = plan({ A: '1' }, destination, { keySchema: 'APP_{{secretKey}}' }, { capabilities });
    expect(made.problems).toEqual([]);
    expect(lines(made)).toEqual([
      'APP_A/secret update value-differs',
      'APP_OLD/secret delete absent-from-source',
    ]);
  });
});

describe('what the driver has to say', () => {
  const warned: unknown[] = [];
  const capabilities = {
    ...unrestrictedCapabilities,
    kind: 'variable',
    writeWarnings: [{ code: 'TAKES_EFFECT_ON_DEPLOY', message: 'later' }],
    warn(change: { key: string; action: string; value?: SecretValue; previousKind?: string; kind?: string }) {
      warned.push({ ...change, value: change.value?.reveal() });
      return change.action === 'replace' ? [{ code: 'EXPOSES_VALUE', message: 'careful' }] : [];
    },
  };

  it('is asked about every write and deletion, and stands in the plan with the key', () => {
    warned.length = 0;
    const state = {
      entries: [
        { key: 'R', kind: 'secret', syncId: 'nightly' },
        { key: 'D', kind: 'variable', syncId: 'nightly' },
      ],
    };
    const made = plan(
      { C: '1', U: '2', R: '3', SAME: '4' },
      [
        { key: 'U', kind: 'variable', value: '0' },
        { key: 'R', kind: 'secret' },
        { key: 'D', kind: 'variable', value: '0' },
        { key: 'SAME', kind: 'variable', value: '4' },
      ],
      {},
      { capabilities, state },
    );
    expect(warned).toEqual([
      { key: 'C', kind: 'variable', action: 'create', value: '1' },
      { key: 'D', kind: 'variable', action: 'delete', value: undefined },
      { key: 'R', kind: 'variable', action: 'replace', previousKind: 'secret', value: '3' },
      { key: 'U', kind: 'variable', action: 'update', value: '2' },
    ]);
    expect(codes(made)).toEqual([
      'NO_KEY_SCHEMA',
      'OVERWRITES_UNOWNED',
      'TAKES_EFFECT_ON_DEPLOY',
      'EXPOSES_VALUE',
    ]);
    expect(made.warnings[3]).toEqual({ key: 'R', code: 'EXPOSES_VALUE', message: 'careful' });
  });

  it('is asked without a kind or value that there is not', () => {
    const asked: unknown[] = [];
    const warn = (change: object) => {
      asked.push(change);
      return [];
    };
    const state = { entries: [{ key: 'D', syncId: 'nightly' }] };
    plan({ C: '1' }, { D: '0' }, {}, { capabilities: { ...unrestrictedCapabilities, warn }, state });
    expect(asked).toStrictEqual([
      { key: 'C', action: 'create', value: new SecretValue('1') },
      { key: 'D', action: 'delete' },
    ]);
    asked.length = 0;
    plan({ R: '1' }, [{ key: 'R', value: '1' }], {}, { capabilities: { ...capabilities, warn } });
    expect(asked).toStrictEqual([
      { key: 'R', kind: 'variable', action: 'replace', value: new SecretValue('1') },
    ]);
  });

  it('can be about every plan that writes, and about no key', () => {
    const silent = { ...unrestrictedCapabilities, writeWarnings: capabilities.writeWarnings };
    const made = plan({ C: '1' }, {}, { keySchema: 'APP_{{secretKey}}' }, { capabilities: silent });
    expect(made.warnings).toEqual([{ code: 'TAKES_EFFECT_ON_DEPLOY', message: 'later' }]);
  });

  it('is left out of a plan that writes nothing', () => {
    const made = plan({ SAME: '4' }, [{ key: 'SAME', kind: 'variable', value: '4' }], {}, { capabilities });
    expect(codes(made)).toEqual(['NO_KEY_SCHEMA']);
  });
});

describe('what cannot be read back', () => {
  const destination = [{ key: 'A', revision: 'r1' }];
  const sealed = { fingerprintKey: FINGERPRINT_KEY, place: 'here' };

  it('is unchanged where the fingerprint of the value is remembered, under any key that we have', async () => {
    const { fingerprint } = await import('../../src/core/fingerprint/fingerprint.js');
    const { createKeyring } = await import('../../src/core/fingerprint/keyring.js');
    const { current } = createKeyring(FINGERPRINT_KEY);
    const made = fingerprint(current, 'here', undefined, 'A', new SecretValue('1'));
    const state = {
      syncs: SYNCED,
      entries: [{ key: 'A', syncId: 'nightly', fingerprint: made, revision: 'r1' }],
    };
    const newKey = 'n'.repeat(32);
    expect(lines(plan({ A: '1' }, destination, {}, { ...sealed, state }))).toEqual([
      'A unchanged fingerprint-equal',
    ]);
    expect(lines(plan({ A: '2' }, destination, {}, { ...sealed, state }))).toEqual([
      'A update value-differs',
    ]);
    expect(lines(plan({ A: '1' }, destination, {}, { ...sealed, state, place: 'there' }))).toEqual([
      'A update value-differs',
    ]);
    const rotated = plan(
      { A: '1' },
      destination,
      {},
      { ...sealed, state, fingerprintKey: [newKey, FINGERPRINT_KEY] },
    );
    expect(lines(rotated)).toEqual(['A unchanged fingerprint-equal']);
    expect(codes(rotated)).not.toContain('FINGERPRINTS_VOID');
    const lost = plan({ A: '1' }, destination, {}, { ...sealed, state, fingerprintKey: newKey });
    expect(lines(lost)).toEqual(['A update not-verifiable']);
    expect(lost.warnings[0]).toEqual({
      code: 'FINGERPRINTS_VOID',
      message:
        'the fingerprints of 1 remembered keys were made with a fingerprint key that this engine does not have; ' +
        "what can't be read back is written again",
    });
    expect(codes(lost)).not.toContain('OVERWRITES_UNOWNED');
  });

  it('is no reason to warn where nothing is remembered of a value', () => {
    const state = { entries: [{ key: 'A_', syncId: 'nightly' }] };
    const suffix = { keySchema: '{{secretKey}}_' };
    const made = plan({ A: '1' }, { A_: '1' }, suffix, { ...sealed, state });
    expect(made.warnings).toEqual([]);
    expect(plan({ A: '1' }, { A_: '1' }, suffix, sealed).warnings).toEqual([]);
  });

  it('is written again where no fingerprint key is given', () => {
    const state = { entries: [{ key: 'A', syncId: 'nightly', fingerprint: 'k.00' }] };
    expect(lines(plan({ A: '1' }, destination, {}, { state }))).toEqual(['A update not-verifiable']);
  });
});

describe('preconditions', () => {
  it('are left out without a fingerprint key', () => {
    expect(plan({ A: '1' }, {})).not.toHaveProperty('preconditions');
  });

  it('hold one digest for each change that writes and each import that does', () => {
    const made = plan(
      { A: '1', B: '2' },
      { A: '1', B: '0', NEW: 'x' },
      { initialSyncBehavior: 'import-prioritize-source' },
      { fingerprintKey: FINGERPRINT_KEY },
    );
    expect(made.changes.map(({ action }) => action)).toEqual(['unchanged', 'update', 'unchanged']);
    const hex = expect.stringMatching(/^[0-9a-f]{64}$/) as unknown;
    expect(made.preconditions).toEqual({
      keyId: expect.stringMatching(/^[0-9a-f]{12}$/) as unknown,
      mac: hex,
    });
    expect(made.changes.map(({ digest }) => digest)).toEqual([undefined, hex, undefined]);
    expect(made.imports.map(({ digest }) => digest)).toEqual([undefined, hex]);
  });

  it.each<[string, Partial<PlanSyncInput>]>([
    ['too short', { fingerprintKey: 'short' }],
    ['too short, the second of two', { fingerprintKey: [FINGERPRINT_KEY, 'short'] }],
  ])('need a fingerprint key that is not %s', (_title, more) => {
    let thrown: unknown;
    try {
      plan({}, {}, {}, more);
    } catch (error) {
      thrown = error;
    }
    expect(isSecretSyncError(thrown, 'INVALID_OPTION')).toBe(true);
    expect(String(thrown)).toMatch(/fingerprintKey(\[1\])?": .*at least 32/);
    expect(String(thrown)).not.toContain('short');
  });
});

describe('what a changed key schema left behind', () => {
  const entry = { key: 'OLD_A', kind: 'secret', id: 'mine', fixed: 'override' as const };
  const capabilities = { ...unrestrictedCapabilities, kind: 'secret' };
  const planOf = (id: string, deleteLeftBehind: boolean) =>
    plan(
      { A: '1' },
      [{ ...entry, id }],
      { keySchema: 'NEW_{{secretKey}}', deleteLeftBehind },
      {
        capabilities,
        state: { syncs: SYNCED, entries: [{ key: 'OLD_A', kind: 'secret', syncId: 'nightly', id: 'mine' }] },
      },
    );

  it('is named where it is an override that the sync made', () => {
    expect(codes(planOf('mine', false))).toContain('LEFT_BEHIND');
    expect(lines(planOf('mine', false))).toContain('OLD_A/secret keep outside-schema');
    expect(codes(planOf('mine', true))).toContain('LEFT_BEHIND');
    expect(lines(planOf('mine', true))).toContain('OLD_A/secret delete absent-from-source');
  });

  it('is not an override that a person made under the same key', () => {
    expect(codes(planOf('theirs', true))).not.toContain('LEFT_BEHIND');
    expect(lines(planOf('theirs', true))).toContain('OLD_A/secret keep fixed');
  });
});
