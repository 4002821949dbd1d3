import assert from 'node:assert/strict';
import { assertStored, documentOf, isConflict, KEY, type StoreKit } from './kit.js';

/** Compare-and-swap, by one writer. */
export function testVersions({ test }: StoreKit): void {
  test('returns undefined and lists nothing while there is no document', async (store) => {
    assert.equal(await store.get(KEY), undefined);
    assert.deepEqual(await store.list(''), []);
  });

  test('returns what was put, under the version that put returned', async (store) => {
    const { version } = await store.put(KEY, { a: [1, null, 'x'] }, { ifVersion: null });
    await assertStored(store, { a: [1, null, 'x'] }, version);
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

  test('refuses to replace or delete a document that does not exist', async (store) => {
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

  test('does not take a document that was created again for the one that was deleted', async (store) => {
    const first = await store.put(KEY, 1, { ifVersion: null });
    await store.delete(KEY, { ifVersion: first.version });
    await store.put(KEY, 1, { ifVersion: null });
    await assert.rejects(store.put(KEY, 2, { ifVersion: first.version }), isConflict);
    await assert.rejects(store.delete(KEY, { ifVersion: first.version }), isConflict);
  });

  test('never gives a version a second time, also after deletions', async (store) => {
    const versions: string[] = [];
    for (let round = 0; round < 8; round += 1) {
      const created = await store.put(KEY, 1, { ifVersion: null });
      const replaced = await store.put(KEY, 1, { ifVersion: created.version });
      versions.push(created.version, replaced.version);
      await store.delete(KEY, { ifVersion: replaced.version });
    }
    assert.equal(new Set(versions).size, versions.length);
  });
}
