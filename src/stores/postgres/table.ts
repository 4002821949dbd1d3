import { beginJointWork, type JointWork } from '../../shared/joint/joint-work.js';
import type { PostgresClient } from './client.js';
import { sqlState } from './failure.js';
import { postgresSchema } from './schema.js';

const UNDEFINED_TABLE = '42P01';

/** What two processes that create one table together can get: it exists, when one of these is told. */
const CREATED_BY_ANOTHER = new Set(['23505', '42P07', '42710']);

/** Runs one statement and returns its rows. Rejects with what the client throws. */
export type RunStatement = (text: string, values: string[]) => Promise<readonly unknown[]>;

/**
 * Returns what runs statements on a table, and creates that, if so wished, when the first of them finds none. Later it
 * does not: a table that has vanished is not an empty one.
 */
export function statementsOn(client: PostgresClient, table: string, createTable: boolean): RunStatement {
  let mayCreate = createTable;
  let creating: JointWork<void> | undefined;

  const run: RunStatement = async (text, values) => {
    const result = await client.query(text, values);
    return 'rows' in result ? result.rows : result;
  };

  async function create(): Promise<void> {
    try {
      await run(postgresSchema(table), []);
    } catch (error) {
      if (!CREATED_BY_ANOTHER.has(sqlState(error))) throw error;
    } finally {
      creating = undefined;
    }
  }

  const runOnTable: RunStatement = async (text, values) => {
    const rows = await run(text, values);
    mayCreate = false;
    return rows;
  };

  return async (text, values) => {
    // Asked now: another call can succeed, on the table that it has created, before this one is told of none.
    const mayFindNone = mayCreate;
    try {
      return await runOnTable(text, values);
    } catch (error) {
      if (!mayFindNone || sqlState(error) !== UNDEFINED_TABLE) throw error;
    }
    const joined = (creating ??= beginJointWork(create));
    // Where whoever creates it is gone, the statement itself says whether there is a table.
    if ((await joined.wait()) === undefined && creating === joined) creating = undefined;
    return runOnTable(text, values);
  };
}
