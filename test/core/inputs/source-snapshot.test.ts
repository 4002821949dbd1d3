import { describe, expect, it } from 'vitest';
import type { DestinationEntry } from '../../../src/contracts/destination.js';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import type { SourceReadResult } from '../../../src/contracts/source.js';
import { unrestrictedCapabilities } from '../../../src/core/definition/defaults.js';
import { sourceSnapshot } from '../../../src/core/inputs/source-snapshot.js';
import { destinationEntries, indexEntries } from '../../../src/core/inputs/destination-index.js';
import { inOneGo } from '../../../src/shared/turns/turns.js';

describe('what a source returned', () => {
  it('is refused as a whole where values are no strings, with each key named', () => {
    const read: unknown = { A: 1, B: 'fine', C: null, D: undefined, E: {} };
    try {
      sourceSnapshot(read as SourceReadResult);
      expect.unreachable();
    } catch (error) {
      if (!isSecretSyncError(error, 'SOURCE_READ_FAILED')) throw error;
      expect(error.message).toMatch(/^The source returned values that are not strings:/);
      expect(error.problems).toEqual(
        [
          ['A', 'number'],
          ['C', 'null'],
          ['D', 'undefined'],
          ['E', 'object'],
        ].map(([key, type]) => ({
          code: 'SOURCE_READ_FAILED',
          key,
          message: `its value is ${type}, not a string; make it one`,
        })),
      );
    }
  });

  it('is complete and without clashes unless it says otherwise', () => {
    expect(sourceSnapshot({ secrets: {} })).toEqual({
      secrets: new Map(),
      duplicates: new Set(),
      unreadable: new Set(),
      incomplete: false,
      clashes: [],
      unresolved: new Set(),
      partOf: new Map(),
      emptyParts: [],
    });
    expect(sourceSnapshot({ secrets: {}, complete: true }).incomplete).toBe(false);
    expect(sourceSnapshot({ secrets: {}, complete: false }).incomplete).toBe(true);
  });

  it.each([0, null, 'false', {}])('is refused where it says %j of whether it is complete', (complete) => {
    const read: unknown = { secrets: { A: '1' }, complete };
    expect(() => sourceSnapshot(read as SourceReadResult)).toThrow('`complete` is not a boolean');
  });

  it('has its clashes by key, and the first of the values of a key that it gave twice', () => {
    const clash = (key: string) => ({ key, parts: ['a', 'b'] });
    const pairs: [string, string][] = [
      ['A', '1'],
      ['B', '2'],
      ['A', '3'],
    ];
    const { secrets, duplicates, clashes } = sourceSnapshot({
      secrets: pairs,
      clashes: [clash('b'), clash('B'), clash('a')],
    });
    expect(clashes.map(({ key }) => key)).toEqual(['B', 'a', 'b']);
    expect(Array.from(secrets, ([key, value]) => [key, value.reveal()])).toEqual([
      ['A', '1'],
      ['B', '2'],
    ]);
    expect([...duplicates]).toEqual(['A']);
  });

  it('says which part each key came from, the last one that holds it, and which parts hold nothing', () => {
    const { partOf, emptyParts, unresolved } = sourceSnapshot({
      secrets: { A: '1', B: '2', C: '3' },
      unreadable: ['D'],
      parts: [
        { name: 'zero', keys: [] },
        { name: 'base', keys: ['A', 'B'] },
        { name: 'app', keys: new Set(['B', 'D']) },
        { name: 'none', keys: [] },
      ],
      unresolved: ['C'],
    });
    expect([...partOf]).toEqual([
      ['A', 'base'],
      ['B', 'app'],
      ['D', 'app'],
    ]);
    expect(emptyParts).toEqual(['none', 'zero']);
    expect([...unresolved]).toEqual(['C']);
  });

  it.each([
    [
      'parts that are no list',
      { parts: 'app' },
      ['`parts` is not a list; return an array of { name, keys }'],
    ],
    [
      'a part whose name is empty',
      { parts: [{ name: '', keys: ['A'] }, 'app', () => 'app'] },
      [
        expect.stringContaining('without a name'),
        expect.stringContaining('without a name'),
        expect.stringContaining('without a name'),
      ],
    ],
    [
      'a clash whose key is no string',
      { clashes: [{ key: 1, parts: ['a'] }] },
      [expect.stringContaining('`clashes`')],
    ],
    [
      'a clash of which one part has no name',
      { clashes: [{ key: 'A', parts: ['a', 1] }] },
      [expect.stringContaining('`clashes`')],
    ],
    ['a number for clashes', { clashes: 7 }, [expect.stringContaining('`clashes`')]],
    [
      'clashes of another shape',
      { clashes: [{ key: 1, parts: [] }, { key: 'A', parts: 'AB' }, null] },
      [expect.stringContaining('`clashes`')],
    ],
    [
      'a part without a name',
      { parts: [{ keys: ['A'] }, null] },
      [expect.stringContaining('without a name'), expect.stringContaining('without a name')],
    ],
    [
      'two parts of one name',
      {
        parts: [
          { name: 'a', keys: [] },
          { name: 'a', keys: [] },
        ],
      },
      [expect.stringContaining('"a" twice')],
    ],
    ['a part without keys', { parts: [{ name: 'a' }] }, [expect.stringContaining('in the part "a", `keys`')]],
    [
      'keys that are no strings',
      { parts: [{ name: 'a', keys: ['A', 1] }] },
      [expect.stringContaining('in the part "a", `keys`')],
    ],
    [
      'keys in one string',
      { parts: [{ name: 'a', keys: 'AB' }] },
      [expect.stringContaining('in the part "a", `keys`')],
    ],
    ['a string for what is unresolved', { unresolved: 'A' }, [expect.stringContaining('`unresolved`')]],
    [
      'a flag for what is unresolved',
      { unresolved: true, unreadable: [1] },
      [expect.stringContaining('`unreadable`'), expect.stringContaining('`unresolved`')],
    ],
  ])('is refused with %s', (_title, fields, messages) => {
    const read: unknown = { secrets: { A: 'hunter2' }, ...fields };
    try {
      sourceSnapshot(read as SourceReadResult);
      expect.unreachable();
    } catch (error) {
      if (!isSecretSyncError(error, 'SOURCE_READ_FAILED')) throw error;
      expect(error.problems?.map(({ message }) => message)).toEqual(messages);
      expect(error.message).toMatch(/^The source returned something else than a SourceRead:/);
      expect(error.message).not.toContain('hunter2');
    }
  });
});

describe('a list of pairs that a source returned', () => {
  it('is refused where an item is no pair, or holds no string, each named by its place or its key', () => {
    const pairs: unknown = [['A', '1'], 'B', ['C', null], [7, '1'], ['D', 5], ['E', 'hunter2']];
    const attempt = (): unknown => sourceSnapshot({ secrets: pairs as [string, string][] });
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'SOURCE_READ_FAILED',
        message: expect.stringMatching(/^The source returned values that are not strings:/) as unknown,
        problems: [
          {
            code: 'SOURCE_READ_FAILED',
            message: 'item 1 of the list is not a pair of a key and a value; make it one',
          },
          { code: 'SOURCE_READ_FAILED', key: 'C', message: 'its value is null, not a string; make it one' },
          {
            code: 'SOURCE_READ_FAILED',
            message: 'item 3 of the list is not a pair of a key and a value; make it one',
          },
          { code: 'SOURCE_READ_FAILED', key: 'D', message: 'its value is number, not a string; make it one' },
        ],
      }),
    );
  });
});

describe('what stands at a destination', () => {
  const value = new SecretValue('2');
  const entries: DestinationEntry[] = [
    { key: 'A', value: '1' },
    { key: 'B', value },
  ];
  const pairs: [string, string | SecretValue][] = [
    ['A', '1'],
    ['B', value],
  ];

  it.each([
    ['a record', { A: '1', B: value }],
    ['a Map', new Map(pairs)],
    ['a list of pairs', pairs],
    ['a list of entries', entries],
    ['a Set of entries', new Set(entries)],
  ])('is the same as %s', (_title, destination) => {
    expect(destinationEntries(destination)).toEqual(entries);
  });

  it('is nothing as an empty list', () => {
    expect(destinationEntries([])).toEqual([]);
  });
});

describe('the entries of a place', () => {
  const all: DestinationEntry[] = [
    { key: 'A', kind: 'secret', fixed: 'inherited', id: '1' },
    { key: 'A', kind: 'secret', id: '2' },
    { key: 'A', kind: 'variable', fixed: 'inherited', id: '3' },
    { key: 'A', id: '4' },
    { key: 'B', kind: 'secret', id: '5' },
  ];
  const orders = [all, [...all].reverse(), [2, 0, 4, 1, 3].flatMap((index) => all.slice(index, index + 1))];

  it('are found by key and kind: what stands at this scope before what is inherited', () => {
    for (const entries of orders) {
      const index = inOneGo(indexEntries(entries, unrestrictedCapabilities));
      const idOf = (key: string, kind?: string) => index.find(key, kind)?.id;
      expect([idOf('A', 'secret'), idOf('A', 'variable'), idOf('A'), idOf('B', 'secret')]).toEqual([
        '2',
        '3',
        '4',
        '5',
      ]);
      expect([idOf('A', 'file'), idOf('B'), idOf('C', 'secret')]).toEqual([undefined, undefined, undefined]);
    }
  });

  it('are all found under a key, in an order that is not that of the destination', () => {
    const [first, ...others] = orders.map((entries) =>
      inOneGo(indexEntries(entries, unrestrictedCapabilities))
        .at('A')
        .map(({ id }) => id),
    );
    expect(new Set(first)).toEqual(new Set(['1', '2', '3', '4']));
    for (const other of others) expect(other).toEqual(first);
    expect(inOneGo(indexEntries(all, unrestrictedCapabilities)).at('B')).toEqual([all[4]]);
    expect(inOneGo(indexEntries(all, unrestrictedCapabilities)).at('C')).toEqual([]);
  });

  it('are one key in every spelling that is one to the destination', () => {
    const capabilities = { ...unrestrictedCapabilities, canonicalKey: (key: string) => key.toLowerCase() };
    const index = inOneGo(indexEntries([{ key: 'App' }, { key: 'APP' }, { key: 'other' }], capabilities));
    expect(index.at('OTHER').map(({ key }) => key)).toEqual(['other']);
    expect(index.at('aPP').map(({ key }) => key)).toEqual(['APP', 'App']);
  });
});
