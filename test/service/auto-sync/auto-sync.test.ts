import { describe, expect, it } from 'vitest';
import type { SecretSource } from '../../../src/contracts/source.js';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { memoryStore } from '../../../src/stores/memory.js';
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
} from '../support.js';

describe('auto-sync', () => {
  it('runs a record when its source tells of a change, and nothing else', async () => {
    const world = await startWith(['shop', 'web']);
    const { service, folders, clock, destination, told } = world;
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(10_000);
    expectEqualSides(world, 'shop');
    expect(told('run-started')).toEqual(['run-started shop']);
    expect(new Set(destination.calls.map(({ place }) => place))).toEqual(new Set(['shop']));
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    await service.stop();
  });

  it('makes one run of many changes in a row, but does not put it off for ever', async () => {
    const { service, folders, clock, runs } = await startWith(['shop']);
    for (let change = 0; change < 20; change += 1) {
      folders.set('/shop', `KEY_${change}`, 'x');
      await clock.advance(1_000);
    }
    expect(runs()).toBe(0);
    await clock.advance(2_000);
    expect(runs()).toBe(1);
    for (let change = 0; change < 45; change += 1) {
      folders.set('/shop', 'API_KEY', String(change));
      await clock.advance(1_000);
    }
    expect(runs()).toBe(2);
    await clock.advance(MINUTE);
    expect(runs()).toBe(3);
    await service.stop();
  });

  it('polls a source that cannot tell of changes, and asks the destination nothing while there are none', async () => {
    const folders = folderSource({ watchable: false });
    const world = await startWith(['shop'], { folders });
    const { service, clock, destination, runs } = world;
    const before = folders.reads;
    await clock.advance(HOUR);
    expect(folders.reads - before).toBe(60);
    expect(destination.calls).toEqual([]);
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(2 * MINUTE);
    expect(runs()).toBe(1);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it('takes no change for one where a source tells of it and holds the same', async () => {
    const { service, folders, clock, destination } = await startWith(['shop']);
    folders.tell('/shop');
    await clock.advance(MINUTE);
    expect(destination.calls).toEqual([]);
    await service.stop();
  });

  it('does not miss a change that is taken back while a run is under way', async () => {
    const world = await startWith(['shop']);
    const { service, folders, clock, destination } = world;
    folders.set('/shop', 'API_KEY', 'two');
    let isFirst = true;
    destination.setIntercept(async ({ method }) => {
      if (method === 'write' && isFirst) {
        isFirst = false;
        folders.set('/shop', 'API_KEY', 'one');
        await clock.sleep(5_000);
      }
      return undefined;
    });
    await clock.advance(MINUTE);
    expectEqualSides(world, 'shop');
    expect(destination.get('API_KEY', { place: 'shop' })).toBe('one');
    await service.stop();
  });

  it('runs nothing needlessly after a restart, and catches up with what changed while it was down', async () => {
    const first = await startWith(['shop', 'web']);
    await first.service.stop();
    const { clock, store, folders, destination } = first;
    folders.set('/web', 'API_KEY', 'two');
    const second = createWorld({ clock, store, folders, destination });
    await second.service.start();
    await clock.advance(MINUTE);
    expect(second.told('run-started')).toEqual(['run-started web']);
    expectEqualSides(second, 'web');
    await second.service.stop();
  });

  it('tries a run that failed again for as long as the cause lasts, with growing pauses, and tells once that it is left', async () => {
    const world = await startWith(['shop'], { autoSync: { retries: 3, maxPause: 100_000 } });
    const { service, folders, clock, destination, events, runs, told } = world;
    destination.setIntercept(({ method }) => (method === 'read' ? 'unavailable' : undefined));
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(HOUR);
    const pauses = events.flatMap((event) => (event.type === 'retry-scheduled' ? [event.waitMs] : []));
    expect(pauses.slice(0, 6)).toEqual([8_750, 17_500, 35_000, 70_000, 87_500, 87_500]);
    expect(pauses.length).toBeGreaterThan(35);
    expect(runs()).toBe(pauses.length);
    expect(events.filter(({ type }) => type === 'sync-left')).toMatchObject([
      { name: 'shop', attempts: 4, code: 'DESTINATION_UNAVAILABLE', retryAt: expect.any(String) as string },
    ]);
    const failed = await service.getSync('shop');
    expect(failed).toMatchObject({ syncStatus: 'failed' });
    expect(Date.parse(failed.syncRetryAt ?? '')).toBeGreaterThan(clock.now());

    // What is told of without a change waits for its time; a change does not.
    const before = runs();
    folders.tell('/shop');
    await clock.advance(5_000);
    expect(runs()).toBe(before);
    folders.set('/shop', 'API_KEY', 'three');
    await clock.advance(5_000);
    expect(runs()).toBe(before + 1);
    destination.setIntercept(undefined);
    await clock.advance(2 * MINUTE);
    expectEqualSides(world, 'shop');
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded', syncRetryAt: null });
    expect(told('sync-left')).toHaveLength(1);
    await service.stop();
  });

  it('recovers as soon as a retry succeeds', async () => {
    const world = await startWith(['shop']);
    const { service, folders, clock, destination, runs } = world;
    destination.failNext('unavailable', { method: 'read', times: 2 });
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(2 * MINUTE);
    expect(runs()).toBe(3);
    expectEqualSides(world, 'shop');
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded', lastSyncMessage: null });
    await service.stop();
  });

  it('does not try again what only people can decide', async () => {
    const { service, folders, clock, events, runs } = await startWith(['shop']);
    folders.delete('/shop', 'API_KEY');
    await clock.advance(HOUR);
    expect(runs()).toBe(1);
    expect(events.at(-1)).toMatchObject({ type: 'sync-left', attempts: 1, code: 'DELETION_REFUSED' });
    folders.set('/shop', 'OTHER', 'x');
    await clock.advance(MINUTE);
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    await service.stop();
  });

  it('shows a source that cannot be read, and goes on when it can', async () => {
    for (const watchable of [true, false]) {
      const folders = folderSource({ watchable });
      const { service, clock, destination, told } = await startWith(['shop'], {
        folders,
        autoSync: { retries: 2 },
      });
      folders.failWith(new Error('a-value-to-hide'));
      folders.tell('/shop');
      await clock.advance(3 * MINUTE);
      expect(told('source-failed').length).toBeGreaterThanOrEqual(3);
      expect(destination.calls).toEqual([]);
      const failed = await service.getSync('shop');
      expect(failed).toMatchObject({ syncStatus: 'failed' });
      expect(failed.lastSyncMessage).toMatch(/could not be read/);
      expect(failed.lastSyncMessage).not.toContain('a-value-to-hide');
      folders.failWith(undefined);
      folders.tell('/shop');
      await clock.advance(3 * MINUTE);
      expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
      await service.stop();
    }
  });

  it('watches again when a source fails to, and does not wait for one that never says that it watches', async () => {
    const folders = folderSource();
    let attempts = 0;
    const source = {
      ...folders.source,
      async watch(...given: Parameters<NonNullable<SecretSource['watch']>>) {
        attempts += 1;
        if (attempts === 1) throw new Error('no');
        await folders.source.watch?.(...given);
        await new Promise(() => undefined);
      },
    };
    const world = await startWith(['shop'], { folders: { ...folders, source } });
    folders.set('/shop', 'API_KEY', 'two');
    await world.clock.advance(MINUTE);
    expectEqualSides(world, 'shop');
    expect(attempts).toBe(2);
    await world.service.stop();
  });

  it('takes up what another process changed when the store tells of it, also after a watch that failed', async () => {
    const clock = createVirtualClock({ auto: true });
    const watchers: (() => void)[] = [];
    let attempts = 0;
    const store: StateStore = {
      ...memoryStore({ clock }),
      async watch(prefix, onChange, { signal }) {
        attempts += 1;
        expect(prefix).toBe('syncs/');
        if (attempts === 1) throw new Error('no');
        watchers.push(onChange);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    };
    const setup = { store, clock, folders: folderSource(), destination: memoryDestination() };
    const elsewhere = createWorld({ ...setup, queue: { enqueue: async () => 'job' } });
    const here = createWorld({ ...setup, autoSync: { refreshInterval: 100 * HOUR } });
    const make = async (name: string) => {
      setup.folders.set(`/${name}`, 'API_KEY', 'one');
      await elsewhere.service.createSync(definitionOf(name));
    };
    await here.service.start();
    await make('shop');
    await clock.advance(MINUTE);
    expectEqualSides(here, 'shop');

    await make('web');
    for (const tell of watchers) tell();
    await clock.advance(10_000);
    expectEqualSides(here, 'web');
    expect(attempts).toBe(2);
    await here.service.stop();
  });

  it('stops at once when a record is switched off, disabled or deleted', async () => {
    const switches = [
      (service: Awaited<ReturnType<typeof startWith>>['service']) =>
        service.updateSync('shop', { syncOptions: { autoSyncEnabled: false } }),
      (service: Awaited<ReturnType<typeof startWith>>['service']) =>
        service.updateSync('shop', { isEnabled: false }),
      (service: Awaited<ReturnType<typeof startWith>>['service']) => service.deleteSync('shop'),
    ];
    for (const switchOff of switches) {
      const { service, folders, clock, destination, runs } = await startWith(['shop']);
      folders.set('/shop', 'API_KEY', 'two');
      await clock.advance(1_000);
      await switchOff(service);
      await clock.advance(HOUR);
      expect(runs()).toBe(0);
      expect(destination.calls).toEqual([]);
      expect(folders.watchers).toBe(0);
      await service.stop();
    }
  });

  it('ends a run of its own that is under way when the record is switched off', async () => {
    const { service, folders, clock, destination } = await startWith(['shop']);
    destination.setIntercept(async ({ method }) => {
      if (method === 'write') await clock.sleep(20_000);
      return undefined;
    });
    folders.set('/shop', 'API_KEY', 'two');
    folders.set('/shop', 'OTHER', 'two');
    await clock.advance(10_000);
    await service.updateSync('shop', { isEnabled: false });
    await clock.advance(MINUTE);
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'failed' });
    expect((await service.getSync('shop')).lastSyncMessage).toContain('switched off');
    expect(destination.get('OTHER', { place: 'shop' })).toBeUndefined();
    await service.stop();
  });

  it('follows a record to another location, and takes up again one that is switched on', async () => {
    const world = await startWith(['shop']);
    const { service, folders, clock, destination, runs } = world;
    await service.updateSync('shop', { secretPath: '/elsewhere' });
    folders.set('/elsewhere', 'API_KEY', 'two');
    await clock.advance(MINUTE);
    expect(destination.get('API_KEY', { place: 'shop' })).toBe('two');
    const before = runs();
    folders.set('/shop', 'API_KEY', 'three');
    await clock.advance(MINUTE);
    expect(runs()).toBe(before);

    await service.updateSync('shop', { isEnabled: false });
    folders.set('/elsewhere', 'API_KEY', 'four');
    await clock.advance(MINUTE);
    expect(destination.get('API_KEY', { place: 'shop' })).toBe('two');
    await service.updateSync('shop', { isEnabled: true });
    await clock.advance(MINUTE);
    expect(destination.get('API_KEY', { place: 'shop' })).toBe('four');
    await service.stop();
  });

  it('sees what another process made of the records', async () => {
    const world = await startWith(['shop']);
    const { clock, store, folders, destination, service, runs } = world;
    const other = createWorld({ clock, store, folders, destination });
    folders.set('/web', 'API_KEY', 'one');
    await other.service.createSync(definitionOf('web', { isEnabled: false }));
    await other.service.updateSync('web', { isEnabled: true });
    await other.service.updateSync('shop', { isEnabled: false });
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(5 * MINUTE);
    expect(runs()).toBe(1);
    expectEqualSides(world, 'web');
    await service.stop();
  });

  it('runs records now and then although nothing changed, where that is asked for, counted over restarts', async () => {
    const autoSync = { reconcileInterval: HOUR };
    const world = await startWith(['shop'], { autoSync });
    const { service, clock, store, folders, destination } = world;
    destination.set('API_KEY', 'by hand', { place: 'shop' });
    await clock.advance(40 * MINUTE);
    expect(destination.get('API_KEY', { place: 'shop' })).toBe('by hand');
    await service.stop();
    const second = createWorld({ clock, store, folders, destination, autoSync });
    await second.service.start();
    await clock.advance(10 * MINUTE);
    expect(second.runs()).toBe(0);
    await clock.advance(10 * MINUTE);
    expect(second.runs()).toBe(1);
    expectEqualSides(second, 'shop');
    await clock.advance(10 * HOUR);
    expect(second.runs()).toBe(11);
    await second.service.stop();
  });

  it('fails a run that a crash left under way once its lease ended, and runs it again', async () => {
    const { clock, store, folders, destination, service } = await startWith(['shop']);
    await service.stop();
    folders.set('/shop', 'API_KEY', 'two');
    // This process goes on to exist, but nothing that it does reaches anything any more: as if it were killed.
    let isDead = false;
    const never = new Promise<never>(() => undefined);
    const dying = createWorld({
      clock,
      folders,
      destination,
      store: {
        ...store,
        put: async (...given) => (isDead ? never : store.put(...given)),
        delete: async (...given) => (isDead ? never : store.delete(...given)),
      },
    });
    destination.setIntercept(async ({ method }) => {
      if (method !== 'write' || isDead) return undefined;
      isDead = true;
      return never;
    });
    await dying.service.start();
    await clock.advance(10_000);
    expect(isDead).toBe(true);

    const heir = createWorld({ clock, store, folders, destination });
    expect(await heir.service.getSync('shop')).toMatchObject({ syncStatus: 'running' });
    await clock.advance(40_000);
    expect(await heir.service.getSync('shop')).toMatchObject({ syncStatus: 'failed' });
    expect((await heir.service.getSync('shop')).lastSyncMessage).toMatch(/did not end/);
    await heir.service.start();
    await clock.advance(2 * MINUTE);
    expect(await heir.service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    expectEqualSides(heir, 'shop');
    await heir.service.stop();
  });

  it('begins at its start the first runs that another process was asked for', async () => {
    // The clock of the first process stands still: as if it were killed.
    const stopped = createVirtualClock();
    const first = createWorld({ clock: stopped });
    const { store, folders, destination } = first;
    folders.set('/shop', 'API_KEY', 'one');
    destination.setIntercept(() => new Promise(() => undefined));
    const syncOptions = { autoSyncEnabled: false };
    await first.service.createSync(definitionOf('shop', { syncOptions, destinationConfig: { place: 'x' } }));
    await first.service.createSync(definitionOf('web', { syncOptions, destinationConfig: { place: 'x' } }));
    await stopped.advance(0);
    expect(await first.service.getSync('shop')).toMatchObject({ syncStatus: 'running' });
    expect(await first.service.getSync('web')).toMatchObject({ syncStatus: 'pending' });
    destination.setIntercept(undefined);

    const clock = createVirtualClock();
    const second = createWorld({ clock, store, folders, destination });
    await second.service.start();
    await clock.advance(2 * MINUTE);
    expect(await second.service.getSync('web')).toMatchObject({ syncStatus: 'succeeded' });
    await second.service.stop();
  });

  it('waits when it is stopped for runs under way, within a limit, and leaves no timer', async () => {
    for (const [duration, status] of [
      [10_000, 'succeeded'],
      [MINUTE, 'failed'],
    ] as const) {
      const { service, folders, clock, destination } = await startWith(['shop', 'web'], {
        autoSync: { runsPerConnection: 1 },
      });
      destination.setIntercept(async ({ method }) => {
        if (method === 'write') await clock.sleep(duration);
        return undefined;
      });
      folders.set('/shop', 'API_KEY', 'two');
      folders.set('/web', 'API_KEY', 'two');
      await clock.advance(5_000);
      let isStopped = false;
      const stopping = service.stop({ timeout: 30_000 }).then(() => (isStopped = true));
      await clock.advance(1_000);
      expect(isStopped).toBe(false);
      await clock.advance(31_000);
      await stopping;
      expect((await service.getSync('shop')).syncStatus).toBe(status);
      expect(destination.get('API_KEY', { place: 'web' })).toBe('one');
      await clock.advance(2 * MINUTE);
      expect(clock.sleepers).toBe(0);
      expect(folders.watchers).toBe(0);
    }
  });

  it('can be started again, and be left to `await using`', async () => {
    const { service, folders, clock, runs } = await startWith(['shop']);
    await service.stop();
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(MINUTE);
    expect(runs()).toBe(0);
    {
      await using again = service;
      await again.start();
      await again.start();
      await clock.advance(MINUTE);
      expect(runs()).toBe(1);
    }
    folders.set('/shop', 'API_KEY', 'three');
    await clock.advance(MINUTE);
    expect(runs()).toBe(1);
  });

  it('lets one run at a time be at a place, calls before others, and few through a connection', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const { service, folders, clock, destination, events } = await startWith([...names, 'f'], {
      autoSync: { runsPerConnection: 2 },
    });
    let underWay = 0;
    let most = 0;
    destination.setIntercept(async () => {
      most = Math.max(most, (underWay += 1));
      await clock.sleep(5_000);
      underWay -= 1;
      return undefined;
    });
    for (const name of names) folders.set(`/${name}`, 'API_KEY', 'two');
    await clock.advance(3_000);
    const call = service.sync('f');
    await clock.advance(2 * MINUTE);
    await call;
    expect(most).toBe(2);
    const order = events.flatMap((event) =>
      event.type === 'run-started' ? [`${event.name} ${event.cause}`] : [],
    );
    expect(order.indexOf('f manual')).toBeLessThan(order.indexOf('d change'));
    await service.stop();
  });

  it('ends a call that waits for its turn when its caller gives up', async () => {
    const { service, clock, destination } = await startWith(['shop']);
    destination.setIntercept(async () => {
      await clock.sleep(MINUTE);
      return undefined;
    });
    const first = service.sync('shop');
    const caller = new AbortController();
    const second = service.sync('shop', { signal: caller.signal });
    await clock.advance(1_000);
    caller.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    await clock.advance(5 * MINUTE);
    await first;
    await failure(service.sync('ghost'), 'SYNC_NOT_FOUND');
    await service.stop();
  });

  it('goes on when a record cannot be read', async () => {
    const { service, store, folders, clock, told } = await startWith(['shop', 'web']);
    const { id } = await service.getSync('shop');
    for (const key of await store.list('syncs/')) {
      const found = await store.get(key);
      if (!JSON.stringify(found).includes(id)) continue;
      await store.put(key, 'damaged', { ifVersion: found?.version ?? null });
    }
    await clock.advance(MINUTE);
    folders.set('/web', 'API_KEY', 'two');
    await clock.advance(MINUTE);
    expect(told('record-unreadable').length).toBeGreaterThan(0);
    expect(told('run-succeeded')).toEqual(['run-succeeded web']);
    await service.stop();
  });

  it('imports at the first sync once, whatever comes after', async () => {
    const clock = createVirtualClock();
    const destination = memoryDestination();
    const world = createWorld({ clock, destination });
    const { service, folders, runs } = world;
    destination.set('LEGACY', 'old', { place: 'shop' });
    const syncOptions = { initialSyncBehavior: 'import-prioritize-source' as const };
    await service.start();
    await service.createSync(definitionOf('shop', { syncOptions }));
    await clock.advance(MINUTE);
    expect(folders.folder('/shop').get('LEGACY')).toBe('old');
    // What it wrote to the source itself is no change to it.
    expect(runs()).toBe(1);
    folders.set('/shop', 'OTHER', 'x');
    folders.delete('/shop', 'LEGACY');
    await clock.advance(MINUTE);
    expect(folders.folder('/shop').has('LEGACY')).toBe(false);
    expectEqualSides(world, 'shop');
    await service.stop();
  });
});
