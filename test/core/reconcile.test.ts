import { describe, expect, it } from 'vitest';
import type { PlannedChange } from '../../src/contracts/plan.js';
import { SecretValue } from '../../src/contracts/secret.js';
import { resolveSyncOptions, unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import { compileKeySchema } from '../../src/core/definition/key-schema.js';
import { indexEntries } from '../../src/core/inputs/destination-index.js';
import { indexState } from '../../src/core/inputs/ownership.js';
import { reconcile, reconcileIndexed, type ReconcileInput } from '../../src/core/reconcile.js';
import { inOneGo } from '../../src/shared/turns/turns.js';
import { changed, desiredRows, ME, secret, undesiredRows, variable, type Row } from './reconcile-rows.js';

/** A destination with two kinds of which this sync writes secrets; what starts with SYS_ is reserved. */
const capabilities = {
  ...unrestrictedCapabilities,
  kind: 'secret',
  reservedWritable: false,
  isReserved: (key: string) => key.startsWith('SYS_'),
};

const show = ({ kind, action, reason }: PlannedChange) =>
  `${action} ${reason}${kind === 'secret' || kind === undefined ? '' : ` (${kind})`}`;

function run(row: Row, key = 'K', more: Partial<ReconcileInput> = {}) {
  const { fingerprint, desired: value = 'v' } = row;
  const wanted = {
    sourceKey: key,
    value: value || '',
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
  return reconcile({
    syncId: ME,
    desired: value === false ? {} : { [key]: wanted },
    unreadable: row.unreadable === true ? [key] : [],
    destination: (row.entries ?? []).map((entry) => ({ key, ...entry })),
    state: { entries: (row.memory ?? []).map((entry) => ({ key, ...entry })) },
    capabilities,
    ...(row.options === undefined ? {} : { options: row.options }),
    ...more,
  });
}

function check(row: Row, { changes, warnings, problems }: ReturnType<typeof reconcile>) {
  expect(changes.map(show)).toEqual(row.expected);
  expect(warnings.map(({ code }) => code).sort()).toEqual(row.warnings ?? []);
  expect(warnings.every(({ key }) => key === 'K')).toBe(true);
  expect(problems.map(({ key, reason }) => `${key} ${reason}`)).toEqual(
    changes.filter(({ action }) => action === 'blocked').map(({ key, reason }) => `${key} ${reason}`),
  );
}

describe('a destination that can be iterated once', () => {
  it('is compared as a list of the same entries', () => {
    const input = { syncId: ME, desired: { A: { sourceKey: 'A', value: '1' } } };
    const entries = [
      { key: 'A', value: '1' },
      { key: 'B', value: '2' },
    ];
    const once = reconcile({ ...input, destination: entries.values() });
    expect(once).toEqual(reconcile({ ...input, destination: entries }));
    expect(once.changes.map(({ action }) => action)).toEqual(['unchanged', 'delete']);
  });
});

describe('a key that the source holds is', () => {
  it.each(desiredRows)('$title', (row) => check(row, run(row)));

  it('kept where the source both gave it and could not read it', () => {
    const row: Row = { title: '', entries: [{ ...secret, value: 'w' }], unreadable: true, expected: [] };
    expect(run(row).changes.map(show)).toEqual(['keep unreadable-at-source']);
  });

  it('blocked where it is reserved and the destination does not let us write those', () => {
    const { changes, problems } = run({ title: '', expected: [] }, 'SYS_A');
    expect(changes.map(show)).toEqual(['blocked reserved']);
    expect(problems).toMatchObject([{ code: 'PLAN_BLOCKED', reason: 'reserved', key: 'SYS_A' }]);
  });

  it('blocked as reserved, and not skipped, where the destination also finds the key invalid', () => {
    const strict = { ...capabilities, checkKey: () => 'no' };
    const row: Row = { title: '', options: { invalidKeys: 'skip' }, expected: [] };
    const { changes, problems } = run(row, 'SYS_A', { capabilities: strict });
    expect(changes.map(show)).toEqual(['blocked reserved']);
    expect(problems).toHaveLength(1);
  });

  it('blocked where the entry is marked as reserved', () => {
    const row: Row = { title: '', entries: [{ ...secret, reserved: true }], expected: [] };
    expect(run(row).changes.map(show)).toEqual(['blocked reserved']);
  });

  it('treated as any other where it is reserved and the destination lets us write those', () => {
    const writable = { ...capabilities, reservedWritable: true };
    const { changes, problems } = run({ ...changed, title: '', expected: [] }, 'SYS_A', {
      capabilities: writable,
    });
    expect(changes.map(show)).toEqual(['update value-differs']);
    expect(problems).toEqual([]);
  });

  it('not skipped where it is occupied, of another kind or reserved, whatever invalidKeys says', () => {
    const options = { invalidKeys: 'skip' } as const;
    const occupied = run({ title: '', entries: [{ ...secret, fixed: 'alias' }], options, expected: [] });
    const otherKind = run({ title: '', entries: [{ kind: 'variable' }], options, expected: [] });
    const dependents = run({
      title: '',
      entries: [{ ...variable, hasDependents: true }],
      options,
      expected: [],
    });
    const reserved = run({ title: '', options, expected: [] }, 'SYS_A');
    for (const { problems, warnings } of [occupied, otherKind, dependents, reserved]) {
      expect(problems).toHaveLength(1);
      expect(warnings).toEqual([]);
    }
  });

  it('decided by the first reason of many, the same in any order of the entries', () => {
    const entries: NonNullable<Row['entries']> = [
      { kind: 'file', fixed: 'file' },
      { kind: 'alias', fixed: 'alias' },
      { kind: 'variable', value: 'w' },
    ];
    const inOrder = (...order: number[]) =>
      run({ title: '', entries: order.flatMap((index) => entries.slice(index, index + 1)), expected: [] });
    const there = inOrder(0, 1, 2);
    expect(there.changes.map(show)).toEqual(['blocked occupied']);
    const others = [inOrder(0, 2, 1), inOrder(1, 0, 2), inOrder(1, 2, 0), inOrder(2, 0, 1), inOrder(2, 1, 0)];
    for (const other of others) expect(other).toEqual(there);
  });
});

describe('what is said of a key', () => {
  const OCCUPIED = 'exists there under this key; remove it there, or rename the key';
  const NOT_OURS = 'that this sync is not known to have written; delete it there, or set allowReplace';

  it.each<[string, Omit<Row, 'title' | 'expected'>, string]>([
    ['in another kind', { entries: [{ kind: 'variable' }] }, `it exists there as a variable ${NOT_OURS}`],
    ['without a kind', { entries: [{}] }, `it exists there in another kind ${NOT_OURS}`],
    [
      'with dependents',
      { entries: [{ ...variable, hasDependents: true }] },
      'replacing it would delete the aliases or overrides that depend on it; remove them, or set allowReplace',
    ],
    [
      'that is blocked from above',
      { entries: [{ ...variable, fixed: 'inherited', blocks: 'the project has it as a variable' }] },
      'the project has it as a variable; remove it there, or rename the key',
    ],
    ['that is an alias', { entries: [{ ...secret, fixed: 'alias' }] }, `an entry of type alias ${OCCUPIED}`],
    [
      'that another system owns',
      { entries: [{ ...secret, fixed: 'foreign-owner' }] },
      `an entry that another system owns ${OCCUPIED}`,
    ],
    [
      'that is reserved',
      { entries: [{ ...secret, reserved: true }] },
      'it belongs to the platform; rename it at the source, or use a key schema',
    ],
  ])('%s is why it is blocked, and what to do', (_title, row, message) => {
    const { problems } = run({ title: '', expected: [], ...row });
    expect(problems.map((problem) => problem.message)).toEqual([message]);
  });

  it.each<[string, Omit<Row, 'title' | 'expected'>, string[]]>([
    [
      'hides an inherited one',
      { entries: [{ ...secret, fixed: 'inherited' }] },
      ['a value of a higher scope exists under this key; the new one hides it here'],
    ],
    [
      'overwrites what nobody is known to have written',
      { entries: [{ ...secret, value: 'w' }] },
      ['no sync is known to have written what exists there; it is overwritten'],
    ],
    [
      'is taken over from the sync that wrote it',
      { entries: [{ ...secret, value: 'w' }], memory: [{ kind: 'secret', syncId: 'them' }] },
      ['the sync "them" wrote it; this sync takes it over'],
    ],
    [
      'is taken over from the sync that may just have written it',
      {
        entries: [{ ...secret, value: 'w' }],
        memory: [{ kind: 'secret', syncId: ME, pending: { syncId: 'them', action: 'update' } }],
      },
      ['the sync "them" wrote it; this sync takes it over'],
    ],
    [
      'is wanted by others, of whom one wrote it',
      {
        entries: [{ ...secret, value: 'w' }],
        memory: [{ kind: 'secret', syncId: 'them', holders: [ME, 'them', 'third'] }],
      },
      [
        'the sync "them" wrote it; this sync takes it over',
        'the sync "third" wants this key, too, and does not get its own value',
      ],
    ],
    [
      'is wanted by others with the same value',
      {
        entries: [{ ...secret, value: 'v' }],
        memory: [{ kind: 'secret', syncId: 'them', holders: ['third'] }],
      },
      [
        'the sync "them" wrote it, and this sync wants the same value; it is deleted when neither wants it any more',
      ],
    ],
    [
      'is wanted by another that gets its own value no more',
      {
        entries: [{ ...secret, value: 'w' }],
        memory: [{ kind: 'secret', syncId: ME, holders: ['third'] }],
      },
      ['the sync "third" wants this key, too, and does not get its own value'],
    ],
    [
      'is replaced with all that hangs on it',
      {
        entries: [{ ...variable, hasDependents: true }],
        memory: [{ kind: 'variable', syncId: ME }],
        options: { allowReplace: true },
      },
      ['the aliases or overrides that depend on what is replaced are deleted with it'],
    ],
    [
      'also stands there in another kind, named and not',
      { entries: [{ ...secret, value: 'v' }, variable, {}] },
      ['it also exists there as a variable', 'it also exists there in another kind'],
    ],
  ])('that %s is a warning', (_title, row, messages) => {
    const { warnings } = run({ title: '', expected: [], ...row });
    expect(warnings.map((warning) => warning.message)).toEqual(messages);
  });
});

describe('a warning about another sync', () => {
  it.each<[string, Omit<Row, 'title' | 'expected'>, string, string]>([
    ['that wrote it', { memory: [{ kind: 'secret', syncId: 'them' }] }, 'OWNED_BY_OTHER_SYNC', 'them'],
    [
      'that wants it',
      { memory: [{ kind: 'secret', syncId: ME, holders: ['third'] }] },
      'OWNED_BY_OTHER_SYNC',
      'third',
    ],
    [
      'that wrote the same value',
      { entries: [{ ...secret, value: 'v' }], memory: [{ kind: 'secret', syncId: 'them' }] },
      'SHARED_WITH_OTHER_SYNC',
      'them',
    ],
  ])('names the sync %s', (_title, row, code, syncId) => {
    const { warnings } = run({ title: '', expected: [], entries: [{ ...secret, value: 'w' }], ...row });
    expect(warnings).toEqual([{ code, syncId, key: 'K', message: expect.any(String) as unknown }]);
  });
});

describe('a key that the source does not hold is', () => {
  it.each(undesiredRows)('$title', (row) => check(row, run({ ...row, desired: false })));
});

describe('reconcile', () => {
  it('takes records, Maps and pairs, strings and SecretValues, as the same', () => {
    const value = new SecretValue('v');
    const fromRecord = reconcile({
      syncId: ME,
      desired: { A: { sourceKey: 'A', value: 'v' } },
      destination: { A: 'w' },
    });
    const fromMap = reconcile({
      syncId: ME,
      desired: new Map([['A', { sourceKey: 'A', value }]]),
      destination: new Map([['A', new SecretValue('w')]]),
    });
    const fromEntries = reconcile({
      syncId: ME,
      desired: new Map([['A', { sourceKey: 'A', value }]]),
      destination: [{ key: 'A', value: 'w' }],
    });
    const fromPairs = reconcile({
      syncId: ME,
      desired: { A: { sourceKey: 'A', value } },
      destination: [['A', 'w']],
    });
    expect(fromMap).toEqual(fromRecord);
    expect(fromPairs).toEqual(fromRecord);
    expect(fromEntries).toEqual(fromRecord);
    expect(fromRecord.changes).toEqual([
      { key: 'A', sourceKey: 'A', action: 'update', reason: 'value-differs' },
    ]);
  });

  it('finds strings and SecretValues equal where they hold the same, and only there', () => {
    for (const held of ['v', new SecretValue('v')]) {
      for (const [wanted, action] of [
        ['v', 'unchanged'],
        [new SecretValue('v'), 'unchanged'],
        ['w', 'update'],
        [new SecretValue('w'), 'update'],
      ] as const) {
        const desired = { A: { sourceKey: 'A', value: wanted } };
        const { changes } = reconcile({ syncId: ME, desired, destination: { A: held } });
        expect(changes.map((change) => change.action)).toEqual([action]);
      }
    }
  });

  it('takes __proto__, constructor and toString as the data that they are, and as deletable', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const desired = new Map(names.map((key) => [key, { sourceKey: key, value: 'v' }]));
    const created = reconcile({ syncId: ME, desired, destination: {} });
    expect(created.changes.map((change) => `${change.action} ${change.key}`)).toEqual(
      names.map((key) => `create ${key}`),
    );
    const deleted = reconcile({ syncId: ME, desired: {}, destination: names.map((key) => ({ key })) });
    expect(deleted.changes.map((change) => `${change.action} ${change.key}`)).toEqual(
      names.map((key) => `delete ${key}`),
    );
  });

  it('sorts changes, problems and warnings by key, in code units', () => {
    const keys = ['b', 'é', 'A', 'B', '🔑'];
    const desired = new Map(keys.map((key) => [key, { sourceKey: key, value: 'v' }]));
    const refusing = { ...unrestrictedCapabilities, checkKey: () => 'no' };
    const sorted = ['A', 'B', 'b', 'é', '🔑'];
    const refused = reconcile({ syncId: ME, desired, destination: {}, capabilities: refusing });
    const skipped = reconcile({
      syncId: ME,
      desired,
      destination: {},
      capabilities: refusing,
      options: { invalidKeys: 'skip' },
    });
    expect(refused.changes.map(({ key }) => key)).toEqual(sorted);
    expect(refused.problems.map(({ key }) => key)).toEqual(sorted);
    expect(skipped.warnings.map(({ key }) => key)).toEqual(sorted);
  });

  it('knows a key in another spelling where both are one to the destination', () => {
    const ignoresCase = { ...unrestrictedCapabilities, canonicalKey: (key: string) => key.toLowerCase() };
    const { changes } = reconcile({
      syncId: ME,
      desired: { Held: { sourceKey: 'Held', value: 'v', fingerprint: 'k.aa' } },
      unreadable: ['Hidden'],
      destination: [{ key: 'HELD' }, { key: 'HIDDEN' }, { key: 'OLD' }],
      state: { entries: [{ key: 'Held', syncId: ME, fingerprint: 'k.aa' }] },
      capabilities: ignoresCase,
    });
    expect(changes.map((change) => `${change.key} ${show(change)}`)).toEqual([
      'HIDDEN keep unreadable-at-source',
      'Held unchanged fingerprint-equal',
      'OLD delete absent-from-source',
    ]);
  });

  it('reads keys through the schema', () => {
    const { changes } = reconcile({
      syncId: ME,
      desired: { APP_A: { sourceKey: 'A', value: 'v' } },
      destination: { APP_B: 'w' },
      keySchema: compileKeySchema('APP_{{secretKey}}'),
    });
    expect(changes).toEqual([
      { key: 'APP_A', sourceKey: 'A', action: 'create', reason: 'missing' },
      { key: 'APP_B', action: 'delete', reason: 'absent-from-source' },
    ]);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a text', 'A'],
    ['a record of texts', { A: '1' }],
    ['a record of which one has no source key', { A: { sourceKey: 'A', value: '1' }, B: { value: '1' } }],
    ['a record of which one has no value', { A: { sourceKey: 'A' } }],
    ['a record of which one has a number', { A: { sourceKey: 'A', value: 1 } }],
    ['a Map of texts', new Map([['A', '1']])],
  ])('is refused with what is desired: %s', (_title, desired) => {
    const attempt = (): unknown =>
      Reflect.apply(reconcile, undefined, [{ syncId: ME, desired, destination: {} }]);
    const path = 'desired';
    const message = 'it must be a record or a Map of objects with a sourceKey and a value that are strings';
    expect(attempt).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('The arguments of reconcile() are not valid') as unknown,
        problems: [{ code: 'INVALID_OPTION', path, message }],
      }),
    );
  });

  it('names everything that is wrong with its input', () => {
    const input = { syncId: '', desired: {}, destination: {}, unreadable: 1, duplicates: 'A' };
    expect((): unknown => Reflect.apply(reconcile, undefined, [input])).toThrow(
      /"duplicates"[^]*"syncId"[^]*"unreadable"|"syncId"[^]*"unreadable"[^]*"duplicates"/,
    );
  });

  it.each([
    [10, 0],
    [9_000, 0],
    [10, 9_000],
  ])('gives others a turn with many keys: %d at the source, %d at the destination', (wanted, found) => {
    const key = (index: number) => `K${String(index).padStart(5, '0')}`;
    const desired = new Map(
      Array.from({ length: wanted }, (_, index) => [key(index), { sourceKey: key(index), value: '1' }]),
    );
    const destination = Array.from({ length: found }, (_, index) => ({
      key: `OTHER_${key(index)}`,
      value: '1',
    }));
    const reconciling = reconcileIndexed({
      syncId: ME,
      desired,
      unreadable: [],
      duplicates: new Set(),
      entries: inOneGo(indexEntries(destination, unrestrictedCapabilities)),
      ownership: indexState(),
      keySchema: compileKeySchema(undefined),
      capabilities: unrestrictedCapabilities,
      options: resolveSyncOptions(),
      force: false,
    });
    let turns = 0;
    let end = reconciling.next();
    while (end.done !== true) {
      turns += 1;
      end = reconciling.next();
    }
    expect(end.value.steps).toHaveLength(wanted + found);
    if (wanted + found > 1_000) expect(turns).toBeGreaterThanOrEqual(2);
    else expect(turns).toBe(0);
  });
});
