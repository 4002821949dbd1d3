import { describe, expect, it } from 'vitest';
import { redisStore, type RedisClient } from '../../../src/stores/redis/index.js';

const CANARY = 'canary-7f3a';

/** A client that returns or throws what it is told. */
const clientWith = (reply: unknown): RedisClient => ({
  async call() {
    if (reply instanceof Error) throw reply;
    return reply;
  },
});

describe('redisStore', () => {
  it('takes a client of each kind, and asks it for one command each operation', async () => {
    const seen: string[][] = [];
    const reply = (args: readonly string[]) => {
      seen.push([...args]);
      return args[1]?.includes("'HSET'") ? 1 : args[1]?.includes("'HKEYS'") ? [] : [null, null, null, '5'];
    };
    const clients: RedisClient[] = [
      // As in ioredis, which has both; its sendCommand takes no strings.
      Object.assign({ call: async (...args: string[]) => reply(args) }, { sendCommand: null }),
      { sendCommand: async (args) => reply(args) },
      { send: async (command, args) => reply([command, ...args]) },
    ];
    for (const client of clients) {
      seen.length = 0;
      const store = redisStore(client, { key: 'mine' });
      const { version } = await store.put('a/b', { x: 1 }, { ifVersion: null });
      expect(await store.get('a/b')).toBeUndefined();
      await store.delete('a/b', { ifVersion: 'before' });
      expect(await store.list('a/')).toEqual([]);
      expect(await store.entries?.('a/')).toEqual([]);
      const withoutScripts = seen.map(([command, , ...args]) => [command, ...args]);
      expect(withoutScripts).toEqual([
        ['EVAL', '1', 'mine', 'a/b', '', version, '{"x":1}'],
        ['EVAL', '1', 'mine', 'a/b'],
        ['EVAL', '1', 'mine', 'a/b', 'before', expect.any(String) as string, ''],
        ['EVAL', '1', 'mine', 'a/'],
        ['EVAL', '1', 'mine', 'a/'],
      ]);
    }
  });

  it('refuses what is no client, an empty key, and a key of a document that is none', async () => {
    for (const client of [null, undefined, {}, { call: 1 }, 'redis://localhost']) {
      expect(() => void Reflect.apply(redisStore, undefined, [client])).toThrow(
        /a client of ioredis, node-redis/,
      );
    }
    const store = clientWith(1);
    expect(() => redisStore(store, { key: '' })).toThrow(/must be a string that is not empty/);
    await expect(redisStore(store).get('A b')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(redisStore(store).put('', 1, { ifVersion: null })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });

  it('takes an empty version for one that is not stored', async () => {
    const store = redisStore(clientWith(1));
    await expect(store.put('a', 1, { ifVersion: '' })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(store.delete('a', { ifVersion: '' })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  const refused = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });
  const failures: readonly (readonly [thrown: Error, reason: string, retryable: boolean])[] = [
    [refused("OOM command not allowed when used memory > 'maxmemory'."), 'maxmemory (OOM)', true],
    [
      refused('ERR Error running script (call to f_1): @user_script:7: @user_script: 7: -OOM command'),
      'maxmemory (OOM)',
      true,
    ],
    [refused("READONLY You can't write against a read only replica."), 'connect to the primary', true],
    [refused('LOADING Redis is loading the dataset in memory'), 'loading its data', true],
    [refused('WRONGTYPE Operation against a key'), 'use another key', false],
    [refused(`NOAUTH ${CANARY}`), 'has not logged in', false],
    [refused(`NOPERM User ${CANARY} has no permissions`), 'lacks a permission (NOPERM)', false],
    [
      Object.assign(new Error(`connect ECONNREFUSED ${CANARY}`), { code: 'ECONNREFUSED' }),
      'Redis could not be reached, or its response was lost (ECONNREFUSED)',
      true,
    ],
    [Object.assign(new Error(CANARY), { code: CANARY }), 'Redis could not be reached', true],
    [new Error(`redis://user:${CANARY}@host`), 'Redis could not be reached', true],
  ];
  it.each(failures.map(([thrown, ...rest]) => [...rest, thrown] as const))(
    'says in its own words why it failed: %s (retryable: %s)',
    async (reason, retryable, thrown) => {
      const store = redisStore(clientWith(thrown));
      const thrownByStore = await Promise.all([
        store.get('a').catch((error: unknown) => error),
        store.list('a/').catch((error: unknown) => error),
        store.entries?.('').catch((error: unknown) => error),
        store.put('a', CANARY, { ifVersion: null }).catch((error: unknown) => error),
        store.delete('a', { ifVersion: 'x' }).catch((error: unknown) => error),
      ]);
      for (const [index, failure] of thrownByStore.entries()) {
        const code = index < 3 ? 'STATE_UNREADABLE' : 'STATE_NOT_SAVED';
        expect(failure).toMatchObject({ code, retryable });
        expect(String(failure)).toContain(reason);
        expect(failure).not.toHaveProperty('cause');
        expect(`${String(failure)}${JSON.stringify(failure)}`).not.toContain(CANARY);
      }
    },
  );

  it.each([
    ['buffers', [Buffer.from('v'), Buffer.from('1'), null, Buffer.from('5')], 'without type mappings'],
    ['nothing', null, 'without type mappings'],
    ['a version without a document', ['v', null, null, '5'], 'a field of the hash in Redis is missing'],
    ['a document without a version', [null, '1', null, '5'], 'a field of the hash in Redis is missing'],
    ['half a document', ['v', `{"a":"${CANARY}`, '1', '5'], 'is not JSON'],
  ])('never takes %s for no document', async (_what, reply, reason) => {
    const failure: unknown = await redisStore(clientWith(reply))
      .get('a')
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'STATE_UNREADABLE', retryable: false });
    expect(String(failure)).toContain(reason);
    expect(String(failure)).not.toContain(CANARY);
  });

  it('has no age for a document without a time, and never one below 0', async () => {
    const ageOf = async (putAt: string | null) =>
      (await redisStore(clientWith(['v', '1', putAt, '1000'])).get('a'))?.age;
    expect(await ageOf('400')).toBe(600);
    expect(await ageOf('5000')).toBe(0);
    expect(await ageOf(null)).toBeUndefined();
    expect(await ageOf('x')).toBeUndefined();
  });

  it('does not say that something was saved when the reply is no number', async () => {
    const failure = redisStore(clientWith('1')).put('a', 1, { ifVersion: null });
    await expect(failure).rejects.toMatchObject({ code: 'STATE_NOT_SAVED', retryable: false });
  });
});
