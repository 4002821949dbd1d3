import { describe, expect, it } from 'vitest';
import type { SyncJob, SyncQueue } from '../../../src/service/runs/sync-job.js';
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
  type WorldSetup,
} from '../support.js';

/** The sync of a record that may delete nothing, unless that is confirmed. */
const guarded = definitionOf('shop', {
  syncOptions: { keySchema: 'X_{{secretKey}}', maxDeletions: { count: 0 } },
});

/** What the destination does in its next read, once. */
function duringNextRead({ destination }: World, work: () => Promise<unknown>): void {
  destination.setIntercept(async ({ method }) => {
    if (method !== 'read') return undefined;
    destination.setIntercept(undefined);
    await work();
    return undefined;
  });
}

/** A record in sync at first, of whose two keys one is gone from the source: its next run is refused. */
async function refusedNext(setup: WorldSetup = {}) {
  const clock = createVirtualClock();
  const jobs: SyncJob[] = [];
  const queue: SyncQueue = { enqueue: async (job) => `job-${jobs.push(job)}` };
  const world = createWorld({ clock, queue, ...setup });
  const { service, folders } = world;
  folders.set('/shop', 'A', '1');
  folders.set('/shop', 'B', '2');
  const { id } = await service.createSync(guarded);
  await service.sync(id);
  folders.set('/shop', 'A', 'rotated');
  folders.delete('/shop', 'B');
  jobs.splice(0);
  const due = async () => {
    const [job] = await service.findDue();
    return job ?? expect.fail('nothing is due');
  };
  return { ...world, clock, jobs, id, due };
}

const values = ({ destination }: World) => Object.fromEntries(destination.values({ place: 'shop' }));

describe('a definition that is changed while a run of it fails for good', () => {
  const changes = { syncOptions: { maxDeletions: { count: 10, ratio: 1 } } };

  it('is due, in a service with a queue', async () => {
    const world = await refusedNext();
    const { service, due } = world;
    const job = await due();
    duringNextRead(world, () => service.updateSync('shop', changes));
    expect(await service.perform(job)).toMatchObject({
      status: 'failed',
      code: 'DELETION_REFUSED',
      retryAt: null,
    });
    expect(await service.getSync('shop')).toMatchObject({
      version: 2,
      syncStatus: 'failed',
      syncRetryAt: null,
    });
    expect(await service.perform(await due())).toMatchObject({ status: 'succeeded' });
    expect(values(world)).toEqual({ X_A: 'rotated' });
  });

  it('is run by auto-sync', async () => {
    const world = await startWith(['shop']);
    const { service, clock, folders, runs } = world;
    await service.updateSync('shop', guarded);
    await clock.advance(MINUTE);
    duringNextRead(world, () => service.updateSync('shop', changes));
    folders.delete('/shop', 'API_KEY');
    folders.set('/shop', 'OTHER', 'two');
    await clock.advance(MINUTE);
    expect(runs()).toBe(3);
    expect(await service.getSync('shop')).toMatchObject({ version: 3, syncStatus: 'succeeded' });
    // What it wrote before it had a schema is no longer its own.
    expect(values(world)).toEqual({ API_KEY: 'one', X_OTHER: 'two' });
  });
});

describe('a run that is asked for while another one of the record', () => {
  it('fails for good is done after it', async () => {
    const world = await refusedNext();
    const { service, due, jobs } = world;
    const job = await due();
    duringNextRead(world, () => service.requestSync('shop', { confirmDeletions: 1 }));
    expect(await service.perform(job)).toMatchObject({ status: 'failed', code: 'DELETION_REFUSED' });
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'pending', lastSyncJobId: 'job-1' });
    const [asked] = jobs;
    expect(await service.findDue()).toEqual([asked]);
    expect(await service.perform(await due())).toMatchObject({ status: 'succeeded' });
    expect(values(world)).toEqual({ X_A: 'rotated' });
    expect(await service.findDue()).toEqual([]);
  });

  it('fails for good is done after it by auto-sync, without a look for changes', async () => {
    const world = await startWith(['shop']);
    const { service, clock, folders } = world;
    await service.updateSync('shop', guarded);
    await clock.advance(MINUTE);
    duringNextRead(world, () => service.requestSync('shop', { confirmDeletions: 1 }));
    folders.delete('/shop', 'API_KEY');
    folders.set('/shop', 'OTHER', 'two');
    await clock.advance(3_000);
    // What it wrote before it had a schema is no longer its own.
    expect(values(world)).toEqual({ API_KEY: 'one', X_OTHER: 'two' });
  });

  it('has nothing to do is done after it', async () => {
    const world = await refusedNext();
    const { service, due, folders } = world;
    const failed = await due();
    expect(await service.perform(failed)).toMatchObject({ status: 'failed' });
    // A job that was queued for what the source held for a moment.
    const late = { ...failed, sourceDigest: 'another' };
    folders.beforeNextRead(() => service.requestSync('shop', { confirmDeletions: 1 }));
    expect(await service.perform(late)).toEqual({ status: 'unwanted' });
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'pending' });
    expect(await service.perform(await due())).toMatchObject({ status: 'succeeded' });
    expect(values(world)).toEqual({ X_A: 'rotated' });
  });

  it('is awaited, and has other options, is done after it', async () => {
    const world = await refusedNext();
    const { service, jobs, due } = world;
    await service.requestSync('shop', { confirmDeletions: 1 });
    await failure(service.sync('shop'), 'DELETION_REFUSED');
    expect(await service.findDue()).toEqual(jobs);
    expect(await service.perform(await due())).toMatchObject({ status: 'succeeded' });
    expect(values(world)).toEqual({ X_A: 'rotated' });
  });

  it('is awaited, and does all of it, is not done again', async () => {
    const world = await refusedNext();
    const { service, jobs } = world;
    await service.requestSync('shop');
    await service.sync('shop', { force: true, confirmDeletions: 1 });
    expect(await service.findDue()).toEqual([]);
    expect(jobs).toHaveLength(1);
  });
});

describe('a run that is asked for twice before it begins', () => {
  it('has the options of both', async () => {
    const world = await refusedNext();
    const { service, due, destination } = world;
    await service.requestSync('shop', { confirmDeletions: 1 });
    await service.requestSync('shop', { force: true });
    expect((await due()).options).toEqual({ confirmDeletions: 1, force: true });
    await service.perform(await due());
    expect(destination.values({ place: 'shop' }).size).toBe(1);
    expect(await service.findDue()).toEqual([]);
  });

  it('is the last one where it is an import', async () => {
    const { service } = await refusedNext();
    await service.requestImport('shop', { importBehavior: 'prioritize-destination' });
    await service.requestImport('shop');
    const imports = (await service.findDue()).filter(({ operation }) => operation === 'import');
    expect(imports.map(({ options }) => options)).toEqual([undefined]);
  });
});

describe('a run that is asked for where several services share a store', () => {
  it('is done once, however long the place is busy', async () => {
    const first = await startWith(['shop'], { engineOptions: { leaseWait: 0 } });
    const { clock, store, destination, folders } = first;
    const second = createWorld({ clock, store, destination, folders, engineOptions: { leaseWait: 0 } });
    await second.service.start();
    destination.setIntercept(async ({ method }) => {
      if (method === 'read') await clock.sleep(3 * MINUTE);
      return undefined;
    });
    const blocking = first.engine.sync(
      definitionOf('blocking', {
        secretPath: '/shop',
        destinationConfig: { place: 'shop' },
        syncOptions: { keySchema: 'B_{{secretKey}}' },
      }),
    );
    await clock.advance(1_000);
    destination.setIntercept(undefined);
    await first.service.requestSync('shop', { force: true });
    await clock.advance(10 * MINUTE);
    await blocking;
    const ends = [...first.events, ...second.events].filter(({ type }) => type === 'run-succeeded');
    expect(ends).toMatchObject([{ cause: 'manual', summary: { applied: 1 } }]);
    await second.service.stop();
  });
});

describe('a record that is switched on again', () => {
  it('is synced where its secrets were removed in the meantime', async () => {
    const world = await startWith(['shop']);
    const { service, clock } = world;
    await service.updateSync('shop', { isEnabled: false });
    await service.removeSecrets('shop');
    expect(values(world)).toEqual({});
    await service.updateSync('shop', { isEnabled: true });
    await clock.advance(MINUTE);
    expectEqualSides(world, 'shop');
  });

  it('is left alone where nothing has changed', async () => {
    const world = await startWith(['shop']);
    const { service, clock, destination } = world;
    await service.updateSync('shop', { isEnabled: false });
    await service.updateSync('shop', { isEnabled: true });
    await clock.advance(HOUR);
    expect(destination.calls).toEqual([]);
  });
});

describe('the time at which a run is tried again', () => {
  it('is shown only where it is', async () => {
    const world = await startWith(['shop']);
    const { service, destination } = world;
    await service.updateSync('shop', { syncOptions: { autoSyncEnabled: false } });
    destination.failNext('unavailable', { method: 'read', times: Infinity });
    await failure(service.sync('shop'), 'DESTINATION_UNAVAILABLE');
    expect(await service.getSync('shop')).toMatchObject({ syncStatus: 'failed', syncRetryAt: null });
    await service.updateSync('shop', { syncOptions: { autoSyncEnabled: true } });
    await failure(service.sync('shop'), 'DESTINATION_UNAVAILABLE');
    expect((await service.getSync('shop')).syncRetryAt).not.toBeNull();
  });
});
