import { describe, expect, it } from 'vitest';
import type { DestinationEntry } from '../../../src/contracts/destination.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import type { RememberedEntry } from '../../../src/contracts/state-store.js';
import { unrestrictedCapabilities } from '../../../src/core/definition/defaults.js';
import { fingerprint } from '../../../src/core/fingerprint/fingerprint.js';
import { createKeyring } from '../../../src/core/fingerprint/keyring.js';
import { indexEntries } from '../../../src/core/inputs/destination-index.js';
import { settleIntents } from '../../../src/core/inputs/intents.js';
import { indexState } from '../../../src/core/inputs/ownership.js';
import { inOneGo } from '../../../src/shared/turns/turns.js';

const { current } = createKeyring('k'.repeat(32));
const print = (value: string): string =>
  fingerprint(current, 'place', undefined, 'A', new SecretValue(value));

type Action = NonNullable<RememberedEntry['pending']>['action'];

const begun = (action: Action, more: Partial<RememberedEntry> = {}, made = true): RememberedEntry => ({
  key: 'A',
  syncId: 'me',
  ...more,
  pending: { syncId: 'me', action, ...(made ? { fingerprint: print('new') } : {}) },
});

function settled(
  remembered: RememberedEntry,
  entry?: Omit<DestinationEntry, 'key'>,
  syncId = 'me',
): RememberedEntry[] {
  const ownership = indexState({ entries: [remembered] });
  const entries = entry === undefined ? [] : [{ key: 'A', ...entry }];
  const index = inOneGo(indexEntries(entries, unrestrictedCapabilities));
  const make = (key: string, kind: string | undefined, value: string | SecretValue) =>
    fingerprint(current, 'place', kind, key, SecretValue.from(value));
  const settling = settleIntents(ownership, index, make, syncId);
  inOneGo(settling);
  return [...ownership.entries()];
}

const owner = { syncId: 'other', fingerprint: print('old') };
const written = { key: 'A', syncId: 'me', fingerprint: print('new') };

describe('a write that was begun', () => {
  it.each<[string, RememberedEntry, Omit<DestinationEntry, 'key'> | undefined, RememberedEntry[]]>([
    ['create, and nothing exists: it is forgotten', begun('create'), undefined, []],
    [
      'create, and its value exists: it was written',
      begun('create'),
      { value: 'new', id: '1' },
      [{ ...written, id: '1' }],
    ],
    ['create, and another value exists: it is forgotten', begun('create'), { value: 'by hand' }, []],
    [
      'create, and nothing exists, but others want the key: they still do',
      begun('create', { holders: ['third'] }),
      undefined,
      [{ key: 'A', syncId: 'me', holders: ['third'] }],
    ],
    [
      'create of a key of another sync, and nothing exists: it is as before',
      begun('create', owner),
      undefined,
      [{ key: 'A', ...owner }],
    ],
    [
      'create of a key that others want, and another value exists: it is forgotten',
      begun('create', { holders: ['third'] }),
      { value: 'by hand' },
      [],
    ],
    ['create, and what exists cannot be read: it stays', begun('create'), {}, [begun('create')]],
    [
      'create, and what exists is inherited: it is forgotten',
      begun('create'),
      { value: 'new', fixed: 'inherited' },
      [],
    ],
    [
      'create without a fingerprint, and a value exists: it stays',
      begun('create', {}, false),
      { value: 'new' },
      [begun('create', {}, false)],
    ],
    [
      'update, and its value exists: it was written, and the owner before wants the key, too',
      begun('update', owner),
      { value: 'new', revision: 'r' },
      [{ ...written, holders: ['other'], revision: 'r' }],
    ],
    [
      'update, and another value exists: it stays',
      begun('update', owner),
      { value: 'old' },
      [begun('update', owner)],
    ],
    ['update, and nothing exists: it stays', begun('update', owner), undefined, [begun('update', owner)]],
    ['replace, and its value exists: it was written', begun('replace'), { value: 'new' }, [written]],
    ['delete, and nothing exists: it is forgotten', begun('delete', owner, false), undefined, []],
    [
      'delete, and the entry exists: it is as before',
      begun('delete', owner, false),
      { value: 'old' },
      [{ key: 'A', ...owner }],
    ],
  ])('%s', (_title, remembered, entry, expected) => {
    expect(settled(remembered, entry)).toStrictEqual(expected);
  });

  it('create, of another sync, and another value exists: it stays', () => {
    const entry = { value: 'by hand' };
    expect(settled(begun('create'), entry, 'another')).toEqual([begun('create')]);
  });

  it('keeps its kind and the part of the source that it came from, once it is known to be written', () => {
    const kind = 'secret';
    const remembered: RememberedEntry = {
      key: 'A',
      kind,
      syncId: 'me',
      part: 'old',
      pending: {
        syncId: 'me',
        action: 'update',
        part: 'new',
        fingerprint: fingerprint(current, 'place', kind, 'A', new SecretValue('new')),
      },
    };
    expect(settled(remembered, { kind, value: 'new' })).toStrictEqual([
      { key: 'A', kind, syncId: 'me', part: 'new', fingerprint: remembered.pending?.fingerprint },
    ]);
    expect(settled(remembered, { kind: 'variable', value: 'new' })).toStrictEqual([remembered]);
  });

  it.each([10, 10_000])('is settled in turns where there are many: %d', (count) => {
    const entries = Array.from({ length: count }, (_, at): RememberedEntry => {
      const key = `K${at}`;
      return { key, syncId: 'me', pending: { syncId: 'me', action: 'create' } };
    });
    const ownership = indexState({ entries });
    const index = inOneGo(indexEntries([], unrestrictedCapabilities));
    const turns = [...settleIntents(ownership, index, () => undefined, 'me')];
    expect(ownership.entries()).toEqual([]);
    // Once through what is remembered, and once through what was begun.
    if (count === 10) expect(turns).toEqual([]);
    else expect(turns.length).toBe(4);
  });

  it('is not touched where none was begun', () => {
    expect(settled({ key: 'A', syncId: 'me' })).toEqual([{ key: 'A', syncId: 'me' }]);
  });

  it('is not told by a fingerprint of a key that is not at hand', () => {
    const foreign: RememberedEntry = {
      key: 'A',
      syncId: 'me',
      pending: { syncId: 'me', action: 'create', fingerprint: 'unknown.00' },
    };
    expect(settled(foreign, { value: 'new' })).toEqual([foreign]);
  });
});
