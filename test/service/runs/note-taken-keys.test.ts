import { describe, expect, it } from 'vitest';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { failure } from '../../support/engine.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { createWorld, definitionOf, HOUR, MINUTE, unsteadyStore, type World } from '../support.js';

const place = { destinationConfig: { place: 'shared' } };

/** Two records at one place which want one key, each with a key of its own. */
async function contested({ service, folders }: World, values: readonly [string, string]): Promise<void> {
  for (const [index, name] of ['web', 'worker'].entries()) {
    folders.set(`/${name}`, 'DATABASE_URL', values[index] ?? '');
    folders.set(`/${name}`, `OF_${name}`, 'own');
    await service.createSync(definitionOf(name, place));
    await service.whenIdle();
  }
}

const taken = ({ events }: World) =>
  events.flatMap((event) =>
    event.type === 'keys-taken-over' ? [`${event.otherName} of ${event.name}: ${event.keys.join()}`] : [],
  );

const statuses = async ({ service }: World) =>
  Object.fromEntries((await service.listSyncs()).map(({ name, syncStatus }) => [name, syncStatus]));

const inPlace = ({ destination }: World) => Object.fromEntries(destination.values({ place: 'shared' }));

describe('two records that want one key with different values', () => {
  it('show at every run which one is not in sync, until it succeeds again', async () => {
    const world = createWorld();
    const { service } = world;
    await contested(world, ['one', 'two']);
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'two' });
    expect(await statuses(world)).toEqual({ web: 'failed', worker: 'succeeded' });
    expect(taken(world)).toEqual(['worker of web: DATABASE_URL']);
    const { lastSyncMessage, lastSyncedAt, syncRetryAt } = await service.getSync('web');
    expect(lastSyncMessage).toMatch(
      /^Not in sync: the sync "worker" wrote its own value of "DATABASE_URL"\. /,
    );
    expect(lastSyncedAt).not.toBeNull();
    expect(syncRetryAt).toBeNull();

    await service.sync('web');
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'one' });
    expect(await statuses(world)).toEqual({ web: 'succeeded', worker: 'failed' });
    expect((await service.getSync('web')).lastSyncMessage).toBeNull();
    await service.sync('worker');
    expect(await statuses(world)).toEqual({ web: 'failed', worker: 'succeeded' });
    // The one that has the key changes it: the other one is told again.
    world.folders.set('/worker', 'DATABASE_URL', 'three');
    await service.sync('worker');
    expect(taken(world)).toEqual([
      'worker of web: DATABASE_URL',
      'web of worker: DATABASE_URL',
      'worker of web: DATABASE_URL',
      'worker of web: DATABASE_URL',
    ]);
  });

  it('show which one is not in sync where one was removed, and is synced again after the other one wrote', async () => {
    const world = createWorld();
    const { service } = world;
    await contested(world, ['one', 'two']);
    await service.removeSecrets('worker');
    await service.sync('web');
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'one' });
    expect(await statuses(world)).toMatchObject({ web: 'succeeded' });
    await service.sync('worker');
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'two' });
    expect(await statuses(world)).toEqual({ web: 'failed', worker: 'succeeded' });
  });

  it('tell a third one that found its own value there, when the first one takes the key back', async () => {
    const world = createWorld();
    const { service, folders } = world;
    await contested(world, ['one', 'two']);
    folders.set('/third', 'DATABASE_URL', 'two');
    await service.createSync(definitionOf('third', place));
    await service.whenIdle();
    expect(await statuses(world)).toEqual({ web: 'failed', worker: 'succeeded', third: 'succeeded' });
    await service.sync('web');
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'one' });
    expect(await statuses(world)).toEqual({ web: 'succeeded', worker: 'failed', third: 'failed' });
  });

  it('show which one is not in sync where a person gave the other one its value in between', async () => {
    const world = createWorld();
    const { service, destination } = world;
    await contested(world, ['one', 'two']);
    destination.set('DATABASE_URL', 'one', { place: 'shared' });
    await service.sync('web');
    expect(await statuses(world)).toMatchObject({ web: 'succeeded' });
    await service.sync('worker');
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'two' });
    expect(await statuses(world)).toEqual({ web: 'failed', worker: 'succeeded' });
  });

  it('are not run in turns by auto-sync, looks and schedules included, nor after a restart', async () => {
    const clock = createVirtualClock();
    const setup = { clock, autoSync: { reconcileInterval: 10 * MINUTE } };
    const world = createWorld(setup);
    await contested(world, ['one', 'two']);
    await world.service.start();
    await clock.advance(HOUR);
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'two' });
    await world.service.stop();
    const second = createWorld({ ...world, ...setup });
    await second.service.start();
    await clock.advance(HOUR);
    expect(await second.service.findDue()).toEqual([]);
    const names = [...world.events, ...second.events].flatMap((event) =>
      event.type === 'run-started' && event.cause !== 'created' ? [event.name] : [],
    );
    expect(new Set(names)).toEqual(new Set(['worker']));
    expect(await statuses(second)).toEqual({ web: 'failed', worker: 'succeeded' });
    // What it holds has changed: that is a reason to run.
    second.folders.set('/web', 'OF_web', 'new');
    await clock.advance(MINUTE);
    expect(inPlace(second)).toMatchObject({ DATABASE_URL: 'one', OF_web: 'new' });
    expect(await statuses(second)).toEqual({ web: 'succeeded', worker: 'failed' });
    await second.service.stop();
  });

  it('are both in sync when both hold the same value, as those of a shared folder do', async () => {
    const world = createWorld();
    const { service, folders } = world;
    await contested(world, ['one', 'one']);
    expect(await statuses(world)).toEqual({ web: 'succeeded', worker: 'succeeded' });
    expect(taken(world)).toEqual([]);
    await service.start();
    for (const name of ['web', 'worker']) folders.set(`/${name}`, 'DATABASE_URL', 'two');
    await service.whenIdle();
    // The first one of them wrote what the other one wants, too, as its own run finds.
    expect(await statuses(world)).toEqual({ web: 'succeeded', worker: 'succeeded' });
    await service.stop();
  });

  it.each([
    ['the one that has the key', 'worker', 'web'],
    ['the one that has lost it', 'web', 'worker'],
  ])('leave the key to the other one when %s is removed', async (_title, removed, left) => {
    const world = createWorld();
    const { service } = world;
    await contested(world, ['one', 'two']);
    await service.deleteSync(removed, { removeSecrets: true });
    expect(inPlace(world)).toEqual({ DATABASE_URL: 'two', [`OF_${left}`]: 'own' });
    expect(await statuses(world)).toEqual({ [left]: left === 'web' ? 'failed' : 'succeeded' });
    await service.sync(left);
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: left === 'web' ? 'one' : 'two' });
    expect(await statuses(world)).toEqual({ [left]: 'succeeded' });
    await service.updateSync(left, { isEnabled: false });
    await service.removeSecrets(left);
    expect(inPlace(world)).toEqual({});
  });

  it('say so also where the run that took the key over failed for another key', async () => {
    const destination = memoryDestination();
    const world = createWorld({ destination });
    destination.setIntercept(({ changes }) =>
      changes.some(({ key }) => key === 'OF_worker') ? 'rejected' : undefined,
    );
    await contested(world, ['one', 'two']);
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'two' });
    expect(await statuses(world)).toEqual({ web: 'failed', worker: 'failed' });
    expect(taken(world)[0]).toBe('worker of web: DATABASE_URL');
  });

  it('say nothing of a record that has left the place, and of a sync that has no record', async () => {
    const world = createWorld();
    const { service, engine, folders } = world;
    await contested(world, ['one', 'two']);
    await service.updateSync('web', { destinationConfig: { place: 'elsewhere' } });
    await service.sync('web');
    folders.set('/other', 'DATABASE_URL', 'three');
    await engine.sync(definitionOf('other', place));
    await service.sync('worker');
    expect(taken(world)).toEqual(['worker of web: DATABASE_URL']);
    expect(await statuses(world)).toEqual({ web: 'succeeded', worker: 'succeeded' });
  });

  it.each([
    ['deleted', 'web'],
    ['deleted', 'worker'],
    ['changed', 'web'],
    ['changed', 'worker'],
  ])('stay in sync where a shared value that was %s by hand is restored by %s', async (how, name) => {
    const world = createWorld();
    await contested(world, ['one', 'one']);
    if (how === 'deleted') world.destination.delete('DATABASE_URL', { place: 'shared' });
    else world.destination.set('DATABASE_URL', 'by hand', { place: 'shared' });
    await world.service.sync(name);
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'one' });
    expect(await statuses(world)).toEqual({ web: 'succeeded', worker: 'succeeded' });
    expect(taken(world)).toEqual([]);
  });

  it('say so also where the key was deleted by hand before the other one created it', async () => {
    const world = createWorld();
    world.folders.set('/web', 'DATABASE_URL', 'one');
    await world.service.createSync(definitionOf('web', place));
    await world.service.whenIdle();
    world.destination.delete('DATABASE_URL', { place: 'shared' });
    world.folders.set('/worker', 'DATABASE_URL', 'two');
    await world.service.createSync(definitionOf('worker', place));
    await world.service.whenIdle();
    expect(taken(world)).toEqual(['worker of web: DATABASE_URL']);
    expect(await statuses(world)).toEqual({ web: 'failed', worker: 'succeeded' });
  });

  it('keep the run a success whose loser cannot be saved, and tell of that', async () => {
    const { store, control } = unsteadyStore();
    const world = createWorld({ store });
    const { service, folders } = world;
    await contested(world, ['one', 'one']);
    const { id } = await service.getSync('web');
    const recordOfWeb: string[] = [];
    for (const key of await store.list('syncs/'))
      if (JSON.stringify(await store.get(key)).includes(id)) recordOfWeb.push(key);
    folders.set('/worker', 'DATABASE_URL', 'two');
    control.fails = (method, key) => method === 'put' && recordOfWeb.includes(key);
    expect(await service.sync('worker')).toMatchObject({ status: 'succeeded' });
    expect(world.told('service-failed')).toHaveLength(1);
    expect(await statuses(world)).toMatchObject({ worker: 'succeeded' });
    await failure(service.sync('web'), 'STATE_NOT_SAVED');
  });

  it('say so already where the process of the one that has the key ends right after its write', async () => {
    const { store, control } = unsteadyStore();
    const world = createWorld({ store });
    const { service, folders } = world;
    await contested(world, ['one', 'one']);
    folders.set('/worker', 'DATABASE_URL', 'two');
    let isWritten = false;
    world.destination.setIntercept(({ changes }) => void (isWritten ||= changes.length > 0));
    // From the first write on nothing is saved any more, as where a process is killed.
    control.fails = (method) => method === 'put' && isWritten;
    await failure(service.sync('worker'), 'STATE_NOT_SAVED');
    control.fails = () => false;
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'two' });
    const next = createWorld({ ...world, store });
    const { syncStatus, lastSyncMessage } = await next.service.getSync('web');
    expect(syncStatus).toBe('failed');
    expect(lastSyncMessage).toContain('the sync "worker" wrote its own value of "DATABASE_URL"');
  });

  it('say nothing of a write that was refused', async () => {
    const destination = memoryDestination();
    const world = createWorld({ destination });
    await contested(world, ['one', 'one']);
    destination.setIntercept(({ changes }) =>
      changes.some(({ key }) => key === 'DATABASE_URL') ? 'rejected' : undefined,
    );
    world.folders.set('/worker', 'DATABASE_URL', 'two');
    await failure(world.service.sync('worker'), 'SYNC_FAILED');
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'one' });
    expect(await statuses(world)).toEqual({ web: 'succeeded', worker: 'failed' });
    expect(taken(world)).toEqual([]);
  });

  it('name a bounded number of keys', async () => {
    const world = createWorld();
    const { service, folders } = world;
    for (const name of ['web', 'worker']) {
      for (let index = 0; index < 200; index += 1) folders.folder(`/${name}`).set(`KEY_${index}`, name);
      await service.createSync(definitionOf(name, place));
      await service.whenIdle();
    }
    const { lastSyncMessage } = await service.getSync('web');
    expect(lastSyncMessage).toContain(' and others. Give');
    expect(lastSyncMessage?.length).toBeLessThan(2_000);
  });
});

describe('a key that is left to the record which lost it', () => {
  /** `worker` took the key of `web` over, and auto-sync is on. */
  async function lost() {
    const clock = createVirtualClock();
    const world = createWorld({ clock });
    await world.service.start();
    for (const [name, value] of [
      ['web', 'one'],
      ['worker', 'two'],
    ] as const) {
      world.folders.set(`/${name}`, 'DATABASE_URL', value);
      world.folders.set(`/${name}`, `OF_${name}`, 'own');
      const syncOptions = { deletionScope: 'owned' };
      await world.service.createSync(definitionOf(name, { ...place, syncOptions }));
      await clock.advance(MINUTE);
    }
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'two' });
    expect(await statuses(world)).toEqual({ web: 'failed', worker: 'succeeded' });
    return { ...world, clock };
  }

  it.each<[string, (world: World) => Promise<unknown> | void]>([
    ['does not want it any more', ({ folders }) => folders.delete('/worker', 'DATABASE_URL')],
    ['is deleted', ({ service }) => service.deleteSync('worker')],
    ['is deleted, and what it wrote', ({ service }) => service.deleteSync('worker', { removeSecrets: true })],
    [
      'renames its keys',
      ({ service }) =>
        service.updateSync('worker', {
          syncOptions: { keySchema: 'W_{{secretKey}}', deletionScope: 'owned' },
        }),
    ],
    [
      'points elsewhere',
      ({ service }) => service.updateSync('worker', { destinationConfig: { place: 'elsewhere' } }),
    ],
    [
      'has its secrets removed',
      async ({ service }) => {
        await service.updateSync('worker', { isEnabled: false });
        await service.removeSecrets('worker');
      },
    ],
  ])('is set right by itself when the other one %s', async (_title, leave) => {
    const world = await lost();
    await leave(world);
    await world.clock.advance(2 * MINUTE);
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'one' });
    expect((await world.service.getSync('web')).syncStatus).toBe('succeeded');
    const { length } = world.events;
    await world.clock.advance(HOUR);
    expect(world.events.slice(length).filter(({ type }) => type === 'run-started')).toEqual([]);
    await world.service.stop();
  });

  it('is found by a look, and shown until it is done', async () => {
    const world = await lost();
    await world.service.stop();
    const queue = { enqueue: () => Promise.resolve('job') };
    const { service } = createWorld({ ...world, queue });
    expect(await service.findDue()).toEqual([]);
    world.folders.folder('/worker').delete('DATABASE_URL');
    const [job] = await service.findDue();
    await service.perform(job ?? { syncId: '', operation: 'sync', cause: 'change' });
    const { syncStatus, lastSyncMessage } = await service.getSync('web');
    expect(syncStatus).toBe('failed');
    expect(lastSyncMessage).toContain('"DATABASE_URL", which it wants no longer. Sync again');
    const due = await service.findDue();
    expect(due).toHaveLength(1);
    for (const each of due) await service.perform(each);
    expect(inPlace(world)).toMatchObject({ DATABASE_URL: 'one' });
    expect(await service.findDue()).toEqual([]);
  });
});
