/**
 * A client of PostgreSQL, as far as {@link postgresStore} uses it: a `Pool` of `pg` or of Neon, PGlite, or any object
 * whose `query` runs one statement with parameters and returns its rows, alone or as `rows`.
 */
export interface PostgresClient {
  query(text: string, values: string[]): Promise<{ readonly rows: readonly unknown[] } | readonly unknown[]>;
}
