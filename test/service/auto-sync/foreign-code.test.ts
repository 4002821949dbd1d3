import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import type { SecretSource } from '../../../src/contracts/source.js';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { memoryStore } from '../../../src/stores/memory.js';
import type { ServiceEvent } from '../../../src/service/events.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { failure } from '../../support/engine.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import {
  createWorld,
  definitionOf,
  expectEqualSides,
  folderSource,
  HOUR,
  MINUTE,
  startWith,
  type FolderSource,
  type WorldSetup,
} from '../support.js';

const never = new Promise<never>(() => undefined);

/** Folders of which some reads hang. */
function hangingFolders(options: Parameters<typeof folderSource>[0] = {}) {
  const folders = folderSource(options);
  const hanging = new Set<string>();
  const signals: AbortSignal[] = [];
  const source: SecretSource = {
    ...folders.source,
    read(location, call) {
      if (!hanging.has(location.secretPath ?? '/')) return folders.source.read(location, call);
      signals.push(call.signal);
      return never;
    },
  };
  return { folders: { ...folders, source } satisfies FolderSource, hanging, signals };
}

const failures = (events: readonly ServiceEvent[], path: string) =>
  events.filter((event) => event.type === 'source-failed' && event.location.secretPath === path);

describe('a read of the source that never ends', () => {
  it.each([
    ['polled, with the default limit', false, undefined, MINUTE],
    ['watched, with the default limit', true, undefined, MINUTE],
    ['polled, with runTimeout', false, 5_000, 5_000],
  ])('is told of, and made again: %s', async (_title, watchable, runTimeout, limit) => {
    const { folders, hanging, signals } = hangingFolders({ watchable });
    const engineOptions = runTimeout === undefined ? {} : { runTimeout };
    const world = await startWith(['shop'], { folders, engineOptions });
    const { service, clock, events } = world;
    hanging.add('/shop');
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(MINUTE + 10_000 + limit);
    expect(failures(events, '/shop')[0]).toMatchObject({ code: 'TIMEOUT' });
    expect(signals.every(({ aborted }, index) => aborted || index === signals.length - 1)).toBe(true);
    hanging.clear();
    await clock.advance(2 * MINUTE);
    expectEqualSides(world, 'shop');
    await service.stop();
    await clock.advance(0);
    expect(clock.sleepers).toBe(0);
  });

  it('holds up no other location, however many hang', async () => {
    const { folders, hanging } = hangingFolders({ watchable: false });
    const names = Array.from({ length: 14 }, (_unused, index) => `record-${index}`);
    const world = await startWith(names, { folders });
    const { service, clock } = world;
    for (const name of names.slice(0, 12)) hanging.add(`/${name}`);
    await clock.advance(MINUTE);
    folders.set('/record-13', 'API_KEY', 'two');
    // A poll, the debounce, and a moment of each look that hangs.
    await clock.advance(MINUTE + 15_000);
    expectEqualSides(world, 'record-13');
    await service.stop();
  });

  it('ends the run that makes it, too, which is made again', async () => {
    const { folders, hanging } = hangingFolders();
    const clock = createVirtualClock();
    const world = createWorld({ clock, folders });
    folders.set('/shop', 'API_KEY', 'one');
    hanging.add('/shop');
    await world.service.start();
    await world.service.createSync(definitionOf('shop'));
    await clock.advance(MINUTE + 1_000);
    expect(await world.service.getSync('shop')).toMatchObject({ syncStatus: 'failed' });
    hanging.clear();
    await clock.advance(3 * MINUTE);
    expectEqualSides(world, 'shop');
    await world.service.stop();
  });
});

/** A store in memory of which one kind of call never returns while it hangs. */
function hangingAt(
  prefix: string,
  method: 'get' | 'put' | 'delete',
  hang: { readonly is: boolean },
): StateStore {
  const inner = memoryStore();
  const hangs = (asked: typeof method, key: string) => hang.is && asked === method && key.startsWith(prefix);
  return {
    get: async (key) => (hangs('get', key) ? never : inner.get(key)),
    put: async (key, ...given) => (hangs('put', key) ? never : inner.put(key, ...given)),
    delete: async (key, ...given) => (hangs('delete', key) ? never : inner.delete(key, ...given)),
    list: (prefix) => inner.list(prefix),
  };
}

describe('other code that never ends', () => {
  it('a look-up of a connection holds up no other run, and is made again', async () => {
    const clock = createVirtualClock();
    const credentials = { accessToken: 'memory-destination-token' };
    let isHanging = false;
    const world = createWorld({
      clock,
      connections: (id) => (isHanging && id === 'bad' ? never : { app: 'memory', credentials }),
    });
    const { service, folders } = world;
    for (const name of ['shop', 'web']) {
      folders.set(`/${name}`, 'API_KEY', 'one');
      await service.createSync(definitionOf(name, { connectionId: name === 'shop' ? 'bad' : 'good' }));
    }
    await service.start();
    await clock.advance(MINUTE);
    isHanging = true;
    for (const name of ['shop', 'web']) folders.set(`/${name}`, 'API_KEY', 'two');
    await clock.advance(30_000);
    expectEqualSides(world, 'web');
    await clock.advance(MINUTE);
    expect((await service.getSync('shop')).lastSyncMessage).toMatch(/connection .* was not found within/);
    const making = failure(service.createSync(definitionOf('app', { connectionId: 'bad' })), 'TIMEOUT');
    await clock.advance(MINUTE);
    await making;
    isHanging = false;
    await clock.advance(5 * MINUTE);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it.each<[string, 'get' | 'put']>([
    ['a read', 'get'],
    ['a write', 'put'],
  ])('%s of the store neither ends auto-sync nor keeps a run from ending', async (_title, method) => {
    const inner = memoryStore();
    let isHanging = false;
    const hangs = (key: string) => isHanging && key.startsWith('syncs/');
    const store: StateStore = {
      get: async (key) => (method === 'get' && hangs(key) ? never : inner.get(key)),
      put: async (key, ...given) => (method === 'put' && hangs(key) ? never : inner.put(key, ...given)),
      delete: (...given) => inner.delete(...given),
      list: (prefix) => inner.list(prefix),
    };
    const world = await startWith(['shop'], { store });
    const { service, clock, folders, events } = world;
    isHanging = true;
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(3 * MINUTE);
    const told = events.find(({ type }) => type === 'service-failed' || type === 'run-failed');
    expect(told).toMatchObject({ message: expect.stringContaining('did not return within') as string });
    isHanging = false;
    await clock.advance(5 * MINUTE);
    expectEqualSides(world, 'shop');
    folders.set('/shop', 'API_KEY', 'three');
    await clock.advance(MINUTE);
    expectEqualSides(world, 'shop');
    await service.stop();
    await clock.advance(0);
    expect(clock.sleepers).toBe(0);
  });

  it.each<[string, (hang: { is: boolean }) => Partial<WorldSetup>]>([
    [
      'a write of a driver',
      (hang) => {
        const destination = memoryDestination();
        destination.setIntercept(async ({ method }) => (hang.is && method === 'write' ? never : undefined));
        return { destination };
      },
    ],
    [
      'a read of a driver',
      (hang) => {
        const destination = memoryDestination();
        destination.setIntercept(async ({ method }) => (hang.is && method === 'read' ? never : undefined));
        return { destination };
      },
    ],
    ['a read of what is remembered of a place', (hang) => ({ store: hangingAt('places/', 'get', hang) })],
    ['a write of what is remembered of a place', (hang) => ({ store: hangingAt('places/', 'put', hang) })],
    ['a lease that is never put', (hang) => ({ store: hangingAt('leases/', 'put', hang) })],
    ['a lease that is never given back', (hang) => ({ store: hangingAt('leases/', 'delete', hang) })],
  ])('%s ends the run after a time, which is made again', async (_title, create) => {
    const hang = { is: false };
    const world = await startWith(['shop'], create(hang));
    const { service, clock, folders } = world;
    hang.is = true;
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(MINUTE);
    hang.is = false;
    await clock.advance(2 * HOUR);
    expectEqualSides(world, 'shop');
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    const deletion = service.deleteSync('shop', { removeSecrets: true });
    await clock.advance(MINUTE);
    await deletion;
    await service.stop();
    await clock.advance(0);
    expect(clock.sleepers).toBe(0);
  });

  it('a write of the source ends the import after a time, and the next sync goes on', async () => {
    const folders = folderSource();
    let isHanging = true;
    const source: SecretSource = {
      ...folders.source,
      write: (...given) => (isHanging ? never : folders.source.write?.(...given)),
    };
    const world = await startWith(['shop'], { folders: { ...folders, source } });
    const { service, clock, destination } = world;
    destination.set('MADE_THERE', 'one', { place: 'shop' });
    const importing = failure(service.importSecrets('shop'), 'TIMEOUT');
    await clock.advance(HOUR);
    await importing;
    isHanging = false;
    const again = service.importSecrets('shop');
    await clock.advance(MINUTE);
    await again;
    expect(folders.folder('/shop').get('MADE_THERE')).toBe('one');
    await service.stop();
  });

  it('a run that tells of what it does is not ended, however long it takes', async () => {
    const world = await startWith(['shop']);
    const { service, clock, folders, destination } = world;
    for (let number = 0; number < 6; number += 1) folders.folder('/shop').set(`KEY_${number}`, 'one');
    destination.setIntercept(async ({ method }) => {
      if (method === 'write') await clock.sleep(10 * MINUTE);
      return undefined;
    });
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(3 * HOUR);
    expectEqualSides(world, 'shop');
    expect(world.told('run-failed')).toEqual([]);
    await service.stop();
  });

  it('a redeployment that is waited for is not ended before its own limit', async () => {
    const world = await startWith(['shop']);
    const { service, clock, folders, destination } = world;
    await service.updateSync('shop', { syncOptions: { redeploy: 'wait' } });
    destination.setIntercept(async ({ method }) => {
      if (method === 'finish') await clock.sleep(50 * MINUTE);
      return undefined;
    });
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(2 * HOUR);
    expect(world.told('run-failed')).toEqual([]);
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    await service.stop();
  });

  it('a watch that never tells of anything is made up for by a slow look', async () => {
    const folders = folderSource();
    const source: SecretSource = { ...folders.source, watch: () => undefined };
    const world = await startWith(['shop'], { folders: { ...folders, source } });
    const { service, clock, runs } = world;
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(4 * MINUTE);
    expect(runs()).toBe(0);
    await clock.advance(2 * MINUTE);
    expectEqualSides(world, 'shop');
    await service.stop();

    const quick = await startWith(['shop'], {
      folders: { ...folders, source },
      autoSync: { watchPollInterval: 20_000 },
    });
    folders.set('/shop', 'API_KEY', 'three');
    await quick.clock.advance(30_000);
    expectEqualSides(quick, 'shop');
    await quick.service.stop();
  });

  it('a watch that never says that it watches is looked beside as well', async () => {
    const folders = folderSource();
    const source: SecretSource = { ...folders.source, watch: () => never };
    const world = await startWith(['shop'], { folders: { ...folders, source } });
    folders.set('/shop', 'API_KEY', 'two');
    await world.clock.advance(6 * MINUTE);
    expectEqualSides(world, 'shop');
    await world.service.stop();
  });
});

describe('whenIdle', () => {
  it('waits for the first run of a record that was just made while auto-sync watches', async () => {
    for (const watchable of [true, false]) {
      const world = createWorld({ folders: folderSource({ watchable }) });
      const { service, folders } = world;
      await service.start();
      for (const name of ['shop', 'web']) {
        folders.set(`/${name}`, 'API_KEY', 'one');
        await service.createSync(definitionOf(name));
        await service.whenIdle();
        expect(await service.getSync(name)).toMatchObject({ syncStatus: 'succeeded' });
        expectEqualSides(world, name);
      }
      await service.requestSync('shop', { force: true });
      await service.whenIdle();
      expect(world.runs()).toBe(3);
      await service.stop();
    }
  });

  it('waits for the first runs of records that were made together, and of one that is made meanwhile', async () => {
    const world = createWorld({ folders: folderSource({ watchable: true }) });
    const { service, folders } = world;
    for (const name of ['shop', 'web', 'api']) folders.set(`/${name}`, 'API_KEY', 'one');
    await service.start();
    await Promise.all(['shop', 'web'].map((name) => service.createSync(definitionOf(name))));
    const idle = service.whenIdle();
    await service.createSync(definitionOf('api'));
    await idle;
    await service.whenIdle();
    for (const name of ['shop', 'web', 'api']) {
      expect(await service.getSync(name)).toMatchObject({ syncStatus: 'succeeded' });
      expectEqualSides(world, name);
    }
    await service.stop();
  });

  it('waits for the first run of a record that was made right before the service was started', async () => {
    const world = createWorld({ folders: folderSource({ watchable: true }) });
    const { service, folders } = world;
    folders.set('/shop', 'API_KEY', 'one');
    await service.createSync(definitionOf('shop'));
    await service.start();
    await service.whenIdle();
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    expectEqualSides(world, 'shop');
    await service.stop();
  });
});

describe('an outage of the destination', () => {
  it.each([
    ['that lasts for six hours', 'unavailable', 6 * HOUR],
    [
      'that is a quota without a told time',
      new SecretSyncError('RATE_LIMITED', 'too many', { retryable: true }),
      3 * HOUR,
    ],
    ['that is a token which is replaced', 'unauthorized', 2 * HOUR],
  ] as const)('%s loses no change', async (_title, fault, length) => {
    const world = await startWith(['shop']);
    const { service, folders, clock, destination, events } = world;
    destination.setIntercept(() => fault);
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(length);
    const pauses = events.flatMap((event) => (event.type === 'retry-scheduled' ? [event.waitMs] : []));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10 * MINUTE);
    destination.setIntercept(undefined);
    await clock.advance(11 * MINUTE);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it('that names a time years ahead is tried again after a day', async () => {
    const world = await startWith(['shop']);
    const { service, folders, clock, destination } = world;
    const retryAt = '2093-01-01T00:00:00.000Z';
    destination.setIntercept(
      () => new SecretSyncError('RATE_LIMITED', 'too many', { retryable: true, retryAt }),
    );
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(HOUR);
    const { syncRetryAt } = await service.getSync('shop');
    expect(Date.parse(syncRetryAt ?? '') - clock.now()).toBeLessThanOrEqual(24 * HOUR);
    expect(Date.parse(syncRetryAt ?? '') - clock.now()).toBeGreaterThan(22 * HOUR);
    destination.setIntercept(undefined);
    await clock.advance(24 * HOUR);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it('is counted for the record, not for the process', async () => {
    const world = await startWith(['shop']);
    const { clock, store, folders, destination } = world;
    destination.setIntercept(() => 'unavailable');
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(90_000);
    await world.service.stop();
    const second = createWorld({ clock, store, folders, destination });
    await second.service.start();
    await clock.advance(HOUR);
    const attempts = [...world.events, ...second.events].flatMap((event) =>
      event.type === 'retry-scheduled' ? [event.attempt] : [],
    );
    expect(attempts).toEqual(attempts.map((_attempt, index) => index + 1));
    destination.setIntercept(undefined);
    await clock.advance(11 * MINUTE);
    expectEqualSides(second, 'shop');
    await second.service.stop();
  });
});
