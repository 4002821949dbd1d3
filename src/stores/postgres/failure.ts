import { propertyOf, unreachable, type ServerFailure } from '../server.js';

/** What the codes of PostgreSQL mean that a user can do something about. */
const STATES: ReadonlyMap<string, ServerFailure> = new Map([
  ['25006', { reason: 'PostgreSQL is read-only (25006); connect to the primary', retryable: true }],
  ['53100', { reason: 'the disk of PostgreSQL is full (53100)', retryable: true }],
  ['53200', { reason: 'PostgreSQL is out of memory (53200)', retryable: true }],
  [
    '53300',
    {
      reason: 'PostgreSQL has no connection left (53300); use a smaller pool, or raise max_connections',
      retryable: true,
    },
  ],
  ['57014', { reason: 'PostgreSQL stopped the statement (57014); raise statement_timeout', retryable: true }],
  ['55P03', { reason: 'another transaction holds a lock (55P03)', retryable: true }],
  [
    '42P01',
    {
      reason: 'the table does not exist (42P01); run postgresSchema() in a migration, or check search_path',
      retryable: false,
    },
  ],
  [
    '42501',
    {
      reason: 'the role lacks a permission (42501); grant SELECT, INSERT and UPDATE on the table',
      retryable: false,
    },
  ],
  ['42703', { reason: 'the table has other columns (42703); use another table', retryable: false }],
  ['3F000', { reason: 'the schema does not exist (3F000); create it', retryable: false }],
  ['3D000', { reason: 'the database does not exist (3D000); create it', retryable: false }],
  ['28P01', { reason: 'PostgreSQL refused user or password (28P01)', retryable: false }],
  ['28000', { reason: 'PostgreSQL refused the user (28000)', retryable: false }],
]);

/** The code of PostgreSQL that an error carries; empty where it has none. */
export function sqlState(error: unknown): string {
  const code = propertyOf(error, 'code');
  return /^(?!E[A-Z]+$)[0-9A-Z]{5}$/.test(code) ? code : '';
}

/** Why PostgreSQL did not do what it was asked, from what its client threw. */
export function postgresFailure(error: unknown): ServerFailure {
  const state = sqlState(error);
  // Class 08: the connection; 57P: the server is being shut down, or starts.
  if (state === '' || /^(?:08|57P)/.test(state)) return unreachable('PostgreSQL', error);
  return (
    STATES.get(state) ?? {
      reason: `PostgreSQL refused the statement (SQLSTATE ${state})`,
      retryable: true,
    }
  );
}
