import {
  isPgPool,
  Queue,
  withBackend,
  Worker,
  type PostgresConnectionOptions,
  type PostgresPoolConfig,
} from 'bullmq';
import type { JobData, JobName, JobResult, QueueJob } from './jobs.js';
import type { BullmqQueueOptions, PostgresQueueOptions } from './options.js';
import type { ProcessJob, QueueParts } from './queue-parts.js';

const HOUR_S = 3_600;

/** How long jobs are kept that have ended, in s, and how many: without a limit BullMQ keeps them all. */
const KEPT = {
  removeOnComplete: { age: HOUR_S, count: 1_000 },
  removeOnFail: { age: 7 * 24 * HOUR_S, count: 1_000 },
};

/** A job that died with its worker is taken over however often that happens. */
const STALLS = 1_000_000;

/** A queue of BullMQ, as far as it is used. */
export type Jobs = Pick<Queue<JobData, JobResult, JobName>, 'addBulk' | 'getJob' | 'getJobCounts' | 'close'>;

/** What is no pool is what one is made of. */
const isConfig = (given: object): given is PostgresPoolConfig => !isPgPool(given);

function postgresConnection(given: PostgresQueueOptions['connection']): PostgresConnectionOptions {
  if (typeof given === 'string' || isConfig(given)) return given;
  if (isPgPool(given)) return given;
  throw new TypeError('A connection is a pool or what one is made of.');
}

/** The queue of BullMQ, as far as it is used, and what makes a worker of it: on whichever backend. */
export function connect(options: BullmqQueueOptions): {
  readonly jobs: Jobs;
  readonly createWorker: QueueParts['createWorker'];
} {
  const { name = 'secret-sync', prefix, onError = () => undefined } = options;
  const keys = prefix === undefined ? {} : { prefix };
  const common = { ...KEPT, ...keys, autorun: false, maxStalledCount: STALLS };
  // BullMQ hands out a signal only to a function with three parameters.
  const processorOf =
    (work: ProcessJob) =>
    (job: QueueJob, token?: string, signal?: AbortSignal): Promise<JobResult> =>
      work(job, token, signal);
  if (options.backend === undefined) {
    const { connection } = options;
    const jobs = new Queue<JobData, JobResult, JobName>(name, { connection, ...keys });
    jobs.on('error', onError);
    return {
      jobs,
      createWorker(work, { concurrency, onError: tell }) {
        const opts = { ...common, connection, concurrency };
        const worker = new Worker<JobData, JobResult, JobName>(name, processorOf(work), opts);
        return worker.on('error', tell);
      },
    };
  }
  const { backend } = options;
  const connection = postgresConnection(options.connection);
  const { Queue: PostgresQueue, Worker: PostgresWorker } = withBackend(backend);
  const jobs = new PostgresQueue<JobData, JobResult, JobName>(name, { connection });
  jobs.on('error', onError);
  return {
    jobs,
    createWorker(work, { concurrency, onError: tell }) {
      const opts = { ...common, connection, concurrency };
      const worker = new PostgresWorker<JobData, JobResult, JobName>(name, processorOf(work), opts);
      return worker.on('error', tell);
    },
  };
}
