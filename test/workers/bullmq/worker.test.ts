import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { QUEUE_PARTS } from '../../../src/workers/bullmq/queue-parts.js';
import { eventually } from '../../support/eventually.js';
import { collectUnhandledRejections } from '../../support/unhandled-rejections.js';
import {
  describeServer,
  sharedServers,
  type Server,
  type ServerName,
} from '../../support/servers/servers.js';
import { createWorld } from '../../service/support.js';
import { bullmqWorker } from '../../../src/workers/bullmq/index.js';
import { openQueue } from './open-queue.js';
import { closeOpened, fakeService, openBackend, startWorker, SUCCEEDED, syncOf } from './support.js';

afterEach(closeOpened);

/** No second look of it falls into a test. */
const INTERVAL = 3_600_000;
const IN_A_MINUTE = () => new Date(Date.now() + 60_000).toISOString();

function describeWorker(name: ServerName): void {
  const servers = sharedServers(name);
  let server: Server;
  afterAll(() => servers.stop());

  const open = () => openBackend(name, server.url);

  describeServer(name, `a worker on BullMQ, on ${name}`, () => {
    beforeAll(async () => {
      server = await servers.any();
    });

    describe('deduplication', () => {
      it('makes one run of what is asked for three times before it begins', async () => {
        const backend = await open();
        const queue = backend.open();
        const first = await queue.enqueue(syncOf('a', { cause: 'manual' }));
        expect(await queue.enqueue(syncOf('a', { cause: 'manual' }))).toBe(first);
        expect(await queue.enqueue(syncOf('a', { cause: 'manual' }))).toBe(first);
        expect(await queue.enqueue(syncOf('a', { operation: 'import', cause: 'manual' }))).not.toBe(first);
        expect(await queue.enqueue(syncOf('b', { cause: 'manual' }))).not.toBe(first);
        expect((await queue.counts()).waiting).toBe(3);
      });

      it('runs once more what is asked for twice while it runs', async () => {
        const backend = await open();
        const queue = backend.open();
        const { service, calls, call } = fakeService();
        await startWorker({ service, queue });
        await queue.enqueue(syncOf('a'));
        const running = await call(1);
        await queue.enqueue(syncOf('a', { sourceDigest: 'second' }));
        await queue.enqueue(syncOf('a', { sourceDigest: 'third' }));
        running.end(SUCCEEDED);
        const again = await call(2);
        expect(again.job.sourceDigest).toBe('third');
        again.end(SUCCEEDED);
        await eventually(async () =>
          expect(await queue.counts()).toMatchObject({ waiting: 0, active: 0, completed: 2 }),
        );
        expect(calls).toHaveLength(2);
      });

      it('puts a job that waits for its delay off no further, and tells it what was seen last', async () => {
        const backend = await open();
        const queue = backend.open();
        const id = await queue.enqueue(syncOf('a', { sourceDigest: 'first' }), { delay: 60_000 });
        const before = await backend.raw.getJob(id);
        expect(await queue.enqueue(syncOf('a', { sourceDigest: 'second' }), { delay: 120_000 })).toBe(id);
        const after = await backend.raw.getJob(id);
        expect(after?.delay).toBe(before?.delay);
        expect(after?.data).toMatchObject({ sourceDigest: 'second' });
      });

      it('does now what is asked for now, although it waits for a delay', async () => {
        const backend = await open();
        const queue = backend.open();
        const { service, call } = fakeService();
        await startWorker({ service, queue });
        const id = await queue.enqueue(syncOf('a'), { delay: 3_600_000 });
        expect(await queue.enqueue(syncOf('a', { cause: 'manual' }))).toBe(id);
        (await call(1)).end(SUCCEEDED);
      });
    });

    it('gives a failed job back with the time of the record, and takes a new change at once', async () => {
      const backend = await open();
      const queue = backend.open();
      const fake = fakeService();
      await startWorker({ service: fake.service, queue });
      const id = await queue.enqueue(syncOf('a', { sourceDigest: 'old' }));
      const retryAt = IN_A_MINUTE();
      (await fake.call(1)).end({ status: 'failed', code: 'RATE_LIMITED', message: 'wait', retryAt });
      await eventually(async () => expect(await queue.counts()).toMatchObject({ delayed: 1, active: 0 }));
      const job = await backend.raw.getJob(id);
      expect(job?.progress).toEqual({ waitsUntil: retryAt });
      expect(job?.attemptsMade).toBe(0);

      fake.due.push(syncOf('a', { sourceDigest: 'new' }));
      await queue.look();
      const again = await fake.call(2);
      expect(again.job.sourceDigest).toBe('new');
      expect(again.options.jobId).toBe(`${id}/2`);
      again.end(SUCCEEDED);
    });

    it('brings a failed job forward for a change, and puts it off no further for the next ones', async () => {
      const backend = await open();
      const queue = backend.open();
      const fake = fakeService();
      await startWorker({ service: fake.service, queue });
      const id = await queue.enqueue(syncOf('a', { sourceDigest: 'old' }));
      const retryAt = new Date(Date.now() + 2 * INTERVAL).toISOString();
      (await fake.call(1)).end({ status: 'failed', code: 'RATE_LIMITED', message: 'wait', retryAt });
      await eventually(async () => expect(await queue.counts()).toMatchObject({ delayed: 1, active: 0 }));
      await queue.enqueue(syncOf('a', { sourceDigest: 'new' }), { delay: 600_000 });
      expect((await backend.raw.getJob(id))?.delay).toBe(600_000);
      await queue.enqueue(syncOf('a', { sourceDigest: 'newer' }), { delay: INTERVAL });
      const job = await backend.raw.getJob(id);
      expect(job?.delay).toBe(600_000);
      expect(job?.data).toMatchObject({ sourceDigest: 'newer' });
    });

    it('comes back soon to what is busy, and at the time that is told', async () => {
      const backend = await open();
      const queue = backend.open();
      const fake = fakeService();
      await startWorker({ service: fake.service, queue });
      await queue.enqueue(syncOf('a'));
      (await fake.call(1)).end({ status: 'busy' });
      (await fake.call(2)).end({ status: 'busy', retryAt: IN_A_MINUTE() });
      await eventually(async () => expect(await queue.counts()).toMatchObject({ delayed: 1, active: 0 }));
      expect(fake.calls).toHaveLength(2);
    });

    it('does once what only people can resolve, and keeps words of it alone', async () => {
      const backend = await open();
      const queue = backend.open();
      const fake = fakeService();
      await startWorker({ service: fake.service, queue });
      const id = await queue.enqueue(syncOf('a'));
      (await fake.call(1)).end({ status: 'failed', code: 'PLAN_BLOCKED', message: 'decide', retryAt: null });
      await eventually(async () =>
        expect(await queue.counts()).toMatchObject({ failed: 1, active: 0, delayed: 0 }),
      );
      const job = await backend.raw.getJob(id);
      expect(job?.failedReason).toBe('PLAN_BLOCKED: decide');
      expect(JSON.stringify(job?.stacktrace)).not.toMatch(/\.ts|\.js|node_modules/);
      // What failed keeps no later change from its run.
      await queue.enqueue(syncOf('a'));
      (await fake.call(2)).end(SUCCEEDED);
    });

    it.each<[what: string, name: string, data: unknown]>([
      ['of another application', 'send-mail', { to: 'someone' }],
      ['without data', 'sync', {}],
      ['of something else than an object', 'look', 'everything'],
      ['of a version to come', 'sync', { ...syncOf('a'), isUrgent: true }],
    ])('refuses a job %s, in words of this library', async (_what, jobName, data) => {
      const backend = await open();
      const queue = backend.open();
      const { service } = createWorld({ queue });
      await startWorker({ service, queue });
      const { id = '' } = await backend.raw.add(jobName, data);
      await eventually(async () => expect((await backend.raw.getJob(id))?.finishedOn).toBeGreaterThan(0));
      const job = await backend.raw.getJob(id);
      expect(job?.failedReason).toMatch(/^INVALID_OPTION: The job is not valid/);
      expect(JSON.stringify(job?.stacktrace)).not.toMatch(/\.ts|\.js|node_modules/);
    });

    it('shows how far a run is, and keeps ids and counts of how it ended', async () => {
      const backend = await open();
      const queue = backend.open();
      const fake = fakeService();
      await startWorker({ service: fake.service, queue, runsPerConnection: 2 });
      const id = await queue.enqueue(syncOf('a'));
      const { options, end } = await fake.call(1);
      expect(options).toMatchObject({ jobId: id, runsPerConnection: 2 });
      const fields = {
        runId: 'r',
        operation: 'sync',
        definitionId: 'a',
        action: 'create',
        status: 'applied',
      } as const;
      options.onEvent?.({ type: 'progress', ...fields, done: 3, total: 9, key: 'A_KEY' });
      await eventually(async () =>
        expect((await backend.raw.getJob(id))?.progress).toEqual({ done: 3, total: 9 }),
      );
      end(SUCCEEDED);
      await eventually(async () =>
        expect((await backend.raw.getJob(id))?.returnvalue).toEqual({
          status: 'succeeded',
          summary: expect.anything() as object,
          requestCount: 0,
          runId: 'run',
        }),
      );
    });

    it('looks once an interval for all workers, and when it is told to', async () => {
      const backend = await open();
      const looks: unknown[] = [];
      const queues = [backend.open(), backend.open(), backend.open()];
      for (const queue of queues) {
        const { service } = fakeService();
        // In one list: which worker does which look is up to the queue.
        const findDue = async (options: object = {}) => {
          looks.push(options);
          return [];
        };
        await startWorker({ service: { ...service, findDue }, queue, pollInterval: INTERVAL });
      }
      await eventually(() => expect(looks).toHaveLength(1));
      // As each worker does after its start, which a test can't wait for.
      for (const queue of queues) await queue[QUEUE_PARTS].lookEvery(INTERVAL);
      await queues[0]?.look({ secretPath: '/a' });
      await eventually(async () => {
        expect(looks).toHaveLength(2);
        expect(await queues[0]?.counts()).toMatchObject({ waiting: 0, active: 0 });
      });
      expect(looks).toMatchObject([{ location: undefined }, { location: { secretPath: '/a' } }]);
    });

    it('ends within its timeout, and hands back what has not ended', async () => {
      const backend = await open();
      const queue = backend.open();
      const [first, second] = [fakeService(), fakeService()];
      const worker = await startWorker({ service: first.service, queue });
      const id = await queue.enqueue(syncOf('a'));
      const { options, end } = await first.call(1);
      options.signal?.addEventListener('abort', () => end({ status: 'aborted' }));
      await worker.stop({ timeout: 50 });
      expect(options.signal?.aborted).toBe(true);
      expect(await queue.counts()).toMatchObject({ active: 0 });

      await startWorker({ service: second.service, queue: backend.open() });
      const taken = await second.call(1);
      expect(taken.options.jobId).toBe(`${id}/2`);
      taken.end(SUCCEEDED);
    });

    it('waits for what ends in time, and begins nothing new', async () => {
      const backend = await open();
      const queue = backend.open();
      const fake = fakeService();
      const worker = await startWorker({ service: fake.service, queue, concurrency: 1 });
      await queue.enqueue(syncOf('a'));
      const other = await queue.enqueue(syncOf('b'));
      const { end, options } = await fake.call(1);
      const stopping = worker.stop({ timeout: 60_000 });
      end(SUCCEEDED);
      await stopping;
      expect(options.signal?.aborted).toBe(false);
      expect(fake.calls).toHaveLength(1);
      expect(await queue.counts()).toMatchObject({ active: 0, completed: 1 });
      expect(await (await backend.raw.getJob(other))?.getState()).toBe('waiting');
    });

    it.each<readonly [what: string, isStartedAgain: boolean]>([
      ['stopped again', false],
      ['started and stopped again', true],
    ])('waits for the run in progress, too, when it is %s meanwhile', async (_what, isStartedAgain) => {
      const queue = (await open()).open();
      const fake = fakeService();
      const worker = await startWorker({ service: fake.service, queue });
      await queue.enqueue(syncOf('a'));
      const { end } = await fake.call(1);
      const first = worker.stop({ timeout: 60_000 });
      if (isStartedAgain) await worker.start();
      let hasEnded = false;
      const seen = [worker.stop(), worker[Symbol.asyncDispose]()].map((call) => call.then(() => hasEnded));
      await new Promise((resolve) => setImmediate(resolve));
      hasEnded = true;
      end(SUCCEEDED);
      expect(await Promise.all(seen)).toEqual([true, true]);
      await first;
      expect(await queue.counts()).toMatchObject({ active: 0, completed: 1 });
      expect(fake.calls).toHaveLength(1);
      // Nothing is in progress any more.
      await worker.stop();
    });
  });
}

describeWorker('Redis');
describeWorker('PostgreSQL');

it('does not wait for a server that is away once it is stopped', async () => {
  const away = openQueue('Redis', '/nowhere/redis.sock', 'away');
  const worker = bullmqWorker({ service: fakeService().service, queue: away.queue });
  const starting = expect(worker.start()).rejects.toThrow('aborted');
  await worker.stop({ timeout: 0 });
  await starting;
  await away.close();
});

it.each<readonly [what: string, fail: () => unknown]>([
  ['rejects', () => Promise.reject(new Error('the log is away'))],
  [
    'throws',
    () => {
      throw new Error('the log is away');
    },
  ],
])('leaves nothing unhandled of an onError that %s', async (_what, fail) => {
  const unhandled = collectUnhandledRejections();
  const told = new Set<string>();
  const onErrorOf = (owner: string) => () => {
    told.add(owner);
    return fail();
  };
  const away = openQueue('Redis', '/nowhere/redis.sock', 'away', onErrorOf('the queue'));
  const { service } = fakeService();
  const worker = bullmqWorker({ service, queue: away.queue, onError: onErrorOf('the worker') });
  const starting = expect(worker.start()).rejects.toThrow('aborted');
  await eventually(async () => expect([...told].sort()).toEqual(['the queue', 'the worker']));
  await worker.stop({ timeout: 0 });
  await starting;
  await away.close();
  expect(await unhandled()).toEqual([]);
});
