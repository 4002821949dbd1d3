import { describe, expect, it } from 'vitest';
import { failure } from '../../support/engine.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import {
  createWorld,
  definitionOf,
  expectEqualSides,
  HOUR,
  MINUTE,
  startWith,
  type World,
} from '../support.js';

const manual = { syncOptions: { autoSyncEnabled: false } };

/** Lets every call to the destination take so long. */
function slowDown({ destination, clock }: World, ms: number) {
  destination.setIntercept(async () => {
    await clock.sleep(ms);
    return undefined;
  });
}

/** A service that runs nothing by itself, with records that were run once; its clock moves when it is told to. */
async function openWith(names: readonly string[], setup: Parameters<typeof createWorld>[0] = {}) {
  const clock = createVirtualClock();
  const world = createWorld({ clock, ...setup });
  for (const name of names) {
    world.folders.set(`/${name}`, 'API_KEY', 'one');
    await world.service.createSync(definitionOf(name, manual));
  }
  await clock.advance(MINUTE);
  world.events.splice(0);
  return { ...world, clock };
}

describe('calls for one record', () => {
  it('share the run that waits, and each gets its result', async () => {
    const world = await openWith(['shop']);
    const { service, clock, runs } = world;
    slowDown(world, 10_000);
    const first = Array.from({ length: 4 }, () => service.sync('shop'));
    await clock.advance(1_000);
    const second = Array.from({ length: 4 }, () => service.sync('shop'));
    await clock.advance(10 * MINUTE);
    const results = [new Set(await Promise.all(first)), new Set(await Promise.all(second))];
    expect(results.map(({ size }) => size)).toEqual([1, 1]);
    expect(runs()).toBe(2);
  });

  it('share no run that has begun: it may have read the source before the last change', async () => {
    const world = await openWith(['shop']);
    const { service, clock, folders, runs } = world;
    slowDown(world, 10_000);
    const first = service.sync('shop');
    await clock.advance(1_000);
    folders.set('/shop', 'API_KEY', 'two');
    const second = service.sync('shop');
    await clock.advance(5 * MINUTE);
    await Promise.all([first, second]);
    expect(runs()).toBe(2);
    expectEqualSides(world, 'shop');
  });

  it('have runs of their own where they ask for something else', async () => {
    const world = await openWith(['shop']);
    const { service, clock, events } = world;
    slowDown(world, 10_000);
    const calls = [
      service.sync('shop'),
      service.importSecrets('shop').then(() => undefined),
      service.sync('shop', { force: true }),
      service.sync('shop', { force: true }),
    ];
    await clock.advance(10 * MINUTE);
    await Promise.allSettled(calls);
    const begun = events.flatMap((event) => (event.type === 'run-started' ? [event.operation] : []));
    expect(begun).toEqual(['sync', 'import', 'sync']);
  });

  it('are done in the order in which they were last made', async () => {
    const world = await openWith(['shop']);
    const { service, clock, events, destination } = world;
    slowDown(world, 10_000);
    const calls: Promise<unknown>[] = [service.sync('shop')];
    await clock.advance(1_000);
    for (let round = 0; round < 3; round += 1) {
      calls.push(service.sync('shop'));
      await clock.advance(0);
      calls.push(service.removeSecrets('shop'));
      await clock.advance(0);
    }
    await clock.advance(10 * MINUTE);
    await Promise.all(calls);
    const begun = events.flatMap((event) => (event.type === 'run-started' ? [event.operation] : []));
    expect(begun).toEqual(['sync', 'sync', 'remove']);
    expect(destination.values({ place: 'shop' }).size).toBe(0);
  });

  it('end for the one who gives up, and go on for the others', async () => {
    const world = await openWith(['shop']);
    const { service, clock, runs } = world;
    slowDown(world, 10_000);
    const first = service.sync('shop');
    await clock.advance(1_000);
    const callers = [new AbortController(), new AbortController()] as const;
    const second = service.sync('shop', { signal: callers[0].signal });
    const third = service.sync('shop', { signal: callers[1].signal });
    await clock.advance(1_000);
    callers[0].abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    await clock.advance(5 * MINUTE);
    expect(await third).toMatchObject({ status: 'succeeded' });
    await first;
    expect(runs()).toBe(2);
  });

  it('end the run with the last one who gives up', async () => {
    const world = await openWith(['shop']);
    const { service, clock, runs, told } = world;
    slowDown(world, 10_000);
    const callers = [new AbortController(), new AbortController()] as const;
    const calls = callers.map(({ signal }) =>
      service.sync('shop', { signal }).catch((error: unknown) => error),
    );
    await clock.advance(1_000);
    expect(runs()).toBe(1);
    for (const caller of callers) caller.abort(new Error('enough'));
    await clock.advance(MINUTE);
    expect(await Promise.all(calls)).toMatchObject([{ message: 'enough' }, { message: 'enough' }]);
    expect(told('run-failed')).toEqual(['run-failed shop']);
  });

  it('share the run that auto-sync waits with, which then comes before others', async () => {
    const world = await startWith(['shop', 'web', 'app'], { autoSync: { runsPerConnection: 1 } });
    const { service, folders, clock, events } = world;
    slowDown(world, 10_000);
    for (const name of ['shop', 'web', 'app']) folders.set(`/${name}`, 'API_KEY', 'two');
    await clock.advance(5_000);
    const call = service.sync('app');
    await clock.advance(10 * MINUTE);
    await call;
    const begun = events.flatMap((event) =>
      event.type === 'run-started' ? [`${event.name} ${event.cause}`] : [],
    );
    expect(begun).toEqual(['shop change', 'app manual', 'web change']);
    await service.stop();
  });

  it('go on when auto-sync, which shares their run, is switched off for the record', async () => {
    const world = await startWith(['shop']);
    const { service, folders, clock } = world;
    slowDown(world, 10_000);
    const first = service.sync('shop');
    await clock.advance(1_000);
    const second = service.sync('shop');
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(5_000);
    await service.updateSync('shop', { syncOptions: { autoSyncEnabled: false } });
    await clock.advance(5 * MINUTE);
    await Promise.all([first, second]);
    expectEqualSides(world, 'shop');
    await service.stop();
  });
});

describe('a run', () => {
  it('goes through the connection that its record has when its turn comes, and keeps to the limit there', async () => {
    const credentials = { accessToken: 'memory-destination-token' };
    const clock = createVirtualClock();
    const world = createWorld({
      clock,
      connections: () => ({ app: 'memory', credentials }),
      autoSync: { runsPerConnection: 1 },
    });
    const { service, folders, told } = world;
    for (const [name, connectionId] of [
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'y'],
    ] as const) {
      folders.set(`/${name}`, 'API_KEY', 'one');
      await service.createSync(definitionOf(name, { connectionId, ...manual }));
    }
    await clock.advance(MINUTE);
    world.events.splice(0);
    slowDown(world, 10_000);
    const calls = [service.sync('a'), service.sync('b')];
    await clock.advance(100);
    await service.updateSync('b', { connectionId: 'y' });
    calls.push(service.sync('c'));
    await clock.advance(5_000);
    expect(told('run-started')).toEqual(['run-started a', 'run-started c']);
    await clock.advance(5 * MINUTE);
    await Promise.all(calls);
    expect(told('run-started', 'run-succeeded').slice(-2)).toEqual(['run-started b', 'run-succeeded b']);
    await service.stop();
  });

  it('goes where its record points when it begins, also when that changes at the last moment', async () => {
    const world = await openWith(['shop']);
    const { service, clock, store, events } = world;
    const put = store.put.bind(store);
    let isFirst = true;
    store.put = async (key, document, options) => {
      const isBegin = JSON.stringify(document).includes('"running"');
      if (isFirst && isBegin) {
        isFirst = false;
        const other = createWorld({ ...world, store: { ...store, put } });
        await other.service.updateSync('shop', { destinationConfig: { place: 'elsewhere' } });
      }
      return put(key, document, options);
    };
    const call = service.sync('shop');
    await clock.advance(MINUTE);
    await call;
    const places = events.flatMap((event) => (event.type === 'run-started' ? [event.place] : []));
    expect(places).toEqual(['memory:elsewhere']);
    expect(world.destination.get('API_KEY', { place: 'elsewhere' })).toBe('one');
  });

  it('is not made twice for a change of the description while it is under way', async () => {
    const world = await startWith(['shop']);
    const { service, folders, clock, runs } = world;
    slowDown(world, 10_000);
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(4_000);
    await service.updateSync('shop', { description: 'of the shop' });
    await clock.advance(HOUR);
    expect(runs()).toBe(1);
    await service.updateSync('shop', { syncOptions: { keySchema: 'A_{{secretKey}}' } });
    await clock.advance(HOUR);
    expect(runs()).toBe(2);
    await service.stop();
  });

  it('that a new record waits for is not ended by a change that does not switch it off', async () => {
    const clock = createVirtualClock();
    const world = createWorld({ clock });
    const { service, folders, runs } = world;
    folders.set('/shop', 'API_KEY', 'one');
    slowDown(world, 10_000);
    await service.createSync(definitionOf('shop', manual));
    await clock.advance(1_000);
    await service.updateSync('shop', { description: 'of the shop' });
    await clock.advance(HOUR);
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    expect(runs()).toBe(1);
  });

  it('that a new record waits for is made although auto-sync is switched off for it meanwhile', async () => {
    for (const wait of [1_000, 15_000]) {
      const world = await startWith(['shop'], { autoSync: { runsPerConnection: 1 } });
      const { service, folders, clock, told } = world;
      slowDown(world, 5_000);
      folders.set('/web', 'API_KEY', 'one');
      const first = service.sync('shop');
      await service.createSync(definitionOf('web'));
      await clock.advance(wait);
      await service.updateSync('web', manual);
      await clock.advance(HOUR);
      await first;
      expect(await service.getSync('web')).toMatchObject({ syncStatus: 'succeeded' });
      expect(told('run-started').filter((run) => run.endsWith('web'))).toHaveLength(1);
      await service.stop();
    }
  });

  it('that a new record waits for is made when it is switched off and on again', async () => {
    const world = await openWith(['shop']);
    const { service, folders, clock } = world;
    slowDown(world, 10_000);
    folders.set('/web', 'API_KEY', 'one');
    const first = service.sync('shop');
    await clock.advance(1_000);
    const at = { destinationConfig: { place: 'shop' } };
    await service.createSync(definitionOf('web', { ...at, ...manual }));
    await service.updateSync('web', { isEnabled: false });
    await clock.advance(MINUTE);
    await first;
    expect(await service.getSync('web')).toMatchObject({ syncStatus: 'pending' });
    await service.updateSync('web', { isEnabled: true });
    await clock.advance(MINUTE);
    expect(await service.getSync('web')).toMatchObject({ syncStatus: 'succeeded' });
  });
});

describe('a service that is stopped', () => {
  it('takes back what waits, called for or not, and lets what is under way end', async () => {
    const world = await openWith(['shop', 'web']);
    const { service, clock, runs } = world;
    slowDown(world, 5_000);
    const under = service.sync('shop');
    await clock.advance(1_000);
    const waiting = [service.sync('shop'), service.deleteSync('shop', { removeSecrets: true })].map((call) =>
      failure(() => call, 'SYNC_BUSY'),
    );
    await clock.advance(0);
    const stopping = service.stop();
    await clock.advance(MINUTE);
    await Promise.all([stopping, ...waiting]);
    expect(await under).toMatchObject({ status: 'succeeded' });
    expect(runs()).toBe(1);
    await service.getSync('shop');
  });

  it('does not wait for ever for a run that takes no notice', async () => {
    const world = await openWith(['shop']);
    const { service, clock, destination } = world;
    destination.setIntercept(() => new Promise(() => undefined));
    service.sync('shop').catch(() => undefined);
    await clock.advance(1_000);
    let isStopped = false;
    const stopping = service.stop({ timeout: 10_000 }).then(() => (isStopped = true));
    await clock.advance(9_000);
    expect(isStopped).toBe(false);
    await clock.advance(7_000);
    await stopping;
  });
});

describe('a deletion', () => {
  it('that waits for long is not forgotten meanwhile, and leaves nothing that is tried again', async () => {
    const world = await startWith(['shop']);
    const { service, folders, clock, destination, told } = world;
    destination.setIntercept(async ({ method }) => {
      if (method === 'read') await clock.sleep(8 * MINUTE);
      return undefined;
    });
    const call = service.sync('shop');
    await clock.advance(1_000);
    const deletion = service.deleteSync('shop');
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(7 * MINUTE);
    expect(folders.watchers).toBe(0);
    await clock.advance(HOUR);
    await Promise.all([call, deletion]);
    expect(told('run-started')).toEqual(['run-started shop']);
    expect(told('retry-scheduled', 'sync-left', 'service-failed')).toEqual([]);
    expect(folders.watchers).toBe(0);
    await service.stop();
    expect(clock.sleepers).toBe(0);
  });

  it('by another process ends the retries', async () => {
    const world = await startWith(['shop'], { autoSync: { refreshInterval: 100 * HOUR } });
    const { service, folders, clock, destination, store, told } = world;
    destination.failNext('unavailable', { method: 'read' });
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(5_000);
    expect(told('retry-scheduled')).toHaveLength(1);
    const other = createWorld({ clock, store, folders, destination });
    await other.service.deleteSync('shop');
    await clock.advance(HOUR);
    expect(told('retry-scheduled', 'sync-left')).toEqual(['retry-scheduled shop']);
    await service.stop();
  });
});
