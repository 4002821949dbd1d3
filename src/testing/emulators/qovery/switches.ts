/** How the emulator says that something is not there: as 404, as 403, or as 400 with "exist" in its text. */
export type QoveryMissing = '404' | '403' | '400-exist';

/** A limit of requests for the token, in windows that start with the first request after the last one's end. */
export interface QoveryRateLimit {
  /** Requests that are answered in one window; the next ones get status 429. */
  readonly limit: number;
  /** The length of a window in ms, by the emulator's clock. */
  readonly windowMs: number;
  /**
   * How `X-RateLimit-Reset` stands beside `X-RateLimit-Limit` and `-Remaining`: as the second of the Unix epoch, as
   * seconds from now; `none` sends none of the three. Default: `unix`.
   */
  readonly headers?: 'unix' | 'delta' | 'none';
  /** Whether a 429 has a `Retry-After`, in seconds. Default: false. */
  readonly retryAfter?: boolean;
}

/**
 * What the official documents leave open about Qovery, and what can stand in a project. Each has the likeliest
 * behaviour as its default.
 */
export interface QoverySwitches {
  /** Whether variables have an `updated_at`: always, never, or once they were edited. Default: `present`. */
  readonly updatedAt: 'present' | 'absent' | 'after-edit';
  /** Whether an edit moves `updated_at`. Default: true. */
  readonly updatedAtMoves: boolean;
  /** The precision of timestamps in lists. Default: `us`, microseconds. */
  readonly listPrecision: 's' | 'ms' | 'us';
  /** The precision of timestamps in the answers to POST and PUT. Default: `us`. */
  readonly answerPrecision: 's' | 'ms' | 'us';
  /** How timestamps say that they are in UTC. Default: `Z`. */
  readonly timeZone: 'Z' | '+00:00';
  /** Whether one key can stand at one scope as a secret and as a variable. Default: `conflict` (409). */
  readonly bothKinds: 'allowed' | 'conflict';
  /** Which entries of the same key make a create a conflict: those of its own scope, or of others too. Default: `own-scope`. */
  readonly conflictReach: 'own-scope' | 'all-scopes';
  /** Whether a 409 says in `existing_variable` where the other entry stands. Default: `existing-variable`. */
  readonly conflictBody: 'existing-variable' | 'plain';
  /** The `owned_by` of what an API token creates; `null`: the field is absent. Default: null. */
  readonly ownedBy: string | null;
  /** How a missing resource is answered. Default: `404`. */
  readonly missing: QoveryMissing;
  /** The same for PUT. Default: `as-missing`, what {@link missing} says. */
  readonly missingOnPut: QoveryMissing | 'as-missing';
  /** How the value of a secret stands in an answer. Default: `null`. */
  readonly secretValue: 'null' | 'absent';
  /** How other fields without a content stand in an answer. Default: `null`. */
  readonly emptyFields: 'null' | 'absent';
  /** What a create makes of a value that is the key of another entry in sight. Default: `value`. */
  readonly valueNamingKey: 'value' | 'alias';
  /** Whether a project's list shows the aliases and overrides that environments hang on its entries. Default: false. */
  readonly projectListShowsDependents: boolean;
  /** Whether a deployment is over at once, or when `finishDeployment` is called (409 until then). Default: `at-once`. */
  readonly deploymentsEnd: 'at-once' | 'by-hand';
  /** The limit of requests; `null` for none. Changing it starts a new window. Default: null. */
  readonly rateLimit: QoveryRateLimit | null;
  /** The body of errors: JSON with `detail`, JSON with `message`, plain text, or none. Default: `detail`. */
  readonly errorBody: 'detail' | 'message' | 'text' | 'empty';
  /** Every error that has a body shows the headers and body of the request: to test that nothing leaks. Default: false. */
  readonly echo: boolean;
}

export const QOVERY_DEFAULTS: QoverySwitches = {
  updatedAt: 'present',
  updatedAtMoves: true,
  listPrecision: 'us',
  answerPrecision: 'us',
  timeZone: 'Z',
  bothKinds: 'conflict',
  conflictReach: 'own-scope',
  conflictBody: 'existing-variable',
  ownedBy: null,
  missing: '404',
  missingOnPut: 'as-missing',
  secretValue: 'null',
  emptyFields: 'null',
  valueNamingKey: 'value',
  projectListShowsDependents: false,
  deploymentsEnd: 'at-once',
  rateLimit: null,
  errorBody: 'detail',
  echo: false,
};
