import type { ConnectionOptions, createPostgresBackend, PostgresConnectionOptions } from 'bullmq';
import * as z from 'zod/mini';
import type { SecretSyncService } from '../../service/index.js';
import { notify } from '../../shared/async.js';
import {
  atLeast,
  functionOf,
  milliseconds,
  optionsOf,
  string,
  withMethods,
} from '../../shared/option-schemas.js';
import { parseOptions } from '../../shared/validation.js';
import { isBullmqQueue, type BullmqQueue } from './queue-parts.js';

interface CommonQueueOptions {
  /** The name of the queue: one for all processes of one store. Default: `secret-sync`. */
  readonly name?: string;
  /**
   * What the keys in Redis begin with; BullMQ on PostgreSQL has a schema instead. In a Redis Cluster it must hold a hash tag, as
   * `{secret-sync}`. Default: BullMQ's, `bull`.
   */
  readonly prefix?: string;
  /**
   * Gets what BullMQ reports, such as a lost connection. What it throws is ignored. Default: nothing is done; BullMQ connects
   * again by itself.
   */
  readonly onError?: (error: Error) => void;
}

/** A queue on Redis or Valkey. */
export interface RedisQueueOptions extends CommonQueueOptions {
  /** As BullMQ takes it, such as `{ host, port }`: options, from which each worker makes connections of its own. */
  readonly connection: ConnectionOptions;
  readonly backend?: undefined;
}

/** A pool of `pg`, as far as its type has to say so: BullMQ's own type of one does not fit under strict options. */
export interface PostgresPool {
  connect(): Promise<unknown>;
  query(text: string, values: unknown[]): Promise<unknown>;
  end(): Promise<void>;
}

/** A queue on PostgreSQL, by BullMQ's own backend. */
export interface PostgresQueueOptions extends CommonQueueOptions {
  /** As BullMQ takes it: a pool of `pg`, or what one is made of. */
  readonly connection: PostgresPool | PostgresConnectionOptions;
  /** `createPostgresBackend` of `bullmq`. */
  readonly backend: typeof createPostgresBackend;
}

export type BullmqQueueOptions = RedisQueueOptions | PostgresQueueOptions;

/** Options of {@link bullmqWorker}. Times in ms. */
export interface BullmqWorkerOptions {
  /** The service whose records are run. Give its engine `leaseWait: 0`: what waits then waits in the queue. */
  readonly service: Pick<SecretSyncService, 'findDue' | 'perform'>;
  readonly queue: BullmqQueue;
  /** How many runs are in progress at the same time, in this process. Default: 10. */
  readonly concurrency?: number;
  /** How many runs go through one connection at the same time, over all workers of the store. Default: 3. */
  readonly runsPerConnection?: number;
  /** How often the sources are read for changes, by one worker for all. Default: 60,000. */
  readonly pollInterval?: number;
  /** How long a change that was seen waits for others before its run. Default: 5,000. */
  readonly debounce?: number;
  /** As that of {@link bullmqQueue}. */
  readonly onError?: (error: Error) => void;
}

const call = z.optional(functionOf<(error: Error) => void>());

const name = string.check(
  z.minLength(1, 'it is empty; leave it out, or give it a name'),
  z.regex(/^[^:]*$/, 'it must hold no colon'),
);

const queueSchema = optionsOf({
  connection: z.custom<unknown>(
    (value) => (typeof value === 'object' && value !== null) || (typeof value === 'string' && value !== ''),
    'it must be what BullMQ connects by, such as { host, port } or a pool of pg',
  ),
  backend: z.optional(functionOf<unknown>()),
  name: z.optional(name),
  prefix: z.optional(string),
  onError: call,
});

const workerSchema = optionsOf({
  service: withMethods<BullmqWorkerOptions['service']>('findDue', 'perform'),
  queue: z.custom<BullmqQueue>(isBullmqQueue, 'it must be what bullmqQueue() returned'),
  concurrency: z.optional(atLeast(1)),
  runsPerConnection: z.optional(atLeast(1)),
  pollInterval: z.optional(milliseconds(1)),
  debounce: z.optional(milliseconds(0)),
  onError: call,
});

const stopSchema = optionsOf({ timeout: z.optional(milliseconds(0)) });

/** @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong. */
export function checkQueueOptions(options: BullmqQueueOptions): BullmqQueueOptions {
  parseOptions(queueSchema, options, 'The options of bullmqQueue() are not valid');
  return options;
}

/** @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong. */
export function resolveWorkerOptions(options: BullmqWorkerOptions) {
  const {
    service,
    queue,
    concurrency = 10,
    runsPerConnection = 3,
    pollInterval = 60_000,
    debounce = 5_000,
    onError,
  } = parseOptions(workerSchema, options, 'The options of bullmqWorker() are not valid');
  const tell = (error: Error) => notify(onError, error);
  return { service, queue, concurrency, runsPerConnection, pollInterval, debounce, onError: tell };
}

export type ResolvedWorkerOptions = ReturnType<typeof resolveWorkerOptions>;

/** How long what is in progress may take to end, in ms. @throws SecretSyncError `INVALID_OPTION`. */
export function timeoutOf(options: { readonly timeout?: number | undefined }): number {
  return parseOptions(stopSchema, options, 'The options of stop() are not valid').timeout ?? 30_000;
}
