import { createPostgresBackend, Queue, runMigrations, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { StateStore } from '../../../src/contracts/state-store.js';
import type { Performed, PerformOptions, SyncJob } from '../../../src/service/index.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { redisStore } from '../../../src/stores/redis/index.js';
import { bullmqQueue, bullmqWorker, type BullmqWorkerOptions } from '../../../src/workers/bullmq/index.js';
import type { ServerName } from '../../support/servers.js';

/** What a test opened, closed after it, the last first. */
export const opened: (() => unknown)[] = [];

export async function closeOpened(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** What BullMQ reported. */
export const reported: Error[] = [];
const onError = (error: Error) => void reported.push(error);

/** The address of a Redis as options: a path where it is a socket. */
export function redisOptions(url: string) {
  if (url.startsWith('/')) return { path: url, retryStrategy: () => 20 };
  const { hostname, port, password } = new URL(url);
  return {
    host: hostname,
    port: Number(port || '6379'),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    retryStrategy: () => 20,
  };
}

export function openPool(connectionString: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString, ...options });
  pool.on('error', () => undefined);
  opened.push(() => pool.end());
  return pool;
}

export function openRedis(url: string): Redis {
  const client = new Redis(redisOptions(url));
  client.on('error', () => undefined);
  opened.push(() => client.disconnect());
  return client;
}

/** A raw queue of BullMQ, to see what is in it. */
export type RawQueue = Pick<
  Queue,
  'getJob' | 'getJobs' | 'getJobCounts' | 'obliterate' | 'close' | 'getJobLogs'
>;

/** A server with a queue of its own name on it. */
export interface Backend {
  readonly open: () => ReturnType<typeof bullmqQueue>;
  readonly raw: RawQueue;
  readonly store: StateStore;
  readonly name: string;
}

let made = 0;

/** Opens a queue that no other test uses. */
export async function openBackend(server: ServerName, url: string): Promise<Backend> {
  made += 1;
  const name = `test-${process.pid}-${Date.now()}-${made}`;
  if (server === 'Redis') {
    const connection = redisOptions(url);
    const raw = new Queue(name, { connection });
    raw.on('error', () => undefined);
    const key = `documents:${name}`;
    const client = openRedis(url);
    opened.push(() => client.del(key).catch(() => undefined));
    opened.push(() => raw.close());
    const open = () => {
      const queue = bullmqQueue({ connection, name, onError });
      opened.push(() => queue.close());
      return queue;
    };
    return { open, raw, store: redisStore(client, { key }), name };
  }
  const pool = openPool(url, { options: '-c search_path=bullmq' });
  const client = await pool.connect();
  await runMigrations(client).finally(() => client.release());
  const raw = new (withBackend(createPostgresBackend).Queue)(name, { connection: pool });
  raw.on('error', () => undefined);
  const table = `documents_${process.pid}_${made}`;
  const documents = openPool(url);
  opened.push(() => documents.query(`DROP TABLE IF EXISTS ${table}`).catch(() => undefined));
  opened.push(() => raw.close());
  const open = () => {
    const queue = bullmqQueue({ connection: pool, backend: createPostgresBackend, name, onError });
    opened.push(() => queue.close());
    return queue;
  };
  return { open, raw, store: postgresStore(documents, { table }), name };
}

/** One call of {@link fakeService}. */
export interface Call {
  readonly job: SyncJob;
  readonly options: PerformOptions;
  readonly end: (done: Performed) => void;
}

export const SUCCEEDED = {
  status: 'succeeded',
  summary: { planned: 0, applied: 0, failed: 0, skipped: 0, indeterminate: 0, imported: 0 },
  requestCount: 0,
  runId: 'run',
  sourceDigest: 'a digest that is not for the queue',
} as unknown as Performed;

/** A service of which a test says what is due, and how each run ends. */
export function fakeService() {
  const calls: Call[] = [];
  const looks: unknown[] = [];
  const due: SyncJob[] = [];
  let asking: ((call: Call) => void)[] = [];
  return {
    calls,
    looks,
    due,
    service: {
      findDue: async (options: object = {}) => {
        looks.push(options);
        return due.splice(0);
      },
      perform: (job: SyncJob, options: PerformOptions = {}) =>
        new Promise<Performed>((resolve) => {
          const call = { job, options, end: resolve };
          calls.push(call);
          const waiting = asking;
          asking = [];
          for (const tell of waiting) tell(call);
        }),
    },
    /** The call with this number, from 1, when it comes. */
    async call(number: number): Promise<Call> {
      for (;;) {
        const found = calls[number - 1];
        if (found !== undefined) return found;
        await new Promise<Call>((resolve) => asking.push(resolve));
      }
    },
  };
}

/** Starts a worker that looks only when it is told to. */
export async function startWorker(
  options: Pick<BullmqWorkerOptions, 'service' | 'queue'> & Partial<BullmqWorkerOptions>,
) {
  const worker = bullmqWorker({ pollInterval: 3_600_000, debounce: 100, onError, ...options });
  opened.push(() => worker.stop({ timeout: 0 }));
  await worker.start();
  return worker;
}

export const syncOf = (syncId: string, fields: Partial<SyncJob> = {}): SyncJob => ({
  syncId,
  operation: 'sync',
  cause: 'change',
  ...fields,
});
