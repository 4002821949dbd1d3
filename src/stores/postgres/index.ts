import * as z from 'zod/mini';
import type { StateStore, StoredEntry } from '../../contracts/state-store.js';
import { checkCall } from '../../shared/arguments/check.js';
import { aFlag, field, optional, type Rule, type Rules } from '../../shared/arguments/rules.js';
import { notSaved, parseDocument, stateAt, statesBelow, unreadable } from '../server.js';
import { assertStoreKey, stateConflict } from '../store-key.js';
import type { PostgresClient } from './client.js';
import { postgresFailure, sqlState } from './failure.js';
import { DEFAULT_TABLE, quotedTable } from './schema.js';
import { statementsFor } from './statements.js';
import { statementsOn } from './table.js';

export type { PostgresClient } from './client.js';
export { postgresSchema } from './schema.js';

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions {
  /** The table of the documents, as `table` or `schema.table`, in lower case. Default: `secret_sync_documents`. */
  readonly table?: string | undefined;
  /** Creates the table when the first call finds none. `false`: see {@link postgresSchema}. Default: true. */
  readonly createTable?: boolean | undefined;
}

/** What two transactions get that change one row in an isolation level above `read committed`. */
const SERIALIZATION_FAILURE = '40001';

/** A client can be a function with methods, as that of Neon. */
const aClient: Rule = [
  'a client with query(text, values), such as a Pool of pg',
  (value) => typeof field(value, 'query') === 'function',
];

// The name of the table is checked by who quotes it.
const OPTIONS: Rules = { table: ['a string', () => true], createTable: optional(aFlag) };

const keyRows = z.array(z.object({ key: z.string() }));
const documentRows = z.array(
  z.object({
    key: z.string(),
    version: z.string(),
    document: z.string(),
    // Some clients are set up to return numbers as strings.
    age: z.union([z.number(), z.string()]),
  }),
);

function entryOf({ key, version, document, age }: z.infer<typeof documentRows>[number]): StoredEntry {
  return { key, document: parseDocument(key, document), version, age: Math.max(0, Math.round(Number(age))) };
}

/** Whether the document of a row can be read. */
function isWhole(row: z.infer<typeof documentRows>[number]): boolean {
  try {
    entryOf(row);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns a store that keeps each document in a row of one table of PostgreSQL (12 or later), for any number of
 * processes and machines.
 *
 * Each call is one statement, without a transaction of its own, and so one round trip; the first call creates the table
 * where there is none. With `flush: false` a write does not wait for the disk (`synchronous_commit`, for that statement
 * alone). Documents tell their age by the clock of the server. A statement that the client sends again because the
 * response was lost is done once. The row of a deleted document stays, empty.
 *
 * The client is neither opened nor closed. Give a pool, not a client in a transaction. **A `Pool` of `pg` needs an
 * `error` listener**: without one, a restart of PostgreSQL ends the process.
 *
 * Throws `INVALID_OPTION` for what is not a client or not the name of a table; its methods `STATE_UNREADABLE` for a read that
 * fails and `STATE_NOT_SAVED` for a write that fails, both retryable while PostgreSQL can't be reached, is read-only, or
 * has no connection left.
 *
 * @example
 * const pool = new Pool({ connectionString });
 * pool.on('error', (error) => log.warn({ error }));
 * const store = postgresStore(pool);
 */
export function postgresStore(client: PostgresClient, options: PostgresStoreOptions = {}): StateStore {
  checkCall('postgresStore', { client }, { client: aClient }, options, OPTIONS);
  const { table = DEFAULT_TABLE, createTable = true } = options;
  const statements = statementsFor(quotedTable(table));
  const run = statementsOn(client, table, createTable);

  async function read<Rows>(
    what: string,
    schema: z.ZodMiniType<Rows>,
    text: string,
    value: string,
  ): Promise<Rows> {
    const rows = await run(text, [value]).catch((error: unknown) => {
      throw unreadable(what, postgresFailure(error));
    });
    const parsed = schema.safeParse(rows);
    if (parsed.success) return parsed.data;
    const reason =
      'the client returned other types than PostgreSQL has; use it without type parsers for text';
    throw unreadable(what, { reason, retryable: false });
  }

  async function change(key: string, text: string, values: string[]): Promise<void> {
    const rows = await run(text, values).catch((error: unknown) => {
      if (sqlState(error) === SERIALIZATION_FAILURE) throw stateConflict(key);
      throw notSaved(key, postgresFailure(error));
    });
    if (rows.length === 0) throw stateConflict(key);
  }

  return {
    async get(key) {
      assertStoreKey(key);
      const [row] = await read(stateAt(key), documentRows, statements.get, key);
      if (row === undefined) return undefined;
      const { key: _key, ...found } = entryOf(row);
      return found;
    },
    async put(key, document, { ifVersion, flush = true }) {
      assertStoreKey(key);
      const version = globalThis.crypto.randomUUID();
      const values = [key, version, JSON.stringify(document)];
      if (ifVersion === null) await change(key, statements.create(flush), values);
      else await change(key, statements.replace(flush), [...values, ifVersion]);
      return { version };
    },
    async delete(key, { ifVersion, flush = true }) {
      assertStoreKey(key);
      const deletion = globalThis.crypto.randomUUID();
      await change(key, statements.remove(flush), [key, ifVersion, deletion]);
    },
    async list(prefix) {
      return (await read(statesBelow(prefix), keyRows, statements.list, prefix)).map(({ key }) => key);
    },
    async entries(prefix) {
      return (await read(statesBelow(prefix), documentRows, statements.entries, prefix)).map(entryOf);
    },
    async discard(key) {
      assertStoreKey(key);
      const [row] = await read(stateAt(key), documentRows, statements.get, key);
      if (row === undefined) return;
      if (isWhole(row)) throw stateConflict(key);
      await change(key, statements.remove(true), [key, row.version, globalThis.crypto.randomUUID()]);
    },
  };
}
