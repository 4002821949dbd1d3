import { describe, expect, it } from 'vitest';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { changesOf, createEngine, failure, memoryDefinition } from '../../support/engine.js';
import { recordingStore } from '../../support/recording-store.js';
import { owned, synced } from '../../support/synced.js';

describe('a definition that points at another place', () => {
  it('deletes nothing at the old one, and takes nothing for written at the new one', async () => {
    const { destination, engine, source } = await synced();
    destination.set('A', 'theirs', { place: 'new' });
    destination.set('Z', 'theirs', { place: 'new' });
    const moved = memoryDefinition({ syncOptions: { deletionScope: 'owned' } }, { place: 'new' });
    source.delete('C');
    const { plan } = await engine.sync(moved);
    expect(plan.isInitialSync).toBe(true);
    expect(changesOf(plan)).toEqual(['A update, not-verifiable', 'B create, missing', 'Z keep, not-owned']);
    expect([...destination.values().keys()]).toEqual(['A', 'B', 'C']);
    expect([...destination.values({ place: 'new' }).keys()]).toEqual(['A', 'Z', 'B']);
    expect((await engine.plan(owned)).isInitialSync).toBe(false);
  });
});

describe('that a first sync was done', () => {
  const importing = memoryDefinition({
    syncOptions: { initialSyncBehavior: 'import-prioritize-destination', deletionScope: 'owned' },
  });
  const setUp = () => {
    const destination = memoryDestination();
    destination.set('OLD', 'x');
    const source = memorySource({ A: '1' });
    const store = recordingStore();
    const create = () => createEngine({ source, store, drivers: [destination] }).engine;
    return { destination, source, store, create };
  };

  it.each(['overwrite-destination', 'import-prioritize-source', 'import-prioritize-destination'] as const)(
    'is remembered whatever its behaviour: %s',
    async (initialSyncBehavior) => {
      const { create } = setUp();
      const definition = memoryDefinition({ syncOptions: { initialSyncBehavior, deletionScope: 'owned' } });
      await create().sync(definition);
      expect((await create().plan(importing)).isInitialSync).toBe(false);
    },
  );

  it('is remembered before the destination is written, with the intent', async () => {
    const { create, destination, store } = setUp();
    let seen = '';
    destination.setIntercept(async ({ method }) => {
      if (method === 'write') seen = await store.text();
      return undefined;
    });
    await create().sync(importing);
    expect(seen).toContain('"importedAt"');
  });

  it('is remembered of a run that failed after its source was written', async () => {
    const { create, destination, source } = setUp();
    destination.failNext('rejected', { key: 'A' });
    await failure(create().sync(importing), 'SYNC_FAILED');
    expect(source.entries().map(([key]) => key)).toContain('OLD');
    expect((await create().plan(importing)).isInitialSync).toBe(false);
  });

  it('is remembered of a run that had nothing to write', async () => {
    const { create, source } = setUp();
    source.delete('A');
    source.set('OLD', 'x');
    await create().sync(importing);
    expect((await create().plan(importing)).isInitialSync).toBe(false);
  });

  it('is not remembered of a run that was refused, nor of a plan or a removal', async () => {
    const { create, destination } = setUp();
    destination.set('A', 'x', { fixed: 'alias' });
    await create().plan(importing);
    await failure(create().sync(importing), 'PLAN_BLOCKED');
    await create().removeSecrets(
      memoryDefinition({ name: 'nightly', syncOptions: { keySchema: 'NONE_{{secretKey}}' } }),
    );
    expect((await create().plan(importing)).isInitialSync).toBe(true);
  });

  it('is forgotten by release, together with what the sync owns, and nothing is deleted', async () => {
    const { create, destination, source } = setUp();
    await create().sync(importing);
    const before = destination.values();
    destination.clearCalls();
    await create().release(importing);
    expect(destination.calls).toEqual([]);
    expect(destination.values()).toEqual(before);
    source.delete('A');
    const { plan } = await create().sync(memoryDefinition({ syncOptions: { deletionScope: 'owned' } }));
    expect(plan.isInitialSync).toBe(true);
    expect(changesOf(plan)).toEqual(['A keep, not-owned', 'OLD unchanged, value-equal']);
  });

  it('of one sync says nothing of another at the same place, and release forgets one alone', async () => {
    const { create } = setUp();
    await create().sync(importing);
    const other = { ...importing, name: 'other' };
    expect((await create().plan(other)).isInitialSync).toBe(true);
    await create().sync(other);
    await create().release(importing);
    expect((await create().plan(other)).isInitialSync).toBe(false);
    expect((await create().plan(importing)).isInitialSync).toBe(true);
  });

  it('follows the id of a definition and not its name', async () => {
    const { create } = setUp();
    await create().sync({ ...importing, id: 'stable', name: 'before' });
    expect((await create().plan({ ...importing, id: 'stable', name: 'after' })).isInitialSync).toBe(false);
    expect((await create().plan({ ...importing, name: 'before' })).isInitialSync).toBe(true);
  });
});

describe('what is remembered of a write', () => {
  it('is its intent before the first one, and its end after the last', async () => {
    const { destination, store, source, engine } = await synced();
    source.set('A', 'one');
    source.set('D', '4');
    source.delete('C');
    const seen: string[] = [];
    destination.setIntercept(async ({ method, changes }) => {
      if (method !== 'write') return undefined;
      const text = await store.text();
      for (const change of ['"action":"update"', '"action":"create"', '"action":"delete"'])
        expect(text).toContain(change);
      seen.push(`${changes[0]?.action} ${changes[0]?.key}`);
      return undefined;
    });
    store.changes.length = 0;
    await engine.sync(owned);
    expect(seen).toEqual(['update A', 'create D', 'delete C']);
    expect(await store.text()).not.toContain('pending');
    const { key } = await store.place();
    const intent = key.replace('places/', 'intents/');
    expect(store.changes.filter((change) => !change.includes('leases/'))).toEqual([
      `put ${intent}`,
      `put ${key}`,
      `delete ${intent}`,
    ]);
  });

  it('is not saved again by a run that changes nothing', async () => {
    const { store, engine } = await synced();
    await engine.sync(owned);
    expect(store.changes.filter((change) => !change.includes('leases'))).toEqual([]);
  });

  it('is what it was before, where the write surely did not happen', async () => {
    const { destination, source, engine, create } = await synced();
    source.set('A', 'one');
    destination.failNext('rejected', { key: 'A' });
    await failure(engine.sync(owned), 'SYNC_FAILED');
    source.set('A', '1');
    expect(changesOf(await create().plan(owned))).toContain('A unchanged, fingerprint-equal');
  });

  it('is saved after a partial failure: what was applied is not written again', async () => {
    const { destination, source, engine, create, writes } = await synced();
    for (const key of ['A', 'B', 'C']) source.set(key, `new ${key}`);
    destination.failNext('rejected', { key: 'B' });
    const error = await failure(engine.sync(owned), 'SYNC_FAILED');
    expect(error.problems).toMatchObject([{ key: 'B', code: 'DESTINATION_REJECTED' }]);
    destination.clearCalls();
    await create().sync(owned);
    expect(writes()).toEqual(['update B']);
  });

  it('of a key that somebody deleted is forgotten', async () => {
    const { destination, store, source, engine } = await synced();
    destination.delete('C');
    source.delete('C');
    await engine.sync(owned);
    expect(await store.text()).not.toContain('"key":"C"');
  });

  it('of a write whose end is not known vouches for no value: what it may have replaced is written again', async () => {
    const destination = memoryDestination({ readable: false, revisions: false });
    const source = memorySource({ A: '1' });
    const { engine } = createEngine({ source, drivers: [destination] });
    await engine.sync(owned);
    source.set('A', '2');
    destination.failNext('lost-after', { key: 'A' });
    destination.setIntercept(({ method }) =>
      method === 'read' && destination.get('A') === '2' ? 'unavailable' : undefined,
    );
    await failure(engine.sync(owned), 'SYNC_FAILED');
    destination.setIntercept(undefined);
    source.set('A', '1');
    expect(changesOf((await engine.sync(owned)).plan)).toEqual(['A update, not-verifiable']);
    expect(destination.get('A')).toBe('1');
  });

  it("of a write that was begun over another sync's key outlives the removal of that one", async () => {
    const { destination, create } = await synced();
    const taker = memoryDefinition({ name: 'taker', syncOptions: { deletionScope: 'owned' } });
    const abort = new AbortController();
    // The taker is cut off while A is on its way, before it could say how that ended.
    destination.setIntercept(({ method }) => {
      if (method === 'write') abort.abort();
      return undefined;
    });
    const dying = create({ source: memorySource({ A: 'taken' }) }).sync(taker, { signal: abort.signal });
    await expect(dying).rejects.toThrow();
    destination.setIntercept(undefined);
    await create().removeSecrets(owned);
    expect([...destination.values().keys()]).toEqual(['A']);
    const { plan } = await create({ source: memorySource({ X: '1' }) }).sync(taker);
    expect(changesOf(plan)).toEqual(['A delete, absent-from-source', 'X create, missing']);
  });
});

describe('a store that cannot be written', () => {
  /** A store whose n-th write of such a document, from 1, fails, with an error that no one may see. */
  const failing = (store: StateStore, nth: number, reason: 'places' | 'intents' | 'leases') => {
    let count = 0;
    return {
      ...store,
      put: (...given: Parameters<StateStore['put']>) => {
        if (given[0].startsWith(reason) && ++count === nth) throw new Error('disk password hunter2');
        return store.put(...given);
      },
    };
  };

  it('before the first write: nothing is written, all was withheld', async () => {
    const { source, store, create, writes } = await synced();
    source.set('A', 'one');
    source.delete('B');
    const error = await failure(
      create({ store: failing(store, 1, 'intents') }).sync(owned),
      'STATE_NOT_SAVED',
    );
    expect(error.message).not.toContain('hunter2');
    expect(error.result?.status).toBe('failed');
    expect(error.result?.outcomes.map(({ key, status }) => `${key} ${status}`)).toEqual([
      'A withheld',
      'B withheld',
    ]);
    expect(writes()).toEqual([]);
  });

  it('after the last one: the result says what was written, and the next run converges', async () => {
    const { source, store, create, writes, destination } = await synced();
    source.set('A', 'one');
    source.delete('B');
    const error = await failure(
      create({ store: failing(store, 1, 'places') }).sync(owned),
      'STATE_NOT_SAVED',
    );
    expect(error.result?.outcomes.map(({ key, status }) => `${key} ${status}`)).toEqual([
      'A applied',
      'B applied',
    ]);
    expect(error.retryable).toBe(true);
    destination.clearCalls();
    await create().sync(owned);
    expect(writes()).toEqual(['update A']);
    expect([...destination.values()]).toEqual([
      ['A', 'one'],
      ['C', '3'],
    ]);
    destination.clearCalls();
    await create().sync(owned);
    expect(writes()).toEqual([]);
  });

  it('after the last one, for two syncs in turn: what the first one wrote stays its own', async () => {
    const store = memoryStore();
    const destination = memoryDestination();
    const sync = (name: string, values: Record<string, string>, withStore: StateStore = store) => {
      const { engine } = createEngine({
        source: memorySource(values),
        store: withStore,
        drivers: [destination],
      });
      return engine.sync(memoryDefinition({ name, syncOptions: { deletionScope: 'matching' } }));
    };
    await failure(sync('first', { A: '1' }, failing(store, 1, 'places')), 'STATE_NOT_SAVED');
    await failure(sync('second', { B: '2' }, failing(store, 1, 'places')), 'STATE_NOT_SAVED');
    const { plan } = await sync('second', { B: '2' });
    expect(changesOf(plan)).toEqual(['A keep, owned-by-other-sync', 'B unchanged, value-equal']);
    expect([...destination.values().keys()]).toEqual(['A', 'B']);
  });

  it('where the lease belongs: a clear error, and nothing is written', async () => {
    const { source, store, create, writes } = await synced();
    source.set('A', 'one');
    const error = await failure(
      create({ store: failing(store, 1, 'leases') }).sync(owned),
      'STATE_UNREADABLE',
    );
    expect(error.message).not.toContain('hunter2');
    expect(writes()).toEqual([]);
  });

  it('because another process changed it in the middle: the newer state stays, and a rerun converges', async () => {
    const { source, store, create, destination } = await synced();
    source.set('A', 'one');
    let meddled = false;
    destination.setIntercept(async ({ method }) => {
      if (method !== 'write' || meddled) return undefined;
      meddled = true;
      const { key, version, document } = await store.place();
      await store.put(key, document, { ifVersion: version });
      return undefined;
    });
    await failure(create().sync(owned), 'STATE_NOT_SAVED');
    await create().sync(owned);
    expect(destination.get('A')).toBe('one');
    expect((await create().sync(owned)).outcomes).toEqual([]);
  });
});
