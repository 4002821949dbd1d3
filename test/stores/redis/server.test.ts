import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { redisStore } from '../../../src/stores/redis/index.js';
import { storeConformance } from '../../../src/testing/index.js';
import { startLossyProxy, type LossyProxy } from '../../support/servers/lossy-proxy.js';
import { describeServer, sharedServers, type OwnServer, type Server } from '../../support/servers/servers.js';
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

function ioredis(url: string, options: { maxRetriesPerRequest?: number } = {}): Redis {
  const client = new Redis(url, { retryStrategy: () => 5, ...options });
  client.on('error', () => undefined);
  opened.push(() => client.disconnect());
  return client;
}

async function nodeRedis(url: string) {
  const socket = url.startsWith('/') ? { path: url } : {};
  const client = createClient({
    ...(url.startsWith('/') ? {} : { url }),
    socket: { ...socket, reconnectStrategy: 5 },
    disableOfflineQueue: true,
  });
  client.on('error', () => undefined);
  await client.connect();
  opened.push(() => client.isOpen && client.destroy());
  return client;
}

const servers = sharedServers('Redis');
afterAll(() => servers.stop());

let made = 0;
/** A key that no other test uses, and that is deleted in the end. */
function freshKey(client: Redis): string {
  const key = `test:${process.pid}:${Date.now()}:${(made += 1)}`;
  opened.push(() => (client.status === 'end' ? undefined : client.del(key)));
  return key;
}

describeServer('Redis', 'redisStore on a server', () => {
  let server: Server;
  beforeAll(async () => {
    server = await servers.any();
  });

  describe('by ioredis', () => {
    const made = new Map<StateStore, { readonly client: Redis; readonly key: string }>();
    const fixture = {
      name: 'redisStore, by ioredis,',
      create() {
        const client = ioredis(server.url);
        const key = freshKey(ioredis(server.url));
        const store = redisStore(client, { key });
        made.set(store, { client, key });
        return store;
      },
      reopen: (store: StateStore) => redisStore(ioredis(server.url), { key: made.get(store)?.key ?? '' }),
      breakOff: (store: StateStore) => made.get(store)?.client.disconnect(),
    };
    storeConformance(fixture, { describe, it });
  });

  describe('by node-redis', () => {
    const made = new Map<
      StateStore,
      { readonly client: Awaited<ReturnType<typeof nodeRedis>>; readonly key: string }
    >();
    const fixture = {
      name: 'redisStore, by node-redis,',
      async create() {
        const client = await nodeRedis(server.url);
        const key = freshKey(ioredis(server.url));
        const store = redisStore(client, { key });
        made.set(store, { client, key });
        return store;
      },
      reopen: async (store: StateStore) =>
        redisStore(await nodeRedis(server.url), { key: made.get(store)?.key ?? '' }),
      breakOff: (store: StateStore) => made.get(store)?.client.destroy(),
    };
    storeConformance(fixture, { describe, it });
  });

  it('works with a client that sends as the one of Bun does', async () => {
    const client = ioredis(server.url);
    const store = redisStore(
      { send: (command, args) => client.call(command, ...args) },
      { key: freshKey(client) },
    );
    const { version } = await store.put('a', 1, { ifVersion: null });
    expect(await store.get('a')).toMatchObject({ document: 1, version });
  });

  it('keeps all in one hash, in which a deleted document leaves one small field', async () => {
    const client = ioredis(server.url);
    const key = freshKey(client);
    const store = redisStore(client, { key });
    const { version } = await store.put('a/b', { x: 1 }, { ifVersion: null });
    const { 't:a/b': putAt, ...fields } = await client.hgetall(key);
    expect(fields).toEqual({ 'v:a/b': version, 'd:a/b': '{"x":1}' });
    const [seconds = 0] = await client.time();
    expect(Math.abs(Number(putAt) / 1000 - Number(seconds))).toBeLessThan(3600);
    await store.delete('a/b', { ifVersion: version });
    expect(Object.keys(await client.hgetall(key))).toEqual(['x:a/b']);
    expect(await store.list('')).toEqual([]);
    expect(await store.entries?.('')).toEqual([]);
  });

  it('lets one of two callers delete a version, and refuses the other', async () => {
    const client = ioredis(server.url);
    const store = redisStore(client, { key: freshKey(client) });
    const { version } = await store.put('a', 1, { ifVersion: null });
    const ends = await Promise.allSettled([1, 2].map(() => store.delete('a', { ifVersion: version })));
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('refuses a key that holds something else, and leaves that alone', async () => {
    const client = ioredis(server.url);
    const key = freshKey(client);
    await client.set(key, 'mine');
    const store = redisStore(client, { key });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STATE_UNREADABLE', retryable: false });
    await expect(store.put('a', 1, { ifVersion: null })).rejects.toMatchObject({
      code: 'STATE_NOT_SAVED',
      retryable: false,
    });
    expect(await client.get(key)).toBe('mine');
  });

  it('lets exactly one of two clients win, 1,000 times', async () => {
    const client = ioredis(server.url);
    const key = freshKey(client);
    await raceForVersions(
      redisStore(client, { key }),
      redisStore(await nodeRedis(server.url), { key }),
      1_000,
    );
  });

  it('loses nothing that several processes add', async () => {
    const client = ioredis(server.url);
    const key = freshKey(client);
    await countFromProcesses(redisStore(client, { key }), 'Redis', server.url, key);
  });

  it('keeps one place for two engines', async () => {
    const client = ioredis(server.url);
    const key = freshKey(client);
    await syncFromTwoEngines(redisStore(client, { key }), redisStore(await nodeRedis(server.url), { key }));
  });

  it('keeps the records of two services', async () => {
    const client = ioredis(server.url);
    const key = freshKey(client);
    await serveFromTwoServices(redisStore(client, { key }), redisStore(await nodeRedis(server.url), { key }));
  });

  it.each<[what: string, field: string, bytes: string | null]>([
    ['is cut off', 'd', '{"keyId":"a'],
    ['is bytes that are no text', 'd', '\xff\xfe'],
    ['has lost its document', 'd', null],
    ['has lost its version', 'v', null],
    ['has an empty version', 'v', ''],
    ['has a version that is no text', 'v', '\xff'],
  ])('outlives what %s', async (_what, field, bytes) => {
    const client = ioredis(server.url);
    const key = freshKey(client);
    await outliveDamage(redisStore(client, { key }), async (document) => {
      const name = `${field}:${document}`;
      if (bytes === null) await client.hdel(key, name);
      else await client.hset(key, name, Buffer.from(bytes, 'latin1'));
      if (field === 'v' && bytes !== '') await client.hset(key, `d:${document}`, 'x');
    });
  });
});

describeServer(
  'Redis',
  'redisStore on a server that fails',
  () => {
    let server: OwnServer;
    beforeAll(async () => {
      server = await servers.own();
    });

    describe('behind a network that loses responses', () => {
      const ways = new Map<StateStore, { readonly proxy: LossyProxy; readonly key: string }>();
      const fixture = {
        name: 'redisStore, by ioredis, which sends again,',
        async create() {
          const proxy = await startLossyProxy(server.socket);
          opened.push(() => proxy.close());
          const client = ioredis(proxy.socket);
          await client.ping();
          const key = freshKey(ioredis(server.socket));
          const store = redisStore(client, { key });
          ways.set(store, { proxy, key });
          return store;
        },
        reopen: (store: StateStore) =>
          redisStore(ioredis(server.socket), { key: ways.get(store)?.key ?? '' }),
        loseResponse: (store: StateStore, meanwhile?: () => Promise<void>) =>
          ways.get(store)?.proxy.loseNextResponse(meanwhile),
      };

      storeConformance(fixture, { describe, it });

      it('does once what ioredis sends again', async () => {
        const store = await fixture.create();
        const lose = () => fixture.loseResponse(store);
        lose();
        const first = await store.put('a', 1, { ifVersion: null });
        lose();
        const second = await store.put('a', 2, { ifVersion: first.version });
        lose();
        expect(await store.get('a')).toMatchObject({ document: 2, version: second.version });
        lose();
        await store.delete('a', { ifVersion: second.version });
        lose();
        expect(await store.get('a')).toBeUndefined();
        expect(ways.get(store)?.proxy.lost()).toBe(5);
      });

      it('says that it could not be saved where the client does not send again, and what was saved is there', async () => {
        const proxy = await startLossyProxy(server.socket);
        opened.push(() => proxy.close());
        const client = await nodeRedis(proxy.socket);
        await client.ping();
        const key = freshKey(ioredis(server.socket));
        proxy.loseNextResponse();
        await expect(redisStore(client, { key }).put('a', 1, { ifVersion: null })).rejects.toMatchObject({
          code: 'STATE_NOT_SAVED',
          retryable: true,
        });
        expect(await redisStore(ioredis(server.socket), { key }).get('a')).toMatchObject({ document: 1 });
      });
    });

    it('changes nothing while the server has used its memory, and still reads and deletes', async () => {
      const client = ioredis(server.socket);
      const store = redisStore(client, { key: freshKey(client) });
      const { version } = await store.put('a', 1, { ifVersion: null });
      const other = await store.put('b', 1, { ifVersion: null });
      await client.config('SET', 'maxmemory', '1');
      try {
        const full = {
          code: 'STATE_NOT_SAVED',
          retryable: true,
          message: expect.stringContaining('OOM') as string,
        };
        await expect(store.put('a', 2, { ifVersion: version })).rejects.toMatchObject(full);
        await expect(store.put('c', 2, { ifVersion: null })).rejects.toMatchObject(full);
        await expect(store.put('a', 2, { ifVersion: 'x' })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
        expect(await store.get('a')).toMatchObject({ document: 1, version });
        expect(await store.list('')).toEqual(['a', 'b']);
        expect(await store.entries?.('')).toHaveLength(2);
        await store.delete('b', { ifVersion: other.version });
        expect(await store.list('')).toEqual(['a']);
      } finally {
        await client.config('SET', 'maxmemory', '0');
      }
      await store.put('a', 2, { ifVersion: version });
      expect(await store.get('a')).toMatchObject({ document: 2 });
    });

    it('loses nothing that was confirmed when the server is killed and started again', async () => {
      const client = ioredis(server.socket);
      const key = freshKey(client);
      const clients = [client, ioredis(server.socket), await nodeRedis(server.socket)];
      await countOverRestart(
        clients.map((one) => redisStore(one, { key })),
        async () => {
          await server.crash();
          await server.start();
        },
      );
    });

    it('is unreadable, and not empty, while the server is away', async () => {
      const key = freshKey(ioredis(server.socket));
      const options = { maxRetriesPerRequest: 1 };
      const stores = [
        redisStore(ioredis(server.socket, options), { key }),
        redisStore(await nodeRedis(server.socket), { key }),
      ];
      const { version } = (await stores[0]?.put('a', 1, { ifVersion: null })) ?? { version: '' };
      await server.crash();
      try {
        for (const store of stores) {
          const away = { code: 'STATE_UNREADABLE', retryable: true };
          await expect(store.get('a')).rejects.toMatchObject(away);
          await expect(store.list('')).rejects.toMatchObject(away);
          await expect(store.entries?.('')).rejects.toMatchObject(away);
          await expect(store.put('a', 2, { ifVersion: version })).rejects.toMatchObject({
            code: 'STATE_NOT_SAVED',
            retryable: true,
          });
        }
      } finally {
        await server.start();
      }
    });
  },
  { own: true },
);
