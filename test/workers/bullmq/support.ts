import { createPostgresBackend, isPgPool, Queue, runMigrations, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { StateStore } from '../../../src/contracts/state-store.js';
import type { Performed, PerformOptions, SyncJob } from '../../../src/service/index.js';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { redisStore } from '../../../src/stores/redis/index.js';
import {
  bullmqWorker,
  type BullmqQueue,
  type BullmqWorkerOptions,
} from '../../../src/workers/bullmq/index.js';
import type { ServerName } from '../../support/servers/servers.js';
import { openQueue, redisOptions } from './open-queue.js';

/** What a test opened, closed after it, the last first. */
export const opened: (() => unknown)[] = [];

export async function closeOpened(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** What BullMQ reported. */
export const reported: Error[] = [];
const onError = (error: Error) => void reported.push(error);

function openPool(connectionString: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString, ...options });
  pool.on('error', () => undefined);
  opened.push(() => pool.end());
  return pool;
}

function openRedis(url: string): Redis {
  const client = new Redis(redisOptions(url));
  client.on('error', () => undefined);
  opened.push(() => client.disconnect());
  return client;
}

/** A raw queue of BullMQ, to see what is in it. */
export type RawQueue = Pick<
  Queue,
  'add' | 'getJob' | 'getJobs' | 'getJobCounts' | 'obliterate' | 'close' | 'getJobLogs'
>;

/** A server with a queue of its own name on it. */
export interface Backend {
  readonly open: () => BullmqQueue;
  readonly raw: RawQueue;
  readonly name: string;
  readonly store: StateStore;
  /** All that the queue holds, as text. */
  readonly dump: () => Promise<string>;
  /** Loses all jobs, as a server does that is started without its data. */
  readonly lose: () => Promise<unknown>;
  /** What a worker that was killed holds counts as left alone for as long as it takes. */
  readonly expire: (id: string) => Promise<unknown>;
  /** Whether a check has found that a job may have stalled. */
  readonly isMarked: (id: string) => Promise<boolean>;
}

/** What is stored under a key of Redis, whatever its type. */
async function readKey(client: Redis, key: string): Promise<unknown> {
  switch (await client.type(key)) {
    case 'string':
      return client.get(key);
    case 'hash':
      return client.hgetall(key);
    case 'list':
      return client.lrange(key, 0, -1);
    case 'set':
      return client.smembers(key);
    case 'zset':
      return client.zrange(key, '0', '-1', 'WITHSCORES');
    case 'stream':
      return client.xrange(key, '-', '+');
    default:
      return null;
  }
}

const TABLES = ['job', 'job_log', 'event', 'meta', 'dedup', 'dedup_next', 'metrics'];

let made = 0;

/** Opens a queue that no other test uses. */
export async function openBackend(server: ServerName, url: string): Promise<Backend> {
  made += 1;
  const name = `test-${process.pid}-${Date.now()}-${made}`;
  const open = () => {
    const { queue, close } = openQueue(server, url, name, onError);
    opened.push(close);
    return queue;
  };
  if (server === 'Redis') {
    const connection = redisOptions(url);
    const raw = new Queue(name, { connection });
    raw.on('error', () => undefined);
    const key = `documents:${name}`;
    const client = openRedis(url);
    opened.push(() => client.del(key).catch(() => undefined));
    opened.push(() => raw.close());
    const prefix = `bull:${name}:`;
    return {
      open,
      raw,
      name,
      store: redisStore(client, { key }),
      async dump() {
        const keys = await client.keys(`${prefix}*`);
        return JSON.stringify(
          await Promise.all(keys.map(async (each) => [each, await readKey(client, each)])),
        );
      },
      lose: () => client.flushall(),
      expire: (id) => client.del(`${prefix}${id}:lock`, `${prefix}stalled-check`),
      isMarked: async (id) => (await client.sismember(`${prefix}stalled`, id)) === 1,
    };
  }
  const pool = openPool(url, { options: '-c search_path=bullmq' });
  const client = await pool.connect();
  await runMigrations(client).finally(() => client.release());
  if (!isPgPool(pool)) throw new Error('BullMQ does not take a pool of pg.');
  const raw = new (withBackend(createPostgresBackend).Queue)(name, { connection: pool });
  raw.on('error', () => undefined);
  const table = `documents_${process.pid}_${made}`;
  const documents = openPool(url);
  opened.push(() => documents.query(`DROP TABLE IF EXISTS ${table}`).catch(() => undefined));
  opened.push(() => raw.close());
  return {
    open,
    raw,
    name,
    store: postgresStore(documents, { table }),
    async dump() {
      const rows = TABLES.map((one) =>
        pool.query(`SELECT to_json(t) AS row FROM ${one} t WHERE queue = $1`, [name]),
      );
      return JSON.stringify((await Promise.all(rows)).map((result) => result.rows as unknown[]));
    },
    lose: () => raw.obliterate({ force: true }),
    async expire(id) {
      await pool.query('UPDATE job SET locked_until_ms = 1 WHERE queue = $1 AND id = $2', [name, id]);
      await pool.query(`DELETE FROM meta WHERE queue = $1 AND field = 'stalled-check'`, [name]);
    },
    async isMarked(id) {
      const text = 'SELECT FROM job WHERE queue = $1 AND id = $2 AND stalled_marked';
      return (await pool.query(text, [name, id])).rowCount === 1;
    },
  };
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
    call: async (number: number): Promise<Call> => {
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
