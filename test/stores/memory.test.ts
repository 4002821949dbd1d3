import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.js';
import { storeConformance } from '../../src/testing/conformance/store/index.js';

storeConformance({ name: 'memoryStore', create: () => memoryStore() }, { describe, it });

describe('memoryStore', () => {
  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    'A',
    'a.b',
    '..',
    'a/../b',
    'a b',
    '__proto__',
    'ä',
    'a'.repeat(201),
  ])('refuses %j as a key', async (key) => {
    const store = memoryStore();
    await expect(store.get(key)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(store.put(key, 1, { ifVersion: null })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(store.delete(key, { ifVersion: '1' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  it('shares nothing between two stores', async () => {
    const [first, second] = [memoryStore(), memoryStore()];
    await first.put('a', 1, { ifVersion: null });
    expect(await second.get('a')).toBeUndefined();
  });
});
