import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { postgresSchema, postgresStore } from '../../../src/stores/postgres/index.js';
import { sqlState } from '../../../src/stores/postgres/failure.js';
import { storeConformance } from '../../../src/testing/index.js';
import { eventually } from '../../support/eventually.js';
import { startLossyProxy, type LossyProxy } from '../../support/servers/lossy-proxy.js';
import { describeServer, sharedServers, type OwnServer } from '../../support/servers/servers.js';
import {
  countFromProcesses,
  countOverRestart,
  outliveDamage,
  raceForVersions,
  serveFromTwoServices,
  syncFromTwoEngines,
} from '../../support/servers/shared-store.js';

/** What a test opened, closed after it. */
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

function poolOf(url: string, config: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 4, ...config });
  // Without it, a restart of the server ends this process.
  pool.on('error', () => undefined);
  opened.push(() => (pool.ended ? undefined : pool.end()));
  return pool;
}

const servers = sharedServers('PostgreSQL');
afterAll(() => servers.stop());

/** The connection that a role without rights gets. */
function urlAs(url: string, user: string, password?: string): string {
  const [, rest = ''] = /^postgres(?:ql)?:\/\/(?:[^@/]*@)?(.*)$/.exec(url) ?? [];
  return `postgresql://${user}${password === undefined ? '' : `:${password}`}@${rest}`;
}

describeServer('PostgreSQL', 'postgresStore on a server', () => {
  const schema = `test_${process.pid}_${Date.now()}`;
  let url: string;
  let first: pg.Pool;
  let second: pg.Pool;
  beforeAll(async () => {
    ({ url } = await servers.any());
    first = new pg.Pool({ connectionString: url, max: 3 });
    second = new pg.Pool({ connectionString: url, max: 3 });
    for (const pool of [first, second]) pool.on('error', () => undefined);
    await first.query(`CREATE SCHEMA ${schema}`);
  });
  afterAll(async () => {
    await first.query(`DROP SCHEMA ${schema} CASCADE`);
    for (const pool of [first, second]) await pool.end();
  });

  let tables = 0;
  /** A table that no other test uses. */
  const freshTable = () => `${schema}.documents_${(tables += 1)}`;
  /** Two stores over the same documents, by different connections. */
  function twoStores(): readonly [StateStore, StateStore] {
    const table = freshTable();
    return [postgresStore(first, { table }), postgresStore(second, { table })];
  }

  const places = new Map<StateStore, { pool: pg.Pool; readonly table: string }>();
  const fixture = {
    name: 'postgresStore, by pg,',
    create() {
      const place = { pool: first, table: freshTable() };
      const client = { query: (text: string, values: string[]) => place.pool.query(text, values) };
      const store = postgresStore(client, { table: place.table });
      places.set(store, place);
      return store;
    },
    reopen: (store: StateStore) => postgresStore(second, { table: places.get(store)?.table ?? '' }),
    async breakOff(store: StateStore) {
      const place = places.get(store);
      const ended = poolOf(url);
      await ended.end();
      if (place !== undefined) place.pool = ended;
    },
  };
  storeConformance(fixture, { describe, it });

  it('lets exactly one of two clients win, 1,000 times', async () => {
    await raceForVersions(...twoStores(), 1_000);
  });

  it.each(['repeatable read', 'serializable'])('does so in the isolation level %s, too', async (level) => {
    const options = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`;
    const table = freshTable();
    const [one, two] = [1, 2].map(() => postgresStore(poolOf(url, { options }), { table }));
    if (one === undefined || two === undefined) throw new Error('there are two');
    await raceForVersions(one, two, 20);
  });

  it('creates its table once, also when several processes need it together', async () => {
    await Promise.all([first, second].flatMap((pool) => [pool.query('SELECT 1'), pool.query('SELECT 1')]));
    for (let round = 0; round < 5; round += 1) {
      const table = freshTable();
      const stores = [first, second, first, second].map((pool) => postgresStore(pool, { table }));
      await Promise.all(stores.map((store, by) => store.put(`a/${by}`, by, { ifVersion: null })));
      expect(await stores[0]?.list('a/')).toEqual(['a/0', 'a/1', 'a/2', 'a/3']);
    }
  });

  it('sorts by bytes, whatever the collation of the database is', async () => {
    const [store] = twoStores();
    const keys = ['a', 'a-b', 'a/b', 'a0', 'b'];
    for (const key of [...keys].reverse()) await store.put(key, 1, { ifVersion: null });
    expect(await store.list('')).toEqual(keys);
    expect((await store.entries?.(''))?.map(({ key }) => key)).toEqual(keys);
  });

  it('leaves the connection as it was after a put without a flush', async () => {
    const pool = poolOf(url, { max: 1 });
    const setting = async () => (await pool.query('SHOW synchronous_commit')).rows as unknown[];
    const before = await setting();
    const store = postgresStore(pool, { table: freshTable() });
    const { version } = await store.put('a', 1, { ifVersion: null, flush: false });
    await store.put('a', 2, { ifVersion: version, flush: false });
    expect(await setting()).toEqual(before);
  });

  it('reads, and says that it cannot save, on a connection that is read-only', async () => {
    const table = freshTable();
    const readOnly = poolOf(url, { options: '-c default_transaction_read_only=on' });
    const store = postgresStore(readOnly, { table });
    // There is no table, and none can be made: that is no empty store.
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STATE_UNREADABLE', retryable: true });
    const { version } = await postgresStore(first, { table }).put('a', 1, { ifVersion: null });
    const notSaved = {
      code: 'STATE_NOT_SAVED',
      retryable: true,
      message: expect.stringContaining('read-only (25006)') as string,
    };
    await expect(store.put('a', 2, { ifVersion: version })).rejects.toMatchObject(notSaved);
    await expect(store.put('b', 2, { ifVersion: null, flush: false })).rejects.toMatchObject(notSaved);
    await expect(store.delete('a', { ifVersion: version })).rejects.toMatchObject(notSaved);
    expect(await store.get('a')).toMatchObject({ document: 1, version });
    expect(await store.list('')).toEqual(['a']);
  });

  it('loses nothing that several processes add', async () => {
    const table = freshTable();
    await countFromProcesses(postgresStore(first, { table }), 'PostgreSQL', url, table);
  });

  it('keeps one place for two engines', async () => {
    await syncFromTwoEngines(...twoStores());
  });

  it('keeps the records of two services', async () => {
    await serveFromTwoServices(...twoStores());
  });

  it('outlives documents that are cut off, and times without an end', async () => {
    const table = freshTable();
    await outliveDamage(postgresStore(first, { table }), async (document) => {
      const cut = `UPDATE ${table} SET document = left(document, 5) || '"', put_at = 'infinity' WHERE key = $1`;
      await second.query(cut, [document]);
    });
  });
});

describeServer(
  'PostgreSQL',
  'postgresStore on a server that fails',
  () => {
    let server: OwnServer;
    beforeAll(async () => {
      server = await servers.own();
    });

    it('needs no more rights than those on its table, and says which it lacks', async () => {
      const admin = poolOf(server.url);
      await admin.query('CREATE ROLE worker LOGIN');
      await admin.query('REVOKE CREATE ON SCHEMA public FROM public');
      const table = 'rights';
      await admin.query(postgresSchema(table));
      const store = postgresStore(poolOf(urlAs(server.url, 'worker')), { table });
      await expect(store.get('a')).rejects.toMatchObject({
        code: 'STATE_UNREADABLE',
        retryable: false,
        message: expect.stringContaining('lacks a permission') as string,
      });
      await admin.query(`GRANT SELECT, INSERT, UPDATE ON ${table} TO worker`);
      const { version } = await store.put('a', 1, { ifVersion: null });
      await store.delete('a', { ifVersion: version });
    });

    it('says so when there is no connection left, and goes on when there is one', async () => {
      const admin = poolOf(server.url);
      await admin.query('CREATE ROLE single LOGIN CONNECTION LIMIT 1');
      await admin.query(postgresSchema('connections'));
      await admin.query('GRANT ALL ON connections TO single');
      const only = new pg.Client({ connectionString: urlAs(server.url, 'single') });
      await only.connect();
      const store = postgresStore(poolOf(urlAs(server.url, 'single'), { max: 1 }), { table: 'connections' });
      const none = { retryable: true, message: expect.stringContaining('no connection left') as string };
      await expect(store.get('a')).rejects.toMatchObject({ code: 'STATE_UNREADABLE', ...none });
      await expect(store.put('a', 1, { ifVersion: null })).rejects.toMatchObject({
        code: 'STATE_NOT_SAVED',
        ...none,
      });
      await only.end();
      await eventually(() => store.put('a', 1, { ifVersion: null }));
      expect(await store.get('a')).toMatchObject({ document: 1 });
    });

    it('says that it could not be saved when the response is lost, and what was saved is there', async () => {
      const proxy = await startLossyProxy(server.socket);
      opened.push(() => proxy.close());
      const behind = poolOf(`postgresql://postgres@${encodeURIComponent(proxy.folder)}/postgres`, { max: 1 });
      const lost = { code: 'STATE_NOT_SAVED', retryable: true };
      const store = postgresStore(behind, { table: 'lost' });
      await store.list('');
      proxy.loseNextResponse();
      await expect(store.put('a', 1, { ifVersion: null })).rejects.toMatchObject(lost);
      const found = await store.get('a');
      expect(found).toMatchObject({ document: 1 });
      proxy.loseNextResponse();
      await expect(store.put('a', 2, { ifVersion: found?.version ?? '' })).rejects.toMatchObject(lost);
      expect(await store.get('a')).toMatchObject({ document: 2 });
      expect(proxy.lost()).toBe(2);
    });

    describe('behind a network that loses responses, by a client that sends again', () => {
      let tables = 0;
      const ways = new Map<StateStore, { readonly proxy: LossyProxy; readonly table: string }>();
      const fixture = {
        name: 'postgresStore, by a client that sends again,',
        async create() {
          const proxy = await startLossyProxy(server.socket);
          opened.push(() => proxy.close());
          const folder = encodeURIComponent(proxy.folder);
          const pool = poolOf(`postgresql://postgres@${folder}/postgres`, { max: 1 });
          const query = (text: string, values: string[]) =>
            pool.query(text, values).catch((error: unknown) => {
              if (sqlState(error) !== '') throw error;
              return pool.query(text, values);
            });
          const table = `sent_again_${(tables += 1)}`;
          const store = postgresStore({ query }, { table });
          // What creates the table is not what is lost.
          await store.list('');
          ways.set(store, { proxy, table });
          return store;
        },
        reopen: (store: StateStore) =>
          postgresStore(poolOf(server.url), { table: ways.get(store)?.table ?? '' }),
        loseResponse: (store: StateStore, meanwhile?: () => Promise<void>) =>
          ways.get(store)?.proxy.loseNextResponse(meanwhile),
      };
      storeConformance(fixture, { describe, it });

      it('loses as many responses as it says', async () => {
        const store = await fixture.create();
        const { proxy } = ways.get(store) ?? {};
        fixture.loseResponse(store);
        const { version } = await store.put('a', 1, { ifVersion: null });
        fixture.loseResponse(store);
        await store.delete('a', { ifVersion: version, flush: false });
        expect(await store.get('a')).toBeUndefined();
        expect(proxy?.lost()).toBe(2);
      });
    });

    it('loses nothing that was confirmed when the server crashes and starts again', async () => {
      const pools = [poolOf(server.url), poolOf(server.url), poolOf(server.url)];
      await countOverRestart(
        pools.map((pool) => postgresStore(pool, { table: 'counted' })),
        async () => {
          await server.crash();
          await server.start();
        },
      );
    });

    it('is unreadable, and not empty, while the server is away', async () => {
      const pool = poolOf(server.url);
      const store = postgresStore(pool, { table: 'away' });
      const { version } = await store.put('a', 1, { ifVersion: null });
      await server.crash();
      try {
        const away = { code: 'STATE_UNREADABLE', retryable: true };
        await expect(store.get('a')).rejects.toMatchObject(away);
        await expect(store.list('')).rejects.toMatchObject(away);
        await expect(store.entries?.('')).rejects.toMatchObject(away);
        await expect(store.put('a', 2, { ifVersion: version })).rejects.toMatchObject({
          code: 'STATE_NOT_SAVED',
          retryable: true,
        });
        await expect(postgresStore(poolOf(server.url)).get('a')).rejects.toMatchObject(away);
      } finally {
        await server.start();
      }
      expect(await store.get('a')).toMatchObject({ document: 1, version });
    });
  },
  { own: true },
);
