import { describe, expect, it } from 'vitest';
import type { DestinationEntry } from '../../src/contracts/destination.js';
import type { PlannedChange } from '../../src/contracts/plan.js';
import type { RememberedEntry } from '../../src/contracts/state-store.js';
import { unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import { guardDeletions, type GuardDeletionsInput } from '../../src/core/deletion-guard.js';
import { compileKeySchema } from '../../src/core/definition/key-schema.js';

const ME = 'me';
const THEM = 'them';
const keySchema = compileKeySchema('APP_{{secretKey}}');
const capabilities = {
  ...unrestrictedCapabilities,
  kind: 'secret',
  isReserved: (key: string) => key.startsWith('SYS_'),
};

const deletion = (key: string, kind?: string): PlannedChange =>
  ({ key, ...(kind === undefined ? {} : { kind }), action: 'delete', reason: 'absent-from-source' }) as const;

interface Case extends Omit<Partial<GuardDeletionsInput>, 'state'> {
  readonly key?: string;
  readonly entry?: Omit<DestinationEntry, 'key'>;
  readonly memory?: Omit<RememberedEntry, 'key'>;
}

/** What becomes of the one deletion of a case. */
function guardOne({ key = 'APP_K', entry, memory, ...more }: Case) {
  const { kind = 'secret', ...rest } = entry ?? {};
  const { changes, problems } = guardDeletions({
    syncId: ME,
    changes: [deletion(key, kind)],
    destination: [{ key, kind, ...rest }],
    state: { entries: memory === undefined ? [] : [{ key, ...memory }] },
    keySchema,
    capabilities,
    ...more,
  });
  return [
    ...changes.map(({ action, reason }) => `${action} ${reason}`),
    ...problems.map(({ reason }) => reason),
  ];
}

const DELETED = 'delete absent-from-source';
const theirs = { kind: 'secret', syncId: THEM };
const mine = { kind: 'secret', syncId: ME };
const variable = { kind: 'variable' };

// Every later step would keep it too, for a reason of its own.
const all: Case = {
  key: 'SYS_K',
  entry: { hasDependents: true, fixed: 'inherited', reserved: true },
  memory: theirs,
  options: { disableSecretDeletion: true, deletionScope: 'owned' },
  source: { partial: true, empty: true },
};

describe('a deletion at a destination that compares keys in its own way', () => {
  const anyCase = { ...capabilities, canonicalKey: (key: string) => key.toUpperCase() };
  const shown = { key: 'app_k', capabilities: anyCase };

  it('happens where this sync wrote the key in the spelling of its schema', () => {
    const written = (memory: Case['memory']) =>
      guardDeletions({
        syncId: ME,
        changes: [deletion('app_k', 'secret')],
        destination: [{ key: 'app_k', kind: 'secret' }],
        state: { entries: memory === undefined ? [] : [{ key: 'APP_K', ...memory }] },
        keySchema,
        capabilities: anyCase,
      }).changes.map(({ action, reason }) => `${action} ${reason}`);
    expect(written(mine)).toEqual([DELETED]);
    expect(written(theirs)).toEqual(['keep outside-schema']);
    expect(written(undefined)).toEqual(['keep outside-schema']);
  });

  it('does not happen where nothing was written in that spelling', () => {
    expect(guardOne({ ...shown, memory: mine })).toEqual(['keep outside-schema']);
  });
});

describe('a deletion', () => {
  it.each<[string, Case, string]>([
    ['that matches happens', {}, DELETED],
    ['1: of a reserved key is kept, first of all', all, 'keep reserved'],
    ['1: of an entry that is marked as reserved is kept', { entry: { reserved: true } }, 'keep reserved'],
    ['1: of an inherited entry is kept', { entry: { fixed: 'inherited' } }, 'keep other-scope'],
    ...(['alias', 'override', 'file', 'external', 'foreign-owner', 'built-in'] as const).map(
      (fixed): [string, Case, string] => [
        `1: of an entry that is fixed (${fixed}) is kept, even this sync's own`,
        { entry: { fixed, id: '2' }, memory: { ...mine, id: '1' } },
        'keep fixed',
      ],
    ),
    [
      '1: of the very entry that this sync made happens, whatever other system is said to own it',
      { entry: { fixed: 'foreign-owner', id: '1' }, memory: { ...mine, id: '1' } },
      DELETED,
    ],
    ['1: of another kind is kept', { entry: variable }, 'keep other-kind'],
    [
      '1: of another kind that this sync wrote happens',
      { entry: variable, memory: { ...variable, syncId: ME } },
      DELETED,
    ],
    [
      '1: of another kind that this sync adopted only is kept',
      { entry: variable, memory: { ...variable, syncId: ME, adopted: true } },
      'keep other-kind',
    ],
    [
      '1: of another kind that was recreated since this sync wrote it is kept',
      { entry: { ...variable, id: '2' }, memory: { ...variable, syncId: ME, id: '1' } },
      'keep other-kind',
    ],
    [
      '1: of another kind that another sync wrote is kept',
      { entry: variable, memory: { ...variable, syncId: THEM } },
      'keep owned-by-other-sync',
    ],
    [
      '1: of another kind is kept before the schema is asked',
      { ...all, key: 'K', entry: variable },
      'keep other-kind',
    ],
    ['2: outside the schema is kept', { key: 'OTHER_K' }, 'keep outside-schema'],
    [
      '2: outside the schema is kept, whoever wrote it, before steps 3 to 10',
      { ...all, key: 'OTHER_K', entry: { hasDependents: true } },
      'keep outside-schema',
    ],
    [
      '3: is kept when deletions are disabled',
      { options: { disableSecretDeletion: true } },
      'keep deletion-disabled',
    ],
    [
      '3: is kept when deletions are disabled, before steps 4 to 10',
      { ...all, key: 'APP_K', entry: { hasDependents: true } },
      'keep deletion-disabled',
    ],
    ['4: is kept when the source was read in part', { source: { partial: true } }, 'keep source-partial'],
    [
      '4: is kept when the source was read in part, even what this sync wrote',
      { source: { partial: true }, memory: mine, confirmDeletions: 1 },
      'keep source-partial',
    ],
    [
      '4: is kept when the source was read in part, before steps 5 to 10',
      { ...all, key: 'APP_K', entry: { hasDependents: true }, options: { deletionScope: 'owned' } },
      'keep source-partial',
    ],
    ['5: of what another sync wrote is kept', { memory: theirs }, 'keep owned-by-other-sync'],
    [
      '5: of what another sync may just have written is kept',
      { memory: { ...mine, pending: { syncId: THEM, action: 'update' } } },
      'keep owned-by-other-sync',
    ],
    [
      '5: of what another sync wrote is kept, before steps 6 to 10',
      {
        memory: theirs,
        entry: { hasDependents: true },
        options: { deletionScope: 'owned' },
        source: { empty: true },
      },
      'keep owned-by-other-sync',
    ],
    [
      '5: of what another sync wants is kept, even what this sync wrote',
      { memory: { ...mine, holders: [ME, THEM] } },
      'keep wanted-by-other-sync',
    ],
    [
      '5: of what another sync wants is kept, before steps 6 to 10',
      {
        memory: { ...mine, holders: [THEM] },
        entry: { hasDependents: true },
        options: { deletionScope: 'owned' },
        source: { empty: true },
      },
      'keep wanted-by-other-sync',
    ],
    ['5: of what only this sync wants happens', { memory: { ...mine, holders: [ME] } }, DELETED],
    ['6: of what others hang on is kept', { entry: { hasDependents: true } }, 'keep has-dependents'],
    [
      '6: of what others hang on is kept, even what this sync wrote, before steps 7 to 10',
      {
        entry: { hasDependents: true },
        memory: mine,
        options: { deletionScope: 'owned' },
        source: { empty: true },
      },
      'keep has-dependents',
    ],
    ['7: of what this sync does not own is kept', { options: { deletionScope: 'owned' } }, 'keep not-owned'],
    [
      '7: of what was recreated since this sync wrote it is kept',
      { options: { deletionScope: 'owned' }, entry: { id: '2' }, memory: { ...mine, id: '1' } },
      'keep not-owned',
    ],
    [
      '7: of what this sync does not own is kept, before steps 8 to 10',
      { options: { deletionScope: 'owned' }, source: { empty: true } },
      'keep not-owned',
    ],
    ['7: of what this sync wrote happens', { options: { deletionScope: 'owned' }, memory: mine }, DELETED],
    [
      '7: of what this sync adopted happens',
      { options: { deletionScope: 'owned' }, memory: { ...mine, adopted: true } },
      DELETED,
    ],
  ])('%s', (_title, given, expected) => {
    expect(guardOne(given)).toEqual([expected]);
  });
});

/** The reasons why `total` deletions beside `others` keys that stay are refused. */
function refusals(total: number, others: number, more: Partial<GuardDeletionsInput> = {}) {
  const names = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const deleted = names('APP_D', total);
  const { changes, problems } = guardDeletions({
    syncId: ME,
    changes: deleted.map((key) => deletion(key)),
    destination: [...deleted, ...names('APP_S', others)].map((key) => ({ key })),
    keySchema,
    ...more,
  });
  expect(changes.every(({ action }) => action === 'delete')).toBe(true);
  for (const problem of problems) {
    expect(problem.code).toBe('DELETION_REFUSED');
    expect(problem.message).toContain(total === 1 ? '1 deletion is' : `${total} deletions are`);
    expect(problem.message).toContain('"APP_D0"');
  }
  return problems.map(({ reason }) => reason);
}

const owned = (count: number): Partial<GuardDeletionsInput> => ({
  state: { entries: Array.from({ length: count }, (_, index) => ({ key: `APP_D${index}`, syncId: ME })) },
});
const ofParts = (...parts: readonly (string | undefined)[]): Partial<GuardDeletionsInput> => ({
  state: {
    entries: parts.map((part, index) => ({
      key: `APP_D${index}`,
      syncId: ME,
      ...(part !== undefined && { part }),
    })),
  },
});
const adopted: Partial<GuardDeletionsInput> = {
  state: { entries: [{ key: 'APP_D0', syncId: ME, adopted: true }] },
};
const filled = (...parts: readonly string[]) => ({ filledParts: new Set(parts) });
const withoutSchema: Partial<GuardDeletionsInput> = { keySchema: compileKeySchema(undefined) };

describe('the deletions that are left are refused', () => {
  it.each<[string, number, number, Partial<GuardDeletionsInput>, string[]]>([
    ['8: when the source is empty', 1, 9, { source: { empty: true } }, ['source-empty']],
    [
      '8: when the source is empty, whatever is confirmed',
      1,
      9,
      { source: { empty: true }, confirmDeletions: 1 },
      ['source-empty'],
    ],
    [
      '8: not when an empty source is allowed',
      1,
      9,
      { source: { empty: true }, options: { allowEmptySource: true } },
      [],
    ],
    [
      '8: when a part that held one of them is empty',
      2,
      9,
      { ...ofParts('app', 'web'), source: { ...filled('app'), emptyParts: ['web'] } },
      ['part-empty'],
    ],
    [
      '8: when a part that held one of them is gone',
      1,
      9,
      { ...ofParts('web'), source: filled('app') },
      ['part-empty'],
    ],
    [
      '8: when a part is empty, whatever is confirmed',
      1,
      9,
      { ...ofParts('web'), source: filled('app'), confirmDeletions: 1 },
      ['part-empty'],
    ],
    [
      '8: not for an empty part where an empty source is allowed',
      1,
      9,
      { ...ofParts('web'), source: filled('app'), options: { allowEmptySource: true } },
      [],
    ],
    [
      '8: of an empty source, not also for its parts',
      1,
      9,
      { ...ofParts('web'), source: { empty: true, ...filled(), emptyParts: ['web'] } },
      ['source-empty'],
    ],
    [
      '8: not when the parts that held them are filled',
      2,
      9,
      { ...ofParts('app', 'web'), source: filled('app', 'web') },
      [],
    ],
    [
      '8: not for an empty part that held none of them',
      1,
      9,
      { ...ofParts('app'), source: { ...filled('app'), emptyParts: ['web'] } },
      [],
    ],
    [
      '8: not for the parts of which nothing is remembered',
      2,
      9,
      { ...ofParts(undefined), source: { ...filled('app'), emptyParts: ['web'] } },
      [],
    ],
    ['8: not where the source has no parts any more', 1, 9, ofParts('web'), []],
    [
      '8: when what was adopted from no part that is known can have come from an empty one',
      1,
      9,
      { ...adopted, source: { ...filled('app'), emptyParts: ['web'] } },
      ['part-empty'],
    ],
    ['8: not for what was adopted when no part is empty', 1, 9, { ...adopted, source: filled('app') }, []],
    [
      '8: not for what was adopted from a part that is filled',
      1,
      9,
      {
        state: { entries: [{ key: 'APP_D0', syncId: ME, adopted: true, part: 'app' }] },
        source: { ...filled('app'), emptyParts: ['web'] },
      },
      [],
    ],
    [
      '9: when there is no schema and the sync neither wrote nor adopted one of them',
      2,
      9,
      { ...withoutSchema, ...owned(1) },
      ['unowned-without-schema'],
    ],
    ['9: not when the sync wrote all of them', 2, 9, { ...withoutSchema, ...owned(2) }, []],
    ['9: not when there is a schema', 2, 9, {}, []],
    [
      '9: not when deletionScope is "matching"',
      2,
      9,
      { ...withoutSchema, options: { deletionScope: 'matching' } },
      [],
    ],
    ['9: not when the number is confirmed', 2, 9, { ...withoutSchema, confirmDeletions: 2 }, []],
    [
      '9: when another number is confirmed',
      2,
      9,
      { ...withoutSchema, confirmDeletions: 3 },
      ['unowned-without-schema'],
    ],
    [
      '10: when they are more than maxDeletions.count',
      3,
      97,
      { options: { maxDeletions: { count: 2 } } },
      ['too-many'],
    ],
    [
      '10: not when they are as many as maxDeletions.count',
      2,
      98,
      { options: { maxDeletions: { count: 2 } } },
      [],
    ],
    [
      '10: by their share of the keys where they are as many as maxDeletions.count',
      4,
      0,
      { options: { maxDeletions: { count: 4 } } },
      ['too-many'],
    ],
    ['10: when they are 101, by default', 101, 899, {}, ['too-many']],
    ['10: not when they are 100, by default', 100, 900, {}, []],
    ['10: when they are more than half of the matching keys, by default', 5, 4, {}, ['too-many']],
    ['10: not when they are half of the matching keys', 4, 4, {}, []],
    ['10: when they are 4 and all', 4, 0, {}, ['too-many']],
    ['10: not when they are 3 and all', 3, 0, {}, []],
    [
      '10: when they are more than maxDeletions.ratio',
      4,
      11,
      { options: { maxDeletions: { ratio: 0.25 } } },
      ['too-many'],
    ],
    ['10: not when they are maxDeletions.ratio', 4, 12, { options: { maxDeletions: { ratio: 0.25 } } }, []],
    [
      '10: even one when maxDeletions.count is 0',
      1,
      9,
      { options: { maxDeletions: { count: 0 } } },
      ['too-many'],
    ],
    [
      '10: 4 and not 3 when maxDeletions.ratio is 0',
      4,
      96,
      { options: { maxDeletions: { ratio: 0 } } },
      ['too-many'],
    ],
    ['10: not 3 when maxDeletions.ratio is 0', 3, 97, { options: { maxDeletions: { ratio: 0 } } }, []],
    ['10: not when maxDeletions.ratio is 1', 9, 0, { options: { maxDeletions: { ratio: 1 } } }, []],
    ['10: not when the number is confirmed', 101, 0, { confirmDeletions: 101 }, []],
    ['10: when another number is confirmed', 101, 0, { confirmDeletions: 100 }, ['too-many']],
    ['10: also what this sync wrote', 4, 0, owned(4), ['too-many']],
    [
      'for all reasons at once, in order',
      4,
      0,
      { ...withoutSchema, source: { empty: true } },
      ['source-empty', 'unowned-without-schema', 'too-many'],
    ],
  ])('%s', (_title, total, others, more, expected) => {
    expect(refusals(total, others, more)).toEqual(expected);
  });

  it('10: by a ratio of the keys that it could touch: no others, reserved, fixed or of another kind', () => {
    const strangers: DestinationEntry[] = [
      { key: 'OTHER', kind: 'secret' },
      { key: 'SYS_A', kind: 'secret' },
      { key: 'APP_R', kind: 'secret', reserved: true },
      { key: 'APP_I', kind: 'secret', fixed: 'inherited' },
      { key: 'APP_F', kind: 'secret', fixed: 'alias' },
      { key: 'APP_V', kind: 'variable' },
    ];
    const keys = ['APP_A', 'APP_B', 'APP_C', 'APP_D', 'APP_E', 'APP_G', 'APP_H'];
    const own = keys.map((key) => ({ key, kind: 'secret' }));
    const input = {
      syncId: ME,
      changes: keys.slice(0, 4).map((key) => deletion(key, 'secret')),
      keySchema,
      capabilities,
    };
    const refused = guardDeletions({ ...input, destination: [...strangers, ...own] });
    expect(refused.problems.map(({ message }) => message).join()).toContain('of the 7 matching keys');
    const eighth = { key: 'APP_8', kind: 'secret' };
    expect(guardDeletions({ ...input, destination: [...strangers, ...own, eighth] }).problems).toEqual([]);
  });

  it('with only those counted that are left', () => {
    const keys = ['APP_A', 'APP_B', 'APP_C', 'APP_D'];
    const { problems } = guardDeletions({
      syncId: ME,
      changes: keys.map((key) => deletion(key)),
      destination: keys.map((key) => ({ key, ...(key === 'APP_A' ? { hasDependents: true as const } : {}) })),
      keySchema,
    });
    expect(problems).toEqual([]);
  });
});

describe('the guard', () => {
  it('leaves every other change as it is', () => {
    const changes: PlannedChange[] = [
      { key: 'A', sourceKey: 'A', action: 'create', reason: 'missing' },
      { key: 'B', action: 'keep', reason: 'not-a-string' },
      deletion('C'),
    ];
    const guarded = guardDeletions({
      syncId: ME,
      changes,
      destination: { B: '1', C: '1' },
      confirmDeletions: 1,
    });
    expect(guarded).toEqual({ changes, problems: [] });
  });

  it('lets the deletion of what does not stand there through to the destination', () => {
    const changes = [deletion('APP_A')];
    expect(guardDeletions({ syncId: ME, changes, destination: {}, keySchema })).toEqual({
      changes,
      problems: [],
    });
  });

  it('decides about what stands at this scope, not about what is inherited beside it', () => {
    const destination: DestinationEntry[] = [
      { key: 'APP_A', kind: 'secret', fixed: 'inherited' },
      { key: 'APP_A', kind: 'secret' },
    ];
    const changes = [deletion('APP_A', 'secret')];
    expect(guardDeletions({ syncId: ME, changes, destination, keySchema, capabilities }).changes).toEqual(
      changes,
    );
  });

  it.each<[string, number, Partial<GuardDeletionsInput>, string]>([
    [
      'the source is empty',
      1,
      { source: { empty: true } },
      '1 deletion is refused: the source is empty; check the source, or set allowEmptySource ("APP_0")',
    ],
    [
      'parts of the source are empty, in order',
      2,
      {
        state: {
          entries: [
            { key: 'APP_0', syncId: ME, part: 'web' },
            { key: 'APP_1', syncId: ME, part: 'app' },
          ],
        },
        source: filled(),
      },
      '2 deletions are refused: "app", "web" of the source held some of them, or may have, and holds nothing any more; ' +
        'check it, or set allowEmptySource ("APP_0", "APP_1")',
    ],
    [
      'nothing tells whose they are',
      2,
      { keySchema: compileKeySchema(undefined) },
      '2 deletions are refused: this sync neither wrote nor adopted 2 of them, and there is no key schema that distinguishes its ' +
        'keys from others; confirm with confirmDeletions: 2, or set a keySchema or deletionScope ("APP_0", "APP_1")',
    ],
    [
      'they are too many',
      2,
      { options: { maxDeletions: { count: 1 } } },
      '2 deletions are refused: maxDeletions.count is 1; confirm with confirmDeletions: 2, or raise it ("APP_0", "APP_1")',
    ],
    [
      'they are too many of all',
      4,
      {},
      '4 deletions are refused: that is more than maxDeletions.ratio (0.5) of the 4 matching keys; confirm with ' +
        'confirmDeletions: 4, or raise it ("APP_0", "APP_1", "APP_2", "APP_3")',
    ],
  ])('says that %s, and what to do', (_title, count, more, message) => {
    const keys = Array.from({ length: count }, (_, index) => `APP_${index}`);
    const { problems } = guardDeletions({
      syncId: ME,
      changes: keys.map((key) => deletion(key)),
      destination: keys.map((key) => ({ key })),
      keySchema,
      ...more,
    });
    expect(problems.map((problem) => problem.message)).toEqual([message]);
  });

  it('has nothing to refuse when nothing is deleted', () => {
    const guarded = guardDeletions({ syncId: ME, changes: [], destination: {}, source: { empty: true } });
    expect(guarded).toEqual({ changes: [], problems: [] });
  });

  it('names fifty keys and the number of the others', () => {
    const keys = Array.from({ length: 120 }, (_, index) => `K${String(index).padStart(3, '0')}`);
    const { problems } = guardDeletions({
      syncId: ME,
      changes: keys.map((key) => deletion(key)),
      destination: keys.map((key) => ({ key })),
      options: { deletionScope: 'matching' },
    });
    expect(problems[0]?.message).toMatch(/"K049" and 70 more/);
  });

  it('refuses input of another shape, with everything that is wrong', () => {
    const input = { syncId: '', changes: [1], destination: {}, source: 'none', confirmDeletions: -1 };
    expect((): unknown => Reflect.apply(guardDeletions, undefined, [input])).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(
          /guardDeletions[^]*"syncId"[^]*"changes"[^]*"source"[^]*"confirmDeletions"/,
        ) as unknown,
      }),
    );
  });
});
