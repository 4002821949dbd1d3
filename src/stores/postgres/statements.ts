// A time without an end, which no put makes, can't be subtracted, and would make every document unreadable.
const AGE =
  'CASE WHEN isfinite(put_at) THEN (extract(epoch FROM clock_timestamp() - put_at) * 1000)::float8 ELSE 0 END AS age';
const DONE = 'RETURNING 1 AS done';
// Until the end of the transaction, which is this statement.
const DONE_WITHOUT_FLUSH = `RETURNING set_config('synchronous_commit', 'off', true) AS done`;

/*
 * The row of a deleted document stays, with an empty document (which is no JSON) and the id of the last deletion, so that
 * a deletion which is sent again finds itself, also where the document was created again in the meantime.
 */
const EXISTS = `document <> ''`;

/** The statements of a store, each of which is one operation. A change returns a row when it was made. */
export interface Statements {
  /** Parameters: key. */
  readonly get: string;
  /** Parameters: key, version, document. One that is sent again finds its own version, and returns a row too. */
  readonly create: (flush: boolean) => string;
  /** Parameters: key, version, document, the version that must be stored. Sent again: as above. */
  readonly replace: (flush: boolean) => string;
  /** Parameters: key, the version that must be stored, the id of this deletion. Sent again: finds that id. */
  readonly remove: (flush: boolean) => string;
  /** Parameters: prefix. */
  readonly list: string;
  /** Parameters: prefix. */
  readonly entries: string;
}

/** `table`: quoted. */
export function statementsFor(table: string): Statements {
  const done = (flush: boolean) => (flush ? DONE : DONE_WITHOUT_FLUSH);
  const read = `SELECT key, version::text AS version, document, ${AGE} FROM ${table} WHERE ${EXISTS}`;
  return {
    get: `${read} AND key = $1`,
    create: (flush) =>
      `INSERT INTO ${table} AS stored (key, version, document, put_at) VALUES ($1, $2, $3, clock_timestamp()) ` +
      `ON CONFLICT (key) DO UPDATE SET version = EXCLUDED.version, document = EXCLUDED.document, put_at = EXCLUDED.put_at ` +
      `WHERE stored.document = '' OR stored.version = EXCLUDED.version ${done(flush)}`,
    // Compared as text, so that what is no UUID is another version, and no error.
    replace: (flush) =>
      `UPDATE ${table} SET version = $2, document = $3, put_at = clock_timestamp() ` +
      `WHERE key = $1 AND (version::text = $4 OR version = $2) ${done(flush)}`,
    // One statement that looks and changes: its row is looked at again where the same one, sent before, still runs.
    remove: (flush) =>
      `UPDATE ${table} SET deletion = $3, version = CASE WHEN version::text = $2 THEN $3 ELSE version END, ` +
      `document = CASE WHEN version::text = $2 THEN '' ELSE document END ` +
      `WHERE key = $1 AND (version::text = $2 OR deletion = $3) ${done(flush)}`,
    list: `SELECT key FROM ${table} WHERE ${EXISTS} AND starts_with(key, $1) ORDER BY key`,
    entries: `${read} AND starts_with(key, $1) ORDER BY key`,
  };
}
