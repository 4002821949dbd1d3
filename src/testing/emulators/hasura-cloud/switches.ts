/**
 * What the official documents leave open about Hasura Cloud, and what an environment can hold. Each default is what was
 * reported of the service, else the likeliest or the strictest; `HASURA_CLOUD_DEFAULTS` in this file names the source of each.
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
  /**
   * What the response to a bad token is: with status 200, that the schema has no such root field, or an error with a
   * code of its own; or status 401. Default: `schema`.
   */
  readonly authFailure: 'schema' | 'errors' | 401;
  /** What is in `envVars` where there are no custom variables. Default: `absent`. */
  readonly emptyEnvironment: 'absent' | 'empty' | 'null';
  /** `null`: `envVars` itself is null, against the official schema. Default: `object`. */
  readonly envVars: 'object' | 'null';
  /** How a tenant that is not there is answered, for `getTenantEnv` and the mutations. Default: `null`. */
  readonly unknownTenant: 'null' | 'error';
  /** Where a new `HASURA_*` key is shown. A key that is somewhere is changed there. Default: `both`. */
  readonly hasuraKeys: 'both' | 'top-level' | 'environment';
  /**
   * How a `HASURA_*` setting beside the environment is shown whose text is the JSON of a boolean, number, object or list:
   * as that (`true`), or as the text. Default: `json`.
   */
  readonly settings: 'json' | 'text';
  /** What the hash follows: each change, or the content (back to the old values, back to the old hash). Default: `revision`. */
  readonly hash: 'revision' | 'content';
  /**
   * When the hash moves although nothing changed: right before each mutation is looked at (each is stale, for ever)
   * or right after each (the hash that it answered is stale). Default: `never`.
   */
  readonly hashRotation: 'never' | 'before-mutations' | 'after-mutations';
  /** Maintenance mode: every mutation is refused. Default: false. */
  readonly maintenance: boolean;
  /**
   * How long `healthz` of a project fails after a mutation has restarted it, in ms by the emulator's clock; `Infinity`: for
   * ever. Default: 0.
   */
  readonly restartMs: number;
  /** What `endpoint` says: the GraphQL endpoint, the base of the project, or nothing. Default: `graphql`. */
  readonly endpoint: 'graphql' | 'base' | 'null';
  /** Keys that can't be set: the error names the first one. Default: none. */
  readonly unsettable: readonly string[];
  /** Whether messages of errors are plain, or JSON text that is nested twice. Default: `plain`. */
  readonly errorMessages: 'plain' | 'nested-json';
  /** Every error shows the headers and body of the request: to test that nothing leaks. Default: false. */
  readonly echo: boolean;
}

/** The default of each switch, with its source. */
export const HASURA_CLOUD_DEFAULTS: HasuraCloudSwitches = {
  // The sample of an error in the API's documentation; the one for a stale hash is documented nowhere.
  staleHash: 'generic',
  // Strictest: nothing says that such a mutation is taken.
  unchangedMutation: 'error',
  absentKeyDeletion: 'ignore',
  // Likely: the console's form and a community Terraform provider send changed keys only.
  update: 'merge',
  // Reported: graphql-engine #6676, and handled so by the official action.
  authFailure: 'schema',
  // The official client copes with its absence.
  emptyEnvironment: 'absent',
  // The official schema.
  envVars: 'object',
  unknownTenant: 'null',
  // Reported: settings beside the environment, which holds what was written.
  hasuraKeys: 'both',
  // Likely: a community Terraform provider compares by JSON text, and the console's types have booleans and objects there.
  settings: 'json',
  // Likeliest: an optimistic lock moves with each change.
  hash: 'revision',
  hashRotation: 'never',
  maintenance: false,
  // Reported: some seconds. The emulator's own choice is not to wait.
  restartMs: 0,
  // The official documents do not show one.
  endpoint: 'graphql',
  unsettable: [],
  errorMessages: 'plain',
  echo: false,
};
