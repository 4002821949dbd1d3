import { describe, expect, it } from 'vitest';
import { createKeyIndex } from '../../../src/core/inputs/key-index.js';

const lower = (key: string): string => key.toLowerCase();
const exact = (key: string): string => key;

interface Item {
  readonly key: string;
  readonly kind?: string;
  readonly n: number;
}

describe('an index of keys', () => {
  it('finds an item by key and kind, and no other', () => {
    const index = createKeyIndex<Item>(exact, [
      { key: 'A', n: 1 },
      { key: 'A', kind: 'secret', n: 2 },
    ]);
    expect(index.get('A', undefined)?.n).toBe(1);
    expect(index.get('A', 'secret')?.n).toBe(2);
    expect(index.get('A', 'variable')).toBeUndefined();
    expect(index.get('a', undefined)).toBeUndefined();
  });

  it('takes the smaller of two spellings of one key, in any order', () => {
    const items: Item[] = [
      { key: 'a', n: 1 },
      { key: 'A', n: 2 },
    ];
    for (const given of [items, [...items].reverse()]) {
      expect([...createKeyIndex(lower, given).values()]).toEqual([{ key: 'a', n: 1 }]);
    }
  });

  it('puts an item in place of the one with the same key, whatever its spelling', () => {
    const index = createKeyIndex<Item>(lower, [{ key: 'a', n: 1 }]);
    index.set({ key: 'A', n: 2 });
    expect([...index.values()]).toEqual([{ key: 'A', n: 2 }]);
    index.delete('a', undefined);
    expect([...index.values()]).toEqual([]);
    expect(() => index.delete('B', 'secret')).not.toThrow();
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('takes %j as any other key', (key) => {
    const index = createKeyIndex<Item>(exact);
    expect(index.get(key, undefined)).toBeUndefined();
    index.set({ key, n: 1 });
    expect(index.get(key, undefined)?.n).toBe(1);
  });
});
