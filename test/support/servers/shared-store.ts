// What every store on a server must make possible, whatever server that is.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { SecretSyncService } from '../../../src/service/index.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import type { SyncResult } from '../../../src/contracts/result.js';
import { createEngine, memoryDefinition } from '../engine.js';
import { eventually } from '../eventually.js';
import { bundlePrograms } from './programs.js';
import type { ServerName } from './servers.js';
import { createVirtualClock } from '../virtual-clock.js';

/** Two stores put a document each over one version, many times: each time one of them wins, and that is what is there. */
export async function raceForVersions(first: StateStore, second: StateStore, rounds: number): Promise<void> {
  let { version } = await first.put('races/one', 'start', { ifVersion: null });
  for (let round = 0; round < rounds; round += 1) {
    const ends = await Promise.allSettled(
      [first, second].map((store, by) =>
        store.put('races/one', { round, by }, { ifVersion: version, flush: false }),
      ),
    );
    const winners = ends.flatMap((end, by) => (end.status === 'fulfilled' ? [{ by, ...end.value }] : []));
    const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    expect(winners).toHaveLength(1);
    expect(refused).toMatchObject([{ code: 'STATE_CONFLICT' }]);
    const [winner] = winners;
    const stored = await second.get('races/one');
    expect(stored).toMatchObject({ document: { round, by: winner?.by }, version: winner?.version });
    version = winner?.version ?? '';
  }
}

/** Adds 1, again after each conflict, and after each failure that passes; 1 more may be added where a response was lost. */
async function increment(store: StateStore, onFailure: () => void): Promise<void> {
  await eventually(async () => {
    const found = await store.get('counters/one');
    const count = typeof found?.document === 'number' ? found.document : 0;
    try {
      await store.put('counters/one', count + 1, { ifVersion: found?.version ?? null });
    } catch (error) {
      if (isSecretSyncError(error, 'STATE_NOT_SAVED')) onFailure();
      throw error;
    }
  });
}

/**
 * Lets several writers count while the server is restarted in the middle. What was confirmed is there afterwards: the
 * count is neither below what succeeded, nor above that and what ended without a response.
 */
export async function countOverRestart(
  stores: readonly StateStore[],
  restart: () => Promise<void>,
  times = 12,
): Promise<void> {
  let confirmed = 0;
  let uncertain = 0;
  let restarting: Promise<void> | undefined;
  await Promise.all(
    stores.map(async (store) => {
      for (let turn = 0; turn < times; turn += 1) {
        await increment(store, () => (uncertain += 1));
        confirmed += 1;
        if (confirmed === stores.length * 2) restarting = restart();
      }
    }),
  );
  await restarting;
  expect(confirmed).toBe(stores.length * times);
  const { document } = (await eventually(() => stores[0]?.get('counters/one'))) ?? {};
  expect(document).toBeGreaterThanOrEqual(confirmed);
  expect(document).toBeLessThanOrEqual(confirmed + uncertain);
}

/** Two engines, each on a store of its own over the same documents, keep one place. */
export async function syncFromTwoEngines(first: StateStore, second: StateStore): Promise<void> {
  const destination = memoryDestination({ readable: false });
  const source = memorySource({ A: '1', B: '2' });
  const [one, two] = [first, second].map(
    (store) => createEngine({ source, store, drivers: [destination] }).engine,
  );
  const sync = memoryDefinition({ syncOptions: { deletionScope: 'owned' } });
  const applied = async (engine = one) => (await engine?.sync(sync))?.summary.applied;
  expect(await applied(one)).toBe(2);
  expect(await applied(two)).toBe(0);
  source.set('B', '3');
  source.delete('A');
  expect(await applied(two)).toBe(2);
  expect(await applied(one)).toBe(0);
}

/** A service creates and runs a record; another one, on a store of its own, sees it and removes it. */
export async function serveFromTwoServices(first: StateStore, second: StateStore): Promise<void> {
  const destination = memoryDestination();
  const source = memorySource({ A: '1' });
  const [one, two] = [first, second].map((store) => {
    const { engine } = createEngine({ source, store, drivers: [destination] });
    return new SecretSyncService({ engine, store });
  });
  if (one === undefined || two === undefined) throw new Error('two stores make two services');
  try {
    const syncOptions = { autoSyncEnabled: false };
    const { id } = await one.createSync(memoryDefinition({ name: 'served', syncOptions }));
    await one.sync(id);
    expect(await two.getSync(id)).toMatchObject({ id, syncStatus: 'succeeded' });
    expect(await two.listSyncs()).toHaveLength(1);
    await two.deleteSync(id);
    expect(await one.listSyncs()).toEqual([]);
  } finally {
    await one.stop();
    await two.stop();
  }
}

/** A store that says whether commands are on their way to its server. */
function withCommandsCounted(store: StateStore): {
  readonly counted: StateStore;
  readonly isIdle: () => boolean;
} {
  let inFlight = 0;
  const counted = new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, given);
        if (!(result instanceof Promise)) return result;
        inFlight += 1;
        const end = () => (inFlight -= 1);
        result.then(end, end);
        return result;
      };
    },
  });
  return { counted, isIdle: () => inFlight === 0 };
}

/**
 * Documents that can't be read hold up no place for longer than a lease, hide no other record, and go with their record.
 * `damage` leaves something else than JSON at a key.
 */
export async function outliveDamage(
  store: StateStore,
  damage: (key: string) => Promise<void>,
): Promise<void> {
  const clock = createVirtualClock();
  const destination = memoryDestination();
  const source = memorySource({ A: '1' });
  const { counted, isIdle } = withCommandsCounted(store);
  const { engine } = createEngine({ source, store: counted, drivers: [destination], clock });
  const service = new SecretSyncService({ engine, store: counted, clock });
  const ids = ['damaged', 'whole'];
  for (const id of ids) await service.createSync({ ...memoryDefinition({ name: id, isEnabled: false }), id });

  const [record = ''] = await store.list('syncs/');
  await damage(record);
  const [left] = await service.listSyncs();
  expect(await service.listSyncs()).toHaveLength(1);
  await service.deleteSync(ids.find((id) => id !== left?.id) ?? '');
  expect(await store.list('syncs/')).not.toContain(record);

  await engine.sync(memoryDefinition());
  const [place = ''] = await store.list('places/');
  const lease = place.replace('places/', 'leases/');
  await store.put(lease, 'no lease', { ifVersion: null });
  await damage(lease);
  let end: SyncResult | undefined;
  const begunAt = clock.now();
  const waiting = engine.sync(memoryDefinition({ description: 'again' })).then((result) => (end = result));
  const moving = eventually(async () => {
    // Only who waits is given time, and no more than it waits: what is on its way to the server is not late by this clock.
    if (clock.sleepers > 0 && isIdle()) await clock.advance(clock.slept.at(-1) ?? 0);
    expect(end?.status).toBe('succeeded');
  });
  await Promise.all([waiting, moving]);
  expect(clock.now() - begunAt).toBeGreaterThanOrEqual(30_000);

  // What can be read is never given up.
  await expect(store.discard?.(place)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  await store.discard?.('places/none');
  await damage(place);
  await expect(engine.sync(memoryDefinition())).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
}

const COUNTER = 'test/stores/count-on-server.ts';

/** Three processes count in one document, which `store` reads: none of what they added is lost. `where`: key or table. */
export async function countFromProcesses(
  store: StateStore,
  server: ServerName,
  url: string,
  where: string,
): Promise<void> {
  const programs = await bundlePrograms([COUNTER]);
  try {
    const args = [programs.fileOf(COUNTER), server, url, where, '20'];
    await Promise.all([1, 2, 3].map(() => promisify(execFile)(process.execPath, args)));
  } finally {
    await programs.remove();
  }
  expect(await store.get('counter')).toMatchObject({ document: 60 });
}
