import type { JobsOptions } from 'bullmq';
import type { SourceLocation } from '../../contracts/source.js';
import { parseServiceOptions } from '../../service/call-options.js';
import { canonicalJson, checksum } from '../../shared/canonical-json.js';
import { addJobsAfter } from './add-jobs.js';
import { connect } from './connect.js';
import type { JobData, JobName } from './jobs.js';
import { checkQueueOptions, type BullmqQueueOptions } from './options.js';
import { QUEUE_PARTS, type BullmqQueue, type QueueParts } from './queue-parts.js';

const HOUR_S = 3_600;

/** A look says nothing that a later one does not. The newest comes first: it must not wait behind many runs. */
const LOOK = { lifo: true, removeOnComplete: true, removeOnFail: { age: HOUR_S, count: 10 } };

/**
 * By how much of an interval, and how many ms, the times may differ at which two looks arrive: a look that was a little early
 * must not be left out for a whole interval.
 */
const EARLY_SHARE = 0.05;
const MOST_EARLY_MS = 1_000;

type AddOptions = JobsOptions & { readonly jobId: string };

/**
 * Makes the queue of a service in BullMQ 6, on Redis 6.2 or later, Valkey, or PostgreSQL 13 or later. One job of a record and
 * operation waits at a time; what is asked for while it runs is done once after it. A job, its result, its failure and its
 * progress hold ids, counts and words of this library alone. Jobs may be lost: a look finds again what is due.
 *
 * Connects at once. `connection` is what BullMQ takes; a pool that is passed in is neither opened nor closed.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 *
 * @example
 * const queue = bullmqQueue({ connection: { host: 'redis' } });
 * const service = new SecretSyncService({ engine, store, queue });
 */
export function bullmqQueue(options: BullmqQueueOptions): BullmqQueue {
  const { jobs, createWorker } = connect(checkQueueOptions(options));

  const add = async (name: JobName, data: JobData, opts: AddOptions): Promise<void> =>
    void (await jobs.addBulk([{ name, data, opts }]));

  const parts: QueueParts = {
    createWorker,
    addDue: async (due, debounce) =>
      void (await addJobsAfter(jobs, due, ({ cause }) => (cause === 'change' ? debounce : 0))),
    lookEvery: async (interval) => {
      const ttl = Math.max(1, Math.round(interval - Math.min(interval * EARLY_SHARE, MOST_EARLY_MS)));
      await add(
        'look',
        { isPeriodic: true },
        { ...LOOK, jobId: globalThis.crypto.randomUUID(), deduplication: { id: 'interval', ttl } },
      );
    },
  };
  return {
    async enqueue(job, { delay = 0 } = {}) {
      const [id = ''] = await addJobsAfter(jobs, [job], () => delay);
      return id;
    },
    async look(location?: SourceLocation) {
      parseServiceOptions('findDue', { location });
      const data = location === undefined ? {} : { location };
      const deduplication = { id: `look-${checksum(canonicalJson(data))}`, keepLastIfActive: true };
      await add('look', data, { ...LOOK, jobId: globalThis.crypto.randomUUID(), deduplication });
    },
    async counts() {
      const states = ['waiting', 'active', 'delayed', 'completed', 'failed'] as const;
      const counts = await jobs.getJobCounts(...states);
      const [waiting = 0, active = 0, delayed = 0, completed = 0, failed = 0] = states.map(
        (state) => counts[state],
      );
      return { waiting, active, delayed, completed, failed };
    },
    close: () => jobs.close(),
    [Symbol.asyncDispose]: () => jobs.close(),
    [QUEUE_PARTS]: parts,
  };
}
