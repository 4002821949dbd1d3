import { describe, expect, it } from 'vitest';
import type { DestinationEntry } from '../../../src/contracts/destination.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import { unrestrictedCapabilities } from '../../../src/core/definition/defaults.js';
import {
  canonicalKey,
  destinationEntries,
  indexEntries,
  isInherited,
  readableValue,
} from '../../../src/core/inputs/destination-index.js';
import { inOneGo } from '../../../src/shared/turns/turns.js';

const index = (entries: readonly DestinationEntry[], canonical?: (key: string) => string) =>
  inOneGo(
    indexEntries(entries, {
      ...unrestrictedCapabilities,
      ...(canonical === undefined ? {} : { canonicalKey: canonical }),
    }),
  );
const lower = (key: string): string => key.toLowerCase();

describe('entries that are given to a pure function', () => {
  it('are taken as they are where they are a list of entries', () => {
    const entries: readonly DestinationEntry[] = [{ key: 'A' }];
    expect(destinationEntries(entries, 'secret')).toBe(entries);
  });

  it.each<[string, Parameters<typeof destinationEntries>[0]]>([
    ['a record', { A: '1', B: '2' }],
    [
      'a Map',
      new Map([
        ['A', '1'],
        ['B', '2'],
      ]),
    ],
    [
      'pairs',
      [
        ['A', '1'],
        ['B', '2'],
      ],
    ],
  ])('are of the kind that is given where they are values by key: %s', (_title, destination) => {
    expect(destinationEntries(destination)).toStrictEqual([
      { key: 'A', value: '1' },
      { key: 'B', value: '2' },
    ]);
    expect(destinationEntries(destination, 'secret')).toStrictEqual([
      { key: 'A', value: '1', kind: 'secret' },
      { key: 'B', value: '2', kind: 'secret' },
    ]);
  });

  it('can be pairs and entries at once', () => {
    const mixed = [{ key: 'A' }, ['B', '2']];
    expect(Reflect.apply(destinationEntries, undefined, [mixed])).toStrictEqual([
      { key: 'A' },
      { key: 'B', value: '2' },
    ]);
  });

  it('have a value where it is a string', () => {
    expect(readableValue({ key: 'A', value: '1' })?.reveal()).toBe('1');
    expect(readableValue({ key: 'A', value: new SecretValue('1') })?.reveal()).toBe('1');
    expect(readableValue({ key: 'A' })).toBeUndefined();
    expect(readableValue({ key: 'A', value: { notAString: true } })).toBeUndefined();
  });
});

describe('an index of the entries of a place', () => {
  const own = { key: 'A', kind: 'secret', value: '1' };
  const inherited = { key: 'A', kind: 'secret', fixed: 'inherited' } as const;
  const variable = { key: 'A', kind: 'variable' };

  it('finds each entry of a place where no key has two', () => {
    const found = index([own, { key: 'B' }]);
    expect([found.size, found.position('A'), found.position('B'), found.position('C')]).toEqual([
      2,
      0,
      1,
      undefined,
    ]);
    expect([found.group(0), found.group(1), found.group(2)]).toEqual([[own], [{ key: 'B' }], []]);
    expect([found.at('A'), found.at('C')]).toEqual([[own], []]);
    expect([found.find('A', 'secret'), found.find('A', undefined), found.find('C', 'secret')]).toEqual([
      own,
      undefined,
      undefined,
    ]);
  });

  it('finds all entries of a key, in one order, whatever the order in which they are listed', () => {
    for (const entries of [
      [own, { key: 'B' }, variable, inherited],
      [inherited, variable, { key: 'B' }, own],
    ]) {
      const found = index(entries);
      expect(found.size).toBe(2);
      expect(found.at('A')).toEqual([inherited, own, variable]);
      expect(found.at('B')).toEqual([{ key: 'B' }]);
      expect(found.at('C')).toEqual([]);
      expect(found.group(found.position('A') ?? -1)).toEqual(found.at('A'));
      expect(found.group(2)).toEqual([]);
    }
  });

  it('finds the entry at this scope before the inherited one, and that where there is no other', () => {
    expect(index([inherited, own]).find('A', 'secret')).toBe(own);
    expect(index([own, inherited]).find('A', 'secret')).toBe(own);
    expect(index([inherited, variable]).find('A', 'secret')).toBe(inherited);
    expect([own, inherited].map(isInherited)).toEqual([false, true]);
  });

  it('compares keys as the destination does', () => {
    expect(index([{ key: 'a' }, own], lower).at('A')).toHaveLength(2);
    expect(index([{ key: 'a' }, own]).at('A')).toEqual([own]);
    expect(index([own], lower).find('a', 'secret')).toBe(own);
    expect([canonicalKey({})('A'), canonicalKey({ canonicalKey: lower })('A')]).toEqual(['A', 'a']);
  });

  it('gives others a turn while it indexes many entries', () => {
    const entries = Array.from({ length: 10_000 }, (_, at) => ({ key: `K${at % 6_000}` }));
    expect([...indexEntries(entries, unrestrictedCapabilities)].length).toBe(4);
    expect([...indexEntries(entries.slice(0, 3), unrestrictedCapabilities)]).toEqual([]);
  });
});
