import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { postgresSchema, postgresStore, type PostgresClient } from '../../../src/stores/postgres/index.js';
import { storeConformance } from '../../../src/testing/index.js';

const CANARY = 'canary-7f3a';

/** An error of a server, as drivers throw it. */
const refused = (code: string, message = CANARY) => Object.assign(new Error(message), { code });

/** A client that returns or throws what it is told, one after the other; the last one for ever. */
function clientWith(...replies: readonly unknown[]) {
  const seen: string[] = [];
  const client: PostgresClient = {
    async query(text) {
      const reply = replies[Math.min(seen.length, replies.length - 1)];
      seen.push(text);
      if (reply instanceof Error) throw reply;
      return { rows: reply as unknown[] };
    },
  };
  return { client, seen };
}

describe('postgresStore on PGlite', () => {
  let database: PGlite;
  let tables = 0;
  const tableOf = new Map<StateStore, string>();
  beforeAll(async () => {
    database = await PGlite.create();
  }, 300_000);
  afterAll(() => database?.close());

  const open = (table = `documents_${(tables += 1)}`): StateStore => {
    const store = postgresStore(database, { table });
    tableOf.set(store, table);
    return store;
  };
  storeConformance(
    {
      name: 'postgresStore, on PGlite,',
      create: () => open(),
      reopen: (store) => open(tableOf.get(store)),
    },
    { describe, it },
  );

  it('takes one statement for each operation, once there is a table', async () => {
    const seen: string[] = [];
    const client: PostgresClient = {
      // As clients do that return rows alone.
      async query(text, values) {
        seen.push(text);
        return (await database.query(text, values)).rows;
      },
    };
    const store = postgresStore(client, { table: 'counted' });
    expect(await store.list('')).toEqual([]);
    expect(seen).toEqual([expect.stringContaining('SELECT'), postgresSchema('counted'), seen[0]]);
    seen.length = 0;
    const { version } = await store.put('a/b', 1, { ifVersion: null, flush: false });
    const { version: next } = await store.put('a/b', 2, { ifVersion: version });
    expect(await store.get('a/b')).toMatchObject({ document: 2, version: next });
    expect(await store.entries?.('a/')).toHaveLength(1);
    await store.delete('a/b', { ifVersion: next });
    expect(seen).toHaveLength(5);
  });

  it('finds what it did when a change is sent again, but nothing else', async () => {
    const table = `documents_${(tables += 1)}`;
    const twice: PostgresClient = {
      async query(text, values) {
        await database.query(text, values);
        return database.query(text, values);
      },
    };
    await postgresStore(database, { table }).list('');
    const store = postgresStore(twice, { table });
    const { version } = await store.put('a', 1, { ifVersion: null });
    const second = await store.put('a', 2, { ifVersion: version });
    expect(await store.get('a')).toMatchObject({ document: 2, version: second.version });
    await expect(store.put('a', 3, { ifVersion: null })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(store.put('a', 3, { ifVersion: version })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect(await store.get('a')).toMatchObject({ document: 2, version: second.version });
    await expect(store.delete('a', { ifVersion: version })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await store.delete('a', { ifVersion: second.version });
    expect(await store.get('a')).toBeUndefined();
    await expect(store.delete('a', { ifVersion: second.version })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
  });

  it('leaves an empty row of a deleted document, which nothing shows and a new one takes', async () => {
    const store = open('emptied');
    const { version } = await store.put('a/b', { much: 'x'.repeat(100) }, { ifVersion: null });
    await store.delete('a/b', { ifVersion: version, flush: false });
    const rows = async () => (await database.query('SELECT key, document, deletion FROM emptied')).rows;
    expect(await rows()).toEqual([{ key: 'a/b', document: '', deletion: expect.any(String) as string }]);
    expect([await store.get('a/b'), await store.list(''), await store.entries?.('')]).toEqual([
      undefined,
      [],
      [],
    ]);
    await expect(store.put('a/b', 1, { ifVersion: version })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    await store.put('a/b', 2, { ifVersion: null });
    expect(await rows()).toHaveLength(1);
    expect(await store.get('a/b')).toMatchObject({ document: 2 });
  });

  it('takes what is no version of this store for another version', async () => {
    const store = open();
    await store.put('a', 1, { ifVersion: null });
    for (const ifVersion of ['', '1', "' OR true --"]) {
      await expect(store.put('a', 2, { ifVersion })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
      await expect(store.delete('a', { ifVersion })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    }
    expect(await store.get('a')).toMatchObject({ document: 1 });
  });

  it('writes into a schema of its own, and under names that SQL keeps for itself', async () => {
    await database.query('CREATE SCHEMA sync');
    for (const table of ['sync.state', 'sync.order', 'select']) {
      const store = postgresStore(database, { table });
      await store.put('a', table, { ifVersion: null });
      expect(await store.get('a')).toMatchObject({ document: table });
    }
  });

  it('is not saved without a flush for longer than its own statement', async () => {
    const setting = async () =>
      (await database.query<{ synchronous_commit: string }>('SHOW synchronous_commit')).rows[0];
    const before = await setting();
    const store = open();
    const { version } = await store.put('a', 1, { ifVersion: null, flush: false });
    await store.delete('a', { ifVersion: version, flush: false });
    expect(await setting()).toEqual(before);
  });

  it('is unreadable, and not empty, when its table is missing and it may not create one', async () => {
    const store = postgresStore(database, { table: 'missing', createTable: false });
    const missing = {
      code: 'STATE_UNREADABLE',
      retryable: false,
      message: expect.stringContaining('postgresSchema()') as string,
    };
    await expect(store.get('a')).rejects.toMatchObject(missing);
    await expect(store.list('')).rejects.toMatchObject(missing);
    await expect(store.put('a', 1, { ifVersion: null })).rejects.toMatchObject({
      code: 'STATE_NOT_SAVED',
      retryable: false,
    });
    await database.query(postgresSchema('missing'));
    expect(await store.get('a')).toBeUndefined();
  });

  it('does not take a table that has vanished for an empty one', async () => {
    const store = postgresStore(database, { table: 'vanishing' });
    await store.put('a', 1, { ifVersion: null });
    await database.query('DROP TABLE vanishing');
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
    await expect(store.put('a', 1, { ifVersion: null })).rejects.toMatchObject({ code: 'STATE_NOT_SAVED' });
  });
});

describe('postgresStore', () => {
  it('refuses what is no client and what is no name of a table', () => {
    for (const client of [null, undefined, {}, { query: 1 }]) {
      expect(() => void Reflect.apply(postgresStore, undefined, [client])).toThrow(/query\(text, values\)/);
    }
    const { client } = clientWith([]);
    const names = ['', 'A', '1a', 'a b', 'a;b', 'a"b', 'a.b.c', '.a', 'a.', 'ä', 'a'.repeat(64), 7];
    for (const table of names) {
      expect(() => void Reflect.apply(postgresStore, undefined, [client, { table }])).toThrow(
        /"schema.table"/,
      );
      expect(() => void Reflect.apply(postgresSchema, undefined, [table])).toThrow(/"schema.table"/);
    }
  });

  it('shows the statement of a migration', () => {
    expect(postgresSchema()).toBe(`CREATE TABLE IF NOT EXISTS "secret_sync_documents" (
  key text COLLATE "C" PRIMARY KEY,
  version uuid NOT NULL,
  document text NOT NULL,
  put_at timestamptz NOT NULL,
  deletion uuid
)`);
  });

  const failures: readonly (readonly [thrown: Error, reason: string, retryable: boolean])[] = [
    [refused('25006'), 'read-only (25006); connect to the primary', true],
    [refused('53300'), 'no connection left (53300)', true],
    [refused('42501'), 'grant SELECT, INSERT and UPDATE', false],
    [refused('28P01'), 'refused user or password', false],
    [refused('XX001'), 'PostgreSQL refused the statement (SQLSTATE XX001)', true],
    [refused('57P01'), 'PostgreSQL could not be reached, or its response was lost;', true],
    [refused('08006'), 'PostgreSQL could not be reached, or its response was lost;', true],
    [refused('ECONNREFUSED'), 'could not be reached, or its response was lost (ECONNREFUSED)', true],
    [refused('EPIPE'), 'could not be reached, or its response was lost (EPIPE)', true],
    [refused(CANARY), 'PostgreSQL could not be reached', true],
    [new Error(`postgres://user:${CANARY}@host`), 'PostgreSQL could not be reached', true],
  ];
  it.each(failures.map(([thrown, ...rest]) => [...rest, thrown] as const))(
    'says in its own words why it failed: %s (retryable: %s)',
    async (reason, retryable, thrown) => {
      const store = postgresStore(clientWith(thrown).client);
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

  it('takes a transaction that could not be serialized for a lost race', async () => {
    const store = postgresStore(clientWith(refused('40001')).client);
    await expect(store.put('a', 1, { ifVersion: null })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STATE_UNREADABLE', retryable: true });
  });

  it.each(['23505', '42P07', '42710'])('goes on when another process made the table (%s)', async (code) => {
    const { client, seen } = clientWith(refused('42P01'), refused(code), []);
    expect(await postgresStore(client).list('')).toEqual([]);
    expect(seen).toHaveLength(3);
  });

  it('tries again to create the table after it could not', async () => {
    const { client } = clientWith(refused('42P01'), refused('42501'), refused('42P01'), [], []);
    const store = postgresStore(client);
    await expect(store.list('')).rejects.toMatchObject({ code: 'STATE_UNREADABLE', retryable: false });
    expect(await store.list('')).toEqual([]);
  });

  it('creates one table for calls that are made together', async () => {
    const missing = refused('42P01');
    const { client, seen } = clientWith(missing, missing, missing, []);
    const store = postgresStore(client);
    await Promise.all([store.list('a'), store.list('b'), store.list('c')]);
    expect(seen.filter((text) => text.startsWith('CREATE'))).toHaveLength(1);
  });

  it.each([
    ['other columns', [{ id: 1 }], 'without type parsers for text'],
    ['no rows', null, 'without type parsers for text'],
    ['half a document', [{ key: 'a', version: 'v', document: `{"a":"${CANARY}`, age: 1 }], 'is not JSON'],
  ])('never takes %s for no document', async (_what, reply, reason) => {
    const failure: unknown = await postgresStore(clientWith(reply).client)
      .get('a')
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'STATE_UNREADABLE', retryable: false });
    expect(String(failure)).toContain(reason);
    expect(String(failure)).not.toContain(CANARY);
  });

  it('tells an age in whole ms, never below 0, also where numbers come as strings', async () => {
    const ageOf = async (age: unknown) =>
      (await postgresStore(clientWith([{ key: 'a', version: 'v', document: '1', age }]).client).get('a'))
        ?.age;
    expect(await ageOf(600.4)).toBe(600);
    expect(await ageOf('600.4')).toBe(600);
    expect(await ageOf(-5)).toBe(0);
  });
});
