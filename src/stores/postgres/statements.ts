const AGE = '(extract(epoch FROM clock_timestamp() - put_at) * 1000)::float8 AS age';
const DONE = 'RETURNING 1 AS done';
// Until the end of the transaction, which is this statement.
const DONE_WITHOUT_FLUSH = `RETURNING set_config('synchronous_commit', 'off', true) AS done`;

/** The statements of a store, each of which is one operation. A change returns a row when it was made. */
export interface Statements {
  /** Parameters: key. */
  readonly get: string;
  /** Parameters: key, version, document. One that is sent again finds its own version, and returns a row too. */
  readonly create: (flush: boolean) => string;
  /** Parameters: key, version, document, the version that must be stored. Sent again: as above. */
  readonly replace: (flush: boolean) => string;
  /** Parameters: key, the version that must be stored. */
  readonly remove: string;
  /** Parameters: prefix. */
  readonly list: string;
  /** Parameters: prefix. */
  readonly entries: string;
}

/** `table`: quoted. */
export function statementsFor(table: string): Statements {
  const done = (flush: boolean) => (flush ? DONE : DONE_WITHOUT_FLUSH);
  return {
    get: `SELECT key, version::text AS version, document, ${AGE} FROM ${table} WHERE key = $1`,
    create: (flush) =>
      `INSERT INTO ${table} AS stored (key, version, document, put_at) VALUES ($1, $2, $3, clock_timestamp()) ` +
      `ON CONFLICT (key) DO UPDATE SET version = EXCLUDED.version WHERE stored.version = EXCLUDED.version ${done(flush)}`,
    // Compared as text, so that what is no UUID is another version, and no error.
    replace: (flush) =>
      `UPDATE ${table} SET version = $2, document = $3, put_at = clock_timestamp() ` +
      `WHERE key = $1 AND (version::text = $4 OR version = $2) ${done(flush)}`,
    remove: `DELETE FROM ${table} WHERE key = $1 AND version::text = $2 ${DONE}`,
    list: `SELECT key FROM ${table} WHERE starts_with(key, $1) ORDER BY key`,
    entries: `SELECT key, version::text AS version, document, ${AGE} FROM ${table} WHERE starts_with(key, $1) ORDER BY key`,
  };
}
