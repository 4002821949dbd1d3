import type * as GraphQL from 'graphql';
import type { JsonValue } from '../../../contracts/json.js';
import { UUID, type HasuraCloudState, type ProjectRecord } from './state.js';
import type { HasuraCloudSwitches } from './switches.js';

/** The `graphql` package, which only a started emulator has loaded. */
export type GraphQLPackage = typeof GraphQL;

const SCHEMA = `
  scalar uuid
  scalar jsonb
  type TenantEnv { hash: String! envVars: jsonb! }
  input UpdateEnvObject { key: String! value: String! }
  type projects { id: uuid! name: String! endpoint: String! tenant: tenant }
  type tenant { id: uuid! slug: String! project: projects! }
  type query_root {
    getTenantEnv(tenantId: uuid!): TenantEnv
    projects: [projects!]!
    projects_by_pk(id: uuid!): projects
    tenant_by_pk(id: uuid!): tenant
  }
  type mutation_root {
    updateTenantEnv(tenantId: uuid!, currentHash: String!, envs: [UpdateEnvObject!]!): TenantEnv
    deleteTenantEnv(tenantId: uuid!, currentHash: String!, deleteEnvs: [String!]!): TenantEnv
  }
  schema { query: query_root mutation: mutation_root }
`;

/** What a process environment takes as a name. */
const ENVIRONMENT_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The schema as documented, or with `envVars` nullable, which lets the emulator break its own promise. */
export function buildHasuraCloudSchema(
  graphql: GraphQLPackage,
  options: { nullableEnvVars: boolean },
): GraphQL.GraphQLSchema {
  const schema = graphql.buildSchema(options.nullableEnvVars ? SCHEMA.replace('jsonb!', 'jsonb') : SCHEMA);
  const scalar = schema.getType('uuid');
  if (graphql.isScalarType(scalar)) {
    scalar.parseValue = (input) => {
      if (typeof input === 'string' && UUID.test(input)) return input.toLowerCase();
      throw new Error('invalid input syntax for type uuid');
    };
    scalar.parseLiteral = (node) =>
      scalar.parseValue(node.kind === graphql.Kind.STRING ? node.value : undefined);
  }
  return schema;
}

/** An error of the API: `extensions` reach the answer. */
export function hasuraError(code: string, message: string): Error {
  return Object.assign(new Error(message), { extensions: { code } });
}

interface TenantEnvArguments {
  readonly tenantId: string;
  readonly currentHash: string;
}

/** The root fields, as the `graphql` package calls them: it has checked the arguments against the schema. */
export function createHasuraCloudResolvers(state: HasuraCloudState, switches: HasuraCloudSwitches) {
  const projectOf = (record: ProjectRecord) => ({
    id: record.id,
    name: record.name,
    endpoint: `https://${slugOf(record)}.hasura.example/v1/graphql`,
    tenant: () => tenantOf(record),
  });
  const tenantOf = (record: ProjectRecord): unknown =>
    record.tenantId === null
      ? null
      : { id: record.tenantId, slug: slugOf(record), project: () => projectOf(record) };
  const tenantEnv = (record: ProjectRecord) => ({
    hash: () => state.hash(record),
    envVars: () => (switches.envVars === 'null' ? null : state.envVars(record)),
  });

  function find(tenantId: string): ProjectRecord | undefined {
    const record = state.byTenant(tenantId);
    if (!record && switches.unknownTenant === 'error') throw hasuraError('not-found', 'tenant not found');
    return record;
  }

  /** What every mutation goes through: `changes` throws or says how to carry it out; `undefined`: nothing to do. */
  function mutate(
    { tenantId, currentHash }: TenantEnvArguments,
    changes: (record: ProjectRecord) => (() => void) | undefined,
  ): unknown {
    const record = find(tenantId);
    if (!record) return null;
    if (switches.hashRotation === 'before-mutations') record.rotation += 1;
    if (switches.maintenance) throw hasuraError('GenericServerError', 'the tenant is in maintenance mode');
    if (currentHash !== state.hash(record)) return refuseStaleHash(switches);
    const carryOut = changes(record);
    if (!carryOut && switches.unchangedMutation === 'error') {
      throw hasuraError('GenericServerError', 'no changes to the environment');
    }
    carryOut?.();
    record.restarts += 1;
    const answer = { ...tenantEnv(record), hash: state.hash(record) };
    if (switches.hashRotation === 'after-mutations') record.rotation += 1;
    return answer;
  }

  return {
    projects: () => [...state.projects.values()].map(projectOf),
    projects_by_pk({ id }: { id: string }) {
      const record = state.projects.get(id);
      return record ? projectOf(record) : null;
    },
    tenant_by_pk({ id }: { id: string }) {
      const record = state.byTenant(id);
      return record ? tenantOf(record) : null;
    },
    getTenantEnv({ tenantId }: { tenantId: string }) {
      const record = find(tenantId);
      return record ? tenantEnv(record) : null;
    },
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

function slugOf({ name, id }: ProjectRecord): string {
  return `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${id.slice(-4)}`;
}
