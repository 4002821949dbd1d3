import assert from 'node:assert/strict';
import { isSecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import type { StateStore } from '../../contracts/state-store.js';
import type { ConformanceRunner } from './runner.js';

/** The store under test. */
export interface StoreConformanceOptions {
  /** For the title of the suite. */
  readonly name: string;
  /** Makes an empty store; called for each test. */
  create(): StateStore | Promise<StateStore>;
  /** Makes a second store over the same documents. Absent: the store is not shared, and that is not tested. */
  reopen?(store: StateStore): StateStore | Promise<StateStore>;
  /** Cleans up after a test. */
  dispose?(store: StateStore): void | Promise<void>;
}

const KEY = 'places/ab12';

/** True for the refusal of a compare-and-swap. */
const isConflict = (error: unknown): boolean => isSecretSyncError(error, 'STATE_CONFLICT');

/**
 * Tests that a store keeps the promises of `StateStore`: versioned documents, compare-and-swap with exactly one winner,
 * documents that come back as they were. Pass the `describe` and `it` of your test runner.
 *
 * @example
 * storeConformance({ name: 'redis', create: () => redisStore(client) }, { describe, it });
 */
export function storeConformance(
  options: StoreConformanceOptions,
  { describe, it }: ConformanceRunner,
): void {
  const test = (title: string, body: (store: StateStore) => Promise<void>) =>
    it(title, async () => {
      const store = await options.create();
      try {
        await body(store);
      } finally {
        await options.dispose?.(store);
      }
    });
  const documentOf = async (store: StateStore, key = KEY) => (await store.get(key))?.document;

  describe(`${options.name} keeps the promises of a state store`, () => {
    test('answers undefined and lists nothing while there is no document', async (store) => {
      assert.equal(await store.get(KEY), undefined);
      assert.deepEqual(await store.list(''), []);
    });

    test('gives back what was put, under the version that put returned', async (store) => {
      const { version } = await store.put(KEY, { a: [1, null, 'x'] }, { ifVersion: null });
      assert.deepEqual(await store.get(KEY), { document: { a: [1, null, 'x'] }, version });
    });

    test('moves the version with each put, also of an equal document', async (store) => {
      const first = await store.put(KEY, 'same', { ifVersion: null });
      const second = await store.put(KEY, 'same', { ifVersion: first.version });
      assert.notEqual(second.version, first.version);
      assert.equal((await store.get(KEY))?.version, second.version);
    });

    test('refuses to create a document that exists, and leaves it alone', async (store) => {
      await store.put(KEY, 1, { ifVersion: null });
      await assert.rejects(store.put(KEY, 2, { ifVersion: null }), isConflict);
      assert.equal(await documentOf(store), 1);
    });

    test('refuses to replace a version that is not the stored one, and leaves that alone', async (store) => {
      const first = await store.put(KEY, 1, { ifVersion: null });
      await store.put(KEY, 2, { ifVersion: first.version });
      await assert.rejects(store.put(KEY, 3, { ifVersion: first.version }), isConflict);
      assert.equal(await documentOf(store), 2);
    });

    test('refuses to replace or delete a document that is not there', async (store) => {
      const { version } = await store.put(KEY, 1, { ifVersion: null });
      await assert.rejects(store.put('places/other', 1, { ifVersion: version }), isConflict);
      await assert.rejects(store.delete('places/other', { ifVersion: version }), isConflict);
      assert.deepEqual(await store.list(''), [KEY]);
    });

    test('deletes the version that was named, and no other', async (store) => {
      const first = await store.put(KEY, 1, { ifVersion: null });
      const second = await store.put(KEY, 2, { ifVersion: first.version });
      await assert.rejects(store.delete(KEY, { ifVersion: first.version }), isConflict);
      assert.equal(await documentOf(store), 2);
      await store.delete(KEY, { ifVersion: second.version });
      assert.equal(await store.get(KEY), undefined);
      assert.deepEqual(await store.list(''), []);
    });

    test('does not take a document that was made anew for the one that was deleted', async (store) => {
      const first = await store.put(KEY, 1, { ifVersion: null });
      await store.delete(KEY, { ifVersion: first.version });
      await store.put(KEY, 1, { ifVersion: null });
      await assert.rejects(store.put(KEY, 2, { ifVersion: first.version }), isConflict);
      await assert.rejects(store.delete(KEY, { ifVersion: first.version }), isConflict);
    });

    test('lets exactly one of many puts at once win', async (store) => {
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
        assert.deepEqual(await store.get(KEY), {
          document: { writer: winner.writer },
          version: winner.version,
        });
        return winner.version;
      };
      await race(await race(null));
    });

    test('loses no increment of many writers that read again after a conflict', async (store) => {
      const increment = async (): Promise<void> => {
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
      };
      await Promise.all(Array.from({ length: 8 }, increment));
      assert.equal(await documentOf(store), 8);
    });

    test('keeps documents apart', async (store) => {
      const keys = ['a', 'a/b', 'a/b-c', 'leases/0', KEY];
      for (const key of keys) await store.put(key, key, { ifVersion: null });
      for (const key of keys) assert.equal(await documentOf(store, key), key);
    });

    test('lists the keys that start with a prefix, sorted', async (store) => {
      for (const key of ['places/b', 'leases/a', 'places/a', 'places-old/a', 'places/a/x'])
        await store.put(key, 0, { ifVersion: null });
      assert.deepEqual(await store.list('places/'), ['places/a', 'places/a/x', 'places/b']);
      assert.deepEqual(await store.list('places/a'), ['places/a', 'places/a/x']);
      assert.deepEqual(await store.list('nothing'), []);
      assert.deepEqual(await store.list(''), [
        'leases/a',
        'places-old/a',
        'places/a',
        'places/a/x',
        'places/b',
      ]);
    });

    test('is not changed by what is done to a document after put or get', async (store) => {
      const mine = { list: [1] };
      await store.put(KEY, mine, { ifVersion: null });
      mine.list.push(2);
      const got = await documentOf(store);
      try {
        (got as typeof mine).list.push(3);
      } catch {
        // Frozen is fine too.
      }
      assert.deepEqual(await documentOf(store), { list: [1] });
    });

    test('takes __proto__ and its like for names as any other', async (store) => {
      const text = '{"__proto__":{"polluted":true},"constructor":1,"toString":{"__proto__":null}}';
      await store.put(KEY, JSON.parse(text) as JsonValue, { ifVersion: null });
      assert.equal(JSON.stringify(await documentOf(store)), text);
      assert.equal(Reflect.get({}, 'polluted'), undefined);
    });

    test('gives every text and number back as it was', async (store) => {
      const document = {
        '': 'empty name',
        controls: '\u0000\u001b[31m\r\n\t\u007f',
        wide: 'пароль 秘密 🔑 e\u0301 \u202e\u2028\ufeff',
        quotes: '\\"\'`${}',
        numbers: [0, -1, 1.5, 1e21, Number.MAX_SAFE_INTEGER],
        flags: [true, false, null, [], {}],
      };
      await store.put(KEY, document, { ifVersion: null });
      assert.deepEqual(await documentOf(store), document);
    });

    for (const document of [null, false, 0, '', [], {}] as const) {
      test(`tells a document that is ${JSON.stringify(document)} from none`, async (store) => {
        const { version } = await store.put(KEY, document, { ifVersion: null });
        assert.deepEqual(await store.get(KEY), { document, version });
        assert.deepEqual(await store.list(''), [KEY]);
      });
    }

    test('holds a document of several megabytes', async (store) => {
      const document = Array.from({ length: 20_000 }, (_, index) => ({
        key: `KEY_${index}`,
        pad: 'ä'.repeat(100),
      }));
      const { version } = await store.put(KEY, document, { ifVersion: null, flush: false });
      assert.deepEqual(await store.get(KEY), { document, version });
    });

    if (options.reopen !== undefined) {
      test('shows a second store what the first wrote, and lets one of both win', async (first) => {
        const second = (await options.reopen?.(first)) ?? first;
        const { version } = await first.put(KEY, 'first', { ifVersion: null });
        assert.deepEqual(await second.get(KEY), { document: 'first', version });
        const ends = await Promise.allSettled(
          [first, second].map((store) => store.put(KEY, 'next', { ifVersion: version })),
        );
        assert.equal(ends.filter((end) => end.status === 'fulfilled').length, 1);
        assert.deepEqual(await first.get(KEY), await second.get(KEY));
      });
    }
  });
}
