import assert from 'node:assert/strict';
import { isSecretSyncError } from '../../../contracts/errors.js';
import type { StateStore } from '../../../contracts/state-store.js';
import { assertStored, isConflict, KEY, type StoreKit } from './kit.js';

/** Whether a call failed with one of our errors, which says that trying again can help. */
const saysSo = (error: unknown): boolean => isSecretSyncError(error) && error.retryable;

function testEntries({ test, notTested, options }: StoreKit): void {
  const title = 'gives all documents below a prefix, sorted, each as get does';
  if (options.hasEntries === false) return notTested(title, 'entries');
  test(title, async (store) => {
    assert(store.entries !== undefined, 'it has no entries(): say so by hasEntries: false');
    assert.deepEqual(await store.entries('places/'), []);
    const expected: unknown[] = [];
    for (const key of ['places/a', 'places/a/x', 'places/b', 'places-old/a', 'leases/a']) {
      const { version } = await store.put(key, { of: key }, { ifVersion: null });
      if (key.startsWith('places/')) expected.push({ key, document: { of: key }, version });
    }
    const found = await store.entries('places/');
    assert.deepEqual(
      found.map(({ key, document, version }) => ({ key, document, version })),
      expected,
    );
    assert.equal((await store.entries('')).length, 5);
    assert.deepEqual(await store.entries('nothing/'), []);
  });
}

const ageOf = async (store: StateStore): Promise<number | undefined> => (await store.get(KEY))?.age;

const TWICE = 'does once what is sent twice, because the response was lost';
const CREATED_AGAIN =
  'does not delete a second time what was created again before the deletion was sent again';
const REPLACED = 'refuses to delete, sent once or twice, what another caller has replaced or deleted';

/** Commands that a client sends again. */
function testRepeats({ test, notTested, options }: StoreKit): void {
  if (options.loseResponse === undefined) {
    for (const title of [TWICE, CREATED_AGAIN, REPLACED]) notTested(title, 'loseResponse');
    return;
  }
  test(TWICE, async (store) => {
    const lose = () => options.loseResponse?.(store, async () => undefined);
    await lose();
    const first = await store.put(KEY, 1, { ifVersion: null });
    await assertStored(store, 1, first.version);
    await lose();
    const second = await store.put(KEY, 2, { ifVersion: first.version });
    await assertStored(store, 2, second.version);
    await lose();
    await store.delete(KEY, { ifVersion: second.version });
    assert.equal(await store.get(KEY), undefined);
    await lose();
    const third = await store.put(KEY, 3, { ifVersion: null });
    await assertStored(store, 3, third.version);
  });

  const reopen = async (store: StateStore) => (await options.reopen?.(store)) ?? store;
  if (options.reopen === undefined) {
    for (const title of [CREATED_AGAIN, REPLACED]) notTested(title, 'reopen');
    return;
  }
  test(CREATED_AGAIN, async (store) => {
    const other = await reopen(store);
    const { version } = await store.put(KEY, 'old', { ifVersion: null });
    const created: string[] = [];
    await options.loseResponse?.(store, async () => {
      created.push((await other.put(KEY, 'new', { ifVersion: null })).version);
    });
    await store.delete(KEY, { ifVersion: version });
    assert.equal(created.length, 1, 'loseResponse has not waited for what is done meanwhile');
    await assertStored(store, 'new', created[0] ?? '');
  });

  test(REPLACED, async (store) => {
    const other = await reopen(store);
    const first = await store.put(KEY, 1, { ifVersion: null });
    const second = await other.put(KEY, 2, { ifVersion: first.version });
    await options.loseResponse?.(store, async () => undefined);
    await assert.rejects(store.delete(KEY, { ifVersion: first.version }), isConflict);
    await assertStored(store, 2, second.version);
    await other.delete(KEY, { ifVersion: second.version });
    await options.loseResponse?.(store, async () => undefined);
    await assert.rejects(store.delete(KEY, { ifVersion: second.version }), isConflict);
    assert.equal(await store.get(KEY), undefined);
  });
}

/** What a store can leave out, and what a fixture may not be able to arrange. */
export function testOptional(kit: StoreKit): void {
  const { test, notTested, options } = kit;
  testEntries(kit);

  test('tells an age that is none, or a number of ms that only a put starts again', async (store) => {
    const { version } = await store.put(KEY, 1, { ifVersion: null });
    // A store may learn its age with the first refusal.
    await store.put(KEY, 2, { ifVersion: null }).catch(() => undefined);
    const first = await ageOf(store);
    if (first === undefined) return;
    assert(
      Number.isFinite(first) && first >= 0 && first < 3_600_000,
      `${first} is not the age of a new document`,
    );
    const later = (await ageOf(store)) ?? -1;
    assert(later >= first, 'a document became younger without a put');
    await store.put(KEY, 2, { ifVersion: version });
    const again = (await ageOf(store)) ?? -1;
    assert(again >= 0 && again < 3_600_000, `${again} is not the age of a document that was just put`);
  });

  const broken =
    'fails, so that trying again can help, while it is cut off: it never says that there is nothing';
  if (options.breakOff === undefined) notTested(broken, 'breakOff');
  else
    test(broken, async (store) => {
      const { version } = await store.put(KEY, 1, { ifVersion: null });
      await options.breakOff?.(store);
      await assert.rejects(store.get(KEY), saysSo);
      await assert.rejects(store.list(''), saysSo);
      await assert.rejects(store.put(KEY, 2, { ifVersion: version }), saysSo);
      await assert.rejects(store.delete(KEY, { ifVersion: version }), saysSo);
      if (store.entries !== undefined) await assert.rejects(store.entries(''), saysSo);
    });

  testRepeats(kit);
}
