import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import type { Performed, SyncJob } from '../../../src/service/index.js';
import { connectionOf } from '../../../src/service/fleet/connection.js';
import { FleetTurns } from '../../../src/service/fleet/fleet-turns.js';
import { resolveServiceOptions } from '../../../src/service/options.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { createWorld, definitionOf, folderSource, MINUTE, type World } from '../support.js';

const queue = { enqueue: async () => 'job' };
const jobOf = (syncId: string): SyncJob => ({ syncId, operation: 'sync', cause: 'change' });
const never = new AbortController().signal;
const PER_CONNECTION = { runsPerConnection: 2 };

/** Processes that share a store, a source and a destination, and records of these names, all of one connection. */
async function openFleet(names: readonly string[], size = 2) {
  const clock = createVirtualClock();
  const store = memoryStore({ clock });
  const folders = folderSource();
  const destination = memoryDestination();
  const worlds = Array.from({ length: size }, () =>
    createWorld({ clock, store, folders, destination, queue, engineOptions: { leaseWait: 0 } }),
  );
  const [first] = worlds;
  if (first === undefined) throw new Error('a fleet has at least one process');
  const ids: string[] = [];
  for (const name of names) {
    folders.set(`/${name}`, 'API_KEY', 'one');
    ids.push((await first.service.createSync(definitionOf(name))).id);
  }
  return { clock, store, folders, destination, worlds, first, ids };
}

const statusesOf = (ends: readonly Performed[]) => ends.map(({ status }) => status).sort();

const performIn = (world: World, id: string, options: object = PER_CONNECTION) =>
  world.service.perform(jobOf(id), options);

describe('the limit of a connection over a fleet', () => {
  it('lets no more runs through it than its slots, whichever process begins them', async () => {
    const { worlds, ids } = await openFleet(['a', 'b', 'c', 'd', 'e'], 5);
    const ends = await Promise.all(worlds.map((world, index) => performIn(world, ids[index] ?? '')));
    expect(statusesOf(ends)).toEqual(['busy', 'busy', 'busy', 'succeeded', 'succeeded']);
    const later = await performIn(worlds[4] ?? worlds[0] ?? createWorld(), ids[4] ?? '');
    expect(['succeeded', 'unwanted']).toContain(later.status);
  });

  it('counts the runs of one process too, without asking the store', async () => {
    const { first, ids } = await openFleet(['a', 'b', 'c'], 1);
    const ends = await Promise.all(ids.map((id) => performIn(first, id)));
    expect(statusesOf(ends)).toEqual(['busy', 'succeeded', 'succeeded']);
  });

  it('is no limit for who does not ask for one', async () => {
    const { first, ids, store } = await openFleet(['a', 'b', 'c'], 1);
    const ends = await Promise.all(ids.map((id) => performIn(first, id, {})));
    expect(statusesOf(ends)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(await store.list('slots/')).toEqual([]);
  });

  it('leaves no slot behind when a run has ended, however it ended', async () => {
    const { first, ids, store, folders } = await openFleet(['a', 'b'], 1);
    await performIn(first, ids[0] ?? '');
    folders.failWith(new Error('away'));
    expect(await performIn(first, ids[1] ?? '')).toMatchObject({ status: 'failed' });
    expect(await store.list('slots/')).toEqual([]);
  });
});

describe('a job that finds no slot free', () => {
  it('leaves no listener on the signal that it was given', async () => {
    const { first, ids } = await openFleet(['a', 'b', 'c'], 1);
    const { signal } = new AbortController();
    const ends = await Promise.all(ids.map((id) => performIn(first, id, { ...PER_CONNECTION, signal })));
    expect(statusesOf(ends)).toContain('busy');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('what a server says of its rate limit', () => {
  it('is heard by all processes: none begins a run through the connection before that', async () => {
    const { worlds, first, ids, destination, clock } = await openFleet(['a', 'b']);
    const [, other = first] = worlds;
    const retryAt = new Date(clock.now() + MINUTE).toISOString();
    const refusal = new SecretSyncError('RATE_LIMITED', 'not now', { retryable: true, retryAt });
    destination.failNext(refusal, { method: 'read' });
    expect(await performIn(first, ids[0] ?? '')).toMatchObject({ status: 'failed', retryAt });

    destination.clearCalls();
    expect(await performIn(other, ids[1] ?? '')).toEqual({ status: 'busy', retryAt });
    await clock.advance(MINUTE - 1);
    expect(await performIn(other, ids[1] ?? '')).toEqual({ status: 'busy', retryAt });
    expect(destination.calls).toEqual([]);
    await clock.advance(1);
    expect(await performIn(other, ids[1] ?? '')).toMatchObject({ status: 'succeeded' });
  });

  it('is heard by the age of what was stored, whatever the clock of another machine shows', async () => {
    const { first, ids, destination, store, clock, folders } = await openFleet(['a', 'b']);
    const retryAt = new Date(clock.now() + MINUTE).toISOString();
    const refusal = new SecretSyncError('RATE_LIMITED', 'not now', { retryable: true, retryAt });
    destination.failNext(refusal, { method: 'read' });
    await performIn(first, ids[0] ?? '');
    const ahead = { ...clock, now: () => clock.now() + 24 * 60 * MINUTE };
    const other = createWorld({ clock: ahead, store, folders, destination, queue });
    expect(await performIn(other, ids[1] ?? '')).toEqual({
      status: 'busy',
      retryAt: new Date(ahead.now() + MINUTE).toISOString(),
    });
  });

  it('is heard too where it took a request and said that nothing is left of the quota', async () => {
    const { worlds, first, ids, destination, clock, store } = await openFleet(['a']);
    const [, other = first] = worlds;
    const options = resolveServiceOptions({ engine: first.engine, store, clock });
    const turn = { ...PER_CONNECTION, connection: connectionOf({ destination: 'memory' }), signal: never };
    const head = { runId: 'r', operation: 'sync', definitionId: 'a' } as const;
    const request = { method: 'GET', name: 'read', host: 'one', attempt: 1, status: 200, durationMs: 5 };
    await new FleetTurns(options).inTurn(turn, async ({ onEvent }) => {
      onEvent({ ...head, ...request, type: 'request' });
      onEvent({ ...head, ...request, type: 'request', pauseMs: MINUTE });
      return { status: 'unwanted' };
    });
    const retryAt = new Date(clock.now() + MINUTE).toISOString();
    expect(await performIn(other, ids[0] ?? '')).toEqual({ status: 'busy', retryAt });
    expect(destination.calls).toEqual([]);
    await clock.advance(MINUTE);
    expect(await performIn(other, ids[0] ?? '')).toMatchObject({ status: 'succeeded' });
  });

  it.each(['SOURCE_READ_FAILED', 'RATE_LIMITED'] as const)(
    'is not what a source says, by %s, which holds up its own record alone',
    async (code) => {
      const { worlds, first, ids, folders, clock, store } = await openFleet(['a', 'b', 'c']);
      const [, other = first] = worlds;
      const retryAt = new Date(clock.now() + 60 * MINUTE).toISOString();
      // One error for all who wait, as of a login that they share.
      const refusal = new SecretSyncError(code, 'not now', { retryable: true, retryAt });
      const read = folders.source.read.bind(folders.source);
      folders.source.read = (location, options) => {
        if (location.secretPath !== '/c') throw refusal;
        return read(location, options);
      };
      for (const id of ids.slice(0, 2))
        expect(await performIn(first, id)).toMatchObject({ status: 'failed', code, retryAt });
      expect(await store.list('pauses/')).toEqual([]);
      expect(await performIn(other, ids[2] ?? '')).toMatchObject({ status: 'succeeded' });
    },
  );

  it.each(['SOURCE_WRITE_FAILED', 'RATE_LIMITED'] as const)(
    'is not what a source says of a write, by %s',
    async (code) => {
      const { first, ids, folders, destination, clock } = await openFleet(['a', 'b']);
      const [id = '', other = ''] = ids;
      await performIn(first, id);
      destination.set('BY_HAND', 'two', { place: 'a' });
      const retryAt = new Date(clock.now() + 60 * MINUTE).toISOString();
      folders.source.write = () => {
        throw new SecretSyncError(code, 'not now', { retryable: true, retryAt });
      };
      await first.service.requestImport(id);
      const job: SyncJob = { syncId: id, operation: 'import', cause: 'manual' };
      expect(await first.service.perform(job, PER_CONNECTION)).toMatchObject({ status: 'failed', code });
      expect(await performIn(first, other)).toMatchObject({ status: 'succeeded' });
    },
  );

  it('counts also where the source is still read when the destination says so', async () => {
    const { worlds, first, ids, folders, destination, clock } = await openFleet(['a', 'b']);
    const [, other = first] = worlds;
    const read = folders.source.read.bind(folders.source);
    folders.source.read = async (location, options) => {
      if (location.secretPath === '/a')
        await new Promise((_resolve, reject) =>
          options.signal.addEventListener('abort', () => reject(new Error('ended'))),
        );
      return read(location, options);
    };
    const retryAt = new Date(clock.now() + MINUTE).toISOString();
    const refusal = new SecretSyncError('RATE_LIMITED', 'not now', { retryable: true, retryAt });
    destination.failNext(refusal, { method: 'read' });
    expect(await performIn(first, ids[0] ?? '')).toMatchObject({ status: 'failed', retryAt });
    expect(await performIn(other, ids[1] ?? '')).toEqual({ status: 'busy', retryAt });
  });

  it('says nothing of other connections', async () => {
    const { first, destination, folders, clock, store } = await openFleet(['a']);
    const connections = Object.fromEntries(
      ['one', 'two'].map((id) => [id, { app: 'memory', credentials: destination.credentials }]),
    );
    const world = createWorld({ clock, store, folders, destination, queue, connections });
    folders.set('/b', 'API_KEY', 'one');
    folders.set('/c', 'API_KEY', 'one');
    const b = await world.service.createSync(definitionOf('b', { connectionId: 'one' }));
    const c = await world.service.createSync(definitionOf('c', { connectionId: 'two' }));
    const retryAt = new Date(clock.now() + MINUTE).toISOString();
    const refusal = new SecretSyncError('RATE_LIMITED', 'not now', { retryable: true, retryAt });
    destination.failNext(refusal, { method: 'read' });
    expect(await performIn(world, b.id)).toMatchObject({ status: 'failed' });
    expect(await performIn(world, c.id)).toMatchObject({ status: 'succeeded' });
    expect(await performIn(first, b.id)).toMatchObject({ status: 'busy' });
  });
});
