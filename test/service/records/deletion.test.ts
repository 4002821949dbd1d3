import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { failure } from '../../support/engine.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { createWorld, definitionOf, MINUTE, startWith, type World } from '../support.js';

const credentials = { accessToken: 'memory-destination-token' };
const manual = { syncOptions: { autoSyncEnabled: false } };

/** What remains remembered of a place, as the ids of those that own something there. */
async function ownersAt({ store }: World): Promise<string[]> {
  const found = await Promise.all((await store.list('places/')).map((key) => store.get(key)));
  return [...JSON.stringify(found).matchAll(/"syncId":"([^"]*)"/g)].map(([, id = '']) => id);
}

/** A record at a destination whose connection says for which host it is, as that of a driver can. */
async function createPointedWorld() {
  const inner = memoryDestination();
  let host = 'first';
  const identity: typeof inner.identity = (given, config) => `${host}:${inner.identity(given, config)}`;
  const world = createWorld({ destination: { ...inner, identity } });
  const { service, folders } = world;
  folders.set('/shop', 'API_KEY', 'one');
  await service.createSync(definitionOf('shop', manual));
  return { world, service, inner, pointTo: (other: string) => void (host = other) };
}

describe('a record whose owner is gone', () => {
  it('gives free what it wrote when its connection was removed before it was deleted', async () => {
    const connections = new Map([['main', { app: 'memory', credentials }]]);
    const world = createWorld({ connections: (id: string) => connections.get(id) });
    const { service, folders, destination } = world;
    folders.set('/shop', 'OLD', 'one');
    folders.set('/shop', 'KEPT', 'one');
    const keySchema = 'APP_{{secretKey}}';
    await service.createSync(definitionOf('shop', { connectionId: 'main', syncOptions: { keySchema } }));
    await service.whenIdle();
    connections.clear();
    await service.deleteSync('shop');
    expect(await ownersAt(world)).toEqual([]);
    expect(destination.values({ place: 'shop' }).size).toBe(2);

    // Its successor may delete what is revoked.
    folders.delete('/shop', 'OLD');
    connections.set('other', { app: 'memory', credentials });
    await service.createSync(definitionOf('shop', { connectionId: 'other', syncOptions: { keySchema } }));
    await service.whenIdle();
    expect([...destination.values({ place: 'shop' }).keys()]).toEqual(['APP_KEPT']);
  });

  it('gives free what it wrote at places that it pointed to before', async () => {
    const world = createWorld();
    const { service, folders } = world;
    folders.set('/shop', 'API_KEY', 'one');
    const { id } = await service.createSync(definitionOf('shop'));
    await service.whenIdle();
    for (const place of ['second', 'third']) {
      await service.updateSync('shop', { destinationConfig: { place } });
      await service.sync('shop');
    }
    expect(new Set(await ownersAt(world))).toEqual(new Set([id]));
    await service.deleteSync('shop');
    expect(await ownersAt(world)).toEqual([]);
  });

  it('gives free what it wrote at the place that its connection pointed to before', async () => {
    const { world, service, pointTo } = await createPointedWorld();
    for (const host of ['first', 'second', 'third', 'first']) {
      pointTo(host);
      await service.sync('shop');
    }
    expect(await world.store.list('places/')).toHaveLength(3);
    await service.deleteSync('shop');
    expect(await ownersAt(world)).toEqual([]);
  });

  it.each(['a person', 'its connection'])(
    'holds keys of others no longer at a place that %s has moved it from',
    async (how) => {
      const inner = memoryDestination();
      const moved = new Set<string>();
      // As that of a driver whose connection says for which host it is.
      const identity: typeof inner.identity = (given, config) =>
        moved.has(config.place) ? 'elsewhere' : inner.identity(given, config);
      const world = createWorld({ destination: { ...inner, identity } });
      const { service, folders, destination } = world;
      const syncOptions = { ...manual.syncOptions, deletionScope: 'owned' } as const;
      for (const name of ['web', 'worker']) {
        for (const key of ['DATABASE_URL', `OF_${name}`]) folders.set(`/${name}`, key, 'one');
        await service.createSync(definitionOf(name, { syncOptions, destinationConfig: { place: 'shared' } }));
        await service.whenIdle();
      }
      if (how === 'a person') await service.updateSync('worker', { destinationConfig: { place: 'other' } });
      else moved.add('shared');
      await service.sync('worker');
      moved.clear();
      folders.delete('/web', 'DATABASE_URL');
      await service.sync('web');
      // What it wrote itself stays.
      expect([...destination.values({ place: 'shared' }).keys()].sort()).toEqual(['OF_web', 'OF_worker']);
      await service.updateSync('worker', { destinationConfig: { place: 'shared' } });
      await service.removeSecrets('worker');
      expect([...destination.values({ place: 'shared' }).keys()]).toEqual(['OF_web']);
    },
  );

  it.each([
    ['with its secrets', true],
    ['without them', false],
  ])(
    'gives free what it wrote at a place that it is moved from while it is deleted, %s',
    async (_title, removeSecrets) => {
      const world = createWorld();
      const { service, folders } = world;
      folders.set('/shop', 'API_KEY', 'one');
      await service.createSync(definitionOf('shop', manual));
      await service.whenIdle();
      const deletion = service.deleteSync('shop', { removeSecrets });
      await service.updateSync('shop', { destinationConfig: { place: 'elsewhere' } }).catch(() => undefined);
      await deletion;
      expect(await ownersAt(world)).toEqual([]);
      expect(await service.listSyncs()).toEqual([]);
    },
  );

  it('gives free what it wrote at the place that its connection points to no longer when it is deleted', async () => {
    const { world, service, inner, pointTo } = await createPointedWorld();
    await service.whenIdle();
    pointTo('second');
    inner.delete('API_KEY', { place: 'shop' });
    await service.deleteSync('shop', { removeSecrets: true });
    expect(await ownersAt(world)).toEqual([]);
  });

  it('is released by its id and place where there is no record at all', async () => {
    const world = createWorld();
    const { engine, folders } = world;
    folders.set('/shop', 'API_KEY', 'one');
    const { plan } = await engine.sync(definitionOf('shop'));
    expect(await ownersAt(world)).not.toEqual([]);
    await engine.release({ syncId: 'another', place: plan.place });
    expect(await ownersAt(world)).not.toEqual([]);
    await engine.release({ syncId: 'shop', place: plan.place });
    expect(await ownersAt(world)).toEqual([]);
    for (const target of [{ syncId: 'shop' }, { place: 'x' }, { syncId: '', place: 7 }]) {
      const call = () => engine.release(target as unknown as { syncId: string; place: string });
      await failure(call, 'INVALID_OPTION');
    }
  });

  it('leaves nothing behind for an id that is used again', async () => {
    const world = createWorld();
    const { service, folders, destination } = world;
    folders.set('/shop', 'API_KEY', 'one');
    for (const name of ['shop', 'boutique']) {
      await service.createSync({ ...definitionOf('shop'), name, id: 'the-shop' });
      await service.whenIdle();
      await service.deleteSync('the-shop', { removeSecrets: true });
      expect(destination.values({ place: 'shop' }).size).toBe(0);
      expect(await ownersAt(world)).toEqual([]);
    }
  });
});

describe('deleteSync, once it has succeeded', () => {
  it.each([
    ['with its secrets', true],
    ['without them', false],
  ])(
    '%s: a run of another process that waits for the place writes nothing',
    async (_title, removeSecrets) => {
      const world = await startWith(['shop']);
      const { service, clock, store, folders, destination } = world;
      destination.setIntercept(async ({ method }) => {
        if (method === 'read') await clock.sleep(20_000);
        return undefined;
      });
      // Another definition holds the place, so that both the run and the deletion wait for it.
      const keySchema = 'OTHER_{{secretKey}}';
      const other = { name: 'other', destinationConfig: { place: 'shop' }, syncOptions: { keySchema } };
      const holder = world.engine.sync({ ...definitionOf('shop'), ...other });
      await clock.advance(1_000);
      folders.set('/shop', 'API_KEY', 'two');
      await clock.advance(3_000);
      const deleter = createWorld({ clock, store, folders, destination });
      let isDeleted = false;
      const deletion = deleter.service.deleteSync('shop', { removeSecrets }).then(() => (isDeleted = true));
      let lateWrites = 0;
      destination.setIntercept(async ({ method }) => {
        if (method === 'write' && isDeleted) lateWrites += 1;
        return undefined;
      });
      await clock.advance(5 * MINUTE);
      await Promise.all([holder, deletion]);
      expect(lateWrites).toBe(0);
      await failure(service.getSync('shop'), 'SYNC_NOT_FOUND');
      const left = removeSecrets ? [] : ['API_KEY'];
      const keys = [...destination.values({ place: 'shop' }).keys()].filter(
        (key) => !key.startsWith('OTHER_'),
      );
      expect(keys).toEqual(left);
      await service.stop();
    },
  );

  it('a run that waits elsewhere does nothing of the old record for a new one with its id', async () => {
    const world = await startWith([]);
    const { service, clock, store, folders, destination } = world;
    folders.set('/shop', 'API_KEY', 'one');
    const syncOptions = { keySchema: 'OLD_{{secretKey}}' };
    await service.createSync({ ...definitionOf('shop', { syncOptions }), id: 'the-shop' });
    await clock.advance(MINUTE);
    const holder = world.engine.sync({
      ...definitionOf('shop', { syncOptions: { keySchema: 'OTHER_{{secretKey}}' } }),
      name: 'other',
    });
    destination.setIntercept(async ({ method }) => {
      if (method === 'read') await clock.sleep(20_000);
      return undefined;
    });
    await clock.advance(1_000);
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(4_000);
    const second = createWorld({ clock, store, folders, destination });
    const deletion = second.service.deleteSync('the-shop', { removeSecrets: true });
    await clock.advance(MINUTE);
    await Promise.all([holder, deletion]);
    const reused = definitionOf('shop', { syncOptions: { keySchema: 'NEW_{{secretKey}}' } });
    await second.service.createSync({ ...reused, id: 'the-shop' });
    await clock.advance(5 * MINUTE);
    expect(Object.fromEntries(destination.values({ place: 'shop' }))).toMatchObject({ NEW_API_KEY: 'two' });
    expect([...destination.values({ place: 'shop' }).keys()].filter((key) => key.startsWith('OLD_'))).toEqual(
      [],
    );
    expect(new Set(await ownersAt(world))).toEqual(new Set(['the-shop', 'other']));
    await service.stop();
  });

  it('a run that was begun elsewhere has ended before', async () => {
    const world = await startWith(['shop']);
    const { service, clock, store, folders, destination, told } = world;
    destination.setIntercept(async ({ method }) => {
      if (method === 'write') await clock.sleep(25_000);
      return undefined;
    });
    folders.set('/shop', 'API_KEY', 'two');
    folders.set('/shop', 'OTHER', 'two');
    await clock.advance(5_000);
    expect(told('run-started')).toHaveLength(1);
    const deleter = createWorld({ clock, store, folders, destination });
    const deletion = deleter.service.deleteSync('shop', { removeSecrets: true });
    await clock.advance(5 * MINUTE);
    await deletion;
    expect(told('run-failed')).toEqual(['run-failed shop']);
    expect(destination.values({ place: 'shop' }).size).toBe(0);
    await service.stop();
  });
});

describe('a process that is killed inside deleteSync', () => {
  /** A store on which nothing arrives any more once it is cut off. */
  function mortalStore(store: StateStore) {
    const control = { isDead: false };
    const never = new Promise<never>(() => undefined);
    const mortal: StateStore = {
      ...store,
      get: async (key) => (control.isDead ? never : store.get(key)),
      put: async (...given) => (control.isDead ? never : store.put(...given)),
      delete: async (...given) => (control.isDead ? never : store.delete(...given)),
    };
    return { mortal, control };
  }

  it('holds the record back no longer than a lease, and the record shows it', async () => {
    const clock = createVirtualClock();
    const store = memoryStore();
    const { mortal, control } = mortalStore(store);
    const dying = createWorld({ clock, store: mortal });
    const { folders, destination } = dying;
    folders.set('/shop', 'API_KEY', 'one');
    await dying.service.createSync(definitionOf('shop', manual));
    await clock.advance(MINUTE);
    destination.setIntercept(async () => {
      control.isDead = true;
      return new Promise<never>(() => undefined);
    });
    dying.service.deleteSync('shop', { removeSecrets: true }).catch(() => undefined);
    await clock.advance(1_000);
    expect(control.isDead).toBe(true);
    destination.setIntercept(undefined);

    const heir = createWorld({ clock, store, folders, destination });
    const { service } = heir;
    expect(await service.getSync('shop')).toMatchObject({ deletionStatus: 'running' });
    await clock.advance(20_000);
    expect(await service.getSync('shop')).toMatchObject({ deletionStatus: 'running' });
    await clock.advance(10_000);
    expect(await service.getSync('shop')).toMatchObject({ deletionStatus: 'failed', removeStatus: 'failed' });
    folders.set('/shop', 'API_KEY', 'two');
    const run = service.sync('shop');
    await clock.advance(MINUTE);
    expect(await run).toMatchObject({ status: 'succeeded' });
    const deletion = service.deleteSync('shop', { removeSecrets: true });
    await clock.advance(MINUTE);
    await deletion;
    expect(await service.listSyncs()).toEqual([]);
    expect(destination.values({ place: 'shop' }).size).toBe(0);
  });

  it('is waited for by calls in the meantime, which say so', async () => {
    const clock = createVirtualClock();
    const world = createWorld({ clock });
    const { service, folders, destination } = world;
    folders.set('/shop', 'API_KEY', 'one');
    await service.createSync(definitionOf('shop', manual));
    await clock.advance(MINUTE);
    destination.setIntercept(async () => {
      await clock.sleep(MINUTE);
      return undefined;
    });
    const deletion = service.deleteSync('shop', { removeSecrets: true });
    await clock.advance(1_000);
    const other = createWorld({ ...world, clock });
    const call = failure(other.service.sync('shop'), 'SYNC_BUSY');
    expect(await other.service.findDue()).toEqual([]);
    await clock.advance(10 * MINUTE);
    expect((await call).message).toMatch(/"shop" is being deleted|Another run holds/);
    await deletion;
  });
});

describe('a record of the store that is not what this service wrote', () => {
  it('is not believed where it was forged, and hides no other', async () => {
    const { service, store, told } = createWorld();
    await service.createSync({ ...definitionOf('shop'), id: 'the-shop', isEnabled: false });
    await service.createSync({ ...definitionOf('web'), isEnabled: false });
    for (const key of await store.list('syncs/')) {
      const found = await store.get(key);
      const text = JSON.stringify(found?.document);
      if (!text.includes('the-shop')) continue;
      const forged = JSON.parse(text.replace('"isEnabled":false', '"isEnabled":true')) as object;
      await store.put(key, { ...forged }, { ifVersion: found?.version ?? null });
    }
    await failure(service.getSync('the-shop'), 'STATE_UNREADABLE');
    expect((await service.listSyncs()).map(({ name }) => name)).toEqual(['web']);
    expect(told('record-unreadable')).toHaveLength(1);
    expect(await service.findDue()).toEqual([]);
    await service.deleteSync('the-shop');
    expect((await store.list('syncs/')).length).toBe(1);
  });

  it('is taken for true once, where 0.1.0 wrote it and acceptUnverifiedState says so', async () => {
    const first = createWorld();
    const { store, service, folders, destination } = first;
    folders.set('/shop', 'API_KEY', 'one');
    await service.createSync(definitionOf('shop'));
    await service.whenIdle();
    const [key = ''] = await store.list('syncs/');
    const found = await store.get(key);
    // As 0.1.0 wrote it: unsealed, with the times of its leases and without what is new.
    const run = { status: 'succeeded', jobId: 'j', message: null, succeededAt: null, runningUntil: null };
    const { definition, place, version, createdAt, updatedAt, described, sourceDigest } = Object(
      found?.document,
    ) as Record<string, string>;
    const old = { definition, place, version, createdAt, updatedAt, described, sourceDigest };
    const runs = { sync: run, import: null, remove: null };
    const document = { formatVersion: 1, ...old, deletingUntil: null, runs } as unknown as string;
    await store.put(key, document, { ifVersion: found?.version ?? null });
    await failure(service.getSync('shop'), 'STATE_UNREADABLE');

    const trusting = createWorld({
      store,
      folders,
      destination,
      engineOptions: { acceptUnverifiedState: true },
    });
    expect(await trusting.service.getSync('shop')).toMatchObject({
      syncStatus: 'succeeded',
      lastSyncJobId: 'j',
    });
    expect(trusting.told('record-unverified')).toHaveLength(1);
    await trusting.service.sync('shop');
    const second = createWorld({ store, folders, destination });
    expect(await second.service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
  });
});
