import { describe, expect, it } from 'vitest';
import type { DestinationEntry } from '../../../src/contracts/destination.js';
import type { RememberedEntry } from '../../../src/contracts/state-store.js';
import {
  asHolders,
  entryId,
  heldBy,
  holdersBeside,
  indexState,
  isFixed,
  isInvolved,
  isMatched,
  otherHolders,
  ownedBy,
  ownedByOther,
  partsBySync,
  partsOf,
} from '../../../src/core/inputs/ownership.js';

const ME = 'me';
const THEM = 'them';
const mine: RememberedEntry = { key: 'A', syncId: ME };
const pending = (syncId: string) => ({ pending: { syncId, action: 'update' as const } });

describe('what is remembered of a place', () => {
  it('is found by key and kind, and nothing by another of either', () => {
    const [first, second, kindless]: RememberedEntry[] = [
      { ...mine, kind: 'secret' },
      { ...mine, key: 'B', kind: 'secret' },
      mine,
    ];
    const index = indexState({ entries: [first, second, kindless] as RememberedEntry[] });
    expect(index.find('A', 'secret')).toBe(first);
    expect(index.find('B', 'secret')).toBe(second);
    expect(index.find('A', undefined)).toBe(kindless);
    expect(index.find('B', undefined)).toBeUndefined();
    expect(index.find('A', 'variable')).toBeUndefined();
  });

  it('is one entry where the destination takes two spellings for one, whatever their order', () => {
    const [upper, lower] = [mine, { ...mine, key: 'a', syncId: THEM }];
    const canonical = (key: string) => key.toLowerCase();
    for (const entries of [
      [upper, lower],
      [lower, upper],
    ]) {
      expect(indexState({ entries }, canonical).find('A', undefined)).toBe(lower);
    }
  });

  it('is what stands there last, where a key stands there twice', () => {
    const again = { ...mine, id: '2' };
    expect(indexState({ entries: [mine, again] }).find('A', undefined)).toBe(again);
  });

  it('knows the syncs that were here, and only those', () => {
    const index = indexState({ syncs: [{ syncId: ME, importedAt: '' }] });
    expect([index.knows(ME), index.knows(THEM)]).toEqual([true, false]);
    expect(indexState().knows(ME)).toBe(false);
  });

  it('has one name for each key and kind', () => {
    const names = [
      entryId('A', undefined),
      entryId('A', 'secret'),
      entryId('B', 'secret'),
      entryId('A', 'variable'),
      entryId('secretA', undefined),
      entryId('', 'A'),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(entryId('A', '')).toBe(entryId('A', undefined));
  });
});

describe('an entry', () => {
  it.each<[string, RememberedEntry | undefined, DestinationEntry | undefined, boolean, boolean]>([
    ['nobody remembers', undefined, { key: 'A' }, false, false],
    ['this sync wrote', mine, { key: 'A' }, true, false],
    ['this sync wrote and nobody asks where', mine, undefined, true, false],
    ['this sync wrote, by its id', { ...mine, id: '1' }, { key: 'A', id: '1' }, true, false],
    ['this sync wrote without learning an id', mine, { key: 'A', id: '1' }, true, false],
    ['this sync wrote, where no ids are shown', { ...mine, id: '1' }, { key: 'A' }, true, false],
    ['was recreated since', { ...mine, id: '1' }, { key: 'A', id: '2' }, false, false],
    ['another sync wrote', { ...mine, syncId: THEM }, { key: 'A' }, false, true],
    ['another sync may be writing', { ...mine, ...pending(THEM) }, { key: 'A' }, false, true],
    ['this sync may be writing again', { ...mine, ...pending(ME) }, { key: 'A' }, true, false],
    ['this sync may be taking over', { ...mine, syncId: THEM, ...pending(ME) }, { key: 'A' }, false, true],
  ])('that %s', (_title, remembered, entry, isOurs, isTheirs) => {
    expect(ownedBy(remembered, ME, entry)).toBe(isOurs);
    expect(ownedByOther(remembered, ME)).toBe(isTheirs);
  });

  it.each<[string, Partial<DestinationEntry>, Partial<RememberedEntry> | undefined, boolean]>([
    ['of no special sort is plain', {}, {}, false],
    ['of a higher scope is none of this scope', { fixed: 'inherited' }, undefined, false],
    ['of a higher scope is none of this scope, whatever is remembered', { fixed: 'inherited' }, {}, false],
    ['that is an alias is fixed', { fixed: 'alias' }, undefined, true],
    [
      'that is an alias is fixed, even with the id that is remembered',
      { fixed: 'alias', id: '1' },
      { id: '1' },
      true,
    ],
    [
      'that is an alias is fixed, even where this sync began to create it',
      { fixed: 'alias' },
      pending(ME),
      true,
    ],
    ['that another system owns is fixed', { fixed: 'foreign-owner', id: '1' }, undefined, true],
    [
      'that another system is said to own is plain by its id',
      { fixed: 'foreign-owner', id: '1' },
      { id: '1' },
      false,
    ],
    [
      'that another system owns is fixed in place of ours',
      { fixed: 'foreign-owner', id: '2' },
      { id: '1' },
      true,
    ],
    ['that another system owns is fixed where no id is shown', { fixed: 'foreign-owner' }, { id: '1' }, true],
    ['that another system owns is fixed where no id is known', { fixed: 'foreign-owner' }, {}, true],
    [
      'that another system owns is fixed where no id of ours is known',
      { fixed: 'foreign-owner', id: '1' },
      {},
      true,
    ],
    ['that is an override is fixed', { fixed: 'override', id: '1' }, undefined, true],
    ['that is an override is plain by its id', { fixed: 'override', id: '1' }, { id: '1' }, false],
    ['that is an override is fixed in place of ours', { fixed: 'override', id: '2' }, { id: '1' }, true],
    [
      'that is an override this sync began to create is plain',
      { fixed: 'override', id: '1' },
      pending(ME),
      false,
    ],
    ['that this sync began to create is plain', { fixed: 'foreign-owner', id: '1' }, pending(ME), false],
    [
      'that another sync began to create is fixed: only that one may have made it',
      { fixed: 'foreign-owner', id: '1' },
      pending('another'),
      true,
    ],
    [
      'that a sync began to update is fixed in place of the one it knew',
      { fixed: 'foreign-owner', id: '2' },
      { id: '1', ...pending(ME) },
      true,
    ],
  ])('%s', (_title, entry, remembered, fixed) => {
    expect(isFixed({ key: 'A', ...entry }, remembered && { ...mine, ...remembered }, ME)).toBe(fixed);
  });
});

describe('an entry whose creation was begun', () => {
  const begun = { ...mine, pending: { syncId: ME, action: 'create' } as const };

  it.each<[string, RememberedEntry, DestinationEntry | undefined, boolean]>([
    ['where it can be read: a person can have created it', begun, { key: 'A', value: '1' }, false],
    ['where it cannot be read', begun, { key: 'A' }, true],
    ['where nothing is known of it', begun, undefined, true],
    [
      'where it was there, and an update was begun',
      { ...mine, ...pending(ME) },
      { key: 'A', value: '1' },
      true,
    ],
  ])('is owned or not: %s', (_title, remembered, entry, expected) => {
    expect(ownedBy(remembered, ME, entry)).toBe(expected);
  });
});

describe('who holds a key beside its owner', () => {
  const others: RememberedEntry = {
    key: 'A',
    syncId: THEM,
    part: 'base',
    holders: ['b', 'a'],
    holderParts: [['a', 'app']],
  };

  it('is remembered once each, in order, with the parts of those that have one, and nothing where there is none', () => {
    const parts = new Map([
      ['a', 'app'],
      ['other', 'web'],
    ]);
    expect(asHolders(['b', 'a', 'b'], parts)).toStrictEqual({
      holders: ['a', 'b'],
      holderParts: [['a', 'app']],
    });
    expect(asHolders(['b'], parts)).toStrictEqual({ holders: ['b'] });
    expect(asHolders([], parts)).toStrictEqual({});
  });

  it('is, for the sync that writes it, all others that want it, the owner before among them', () => {
    expect(holdersBeside(ME, others)).toStrictEqual({
      holders: ['a', 'b', THEM],
      holderParts: [
        ['a', 'app'],
        [THEM, 'base'],
      ],
    });
    expect(holdersBeside('a', others)).toStrictEqual({ holders: ['b', THEM], holderParts: [[THEM, 'base']] });
    expect(holdersBeside(ME, mine)).toStrictEqual({});
    expect(holdersBeside(ME, undefined)).toStrictEqual({});
  });

  it('is a sync that wants it with a value of its own, from a part or from none', () => {
    expect(heldBy(others, ME, 'web')).toStrictEqual({
      key: 'A',
      syncId: THEM,
      part: 'base',
      holders: ['a', 'b', ME],
      holderParts: [
        ['a', 'app'],
        [ME, 'web'],
      ],
    });
    expect(heldBy(others, 'a')).toStrictEqual({ key: 'A', syncId: THEM, part: 'base', holders: ['a', 'b'] });
    expect(heldBy(mine, THEM)).toStrictEqual({ ...mine, holders: [THEM] });
  });

  it('is found by sync, without the owner', () => {
    expect(otherHolders(others, 'a')).toEqual(['b']);
    expect(otherHolders(mine, THEM)).toEqual([]);
    expect(otherHolders(undefined, ME)).toEqual([]);
    expect([...partsBySync(others)]).toEqual([
      ['a', 'app'],
      [THEM, 'base'],
    ]);
    expect([...partsBySync(mine)]).toEqual([]);
  });

  it('has to do with it, as the owner and who began to write it have', () => {
    const begun = { ...others, pending: { syncId: 'c', action: 'update' } as const };
    expect(['a', 'b', 'c', THEM, ME].map((syncId) => isInvolved(begun, syncId))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('the parts of a source that a key can have come from', () => {
  it.each<[string, RememberedEntry | undefined, readonly string[]]>([
    [
      'that of what was written, and of what was begun',
      { ...mine, part: 'app', pending: { ...pending(ME).pending, part: 'web' } },
      ['app', 'web'],
    ],
    [
      'one, where both are one',
      { ...mine, part: 'app', pending: { ...pending(ME).pending, part: 'app' } },
      ['app'],
    ],
    ['that of what was begun alone', { ...mine, pending: { ...pending(ME).pending, part: 'web' } }, ['web']],
    ['none, where none is known', { ...mine, ...pending(ME) }, []],
    ['none, where nothing is remembered', undefined, []],
  ])('are %s', (_title, remembered, expected) => {
    expect(partsOf(remembered)).toEqual(expected);
  });
});

describe('a key schema', () => {
  it('matches an entry in its own spelling, and in the one that is remembered', () => {
    const schema = { match: (key: string) => key.startsWith('APP_') };
    expect(isMatched(schema, { key: 'APP_A' }, undefined)).toBe(true);
    expect(isMatched(schema, { key: 'app_a' }, undefined)).toBe(false);
    expect(isMatched(schema, { key: 'app_a' }, { ...mine, key: 'APP_A' })).toBe(true);
    expect(isMatched(schema, { key: 'app_a' }, { ...mine, key: 'app_a' })).toBe(false);
  });
});
