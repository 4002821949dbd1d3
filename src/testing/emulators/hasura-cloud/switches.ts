/**
 * What the official documents leave open about Hasura Cloud, and what can stand in an environment. Each has the
 * likeliest or, where nothing is likely, the strictest behaviour as its default.
 */
export interface HasuraCloudSwitches {
  /**
   * How a mutation with a `currentHash` that has moved is answered: as an internal server error; as one whose
   * message is JSON text, nested twice; with a code of its own; or with `data` in which the mutation is null.
   * Default: `generic`.
   */
  readonly staleHash: 'generic' | 'nested-json' | 'code' | 'null';
  /** How a mutation that changes nothing is answered. Accepted, it restarts the project. Default: `error`. */
  readonly unchangedMutation: 'error' | 'accept';
  /**
   * How the deletion of a key that is not there is answered. `ignore` goes on with the other keys; a mutation that
   * then deletes nothing is one that changes nothing. Default: `ignore`.
   */
  readonly absentKeyDeletion: 'ignore' | 'error';
  /** What `updateTenantEnv` does with the variables that it does not name. Default: `merge`. */
  readonly update: 'merge' | 'replace';
  /** How a bad token is answered: with status 200 and `errors`, or with status 401. Default: `errors`. */
  readonly authFailure: 'errors' | 401;
  /** What stands in `envVars` where there are no custom variables. Default: `absent`. */
  readonly emptyEnvironment: 'absent' | 'empty' | 'null';
  /** `null`: `envVars` itself is null, against the official schema. Default: `object`. */
  readonly envVars: 'object' | 'null';
  /** How a tenant that is not there is answered, for `getTenantEnv` and the mutations. Default: `null`. */
  readonly unknownTenant: 'null' | 'error';
  /** Where a new `HASURA_*` key is shown. A key that stands somewhere is changed there. Default: `top-level`. */
  readonly hasuraKeys: 'top-level' | 'environment';
  /** What the hash follows: each change, or the content (back to the old values, back to the old hash). Default: `revision`. */
  readonly hash: 'revision' | 'content';
  /**
   * When the hash moves although nothing changed: right before each mutation is looked at (each is stale, for ever)
   * or right after each (the hash that it answered is stale). Default: `never`.
   */
  readonly hashRotation: 'never' | 'before-mutations' | 'after-mutations';
  /** Maintenance mode: every mutation is refused. Default: false. */
  readonly maintenance: boolean;
  /** Keys that can't be set: the error names the first one. Default: none. */
  readonly unsettable: readonly string[];
  /** Whether messages of errors are plain, or JSON text that is nested twice. Default: `plain`. */
  readonly errorMessages: 'plain' | 'nested-json';
  /** Every error shows the headers and body of the request: to test that nothing leaks. Default: false. */
  readonly echo: boolean;
}

export const HASURA_CLOUD_DEFAULTS: HasuraCloudSwitches = {
  staleHash: 'generic',
  unchangedMutation: 'error',
  absentKeyDeletion: 'ignore',
  update: 'merge',
  authFailure: 'errors',
  emptyEnvironment: 'absent',
  envVars: 'object',
  unknownTenant: 'null',
  hasuraKeys: 'top-level',
  hash: 'revision',
  hashRotation: 'never',
  maintenance: false,
  unsettable: [],
  errorMessages: 'plain',
  echo: false,
};
