import { createPostgresBackend } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { hasuraCloud } from '../../src/drivers/hasura-cloud/index.js';
import { SecretSyncEngine } from '../../src/index.js';
import { SecretSyncService, type ServiceEvent } from '../../src/service/index.js';
import { postgresStore } from '../../src/stores/postgres/index.js';
import { redisStore } from '../../src/stores/redis/index.js';
import { bullmqQueue } from '../../src/workers/bullmq/index.js';
import { connectionIds, WORKER_HEADER, type WorkerSettings } from './settings.js';

const ignore = () => undefined;

function openServers({ server, url, name }: WorkerSettings) {
  if (server === 'Redis') {
    const client = new Redis({ path: url });
    client.on('error', ignore);
    const queue = bullmqQueue({ connection: { path: url }, name, onError: ignore });
    const store = redisStore(client, { key: `documents:${name}` });
    return { store, queue, close: async () => client.disconnect() };
  }
  const documents = new pg.Pool({ connectionString: url, max: 10 });
  const jobs = new pg.Pool({ connectionString: url, max: 10, options: '-c search_path=bullmq' });
  for (const pool of [documents, jobs]) pool.on('error', ignore);
  const queue = bullmqQueue({ connection: jobs, backend: createPostgresBackend, name, onError: ignore });
  const store = postgresStore(documents, { table: `documents_${name}` });
  return {
    store,
    queue,
    close: async () => void (await Promise.all([documents.end(), jobs.end()])),
  };
}

/** A service with its queue, as each process of the fleet has it. */
export function openService(settings: WorkerSettings, onEvent?: (event: ServiceEvent) => void) {
  const { store, queue, close } = openServers(settings);
  const { accessToken, destinationUrl, sourceUrl } = settings;
  const connection = { app: 'hasura-cloud', credentials: { accessToken, apiUrl: destinationUrl } };
  const engine = new SecretSyncEngine({
    source: {
      name: 'folders over HTTP',
      async read({ secretPath = '/' }, { signal }) {
        const response = await fetch(`${sourceUrl}${secretPath}`, { signal });
        return new Map(Object.entries((await response.json()) as Record<string, string>));
      },
    },
    drivers: [hasuraCloud()],
    connections: Object.fromEntries(connectionIds.map((id) => [id, connection])),
    store,
    fingerprintKey: 'a fingerprint key of the fleet, which all its processes have',
    leaseWait: 0,
    retry: { maxWait: 2_000 },
    allowPrivateNetwork: true,
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set(WORKER_HEADER, String(process.pid));
      return fetch(input, { ...init, headers });
    },
  });
  const service = new SecretSyncService({ engine, store, queue, ...(onEvent && { onEvent }) });
  return {
    service,
    queue,
    async close() {
      await queue.close();
      await close();
    },
  };
}
