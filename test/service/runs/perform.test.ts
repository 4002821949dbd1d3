import { describe, expect, it } from 'vitest';
import type { PerformOptions, SyncJob, SyncQueue } from '../../../src/service/runs/sync-job.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { failure } from '../../support/engine.js';
import { collectUnhandledRejections } from '../../support/unhandled-rejections.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import {
  createWorld,
  definitionOf,
  expectEqualSides,
  HOUR,
  MINUTE,
  unsteadyStore,
  type World,
  type WorldSetup,
} from '../support.js';

/** A queue that only keeps what it is given. */
function keptQueue() {
  const jobs: SyncJob[] = [];
  const queue: SyncQueue = {
    enqueue: async (job) => `job-${jobs.push(JSON.parse(JSON.stringify(job)) as SyncJob)}`,
  };
  return { queue, jobs };
}

/** A service with a queue: it runs nothing by itself. Its clock moves when it is told to. */
async function queuedWorld(names: readonly string[], setup: WorldSetup = {}) {
  const clock = createVirtualClock();
  const kept = keptQueue();
  const world = createWorld({ clock, queue: kept.queue, ...setup });
  for (const name of names) {
    world.folders.set(`/${name}`, 'API_KEY', 'one');
    await world.service.createSync(definitionOf(name));
  }
  return { ...world, clock, ...kept };
}

/** Does all that is due, once. */
async function performDue({ service }: World) {
  const ends = [];
  for (const job of await service.findDue()) ends.push(await service.perform(job));
  return ends;
}

describe('a service with a queue', () => {
  it('runs nothing by itself: it hands on what is asked for, as JSON', async () => {
    const world = await queuedWorld(['shop']);
    const { service, clock, jobs, runs } = world;
    const { id } = await service.getSync('shop');
    await failure(service.start(), 'INVALID_OPTION');
    await clock.advance(HOUR);
    expect(runs()).toBe(0);
    expect(jobs).toEqual([{ syncId: id, operation: 'sync', cause: 'created' }]);
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'pending', lastSyncJobId: 'job-1' });

    await service.perform(jobs[0] ?? { syncId: '', operation: 'sync', cause: 'manual' });
    expectEqualSides(world, 'shop');
    expect(await service.requestSync('shop', { force: true })).toMatchObject({
      syncStatus: 'pending',
      lastSyncJobId: 'job-2',
    });
    expect(await service.requestImport('shop', { importBehavior: 'prioritize-destination' })).toMatchObject({
      importStatus: 'pending',
      lastImportJobId: 'job-3',
    });
    expect(await service.requestRemoval(id)).toMatchObject({
      removeStatus: 'pending',
      lastRemoveJobId: 'job-4',
    });
    expect(jobs.slice(1)).toEqual([
      { syncId: id, operation: 'sync', cause: 'manual', options: { force: true } },
      {
        syncId: id,
        operation: 'import',
        cause: 'manual',
        options: { importBehavior: 'prioritize-destination' },
      },
      { syncId: id, operation: 'remove', cause: 'manual' },
    ]);
    // The queue loses them all.
    expect(await service.findDue()).toEqual(jobs.slice(1));
    expect(await performDue(world)).toMatchObject([
      { status: 'succeeded', summary: { applied: 1 } },
      { status: 'succeeded' },
      { status: 'succeeded', summary: { applied: 1 } },
    ]);
    expect(await service.findDue()).toEqual([]);
    expect(world.destination.values({ place: 'shop' }).size).toBe(0);
  });

  it('finds what has changed with one digest for each location, and nothing else', async () => {
    const world = await queuedWorld(['shop', 'web', 'app']);
    const { service, folders, destination } = world;
    await service.createSync(definitionOf('shop-too', { secretPath: '/shop' }));
    expect(await performDue(world)).toHaveLength(4);
    folders.folder('/shop').set('API_KEY', 'two');
    await service.updateSync('app', { isEnabled: false });
    folders.folder('/app').set('API_KEY', 'two');
    destination.clearCalls();
    const before = folders.reads;
    const due = await service.findDue();
    expect(folders.reads - before).toBe(2);
    expect(due.map(({ cause, operation }) => `${operation} ${cause}`)).toEqual([
      'sync change',
      'sync change',
    ]);
    expect(await service.findDue({ location: { secretPath: '/web' } })).toEqual([]);
    expect(await service.findDue({ location: { secretPath: '/shop' } })).toEqual(due);
    expect(destination.calls).toEqual([]);
    await performDue(world);
    expectEqualSides(world, 'shop');
    expect(await service.findDue()).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['cannot be reached', () => Promise.reject(new Error('no queue, and a-value-to-hide'))],
    [
      'throws',
      () => {
        throw new Error('a-value-to-hide');
      },
    ],
    ['returns no id', () => 7],
    ['never returns', () => new Promise<never>(() => undefined)],
  ])('still asks for a run where the queue %s', async (_title, enqueue) => {
    const queue = { enqueue } as unknown as SyncQueue;
    const world = createWorld({ queue });
    world.folders.set('/shop', 'API_KEY', 'one');
    const made = await world.service.createSync(definitionOf('shop'));
    expect(made).toMatchObject({ syncStatus: 'pending', lastSyncJobId: null });
    expect(world.told('service-failed')).toHaveLength(1);
    expect(await performDue(world)).toMatchObject([{ status: 'succeeded' }]);
    const asked = await world.service.requestSync('shop', { force: true });
    expect(asked).toMatchObject({ syncStatus: 'pending', lastSyncJobId: null });
    expect(await performDue(world)).toMatchObject([{ status: 'succeeded' }]);
    expect(await world.service.getSync('shop')).toMatchObject({ syncStatus: 'succeeded' });
    expect(JSON.stringify(world.events)).not.toContain('a-value-to-hide');
  });
});

describe('a job', () => {
  it('that comes late or twice is unwanted, at the cost of one read of the source and no request', async () => {
    const world = await queuedWorld(['shop']);
    const { service, folders, destination, jobs, told } = world;
    await performDue(world);
    const { id } = await service.getSync('shop');
    const before = [await service.getSync('shop'), folders.reads] as const;
    destination.clearCalls();
    world.events.splice(0);
    const late = jobs[0] ?? { syncId: id, operation: 'sync', cause: 'manual' };
    expect(await service.perform(late)).toEqual({ status: 'unwanted' });
    expect(folders.reads - before[1]).toBe(1);
    expect(destination.calls).toEqual([]);
    expect(await service.getSync('shop')).toEqual(before[0]);
    expect(told('run-started', 'run-failed', 'run-succeeded')).toEqual([]);
    // A removal or an import is done only while it is asked for.
    for (const operation of ['import', 'remove'] as const)
      expect(await service.perform({ syncId: id, operation, cause: 'manual' })).toEqual({
        status: 'unwanted',
      });
    expect(await service.perform({ syncId: 'ghost', operation: 'sync', cause: 'manual' })).toEqual({
      status: 'unwanted',
    });
    expect(destination.calls).toEqual([]);
  });

  it('that is given out twice at the same time has the effect of one', async () => {
    const world = await queuedWorld(['shop']);
    const { service, clock, destination, jobs, store, folders } = world;
    const other = createWorld({ clock, store, folders, destination, queue: keptQueue().queue });
    destination.setIntercept(async () => {
      await clock.sleep(2_000);
      return undefined;
    });
    const job = jobs[0] ?? { syncId: '', operation: 'sync', cause: 'manual' };
    const performing = [service.perform(job), other.service.perform(job)];
    await clock.advance(MINUTE);
    const ends = await Promise.all(performing);
    expect(ends.map(({ status }) => status).sort()).toEqual(['succeeded', 'unwanted']);
    expect(destination.calls.filter(({ method }) => method === 'write')).toHaveLength(1);
  });

  it('is busy while its record or its place is under way elsewhere', async () => {
    const world = await queuedWorld(['shop'], { engineOptions: { leaseWait: 0 } });
    const { service, clock, destination, engine, jobs } = world;
    destination.setIntercept(async () => {
      await clock.sleep(20_000);
      return undefined;
    });
    const [job] = jobs;
    if (job === undefined) throw new Error('no job');
    const first = service.perform(job);
    await clock.advance(1_000);
    expect(await service.perform(job)).toEqual({ status: 'busy' });
    await clock.advance(MINUTE);
    expect(await first).toMatchObject({ status: 'succeeded' });
    await service.requestSync('shop');
    const holder = engine.sync(definitionOf('other', { destinationConfig: { place: 'shop' } }), {
      force: true,
    });
    await clock.advance(1_000);
    const record = await service.getSync('shop');
    expect(await service.perform(job)).toEqual({ status: 'busy' });
    expect(await service.getSync('shop')).toEqual(record);
    await clock.advance(MINUTE);
    await holder;
  });

  it('that fails says when to try again, as the record does, for any process that goes on', async () => {
    const world = await queuedWorld(['shop'], { autoSync: { retries: 2 } });
    const { clock, store, folders, destination, jobs } = world;
    destination.setIntercept(() => 'unavailable');
    const [job] = jobs;
    if (job === undefined) throw new Error('no job');
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      // Another process each time: nothing is remembered but by the record.
      const { service } = createWorld({ ...world, clock, store, folders, destination });
      expect(await service.findDue()).toHaveLength(1);
      const end = await service.perform(job);
      if (end.status !== 'failed' || end.retryAt === null) throw new Error('not to be tried again');
      expect(end.code).toBe('DESTINATION_UNAVAILABLE');
      expect((await service.getSync('shop')).syncRetryAt).toBe(end.retryAt);
      expect(await service.findDue()).toEqual([]);
      // Too early: it holds what it held when that failed.
      expect(await service.perform({ syncId: job.syncId, operation: 'sync', cause: 'retry' })).toEqual({
        status: 'unwanted',
      });
      pauses.push(Date.parse(end.retryAt) - clock.now());
      await clock.advance(pauses.at(-1) ?? 0);
    }
    expect(pauses).toEqual([8_750, 17_500, 35_000, 70_000, 140_000]);
  });

  it('whose failure only people can resolve is not tried again for what it failed on', async () => {
    const world = await queuedWorld(['shop']);
    const { service, folders, clock } = world;
    await performDue(world);
    folders.folder('/shop').clear();
    expect(await performDue(world)).toMatchObject([
      { status: 'failed', code: 'DELETION_REFUSED', retryAt: null },
    ]);
    await clock.advance(24 * HOUR);
    expect(await service.findDue()).toEqual([]);
    folders.folder('/shop').set('OTHER', 'x');
    expect(await performDue(world)).toMatchObject([{ status: 'succeeded' }]);
  });

  it('ends with its signal, is due again, and names the run by the same id as the engine', async () => {
    const world = await queuedWorld(['shop']);
    const { service, clock, destination, events, jobs } = world;
    const [job] = jobs;
    if (job === undefined) throw new Error('no job');
    destination.setIntercept(async () => {
      await clock.sleep(MINUTE);
      return undefined;
    });
    const caller = new AbortController();
    const performing = service.perform(job, { signal: caller.signal, jobId: 'attempt-1' });
    await clock.advance(1_000);
    expect(await service.getSync('shop')).toMatchObject({
      syncStatus: 'running',
      lastSyncJobId: 'attempt-1',
    });
    caller.abort();
    await clock.advance(10_000);
    expect(await performing).toEqual({ status: 'aborted' });
    destination.setIntercept(undefined);
    expect(await service.findDue()).toHaveLength(1);
    const end = await service.perform(job, { jobId: 'attempt-2' });
    if (end.status !== 'succeeded') throw new Error('not succeeded');
    expect(JSON.parse(JSON.stringify(end))).toEqual(end);
    expect(await service.getSync('shop')).toMatchObject({
      lastSyncJobId: 'attempt-2',
      lastSyncRunId: end.runId,
    });
    expect(events.at(-1)).toMatchObject({ type: 'run-succeeded', runId: end.runId, jobId: 'attempt-2' });
  });

  it.each<[string, object, object]>([
    ['job of no operation', { operation: 'destroy' }, {}],
    ['digest that is no string', { sourceDigest: 7 }, {}],
    ['field that it does not know', { value: 'x' }, {}],
    ['option of a job that is no option', { options: { force: 'yes' } }, {}],
    ['id of a job that is no string', {}, { jobId: 7 }],
  ])('is refused, and leaves its record as it was, for a %s', async (_title, fields, options) => {
    const world = await queuedWorld(['shop']);
    const { service, jobs } = world;
    const before = await service.getSync('shop');
    const end = await service.perform({ ...jobs[0], ...fields } as SyncJob, options);
    expect(end).toMatchObject({ status: 'failed', code: 'INVALID_OPTION', retryAt: null });
    expect(await service.getSync('shop')).toEqual(before);
  });

  it('is refused for its options, also where the signal among them is aborted', async () => {
    const { service, jobs } = await queuedWorld(['shop']);
    const options = { signal: AbortSignal.abort(), jobId: 7 } as unknown as PerformOptions;
    const end = await service.perform(jobs[0] ?? { syncId: '', operation: 'sync', cause: 'manual' }, options);
    expect(end).toMatchObject({ status: 'failed', code: 'INVALID_OPTION' });
  });

  it.each([{}, { runsPerConnection: 1 }])(
    'leaves no rejection of its onEvent unhandled, with the options %o',
    async (options) => {
      const unhandled = collectUnhandledRejections();
      const { service, jobs } = await queuedWorld(['shop']);
      const [job] = jobs;
      if (job === undefined) throw new Error('no job');
      let told = 0;
      const onEvent = async () => {
        told += 1;
        await Promise.reject(new Error('the log is away'));
      };
      expect(await service.perform(job, { ...options, onEvent })).toMatchObject({ status: 'succeeded' });
      expect(told).toBeGreaterThan(0);
      expect(await unhandled()).toEqual([]);
    },
  );

  it('that is ended while it looks for a slot of its connection is aborted, and due again', async () => {
    const { store, control } = unsteadyStore();
    const world = await queuedWorld(['shop', 'web'], { store });
    const { service, clock, folders, destination, jobs } = world;
    const [first, second] = jobs;
    if (first === undefined || second === undefined) throw new Error('no job');
    const other = createWorld({ clock, store, folders, destination, queue: keptQueue().queue });
    destination.setIntercept(async () => {
      await clock.sleep(10_000);
      return undefined;
    });
    const holding = other.service.perform(first, { runsPerConnection: 1 });
    await clock.advance(1_000);
    const caller = new AbortController();
    control.beforeGet = async (key) => {
      if (!key.startsWith('slots/')) return;
      caller.abort(new Error('the process ends'));
      await clock.sleep(1_000);
    };
    const performing = service.perform(second, { signal: caller.signal, runsPerConnection: 1 });
    await clock.advance(MINUTE);
    expect(await performing).toEqual({ status: 'aborted' });
    await holding;
    destination.setIntercept(undefined);
    control.beforeGet = async () => undefined;
    expect(await service.findDue()).toMatchObject([{ syncId: second.syncId }]);
    expect(await service.perform(second, { runsPerConnection: 1 })).toMatchObject({ status: 'succeeded' });
  });

  it('never rejects: where the store fails it is to be tried again', async () => {
    const { store, control } = unsteadyStore();
    const world = await queuedWorld(['shop'], { store });
    control.fails = (method) => method === 'get';
    const job = { syncId: 'shop', operation: 'sync', cause: 'manual' } as const;
    expect(await world.service.perform(job)).toMatchObject({
      status: 'failed',
      code: 'STATE_UNREADABLE',
      retryAt: expect.any(String) as string,
    });
  });

  it('ends within 10 s when its record is switched off or deleted by another process', async () => {
    for (const end of ['isEnabled', 'autoSyncEnabled', 'deleteSync'] as const) {
      const world = await queuedWorld(['shop']);
      const { service, clock, store, folders, destination, told } = world;
      await performDue(world);
      folders.folder('/shop').set('API_KEY', 'two');
      folders.folder('/shop').set('OTHER', 'two');
      const [job] = await service.findDue();
      if (job === undefined) throw new Error('nothing is due');
      destination.setIntercept(async ({ method }) => {
        if (method === 'write') await clock.sleep(MINUTE);
        return undefined;
      });
      world.events.splice(0);
      const performing = service.perform(job);
      await clock.advance(1_000);
      expect(told('run-started')).toHaveLength(1);
      const other = createWorld({ clock, store, folders, destination, queue: keptQueue().queue });
      const switchOff = {
        isEnabled: () => other.service.updateSync('shop', { isEnabled: false }),
        autoSyncEnabled: () => other.service.updateSync('shop', { syncOptions: { autoSyncEnabled: false } }),
        deleteSync: () => other.service.deleteSync('shop'),
      };
      const switching = switchOff[end]();
      await clock.advance(10_000);
      destination.setIntercept(undefined);
      await clock.advance(10_000);
      await switching;
      expect(await performing).toEqual({ status: 'unwanted' });
      expect(told('run-failed')).toHaveLength(1);
    }
  });
});

describe('what the service asks of a store', () => {
  /** A store that counts its round trips. */
  function countedStore({ withEntries = false } = {}) {
    const inner = memoryStore();
    const count = { calls: [] as string[], most: 0 };
    let underWay = 0;
    const counted = async <Result>(call: string, work: () => Promise<Result>) => {
      count.calls.push(call);
      count.most = Math.max(count.most, (underWay += 1));
      try {
        await Promise.resolve();
        return await work();
      } finally {
        underWay -= 1;
      }
    };
    const store: typeof inner = {
      get: (key) => counted(`get ${key.split('/')[0]}`, () => inner.get(key)),
      put: (key, ...rest) => counted(`put ${key.split('/')[0]}`, () => inner.put(key, ...rest)),
      delete: (key, options) => counted(`delete ${key.split('/')[0]}`, () => inner.delete(key, options)),
      list: (prefix) => counted('list', () => inner.list(prefix)),
      ...(withEntries && {
        entries: (prefix: string) =>
          counted('entries', async () => {
            const keys = await inner.list(prefix);
            const found = await Promise.all(keys.map(async (key) => ({ key, ...(await inner.get(key)) })));
            return found.flatMap(({ key, document, version }) =>
              document === undefined || version === undefined ? [] : [{ key, document, version }],
            );
          }),
      }),
    };
    return { store, count };
  }

  it('are 6 round trips for a sync that changes nothing, called or performed', async () => {
    const { store, count } = countedStore();
    const world = await queuedWorld(['shop'], { store });
    const { service, jobs } = world;
    await performDue(world);
    const { id } = await service.getSync('shop');
    const six = ['get syncs', 'put leases', 'put syncs', 'get places', 'put syncs', 'delete leases'];
    count.calls.splice(0);
    await service.sync(id);
    // The intent is read at the same time as the place.
    const trips = () => count.calls.filter((call) => call !== 'get intents');
    expect(trips()).toEqual(six);
    await service.requestSync(id);
    count.calls.splice(0);
    expect(
      await service.perform(jobs.at(-1) ?? { syncId: id, operation: 'sync', cause: 'manual' }),
    ).toMatchObject({
      status: 'succeeded',
    });
    expect(trips()).toEqual(six);
  });

  it('are 5 round trips for a new record among 300', async () => {
    const { store, count } = countedStore({ withEntries: true });
    const { service } = createWorld({ clock: createVirtualClock(), store });
    for (let record = 0; record < 300; record += 1)
      await service.createSync(definitionOf(`record-${record}`, { isEnabled: false }));
    count.calls.splice(0);
    await service.createSync(definitionOf('one-more', { isEnabled: false }));
    const name = 'sync-names';
    expect(count.calls).toEqual(['entries', `get ${name}`, `put ${name}`, 'put syncs', `put ${name}`]);
  });

  it('does not grow with the records one after the other, in createSync, updateSync, findDue and start', async () => {
    for (const withEntries of [true, false]) {
      const { store, count } = countedStore({ withEntries });
      const clock = createVirtualClock();
      const world = createWorld({ clock, store });
      const { service } = world;
      for (let record = 0; record < 64; record += 1)
        await service.createSync(definitionOf(`record-${record}`, { isEnabled: false }));
      for (const call of [
        () => service.createSync(definitionOf('one-more', { isEnabled: false })),
        () => service.updateSync('one-more', { syncOptions: { keySchema: 'A_{{secretKey}}' } }),
        () => service.findDue(),
        () => service.listSyncs(),
        () => service.start(),
      ]) {
        count.calls.splice(0);
        count.most = 0;
        await call();
        const reads = count.calls.filter((name) => name === 'get syncs').length;
        if (withEntries) expect(count.calls.length).toBeLessThan(9);
        else expect([count.most, reads < 70]).toEqual([16, true]);
      }
      await service.stop();
    }
  });
});
