import type { JsonValue } from '../../../contracts/json.js';
import type { HasuraCloudState, ProjectRecord } from './state.js';
import type { HasuraCloudSwitches } from './switches.js';

/** What a process environment takes as a name. */
const ENVIRONMENT_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** An error of the API: `extensions` reach the response. */
function hasuraError(code: string, message: string): Error {
  return Object.assign(new Error(message), { extensions: { code } });
}

/** What both mutations take. */
export interface TenantEnvArguments {
  readonly tenantId: string;
  readonly currentHash: string;
}

/** Finds a project by its tenant, in the manner of the switches where there is none. */
export function findByTenant(
  state: HasuraCloudState,
  { unknownTenant }: HasuraCloudSwitches,
  tenantId: string,
): ProjectRecord | undefined {
  const record = state.byTenant(tenantId);
  if (!record && unknownTenant === 'error') throw hasuraError('not-found', 'tenant not found');
  return record;
}

/** The environment of a project as `TenantEnv` shows it. */
export const tenantEnv = (state: HasuraCloudState, switches: HasuraCloudSwitches, record: ProjectRecord) => ({
  hash: () => state.hash(record),
  envVars: () => (switches.envVars === 'null' ? null : state.envVars(record)),
});

/** The fields of `mutation_root`, as the `graphql` package calls them. */
export function createMutations(state: HasuraCloudState, switches: HasuraCloudSwitches) {
  /** What every mutation goes through: `changes` throws or says how to carry it out; `undefined`: nothing to do. */
  function mutate(
    { tenantId, currentHash }: TenantEnvArguments,
    changes: (record: ProjectRecord) => (() => void) | undefined,
  ): unknown {
    const record = findByTenant(state, switches, tenantId);
    if (!record) return null;
    if (switches.hashRotation === 'before-mutations') record.rotation += 1;
    if (switches.maintenance) throw hasuraError('GenericServerError', 'the tenant is in maintenance mode');
    if (currentHash !== state.hash(record)) return refuseStaleHash(switches);
    const carryOut = changes(record);
    if (!carryOut && switches.unchangedMutation === 'error') {
      throw hasuraError('GenericServerError', 'no changes to the environment');
    }
    carryOut?.();
    state.restart(record);
    const shown = { ...tenantEnv(state, switches, record), hash: state.hash(record) };
    if (switches.hashRotation === 'after-mutations') record.rotation += 1;
    return shown;
  }

  return {
    updateTenantEnv(given: TenantEnvArguments & { envs: readonly { key: string; value: string }[] }) {
      return mutate(given, (record) => {
        refuseKeys(
          given.envs.map(({ key }) => key),
          switches,
        );
        const replaces = switches.update === 'replace';
        const unnamed = replaces ? unnamedKeys(record.environment, given.envs) : [];
        const changed = given.envs.filter(({ key, value }) => state.get(record, key) !== value);
        if (unnamed.length === 0 && changed.length === 0) return undefined;
        return () => {
          for (const key of unnamed) state.remove(record, key);
          for (const { key, value } of changed) state.set(record, key, value);
        };
      });
    },
    deleteTenantEnv(given: TenantEnvArguments & { deleteEnvs: readonly string[] }) {
      return mutate(given, (record) => {
        const absent = given.deleteEnvs.filter((key) => state.get(record, key) === undefined);
        if (absent.length > 0 && switches.absentKeyDeletion === 'error') {
          throw hasuraError('not-found', `environment variable ${absent[0] ?? ''} not found`);
        }
        if (absent.length === given.deleteEnvs.length) return undefined;
        return () => given.deleteEnvs.forEach((key) => state.remove(record, key));
      });
    },
  };
}

function refuseStaleHash({ staleHash }: HasuraCloudSwitches): null {
  if (staleHash === 'null') return null;
  const internal = 'there was an internal error while serving your request';
  if (staleHash === 'generic') throw hasuraError('GenericServerError', internal);
  const message = 'currentHash does not match';
  if (staleHash === 'code') throw hasuraError('hash-mismatch', message);
  throw hasuraError('GenericServerError', nestJson('hash-mismatch', message));
}

/** A message as some services hand it on: JSON text inside JSON text. */
export function nestJson(code: string, message: string): string {
  return JSON.stringify({ error: JSON.stringify({ code, message }) });
}

function refuseKeys(keys: readonly string[], { unsettable }: HasuraCloudSwitches): void {
  if (new Set(keys).size < keys.length) throw hasuraError('bad-request', 'a key is given twice');
  for (const key of keys) {
    if (!ENVIRONMENT_KEY.test(key))
      throw hasuraError('bad-request', `invalid environment variable name: ${key}`);
    if (unsettable.includes(key))
      throw hasuraError('bad-request', `environment variable ${key} can not be set`);
  }
}

function unnamedKeys(
  environment: ReadonlyMap<string, JsonValue>,
  envs: readonly { key: string }[],
): string[] {
  const named = new Set(envs.map(({ key }) => key));
  return [...environment.keys()].filter((key) => !named.has(key));
}
