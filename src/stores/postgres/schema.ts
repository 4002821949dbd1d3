import { SecretSyncError } from '../../contracts/errors.js';

export const DEFAULT_TABLE = 'secret_sync_documents';

const NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/** The name of a table, quoted for SQL. Throws `INVALID_OPTION` for what is not a plain name. */
export function quotedTable(table: string): string {
  const parts = typeof table === 'string' ? table.split('.') : [];
  if (parts.length > 0 && parts.length <= 2 && parts.every((part) => NAME.test(part))) {
    return parts.map((part) => `"${part}"`).join('.');
  }
  throw new SecretSyncError(
    'INVALID_OPTION',
    'The table of a PostgreSQL store must be "table" or "schema.table", each of a-z, 0-9 and "_", with no digit at the ' +
      'start and at most 63 characters.',
  );
}

/**
 * Returns the statement that creates the table of {@link postgresStore} where it does not exist, for a migration.
 * `table`: as in its options. Throws `INVALID_OPTION` for what is not the name of a table.
 */
export function postgresSchema(table: string = DEFAULT_TABLE): string {
  // Keys are sorted by bytes, on every server. A document is text: jsonb would refuse "\u0000" and reorder names.
  return `CREATE TABLE IF NOT EXISTS ${quotedTable(table)} (
  key text COLLATE "C" PRIMARY KEY,
  version uuid NOT NULL,
  document text NOT NULL,
  put_at timestamptz NOT NULL,
  deletion uuid
)`;
}
