import { describe, expect, it } from 'vitest';
import type { SecretSource } from '../../../src/contracts/source.js';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import {
  createWorld,
  definitionOf,
  expectEqualSides,
  folderSource,
  HOUR,
  MINUTE,
  startWith,
  unsteadyStore,
} from '../support.js';

const isRecord = (key: string) => key.startsWith('syncs/');

/** Fails the first `times` reads of a record after the source was read. */
function failAfterRead(
  source: SecretSource,
  control: ReturnType<typeof unsteadyStore>['control'],
  times = 1,
) {
  let left = 0;
  const read = source.read.bind(source);
  control.fails = (method, key) => method === 'get' && isRecord(key) && left-- > 0;
  return {
    arm: () => {
      source.read = (...given) => {
        source.read = read;
        left = times;
        return read(...given);
      };
    },
  };
}

describe('auto-sync, when the store fails', () => {
  it.each([
    ['told by the source', true],
    ['found by polling', false],
  ])(
    'does not lose a change that was %s when a record cannot be read just then',
    async (_title, watchable) => {
      const { store, control } = unsteadyStore();
      const folders = folderSource({ watchable });
      const world = await startWith(['shop'], { store, folders, autoSync: { refreshInterval: 100 * HOUR } });
      const { service, clock, told } = world;
      // Polling looks once to find the change, and once more when it has settled down.
      if (!watchable) await clock.advance(MINUTE - 1_000);
      folders.set('/shop', 'API_KEY', 'two');
      if (!watchable) await clock.advance(2_000);
      failAfterRead(folders.source, control, 3).arm();
      await clock.advance(3 * MINUTE);
      expect(told('service-failed')).toHaveLength(3);
      expectEqualSides(world, 'shop');
      await service.stop();
    },
  );

  it('looks at the other records of a location when one of them cannot be read', async () => {
    const { store, control } = unsteadyStore();
    const world = await startWith(['shop'], { store, autoSync: { refreshInterval: 100 * HOUR } });
    const { service, folders, clock, destination, runs } = world;
    await service.createSync(definitionOf('web', { secretPath: '/shop' }));
    await clock.advance(MINUTE);
    folders.set('/shop', 'API_KEY', 'two');
    failAfterRead(folders.source, control).arm();
    await clock.advance(5_000);
    expect(destination.get('API_KEY', { place: 'web' })).toBe('two');
    await clock.advance(MINUTE);
    expectEqualSides(world, 'shop');
    expect(runs()).toBe(3);
    await service.stop();
  });

  it('does not lose what changed during a run when the record cannot be read after it', async () => {
    const { store, control } = unsteadyStore();
    const world = await startWith(['shop'], { store, autoSync: { refreshInterval: 100 * HOUR } });
    const { service, folders, clock, destination, events } = world;
    destination.setIntercept(async ({ method }) => {
      if (method === 'write') await clock.sleep(20_000);
      return undefined;
    });
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(10_000);
    folders.set('/shop', 'API_KEY', 'three');
    let left = 1;
    control.fails = (method, key) =>
      method === 'get' && isRecord(key) && events.some(({ type }) => type === 'run-succeeded') && left-- > 0;
    await clock.advance(3 * MINUTE);
    expect(left).toBeLessThanOrEqual(0);
    expect(destination.get('API_KEY', { place: 'shop' })).toBe('three');
    await service.stop();
  });

  it.each([
    ['watched', true],
    ['polled', false],
  ])('goes on to look at a %s source that it gave up while the store failed', async (_title, watchable) => {
    const { store, control } = unsteadyStore();
    const folders = folderSource({ watchable });
    const world = await startWith(['shop'], { store, folders, autoSync: { retries: 1 } });
    const { service, clock } = world;
    folders.failWith(new Error('down'));
    control.fails = (method, key) => method === 'put' && isRecord(key);
    folders.tell('/shop');
    await clock.advance(10 * MINUTE);
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    control.fails = () => false;
    await clock.advance(10 * MINUTE);
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'failed' });
    folders.failWith(undefined);
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(15 * MINUTE);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it('keeps a record that cannot be loaded for a moment, and its run', async () => {
    const { store, control } = unsteadyStore();
    const world = await startWith(['shop'], { store, autoSync: { refreshInterval: 30_000 } });
    const { service, folders, clock, destination, told } = world;
    destination.setIntercept(async () => {
      await clock.sleep(15_000);
      return undefined;
    });
    await clock.advance(20_000);
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(9_500);
    let left = 1;
    control.fails = (method, key) => method === 'get' && isRecord(key) && left-- > 0;
    await clock.advance(2 * MINUTE);
    expect(told('record-unreadable', 'run-failed', 'run-succeeded')).toEqual([
      'record-unreadable',
      'run-succeeded shop',
    ]);
    await service.stop();
  });

  it('keeps a record that is created while the records are read again', async () => {
    const { store, control } = unsteadyStore();
    const world = await startWith(['shop'], { store, autoSync: { refreshInterval: 30_000 } });
    const { service, folders, clock, destination, told } = world;
    destination.setIntercept(async () => {
      await clock.sleep(20_000);
      return undefined;
    });
    await clock.advance(29_000);
    let isSlow = true;
    control.beforeGet = async (key) => {
      if (!isSlow || !isRecord(key)) return;
      isSlow = false;
      await clock.sleep(5_000);
    };
    await clock.advance(1_500);
    expect(isSlow).toBe(false);
    folders.set('/web', 'API_KEY', 'one');
    await service.createSync(definitionOf('web'));
    await clock.advance(2 * MINUTE);
    expect(told('run-started', 'run-failed', 'run-succeeded')).toEqual([
      'run-started web',
      'run-succeeded web',
    ]);
    await service.stop();
  });

  it('does not take a record for what it was before a change that came while it was read again', async () => {
    const { store, control } = unsteadyStore();
    const world = await startWith(['shop'], { store, autoSync: { refreshInterval: 30_000 } });
    const { service, folders, clock, destination } = world;
    await clock.advance(29_000);
    const get = store.get.bind(store);
    let isSlow = true;
    store.get = async (key) => {
      const found = await get(key);
      if (isSlow && isRecord(key)) {
        isSlow = false;
        await clock.sleep(5_000);
      }
      return found;
    };
    await clock.advance(1_500);
    expect(isSlow).toBe(false);
    control.fails = () => false;
    folders.set('/elsewhere', 'API_KEY', 'two');
    await service.updateSync('shop', { secretPath: '/elsewhere' });
    await clock.advance(10_000);
    folders.set('/elsewhere', 'API_KEY', 'three');
    await clock.advance(5_000);
    expect(destination.get('API_KEY', { place: 'shop' })).toBe('three');
    await service.stop();
  });

  it('goes on to reconcile after a moment in which the records could not be read', async () => {
    const { store, control } = unsteadyStore();
    const autoSync = { reconcileInterval: HOUR, refreshInterval: 1_000 * HOUR };
    const world = await startWith(['shop'], { store, autoSync });
    const { service, clock, destination, told } = world;
    await clock.advance(30 * MINUTE);
    let left = 1;
    control.fails = (method, key) => method === 'get' && isRecord(key) && left-- > 0;
    destination.set('API_KEY', 'by hand', { place: 'shop' });
    await clock.advance(HOUR);
    expect(told('service-failed')).toHaveLength(1);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it('takes up a record that was just made although it cannot be read just then', async () => {
    const { store, control } = unsteadyStore();
    const { service, clock, folders } = await startWith([], { store });
    folders.set('/shop', 'API_KEY', 'one');
    control.fails = (method, key) => method === 'get' && isRecord(key);
    const made = await service.createSync(definitionOf('shop'));
    control.fails = () => false;
    await clock.advance(5 * MINUTE);
    expect(await service.getSync(made.id)).toMatchObject({ syncStatus: 'succeeded' });
    await service.stop();
  });
});

describe('auto-sync, when the source fails', () => {
  it('tells of an outage once for each record, and writes it once, however long it lasts', async () => {
    const { store, control } = unsteadyStore();
    const folders = folderSource({ watchable: false });
    const { service, clock, events, told } = await startWith(['shop', 'web'], {
      store,
      folders,
      autoSync: { retries: 1 },
    });
    let puts = 0;
    control.beforePut = async (key) => {
      if (isRecord(key)) puts += 1;
    };
    folders.failWith(new Error('down'));
    await clock.advance(5 * HOUR);
    expect(told('sync-left').sort()).toEqual(['sync-left shop', 'sync-left web']);
    expect(puts).toBe(2);
    // Less and less often, up to every ten minutes, for each of two locations.
    const outage = events.filter((event) => event.type === 'source-failed');
    expect(outage.length).toBeLessThanOrEqual(2 * 45);
    expect(outage.every(({ waitMs }) => waitMs > 0)).toBe(true);

    folders.failWith(undefined);
    await clock.advance(15 * MINUTE);
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    folders.failWith(new Error('down'));
    await clock.advance(HOUR);
    expect(told('sync-left')).toHaveLength(4);
    await service.stop();
  });

  it('does not use its retries up on changes that are told meanwhile, and comes back by itself', async () => {
    const world = await startWith(['shop'], { autoSync: { retries: 4 } });
    const { service, folders, clock, told, events } = world;
    folders.failWith(new Error('down'));
    for (let change = 0; change < 20; change += 1) {
      folders.set('/shop', 'API_KEY', String(change));
      await clock.advance(3_000);
    }
    const pauses = events.flatMap((event) => (event.type === 'source-failed' ? [event.waitMs] : []));
    expect(pauses).toEqual([8_750, 17_500, 35_000]);
    expect(told('sync-left')).toEqual([]);
    await clock.advance(HOUR);
    expect(told('sync-left')).toEqual(['sync-left shop']);
    // Nothing is told any more: a source that was away may have missed what there was to tell.
    folders.failWith(undefined);
    await clock.advance(15 * MINUTE);
    expectEqualSides(world, 'shop');
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    await service.stop();
  });

  it('looks at once when a source that was given up tells of a change', async () => {
    const world = await startWith(['shop'], { autoSync: { retries: 0 } });
    const { service, folders, clock } = world;
    folders.failWith(new Error('down'));
    folders.tell('/shop');
    await clock.advance(MINUTE);
    folders.failWith(undefined);
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(10_000);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it('polls a source for as long as it cannot be watched', async () => {
    const folders = folderSource();
    let isRefused = true;
    const source: SecretSource = {
      ...folders.source,
      async watch(...given) {
        if (isRefused) throw new Error('refused');
        await folders.source.watch?.(...given);
      },
    };
    const world = await startWith(['shop'], { folders: { ...folders, source } });
    const { service, clock } = world;
    await clock.advance(2 * HOUR);
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(MINUTE + 5_000);
    expectEqualSides(world, 'shop');

    isRefused = false;
    await clock.advance(15 * MINUTE);
    const before = folders.reads;
    await clock.advance(HOUR);
    // The slow look beside the watch.
    expect(folders.reads - before).toBe(12);
    folders.set('/shop', 'API_KEY', 'three');
    await clock.advance(5_000);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it('leaves no timer when it is stopped while the source has yet to say that it watches', async () => {
    const folders = folderSource();
    const source: SecretSource = { ...folders.source, watch: () => new Promise(() => undefined) };
    const { service, clock, store } = await startWith(['shop'], { folders: { ...folders, source } });
    await service.stop();
    const second = createWorld({ clock, store, folders: { ...folders, source } });
    await second.service.start();
    await clock.advance(0);
    expect(clock.sleepers).toBeGreaterThan(0);
    await second.service.stop();
    await clock.advance(0);
    expect(clock.sleepers).toBe(0);
  });

  it('polls again when a watch that was under way breaks off', async () => {
    const folders = folderSource();
    let breakOff: (error: Error) => void = () => undefined;
    let attempts = 0;
    const source: SecretSource = {
      ...folders.source,
      watch: () =>
        new Promise((_resolve, reject) => {
          attempts += 1;
          breakOff = reject;
          if (attempts > 1) reject(new Error('refused'));
        }),
    };
    const world = await startWith(['shop'], { folders: { ...folders, source } });
    const { service, clock } = world;
    const before = folders.reads;
    await clock.advance(HOUR);
    expect(folders.reads - before).toBe(12);
    breakOff(new Error('cut'));
    await clock.advance(1_000);
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(MINUTE + 5_000);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it.each([
    ['for a while', 5 * MINUTE, Array.from({ length: 8 }, () => 8_750)],
    ['only a moment', 2_000, [8_750, 17_500, 35_000, 70_000, 140_000, 280_000, 525_000, 525_000]],
  ])('watches again, after pauses that are for a watch that held %s', async (_title, held, pauses) => {
    const clock = createVirtualClock({ auto: true });
    const folders = folderSource();
    let attempts = 0;
    const source: SecretSource = {
      ...folders.source,
      async watch(_location, _onChange, { signal }) {
        attempts += 1;
        await clock.sleep(attempts > pauses.length ? 1_000 * HOUR : held, signal);
        throw new Error('cut');
      },
    };
    const world = createWorld({ clock, folders: { ...folders, source } });
    await world.service.createSync(definitionOf('shop'));
    await world.service.start();
    while (attempts <= pauses.length) await clock.sleep(HOUR);
    await world.service.stop();
    const failed = world.events.flatMap((event) => (event.type === 'watch-failed' ? [event.waitMs] : []));
    expect(failed).toEqual(pauses);
  });

  it('looks immediately at what may have changed when a watch that held for a while ends', async () => {
    const folders = folderSource();
    let breakOff: (error: Error) => void = () => undefined;
    const watch = () => new Promise<void>((_resolve, reject) => (breakOff = reject));
    const world = await startWith(['shop'], {
      folders: { ...folders, source: { ...folders.source, watch } },
    });
    const { service, clock } = world;
    for (const value of ['two', 'three', 'four']) {
      await clock.advance(2 * MINUTE);
      folders.set('/shop', 'API_KEY', value);
      breakOff(new Error('cut'));
      await clock.advance(1_000);
      expectEqualSides(world, 'shop');
      await clock.advance(MINUTE);
    }
    await service.stop();
  });

  it('watches the records again soon when a watch of the store that held for a while ends', async () => {
    const clock = createVirtualClock({ auto: true });
    const began: number[] = [];
    const ended: number[] = [];
    const store: StateStore = {
      ...memoryStore({ clock }),
      async watch(_prefix, _onChange, { signal }) {
        began.push(clock.now());
        await clock.sleep(began.length > 6 ? 1_000 * HOUR : 5 * MINUTE, signal);
        ended.push(clock.now());
        throw new Error('cut');
      },
    };
    const { service } = createWorld({ clock, store });
    await service.start();
    while (began.length <= 6) await clock.sleep(HOUR);
    await service.stop();
    const pauses = ended.map((time, index) => (began[index + 1] ?? 0) - time);
    expect(pauses).toEqual([8_750, 8_750, 8_750, 8_750, 8_750, 8_750]);
  });

  it('runs for what a run failed on before, when the sync has succeeded by hand since', async () => {
    const world = await startWith(['shop'], { autoSync: { retries: 1 } });
    const { service, folders, clock, destination, told } = world;
    destination.setIntercept(() => 'unavailable');
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(HOUR);
    expect(told('sync-left')).toHaveLength(1);
    destination.setIntercept(undefined);
    folders.folder('/shop').set('API_KEY', 'three');
    const byHand = service.sync('shop');
    await clock.advance(MINUTE);
    await byHand;
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(MINUTE);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it('runs a record that it left before an outage once the source is back', async () => {
    const world = await startWith(['shop'], { autoSync: { retries: 0 } });
    const { service, folders, clock, destination } = world;
    destination.setIntercept(() => 'unavailable');
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(MINUTE);
    folders.failWith(new Error('down'));
    folders.tell('/shop');
    await clock.advance(MINUTE);
    expect((await service.getSync('shop')).lastSyncMessage).toMatch(/could not be read/);
    destination.setIntercept(undefined);
    folders.failWith(undefined);
    await clock.advance(15 * MINUTE);
    expectEqualSides(world, 'shop');
    await service.stop();
  });
});
