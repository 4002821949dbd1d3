import assert from 'node:assert/strict';
import type { StateStore } from '../../../contracts/state-store.js';
import { assertStored, documentOf, isConflict, KEY, type StoreKit } from './kit.js';

/** Adds one to the document, whatever others do in the meantime. */
async function increment(store: StateStore): Promise<void> {
  for (;;) {
    const found = await store.get(KEY);
    const count = typeof found?.document === 'number' ? found.document : 0;
    try {
      await store.put(KEY, count + 1, { ifVersion: found?.version ?? null, flush: false });
      return;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}

const SHARED = 'shows a second store what the first wrote, and lets one of both win';
const WRITERS = 'loses no increment of writers in several stores';

/** Compare-and-swap, by many writers. */
export function testRaces({ test, notTested, options }: StoreKit): void {
  test('lets exactly one of many concurrent puts win', async (store) => {
    const race = async (ifVersion: string | null) => {
      const ends = await Promise.allSettled(
        Array.from({ length: 8 }, (_, writer) => store.put(KEY, { writer }, { ifVersion })),
      );
      const winners = ends.flatMap((end, writer) =>
        end.status === 'fulfilled' ? [{ writer, version: end.value.version }] : [],
      );
      for (const end of ends)
        if (end.status === 'rejected') assert(isConflict(end.reason), String(end.reason));
      const [winner, ...others] = winners;
      assert(winner !== undefined && others.length === 0, `${winners.length} puts won, not one`);
      await assertStored(store, { writer: winner.writer }, winner.version);
      return winner.version;
    };
    await race(await race(null));
  });

  test('loses no increment of many writers that read again after a conflict', async (store) => {
    await Promise.all(Array.from({ length: 8 }, () => increment(store)));
    assert.equal(await documentOf(store), 8);
  });

  const reopen = async (store: StateStore) => (await options.reopen?.(store)) ?? store;
  if (options.reopen === undefined) {
    notTested(SHARED, 'reopen');
    notTested(WRITERS, 'reopen');
    return;
  }
  test(SHARED, async (first) => {
    const second = await reopen(first);
    const { version } = await first.put(KEY, 'first', { ifVersion: null });
    await assertStored(second, 'first', version);
    const ends = await Promise.allSettled(
      [first, second].map((store) => store.put(KEY, 'next', { ifVersion: version })),
    );
    assert.equal(ends.filter((end) => end.status === 'fulfilled').length, 1);
    await assertStored(second, 'next', (await first.get(KEY))?.version ?? '');
  });

  test(WRITERS, async (first) => {
    const stores = [first, await reopen(first), await reopen(first)];
    await Promise.all(stores.flatMap((store) => [increment(store), increment(store), increment(store)]));
    for (const store of stores) assert.equal(await documentOf(store), 9);
  });
}
