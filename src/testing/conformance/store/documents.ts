import assert from 'node:assert/strict';
import type { JsonValue } from '../../../contracts/json.js';
import { assertStored, documentOf, KEY, type StoreKit } from './kit.js';

/** Documents come back as they were, and are listed. */
export function testDocuments({ test }: StoreKit): void {
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

  test('returns every string and number as it was', async (store) => {
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
      await assertStored(store, document, version);
      assert.deepEqual(await store.list(''), [KEY]);
    });
  }

  test('holds a document of several megabytes', async (store) => {
    const document = Array.from({ length: 20_000 }, (_, index) => ({
      key: `KEY_${index}`,
      pad: 'ä'.repeat(100),
    }));
    const { version } = await store.put(KEY, document, { ifVersion: null, flush: false });
    await assertStored(store, document, version);
  });
}
