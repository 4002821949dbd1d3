// A process that adds 1 to a document of a store on a server, many times, reading again after each conflict.
import { Redis } from 'ioredis';
import pg from 'pg';
import { isSecretSyncError } from '../../src/contracts/errors.js';
import type { StateStore } from '../../src/contracts/state-store.js';
import { postgresStore } from '../../src/stores/postgres/index.js';
import { redisStore } from '../../src/stores/redis/index.js';

const [server = '', url = '', where = '', times = '0'] = process.argv.slice(2);

async function count(store: StateStore): Promise<void> {
  for (let done = 0; done < Number(times);) {
    const found = await store.get('counter');
    const value = typeof found?.document === 'number' ? found.document : 0;
    try {
      await store.put('counter', value + 1, { ifVersion: found?.version ?? null, flush: false });
      done += 1;
    } catch (error) {
      if (!isSecretSyncError(error, 'STATE_CONFLICT')) throw error;
    }
  }
}

if (server === 'Redis') {
  const client = new Redis(url);
  await count(redisStore(client, { key: where }));
  client.disconnect();
} else {
  const pool = new pg.Pool({ connectionString: url });
  await count(postgresStore(pool, { table: where }));
  await pool.end();
}
