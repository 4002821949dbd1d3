import {
  createRedisBackend,
  isPgPool,
  withBackend,
  type BackendFactory,
  type IQueueBackend,
  type Queue,
  type PostgresConnectionOptions,
  type PostgresPoolConfig,
} from 'bullmq';
import { notify } from '../../shared/async.js';
import type { JobData, JobName, JobResult, QueueJob } from './jobs.js';
import type { BullmqQueueOptions, PostgresQueueOptions } from './options.js';
import type { QueueParts } from './queue-parts.js';

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

/** The queue of BullMQ, as far as it is used, and what makes a worker of it. */
interface Connected {
  readonly jobs: Jobs;
  readonly createWorker: QueueParts['createWorker'];
}

function connectBy<Backend extends IQueueBackend, Connection>(
  backend: BackendFactory<Backend, Connection>,
  connection: Connection,
  { name = 'secret-sync', prefix, onError }: BullmqQueueOptions,
): Connected {
  const bound = withBackend(backend);
  const common = { connection, ...(prefix !== undefined && { prefix }) };
  const jobs = new bound.Queue<JobData, JobResult, JobName>(name, common);
  jobs.on('error', (error) => notify(onError, error));
  return {
    jobs,
    createWorker(work, { concurrency, onError: tell }) {
      // BullMQ hands out a signal only to a function with three parameters.
      const processor = (job: QueueJob, token?: string, signal?: AbortSignal) => work(job, token, signal);
      const opts = { ...common, ...KEPT, autorun: false, maxStalledCount: STALLS, concurrency };
      const worker = new bound.Worker<JobData, JobResult, JobName>(name, processor, opts);
      return worker.on('error', tell);
    },
  };
}

/** Connects to a queue, on whichever backend. */
export const connect = (options: BullmqQueueOptions): Connected =>
  options.backend === undefined
    ? connectBy(createRedisBackend, options.connection, options)
    : connectBy(options.backend, postgresConnection(options.connection), options);
