import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SecretSyncService } from '../../../src/service/index.js';
import { memoryStore } from '../../../src/stores/memory.js';
import type { StateStore } from '../../../src/contracts/state-store.js';
import type { BullmqQueue } from '../../../src/workers/bullmq/index.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { createEngine } from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';
import { bundlePrograms, type Programs } from '../../support/servers/programs.js';
import {
  describeServer,
  sharedServers,
  type OwnServer,
  type ServerName,
} from '../../support/servers/servers.js';
import { folderSource } from '../../service/support.js';
import {
  closeOpened,
  fakeService,
  openBackend,
  opened,
  reported,
  startWorker,
  SUCCEEDED,
  syncOf,
} from './support.js';

afterEach(closeOpened);

const HANGING = 'test/workers/bullmq/hanging-worker.ts';
const QUICK = { pollInterval: 200, debounce: 20 };

/** Records of these names from folders to places, in a service as each process of a fleet has it. */
function openSides(store: StateStore) {
  const folders = folderSource({ watchable: false });
  const destination = memoryDestination();
  const service = (queue: BullmqQueue) => {
    const { engine } = createEngine({ source: folders.source, drivers: [destination], store, leaseWait: 0 });
    const autoSync = { minPause: 50, maxPause: 100 };
    return new SecretSyncService({ engine, store, queue, autoSync });
  };
  const isEqual = (name: string) =>
    expect(destination.values({ place: name })).toEqual(folders.folder(`/${name}`));
  return { folders, destination, service, isEqual };
}

const definitionOf = (name: string) => ({
  name,
  secretPath: `/${name}`,
  destination: 'memory' as const,
  destinationConfig: { place: name },
});

const NAMES = ['a', 'b', 'c'];

function describeFleet(name: ServerName): void {
  const servers = sharedServers(name);
  let server: OwnServer;
  let programs: Programs;
  afterAll(async () => {
    await programs?.remove();
    await servers.stop();
  });

  describeServer(
    name,
    `a fleet on BullMQ, on ${name}`,
    () => {
      beforeAll(async () => {
        programs = await bundlePrograms([HANGING]);
        server = await servers.own();
      });

      it('takes the job of a worker that was killed over, under another id', async () => {
        const backend = await openBackend(name, server.url);
        const queue = backend.open();
        const id = await queue.enqueue(syncOf('a', { cause: 'manual' }));
        const child = spawn(process.execPath, [programs.fileOf(HANGING), name, server.url, backend.name], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        opened.push(() => child.kill('SIGKILL'));
        const [begun] = (await once(child.stdout, 'data')) as [Buffer];
        expect(begun.toString().trim()).toBe(id);
        child.kill('SIGKILL');
        await once(child, 'exit');

        const fake = fakeService();
        await backend.expire(id);
        await startWorker({ service: fake.service, queue: backend.open() });
        // The first check marks it, the next one gives it out again.
        await eventually(async () => expect(await backend.isMarked(id)).toBe(true));
        expect(fake.calls).toEqual([]);
        await backend.expire(id);
        await startWorker({ service: fake.service, queue: backend.open() });
        const taken = await fake.call(1);
        expect(taken.job).toEqual(syncOf('a', { cause: 'manual' }));
        expect(taken.options.jobId).toBe(`${id}/2`);
        taken.end(SUCCEEDED);
      });

      it('loses nothing but time when the queue is lost, or its server is killed', async () => {
        const backend = await openBackend(name, server.url);
        // Documents must not be lost: they are elsewhere.
        const { folders, service, isEqual } = openSides(memoryStore({ clock: Date }));
        const queues = [backend.open(), backend.open()];
        for (const queue of queues) await startWorker({ service: service(queue), queue, ...QUICK });
        const producer = service(backend.open());
        for (const each of NAMES) {
          folders.set(`/${each}`, 'API_KEY', 'one');
          await producer.createSync(definitionOf(each));
        }
        await eventually(() => NAMES.forEach(isEqual));

        for (const each of NAMES) folders.set(`/${each}`, 'API_KEY', 'two');
        await backend.lose();
        await eventually(() => NAMES.forEach(isEqual));

        // A job whose end is lost with the server stalls, and is taken over within a minute.
        await eventually(async () => {
          const unended = await backend.raw.getJobs(['active', 'waiting', 'delayed']);
          expect(unended.filter((job) => job?.name === 'sync')).toEqual([]);
        });
        await server.crash();
        for (const each of NAMES) folders.set(`/${each}`, 'API_KEY', 'three');
        await server.start();
        await eventually(() => NAMES.forEach(isEqual));
        expect(folders.folder('/a').get('API_KEY')).toBe('three');
      });

      it('keeps nothing in the queue but ids, counts and words', async () => {
        const backend = await openBackend(name, server.url);
        const canaries = createCanaries(12);
        const { folders, destination, service, isEqual } = openSides(backend.store);
        const queue = backend.open();
        const own = service(queue);
        await startWorker({ service: own, queue, ...QUICK });
        for (const each of NAMES)
          canaries.values.forEach(({ text }, index) => folders.folder(`/${each}`).set(`KEY_${index}`, text));
        await own.createSync(definitionOf('a'));
        await eventually(() => isEqual('a'));

        // Errors of others can hold anything.
        const leaking = new Error(canaries.values.map(({ text }) => text).join(' '));
        destination.failNext(leaking, { method: 'read', times: 3 });
        await own.createSync(definitionOf('b'));
        await eventually(() => isEqual('b'));
        folders.folder('/a').clear();
        const { id } = await own.createSync({
          ...definitionOf('c'),
          syncOptions: { maxDeletions: { count: 0 } },
        });
        await eventually(() => isEqual('c'));
        folders.folder('/c').delete('KEY_0');
        await eventually(async () => {
          expect((await own.getSync(id)).syncStatus).toBe('failed');
          expect((await own.getSync('a')).syncStatus).toBe('failed');
          expect(await queue.counts()).toMatchObject({ active: 0, failed: 2 });
        });
        const dump = await backend.dump();
        expect(dump).toContain('succeeded');
        expect(dump).toContain('DELETION_REFUSED');
        expect(dump).toContain(id);
        canaries.assertAbsent('the queue', dump);
        expect(dump).not.toMatch(/node_modules|src\/workers/);
        canaries.assertAbsent('what BullMQ reported', reported.map(String));
      });
    },
    { own: true },
  );
}

describe('fleets', () => {
  describeFleet('Redis');
  describeFleet('PostgreSQL');
});
