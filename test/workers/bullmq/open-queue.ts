import { createPostgresBackend } from 'bullmq';
import pg from 'pg';
import { bullmqQueue, type BullmqQueue } from '../../../src/workers/bullmq/index.js';
import type { ServerName } from '../../support/servers/servers.js';

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

/** Opens a queue as a process of its own does. `close` also closes what the queue does not. */
export function openQueue(
  server: ServerName,
  url: string,
  name: string,
  onError: (error: Error) => void = () => undefined,
): { readonly queue: BullmqQueue; readonly close: () => Promise<void> } {
  if (server === 'Redis') {
    const queue = bullmqQueue({ connection: redisOptions(url), name, onError });
    return { queue, close: () => queue.close() };
  }
  const pool = new pg.Pool({ connectionString: url, options: '-c search_path=bullmq' });
  pool.on('error', () => undefined);
  const queue = bullmqQueue({ connection: pool, backend: createPostgresBackend, name, onError });
  return {
    queue,
    async close() {
      await queue.close();
      await pool.end();
    },
  };
}
