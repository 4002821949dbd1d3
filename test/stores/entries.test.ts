import { describe, expect, it } from 'vitest';
import type { VersionedDocument } from '../../src/contracts/state-store.js';
import { readEntries } from '../../src/stores/entries.js';

const document = (key: string): VersionedDocument => ({ document: { key }, version: '1' });

/** A store with these keys, of which some are damaged and some were deleted since they were listed. */
function listing(count: number, { damaged = '', gone = '' } = {}) {
  const keys = Array.from({ length: count }, (_, index) => `place/${String(index).padStart(2, '0')}`);
  const asked: string[] = [];
  let inFlight = 0;
  let most = 0;
  const store = {
    list: async () => keys,
    async get(key: string) {
      asked.push(key);
      inFlight += 1;
      most = Math.max(most, inFlight);
      await Promise.resolve();
      inFlight -= 1;
      if (key === damaged) throw new Error('damaged');
      return key === gone ? undefined : document(key);
    },
  };
  return { store, keys, asked, most: () => most };
}

describe('readEntries', () => {
  it('asks once where a store has entries', async () => {
    const { store, asked } = listing(3);
    const entries = async (prefix: string) => [{ key: `${prefix}a`, ...document('a') }];
    expect(await readEntries({ ...store, entries }, 'place/')).toEqual({
      entries: [{ key: 'place/a', ...document('a') }],
      damaged: [],
    });
    expect(asked).toEqual([]);
  });

  it.each([0, 1, 15, 16, 17, 33])('reads %d documents one by one otherwise, 16 together', async (count) => {
    const { store, keys, asked, most } = listing(count);
    expect(await readEntries(store, 'place/')).toEqual({
      entries: keys.map((key) => ({ key, ...document(key) })),
      damaged: [],
    });
    expect(asked).toEqual(keys);
    expect(most()).toBe(Math.min(count, 16));
  });

  it('names a damaged document beside the others, and leaves out what is gone', async () => {
    const { store } = listing(3, { damaged: 'place/01', gone: 'place/02' });
    const entries = async () => {
      throw new Error('one is damaged');
    };
    expect(await readEntries({ ...store, entries }, 'place/')).toEqual({
      entries: [{ key: 'place/00', ...document('place/00') }],
      damaged: [{ key: 'place/01', error: new Error('damaged') }],
    });
  });
});
