import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SyncDefinitionInput } from '../../../src/contracts/definition.js';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { failure, subjectsOf } from '../../support/engine.js';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.js';
import { heldStore } from '../held.js';
import {
  createWorld,
  definitionOf,
  expectEqualSides,
  folderSource,
  type World,
  type WorldSetup,
} from '../support.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const directories: string[] = [];
const services: World['service'][] = [];
afterEach(async () => {
  // A record that was made enabled runs by itself, and would write to a directory that is being removed.
  for (const service of services.splice(0)) {
    await service.stop();
    await service.whenIdle();
  }
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

function openWorld(setup: WorldSetup = {}): World {
  const world = createWorld(setup);
  services.push(world.service);
  return world;
}

type OpenStore = (clock: VirtualClock) => Promise<StateStore>;
const STORES: readonly (readonly [string, OpenStore])[] = [
  ['the memory store', async () => memoryStore()],
  [
    'the file store',
    async (clock) => {
      const directory = await mkdtemp(join(tmpdir(), 'secret-sync-service-'));
      directories.push(directory);
      return heldStore(fileStore(directory), clock);
    },
  ],
];

describe.each(STORES)('a record in %s', (_name, openStore) => {
  async function open(setup: Omit<WorldSetup, 'store' | 'clock'> = {}) {
    const clock = createVirtualClock({ auto: true });
    return openWorld({ clock, store: await openStore(clock), ...setup });
  }
  const restart = ({ clock, store, folders, destination }: World) =>
    openWorld({ clock, store, folders, destination });

  it('is made, run, changed, switched off and deleted', async () => {
    const world = await open();
    const { service, folders, destination } = world;
    folders.set('/shop', 'API_KEY', 'one');
    const made = await service.createSync({
      ...definitionOf('shop'),
      description: 'the shop',
      projectId: 'project-1',
      environment: 'dev',
    });
    expect(made).toEqual({
      id: expect.stringMatching(UUID) as string,
      name: 'shop',
      description: 'the shop',
      isEnabled: true,
      version: 1,
      folderId: 'folder-of-/shop',
      connectionId: null,
      createdAt: '2026-01-01T00:00:00.250Z',
      updatedAt: '2026-01-01T00:00:00.250Z',
      syncStatus: 'pending',
      lastSyncJobId: null,
      lastSyncRunId: null,
      lastSyncMessage: null,
      lastSyncedAt: null,
      syncRetryAt: null,
      importStatus: null,
      lastImportJobId: null,
      lastImportRunId: null,
      lastImportMessage: null,
      lastImportedAt: null,
      removeStatus: null,
      lastRemoveJobId: null,
      lastRemoveRunId: null,
      lastRemoveMessage: null,
      lastRemovedAt: null,
      deletionStatus: null,
      syncOptions: {
        initialSyncBehavior: 'overwrite-destination',
        autoSyncEnabled: true,
        disableSecretDeletion: false,
        deletionScope: 'ask',
        deleteLeftBehind: false,
        redeploy: 'never',
        maxDeletions: { count: 100, ratio: 0.5 },
        allowEmptySource: false,
        allowReplace: false,
        invalidKeys: 'refuse',
      },
      projectId: 'project-1',
      connection: null,
      environment: { slug: 'dev', name: 'DEV', id: 'environment-dev' },
      folder: { id: 'folder-of-/shop', path: '/shop' },
      destination: 'memory',
      destinationConfig: { place: 'shop' },
    });

    await service.whenIdle();
    expectEqualSides(world, 'shop');
    const ran = await service.getSync('shop');
    expect(ran).toMatchObject({ syncStatus: 'succeeded', lastSyncMessage: null, version: 1 });
    expect(ran.lastSyncedAt).toMatch(/^2026-01-01T/);
    expect(ran.lastSyncJobId).toMatch(UUID);

    const changed = await service.updateSync(made.id, {
      description: null,
      syncOptions: { keySchema: 'APP_{{secretKey}}' },
    });
    expect(changed).toMatchObject({ version: 2, description: null, syncStatus: 'succeeded' });
    expect(changed.syncOptions).toEqual({ ...made.syncOptions, keySchema: 'APP_{{secretKey}}' });
    await service.sync('shop');
    expect([...destination.values({ place: 'shop' }).keys()]).toEqual(['API_KEY', 'APP_API_KEY']);

    const off = await service.updateSync('shop', { isEnabled: false });
    expect(off).toMatchObject({ isEnabled: false, version: 3 });
    await failure(service.sync('shop'), 'SYNC_DISABLED');
    expect((await service.plan('shop')).changes).toHaveLength(2);

    await service.deleteSync('shop', { removeSecrets: true });
    expect(destination.values({ place: 'shop' }).size).toBe(0);
    expect(await service.listSyncs()).toEqual([]);
    await failure(service.getSync(made.id), 'SYNC_NOT_FOUND');
  });

  it('shows how a run failed, and when one last succeeded', async () => {
    const { service, folders, destination, clock } = await open();
    folders.set('/shop', 'API_KEY', 'one');
    await service.createSync(definitionOf('shop'));
    await service.whenIdle();
    const { lastSyncedAt, lastSyncJobId } = await service.getSync('shop');

    await clock.sleep(60_000);
    destination.failNext('rejected', { times: Infinity });
    folders.set('/shop', 'API_KEY', 'two');
    await failure(service.sync('shop'), 'SYNC_FAILED');
    const failed = await service.getSync('shop');
    expect(failed).toMatchObject({ syncStatus: 'failed', lastSyncedAt });
    expect(failed.lastSyncMessage).toMatch(/1 of 1 keys were not written[^]*"API_KEY"/);
    expect(failed.lastSyncJobId).not.toBe(lastSyncJobId);
    expect(JSON.stringify(failed)).not.toContain('two');
  });

  it('is run by others than the one that made it, and survives a restart', async () => {
    const first = await open();
    first.folders.set('/shop', 'API_KEY', 'one');
    const { id } = await first.service.createSync(definitionOf('shop'));
    await first.service.whenIdle();
    const second = restart(first);
    expect(await second.service.listSyncs()).toEqual(await first.service.listSyncs());
    first.folders.set('/shop', 'API_KEY', 'two');
    await second.service.sync(id);
    expectEqualSides(first, 'shop');
  });

  it('keeps the secrets, which then belong to nobody, when it is deleted without them', async () => {
    const { service, folders, destination } = await open();
    folders.set('/shop', 'API_KEY', 'one');
    await service.createSync(definitionOf('shop'));
    await service.whenIdle();
    await service.deleteSync('shop');
    expect(destination.get('API_KEY', { place: 'shop' })).toBe('one');

    await service.createSync(definitionOf('shop'));
    await service.whenIdle();
    folders.delete('/shop', 'API_KEY');
    folders.set('/shop', 'OTHER', 'x');
    const plan = await service.plan('shop');
    expect(plan.changes.map(({ key, action, reason }) => `${key} ${action} ${reason}`)).toEqual([
      'API_KEY delete absent-from-source',
      'OTHER create missing',
    ]);
  });

  it('stays when its secrets cannot be removed', async () => {
    const { service, folders, destination } = await open();
    folders.set('/shop', 'API_KEY', 'one');
    await service.createSync(definitionOf('shop'));
    await service.whenIdle();
    destination.failNext('forbidden');
    await failure(service.deleteSync('shop', { removeSecrets: true }), 'SYNC_FAILED');
    const kept = await service.getSync('shop');
    expect(kept).toMatchObject({ removeStatus: 'failed', lastRemovedAt: null, syncStatus: 'succeeded' });
    await service.deleteSync('shop', { removeSecrets: true });
    await failure(service.getSync('shop'), 'SYNC_NOT_FOUND');
  });

  it('refuses a name that is taken, also by an id, and gives a name free with the record', async () => {
    const { service } = await open();
    await service.createSync({ ...definitionOf('shop'), id: 'old-shop', isEnabled: false });
    expect((await failure(service.createSync(definitionOf('shop')), 'SYNC_EXISTS')).message).toContain(
      '"shop"',
    );
    await failure(service.createSync(definitionOf('old-shop')), 'SYNC_EXISTS');
    await failure(service.createSync({ ...definitionOf('web'), id: 'shop' }), 'SYNC_EXISTS');
    await failure(service.createSync({ ...definitionOf('web'), id: 'old-shop' }), 'SYNC_EXISTS');
    await service.createSync({ ...definitionOf('web'), isEnabled: false });
    await failure(service.updateSync('web', { name: 'shop' }), 'SYNC_EXISTS');
    expect((await service.listSyncs()).map(({ name }) => name)).toEqual(['shop', 'web']);

    await service.updateSync('shop', { name: 'boutique' });
    await failure(service.getSync('shop'), 'SYNC_NOT_FOUND');
    expect((await service.getSync('boutique')).id).toBe('old-shop');
    await service.updateSync('web', { name: 'shop' });
    await service.deleteSync('boutique');
    await service.createSync({ ...definitionOf('old-shop'), isEnabled: false });
    expect((await service.listSyncs()).map(({ name }) => name)).toEqual(['old-shop', 'shop']);
  });

  it('refuses a name that is a UUID, and whatever an engine refuses', async () => {
    const { service } = await open();
    const uuid = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
    expect(subjectsOf(await failure(service.createSync(definitionOf(uuid)), 'INVALID_DEFINITION'))).toEqual([
      'name',
    ]);
    const broken: SyncDefinitionInput = { ...definitionOf('Shop'), description: 'x'.repeat(257) };
    expect(subjectsOf(await failure(service.createSync(broken), 'INVALID_DEFINITION'))).toEqual([
      'description',
      'name',
    ]);
    expect(await service.listSyncs()).toEqual([]);
  });

  it('lets exactly one of many that are made at once, by several services, have a name', async () => {
    const first = await open();
    const worlds = [first, restart(first), restart(first)];
    const ends = await Promise.allSettled(
      worlds.flatMap(({ service }) =>
        ['shop', 'shop'].map((name) => service.createSync({ ...definitionOf(name), isEnabled: false })),
      ),
    );
    const refusals = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    expect(refusals).toHaveLength(5);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'SYNC_EXISTS' });
    expect(await first.service.listSyncs()).toHaveLength(1);
  });

  it('takes a name over that a crash has left without a record', async () => {
    const world = await open();
    const { store, clock } = world;
    const put = store.put.bind(store);
    let isDead = false;
    const dying: StateStore = {
      ...store,
      put: async (key, ...rest) => {
        isDead ||= key.startsWith('syncs/');
        if (isDead) throw new Error('dead');
        return put(key, ...rest);
      },
      delete: async () => {
        throw new Error('dead');
      },
    };
    const { service } = openWorld({ ...world, store: dying });
    await failure(service.createSync(definitionOf('shop')), 'STATE_NOT_SAVED');
    await failure(world.service.createSync(definitionOf('shop')), 'SYNC_EXISTS');
    await clock.sleep(31_000);
    await world.service.createSync(definitionOf('shop'));
    await failure(service.createSync(definitionOf('shop')), 'SYNC_EXISTS');
  });

  it('refuses a change that was made for an older version', async () => {
    const { service } = await open();
    const made = await service.createSync({ ...definitionOf('shop'), isEnabled: false });
    const [mine, yours] = [
      await service.getSync(made.id),
      await service.updateSync(made.id, { description: 'yours' }, { version: 1 }),
    ];
    const refused = await failure(
      service.updateSync(made.id, { description: 'mine' }, { version: mine.version }),
      'VERSION_CONFLICT',
    );
    expect(refused.message).toContain('is at version 2, and the change was made for version 1');
    expect(await service.getSync(made.id)).toEqual(yours);
    expect(await service.updateSync(made.id, { description: 'yours' })).toEqual(yours);
  });

  it('loses no change of several services that change it at once', async () => {
    const first = await open();
    await first.service.createSync({ ...definitionOf('shop'), isEnabled: false });
    const worlds = [first, restart(first), restart(first)];
    const changes = [{ description: 'x' }, { environment: 'dev' }, { syncOptions: { allowReplace: true } }];
    await Promise.all(worlds.map(({ service }, index) => service.updateSync('shop', changes[index] ?? {})));
    expect(await first.service.getSync('shop')).toMatchObject({
      version: 4,
      description: 'x',
      environment: { slug: 'dev' },
      syncOptions: { allowReplace: true },
    });
  });

  it('changes a config as a whole, and options one by one', async () => {
    const { service } = await open();
    const options = { keySchema: 'A_{{secretKey}}', allowReplace: true };
    await service.createSync({ ...definitionOf('shop'), isEnabled: false, syncOptions: options });
    const changed = await service.updateSync('shop', {
      destinationConfig: { kind: 'variable' },
      syncOptions: { keySchema: null },
      secretPath: null,
    });
    expect(changed).toMatchObject({
      destinationConfig: { place: 'default', kind: 'variable' },
      folder: { id: 'folder-of-/', path: '/' },
      syncOptions: { allowReplace: true },
    });
    expect(changed.syncOptions).not.toHaveProperty('keySchema');
  });

  it('refuses to become another record, and unknown fields', async () => {
    const { service } = await open();
    await service.createSync({ ...definitionOf('shop'), isEnabled: false });
    const change: object = { id: 'other', destination: 'qovery' };
    expect(subjectsOf(await failure(service.updateSync('shop', change), 'INVALID_DEFINITION'))).toEqual([
      'destination',
      'id',
    ]);
    const unknown: object = { colour: 'red' };
    expect(subjectsOf(await failure(service.updateSync('shop', unknown), 'INVALID_DEFINITION'))).toEqual([
      'colour',
    ]);
  });

  it('is not switched on by a null, nor cleared of what it needs', async () => {
    const { service } = await open();
    const made = await service.createSync({ ...definitionOf('shop'), isEnabled: false });
    const nulls: object = { name: null, isEnabled: null, syncOptions: null, destinationConfig: null };
    expect(subjectsOf(await failure(service.updateSync('shop', nulls), 'INVALID_DEFINITION'))).toEqual(
      Object.keys(nulls).sort(),
    );
    for (const syncOptions of ['text', 7, true, [], { keyShema: null }]) {
      const change: object = { syncOptions };
      await failure(service.updateSync('shop', change), 'INVALID_DEFINITION');
    }
    expect(await service.getSync('shop')).toEqual(made);
    const cleared: object = { description: null, projectId: null, syncOptions: { keySchema: null } };
    expect(await service.updateSync('shop', cleared)).toMatchObject({ isEnabled: false });
  });

  it('says of every call that names no record that there is none', async () => {
    const { service } = await open();
    for (const call of [
      () => service.getSync('ghost'),
      () => service.updateSync('ghost', {}),
      () => service.deleteSync('ghost'),
      () => service.plan('ghost'),
      () => service.sync('ghost'),
      () => service.importSecrets('ghost'),
      () => service.removeSecrets('ghost'),
    ])
      expect((await failure(call, 'SYNC_NOT_FOUND')).message).toContain('"ghost"');
  });

  it('imports and removes on demand, and shows how that went', async () => {
    const { service, folders, destination } = await open();
    destination.set('LEGACY', 'old', { place: 'shop' });
    await service.createSync({ ...definitionOf('shop'), isEnabled: false });
    await failure(service.importSecrets('shop'), 'SYNC_DISABLED');
    expect(await service.getSync('shop')).toMatchObject({ importStatus: 'failed', lastImportedAt: null });
    await service.updateSync('shop', { isEnabled: true });
    const result = await service.importSecrets('shop', { importBehavior: 'prioritize-destination' });
    expect(result.summary.imported).toBe(1);
    expect(folders.folder('/shop').get('LEGACY')).toBe('old');
    expect(await service.getSync('shop')).toMatchObject({
      importStatus: 'succeeded',
      lastImportMessage: null,
      syncStatus: null,
    });
    await service.removeSecrets('shop');
    expect(await service.getSync('shop')).toMatchObject({ removeStatus: 'succeeded' });
    expect(destination.values({ place: 'shop' }).size).toBe(0);
  });

  it('keeps the ownership of a definition that an engine ran before, when its id is given', async () => {
    const { service, engine, folders, destination } = await open();
    folders.set('/shop', 'OLD', 'one');
    folders.set('/shop', 'KEPT', 'one');
    await engine.sync(definitionOf('shop'));
    folders.delete('/shop', 'OLD');
    const made = await service.createSync({ ...definitionOf('shop'), id: 'shop' });
    await service.whenIdle();
    expect(made.id).toBe('shop');
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    expect([...destination.values({ place: 'shop' }).keys()]).toEqual(['KEPT']);
  });

  it('does not outlive its connection', async () => {
    const credentials = { accessToken: 'memory-destination-token' };
    const connections = new Map([['main', { app: 'memory', name: 'Shop, production', credentials }]]);
    const { service, told } = await open({ connections: (id: string) => connections.get(id) });
    const made = await service.createSync({
      ...definitionOf('shop'),
      connectionId: 'main',
      isEnabled: false,
    });
    expect(made.connection).toEqual({ app: 'memory', name: 'Shop, production', id: 'main' });
    expect((await service.getSync('shop')).connection).toEqual(made.connection);
    connections.clear();
    await failure(service.sync('shop'), 'UNKNOWN_CONNECTION');
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'failed' });
    await failure(service.deleteSync('shop', { removeSecrets: true }), 'UNKNOWN_CONNECTION');
    await service.deleteSync('shop');
    expect(told('service-failed')).toEqual([]);
    expect(await service.listSyncs()).toEqual([]);
  });

  it('does not show the name of a connection that holds its token', async () => {
    const accessToken = 'memory-destination-token';
    const connection = { app: 'memory', name: `Shop (${accessToken})`, credentials: { accessToken } };
    const { service, store } = openWorld({ connections: () => connection });
    const made = await service.createSync({
      ...definitionOf('shop', { connectionId: 'main' }),
      isEnabled: false,
    });
    expect(made.connection).toEqual({ app: 'memory', name: null, id: 'main' });
    const documents = await Promise.all((await store.list('')).map((key) => store.get(key)));
    expect(JSON.stringify(documents)).not.toContain(accessToken);
  });

  it('holds no credential and no value', async () => {
    const credentials = { accessToken: 'memory-destination-token' };
    const { service, folders, store } = await open({ connections: { main: { app: 'memory', credentials } } });
    folders.set('/shop', 'API_KEY', 'a-value-to-hide');
    await service.createSync({ ...definitionOf('shop'), connectionId: 'main' });
    await service.whenIdle();
    const keys = await store.list('');
    expect(keys.filter((key) => key.startsWith('syncs/'))).toHaveLength(1);
    const documents = JSON.stringify(await Promise.all(keys.map((key) => store.get(key))));
    expect(documents).not.toMatch(/memory-destination-token|a-value-to-hide/);
    expect(JSON.stringify(await service.listSyncs())).not.toMatch(/memory-destination-token|a-value-to-hide/);
  });

  it('that is damaged is named, hides no other, and is removed by its id', async () => {
    const { service, store, told, events } = await open();
    await service.createSync({ ...definitionOf('shop'), id: 'the-shop', isEnabled: false });
    await service.createSync({ ...definitionOf('web'), isEnabled: false });
    for (const key of await store.list('syncs/')) {
      const found = await store.get(key);
      if (!JSON.stringify(found?.document).includes('the-shop')) continue;
      const damaged = { formatVersion: 99, definition: { id: 'the-shop' } };
      await store.put(key, damaged, { ifVersion: found?.version ?? null });
      expect((await failure(service.getSync('shop'), 'STATE_UNREADABLE')).message).toContain(key);
      expect((await failure(service.getSync('the-shop'), 'STATE_UNREADABLE')).message).toContain(key);
      expect((await service.listSyncs()).map(({ name }) => name)).toEqual(['web']);
      expect(told('record-unreadable')).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ key, syncId: 'the-shop', code: 'STATE_UNREADABLE' });
    }
    await failure(service.createSync(definitionOf('shop')), 'SYNC_EXISTS');
    await service.deleteSync('the-shop');
    events.splice(0);
    expect((await service.listSyncs()).map(({ name }) => name)).toEqual(['web']);
    expect(events).toEqual([]);
    await service.createSync({ ...definitionOf('shop'), id: 'the-shop', isEnabled: false });
  });
});

describe('a damaged document of a name', () => {
  const openDamaged = async () => {
    const world = openWorld();
    const { service, store } = world;
    const { id } = await service.createSync({ ...definitionOf('shop'), isEnabled: false });
    for (const key of await store.list('sync-names/')) {
      const version = (await store.get(key))?.version ?? null;
      await store.put(key, { formatVersion: 99 }, { ifVersion: version });
    }
    return { ...world, id };
  };

  it('does not hide the record that has the name, which keeps it', async () => {
    const { service, id } = await openDamaged();
    expect((await service.getSync('shop')).id).toBe(id);
    await failure(service.createSync(definitionOf('shop')), 'SYNC_EXISTS');
    await service.updateSync('shop', { name: 'boutique' });
    await failure(service.getSync('shop'), 'SYNC_NOT_FOUND');
    await service.createSync({ ...definitionOf('shop'), isEnabled: false });
    expect((await service.listSyncs()).map(({ name }) => name)).toEqual(['boutique', 'shop']);
  });

  it('does not outlive its record, whose name is free again', async () => {
    const { service } = await openDamaged();
    await service.deleteSync('shop');
    await failure(service.getSync('shop'), 'SYNC_NOT_FOUND');
    const { id } = await service.createSync({ ...definitionOf('shop'), isEnabled: false });
    expect((await service.getSync('shop')).id).toBe(id);
  });

  it('is reported where a record that is damaged, too, may have the name', async () => {
    const { service, store } = await openDamaged();
    for (const key of await store.list('syncs/')) {
      const version = (await store.get(key))?.version ?? null;
      await store.put(key, { formatVersion: 99 }, { ifVersion: version });
    }
    await failure(service.getSync('shop'), 'STATE_UNREADABLE');
    await failure(service.createSync(definitionOf('shop')), 'STATE_UNREADABLE');
    await failure(service.deleteSync('shop'), 'STATE_UNREADABLE');
  });
});

describe('two records at one place', () => {
  const at = (name: string, keySchema?: string) => ({
    ...definitionOf(name, { destinationConfig: { place: 'shared' }, isEnabled: false }),
    ...(keySchema !== undefined && { syncOptions: { keySchema } }),
  });

  it('are told of when they can match the same keys, unless that is switched off', async () => {
    const { service, events } = openWorld();
    await service.createSync(at('one', 'APP_{{secretKey}}'));
    await service.createSync(at('two', 'WEB_{{secretKey}}'));
    expect(events).toEqual([]);
    await service.updateSync('two', { syncOptions: { keySchema: 'APP_EU_{{secretKey}}' } });
    expect(events).toMatchObject([
      { type: 'cross-sync-conflict', name: 'two', otherName: 'one', place: 'memory:shared', key: 'APP_EU_X' },
    ]);
    await service.updateSync('two', { description: 'as it was' });
    expect(events).toHaveLength(1);

    const silent = openWorld({ crossSyncCheck: 'off' });
    await silent.service.createSync(at('one'));
    await silent.service.createSync(at('two'));
    expect(silent.events).toEqual([]);
  });

  it('are refused where that is asked for, also when both are made at once', async () => {
    const { service } = openWorld({ crossSyncCheck: 'refuse' });
    const ends = await Promise.allSettled([service.createSync(at('one')), service.createSync(at('two'))]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await service.createSync(definitionOf('two', { isEnabled: false }));
    const refused = await failure(
      service.updateSync('two', { destinationConfig: { place: 'shared' } }),
      'CROSS_SYNC_CONFLICT',
    );
    expect(refused.message).toContain('"one"');
    expect(await service.getSync('two')).toMatchObject({ version: 1 });
  });
});

describe('a service', () => {
  it('names every option that is wrong', async () => {
    const { engine } = openWorld();
    const { SecretSyncService } = await import('../../../src/service/index.js');
    const wrong = { engine, store: {}, crossSyncCheck: 'maybe', autoSync: { debounce: -1, colour: 1 } };
    const error = await failure(() => Reflect.construct(SecretSyncService, [wrong]), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(['autoSync.colour', 'autoSync.debounce', 'crossSyncCheck', 'store']);
  });

  it('lists records also while others of them are removed and changed', async () => {
    const inner = memoryStore();
    let meanwhile = async () => undefined as unknown;
    const store: StateStore = {
      ...inner,
      async entries(prefix) {
        const found = (await inner.entries?.(prefix)) ?? [];
        await meanwhile();
        return found;
      },
    };
    const { service } = createWorld({ clock: createVirtualClock(), store });
    for (const name of ['gone', 'changed', 'same'])
      await service.createSync(definitionOf(name, { isEnabled: false }));
    await service.listSyncs();
    meanwhile = async () => {
      meanwhile = async () => undefined;
      await service.deleteSync('gone');
      await service.updateSync('changed', { description: 'newer' });
    };
    const names = async () => (await service.listSyncs()).map(({ name }) => name);
    expect(await names()).toEqual(['changed', 'gone', 'same']);
    expect(await names()).toEqual(['changed', 'same']);
    expect(await service.getSync('changed')).toMatchObject({ description: 'newer' });
  });

  it('lists the records that fit, sorted by name', async () => {
    const { service } = openWorld({ folders: folderSource(), destination: memoryDestination() });
    await service.createSync(definitionOf('b', { projectId: 'one', isEnabled: false }));
    await service.createSync(definitionOf('a', { projectId: 'two', isEnabled: false }));
    const names = async (...filter: Parameters<typeof service.listSyncs>) =>
      (await service.listSyncs(...filter)).map(({ name }) => name);
    expect(await names()).toEqual(['a', 'b']);
    expect(await names({ projectId: 'one', destination: 'memory' })).toEqual(['b']);
    expect(await names({ destination: 'qovery' })).toEqual([]);
  });
});
