/** How the emulator says that something does not exist: as 404, as 403, or as 400 with "exist" in its text. */
export type QoveryMissing = '404' | '403' | '400-exist';

/** A limit of requests for the token, in windows that start with the first request after the last one's end. */
export interface QoveryRateLimit {
  /** Requests that are taken in one window; the next ones get status 429. */
  readonly limit: number;
  /** The length of a window in ms, by the emulator's clock. */
  readonly windowMs: number;
  /**
   * What `X-RateLimit-Reset` says beside `X-RateLimit-Limit` and `-Remaining`: as the second of the Unix epoch, as
   * seconds from now; `none` sends none of the three. Default: `unix`.
   */
  readonly headers?: 'unix' | 'delta' | 'none';
  /** Whether a 429 has a `Retry-After`, in seconds. Default: false. */
  readonly retryAfter?: boolean;
}

/**
 * What the official documents leave open about Qovery, and what a project can hold. Each default is what was captured
 * from the service or reported of it, else the likeliest; `QOVERY_DEFAULTS` in this file names the source of each.
 */
export interface QoverySwitches {
  /** Whether variables have an `updated_at`: always, never, or once they were edited. Default: `present`. */
  readonly updatedAt: 'present' | 'absent' | 'after-edit';
  /** Whether an edit moves `updated_at`. Default: true. */
  readonly updatedAtMoves: boolean;
  /** The precision of timestamps in lists. Default: `us`, microseconds. */
  readonly listPrecision: 's' | 'ms' | 'us';
  /** The precision of timestamps in the responses to POST and PUT. Default: `us`. */
  readonly answerPrecision: 's' | 'ms' | 'us';
  /** Whether the zeros at the end of a second's fraction are sent. Default: `cut`. */
  readonly trailingZeros: 'cut' | 'kept';
  /** How timestamps say that they are in UTC. Default: `Z`. */
  readonly timeZone: 'Z' | '+00:00';
  /** Whether one key can exist at one scope as a secret and as a variable. Default: `conflict` (409). */
  readonly bothKinds: 'allowed' | 'conflict';
  /**
   * Which entries of the same key make a create a conflict: those of its own scope; of higher ones too; or of lower
   * ones too. Default: `higher-scopes`.
   */
  readonly conflictReach: 'own-scope' | 'higher-scopes' | 'all-scopes';
  /** Whether a 409 says in `existing_variable` where the other entry is. Default: `existing-variable`. */
  readonly conflictBody: 'existing-variable' | 'plain';
  /** The `owned_by` of what an API token creates; `null`: the field is absent. Default: `QOVERY`. */
  readonly ownedBy: string | null;
  /** What the response for a missing resource is. Default: `404`. */
  readonly missing: QoveryMissing;
  /** The same for PUT. Default: `as-missing`, what {@link missing} says. */
  readonly missingOnPut: QoveryMissing | 'as-missing';
  /** How a response shows the value of a secret. Default: `null`. */
  readonly secretValue: 'null' | 'absent';
  /** How a response shows other fields without a content. Default: `null`. */
  readonly emptyFields: 'null' | 'absent';
  /** What a create of the unified family makes of a value that is the key of another entry in sight. Default: `value`. */
  readonly valueNamingKey: 'value' | 'alias';
  /** Whether a project's list shows the aliases and overrides that environments made of its entries. Default: false. */
  readonly projectListShowsDependents: boolean;
  /**
   * Whether a deployment is over after {@link deploymentMs}, or when `finishDeployment` is called (409 until then). Default:
   * `at-once`.
   */
  readonly deploymentsEnd: 'at-once' | 'by-hand';
  /** How long a deployment takes, by the emulator's clock. Default: 0. */
  readonly deploymentMs: number;
  /** The state in which deployments end: `DEPLOYED`, `DEPLOYMENT_ERROR`, `BUILD_ERROR`, `CANCELED`. Default: `DEPLOYED`. */
  readonly deploymentState: string;
  /** The limit of requests; `null` for none. Changing it starts a new window. Default: null. */
  readonly rateLimit: QoveryRateLimit | null;
  /** The body of errors: JSON with `detail`, JSON with `message`, plain text, or none. Default: `detail`. */
  readonly errorBody: 'detail' | 'message' | 'text' | 'empty';
  /** Every error that has a body shows the headers and body of the request: to test that nothing leaks. Default: false. */
  readonly echo: boolean;
}

/** The default of each switch, with its source. */
export const QOVERY_DEFAULTS: QoverySwitches = {
  // Optional in the specification; in each response that the official console's tests captured.
  updatedAt: 'present',
  // Likeliest: what the name says.
  updatedAtMoves: true,
  // Captured: up to 6 digits of a second, trailing zeros cut, UTC as Z.
  listPrecision: 'us',
  answerPrecision: 'us',
  trailingZeros: 'cut',
  timeZone: 'Z',
  // Likeliest: a 409 for an existing key is certain, and nothing says that its kind counts.
  bothKinds: 'conflict',
  // Reported: terraform-provider-qovery #86, console #2900. Of lower scopes nothing is reported.
  conflictReach: 'higher-scopes',
  // The official console reads it there.
  conflictBody: 'existing-variable',
  // Captured: on each entry that a user made.
  ownedBy: 'QOVERY',
  // The specification; the other two are the official Terraform provider's own rule.
  missing: '404',
  missingOnPut: 'as-missing',
  // Captured: null, where the specification forbids it.
  secretValue: 'null',
  emptyFields: 'null',
  // The specification says it of the older family alone.
  valueNamingKey: 'value',
  // Unknown; the stricter for a driver, which can't see what it would delete.
  projectListShowsDependents: false,
  // A deployment takes minutes, and how many is documented nowhere: the emulator's own choice is not to wait.
  deploymentsEnd: 'at-once',
  deploymentMs: 0,
  // The state names of the specification's `StateEnum`.
  deploymentState: 'DEPLOYED',
  // The documented 1,000 requests an hour would end most tests.
  rateLimit: null,
  // The official clients read `detail`.
  errorBody: 'detail',
  echo: false,
};
