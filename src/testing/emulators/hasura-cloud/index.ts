import * as z from 'zod';
import type { JsonValue } from '../../../contracts/json.js';
import { echoOf, type EmulatorAnswer } from '../server/answers.js';
import { startEmulatorServer } from '../server/server.js';
import type { Emulator, EmulatorOptions, RequestLogEntry } from '../server/types.js';
import { createDeterministicIds } from '../server/ids.js';
import type { GraphQLPackage } from './graphql.js';
import { nestJson } from './mutations.js';
import { hasuraCloudQueries, type HasuraCloudQueries } from './queries.js';
import { createHasuraCloudResolvers } from './resolvers.js';
import {
  createHasuraCloudState,
  uuid,
  type HasuraCloudProject,
  type HasuraCloudProjectSetup,
} from './state.js';
import { HASURA_CLOUD_DEFAULTS, type HasuraCloudSwitches } from './switches.js';

/** Options of {@link startHasuraCloudEmulator}. The switches can be changed later with `configure`. */
export interface HasuraCloudEmulatorOptions extends EmulatorOptions, Partial<HasuraCloudSwitches> {}

/** A running Hasura Cloud emulator, with what a test needs to set it up and to look into it. */
export interface HasuraCloudEmulator extends Emulator {
  /** Changes some switches from now on. */
  configure(changes: Partial<HasuraCloudSwitches>): void;
  addProject(setup: HasuraCloudProjectSetup): HasuraCloudProject;
  /** All projects, in the order in which they were added. */
  projects(): HasuraCloudProject[];
  /** The project and its tenant are gone, as if it had been deleted at the console. */
  removeProject(projectId: string): void;
  /** Gives a project another tenant, or none. */
  setTenant(projectId: string, tenantId: string | null): void;
  /** A copy of the custom variables. */
  environment(projectId: string): Map<string, JsonValue>;
  /** A copy of what stands beside the custom variables. */
  topLevel(projectId: string): Map<string, JsonValue>;
  /** An edit by hand: it moves the hash, and lands where the key stands or where its name belongs. */
  setVariable(projectId: string, key: string, value: JsonValue): void;
  /** A deletion by hand. Whether there was such a key. */
  deleteVariable(projectId: string, key: string): boolean;
  /** The hash that the next mutation must carry. */
  hash(projectId: string): string;
  /** Moves the hash although nothing changed. */
  rotateHash(projectId: string): void;
  /** How often mutations have restarted the project. Edits by hand do not count. */
  restarts(projectId: string): number;
}

const PATH = '/v1/graphql';
const ID_SEED = 0xe5;

const bodySchema = z.strictObject({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/**
 * Starts a server on 127.0.0.1 that behaves as the control plane of Hasura Cloud does towards its API clients: the
 * projects, and their environments behind an optimistic lock. `url` is the full GraphQL URL, for the `apiUrl` of
 * the driver's credentials (with `allowPrivateNetwork`). Restarts are counted, not played.
 *
 * It is strict: what the documented schema does not hold, a body that is not quite right, another path or method
 * are errors. A failure is answered with status 200 and `errors`, as the service does, save for bodies that are
 * no GraphQL request (400), paths (404) and methods (405). Needs the package `graphql` 16, an optional peer
 * dependency.
 */
export async function startHasuraCloudEmulator(
  options: HasuraCloudEmulatorOptions = {},
): Promise<HasuraCloudEmulator> {
  const { accessToken = 'hasura-cloud-emulator-token' } = options;
  const graphql = await loadGraphql();
  const switches: HasuraCloudSwitches = { ...HASURA_CLOUD_DEFAULTS, ...options };
  const state = createHasuraCloudState(switches);
  const queries = hasuraCloudQueries(graphql);
  const rootValue = createHasuraCloudResolvers(state, switches);
  const nextErrorId = createDeterministicIds(ID_SEED);

  function errors(
    request: RequestLogEntry,
    status: number,
    list: readonly { code: string; message: string; path?: string }[],
    data?: unknown,
  ): EmulatorAnswer {
    const told = list.map(({ code, message, path = '$' }) => {
      const text = switches.echo ? `${message} (request: ${echoOf(request)})` : message;
      const extensions = code === 'GenericServerError' ? { code, id: nextErrorId() } : { code, path };
      return { extensions, message: switches.errorMessages === 'plain' ? text : nestJson(code, text) };
    });
    return { status, body: { errors: told, ...(data === undefined ? {} : { data }) } };
  }

  function execute(request: RequestLogEntry): EmulatorAnswer {
    const refuse = (status: number, code: string, message: string) =>
      errors(request, status, [{ code, message }]);
    if (request.path !== PATH || request.url !== PATH)
      return refuse(404, 'not-found', 'resource does not exist');
    if (request.method !== 'POST') return refuse(405, 'method-not-allowed', 'only POST is allowed here');
    if (request.headers['authorization'] !== `pat ${accessToken}`) {
      if (switches.authFailure === 'schema')
        return errors(request, 200, [unknownField(graphql, queries, request)]);
      const status = switches.authFailure === 401 ? 401 : 200;
      return refuse(status, 'access-denied', 'the personal access token is missing or not valid');
    }
    const body = bodySchema.safeParse(request.body);
    const isJson = /^application\/json\b/.test(request.headers['content-type'] ?? '');
    if (!body.success || !isJson)
      return refuse(400, 'parse-failed', 'the body is not a GraphQL request in JSON');
    const query = queries.read(body.data.query);
    if (!query) return refuse(200, 'validation-failed', 'not a valid GraphQL query');
    const { document } = query;
    const schema = switches.envVars === 'null' ? queries.lax : queries.documented;
    const fault = query.faultIn(schema);
    if (fault !== undefined) return refuse(200, 'validation-failed', fault);
    const variables = body.data.variables ?? {};
    const operation = graphql.getOperationAST(document, body.data.operationName);
    if (!operation) return refuse(200, 'validation-failed', 'the operation to execute is not named');
    const declared = new Set(operation.variableDefinitions?.map(({ variable }) => variable.name.value));
    const unexpected = Object.keys(variables).filter((name) => !declared.has(name));
    if (unexpected.length > 0) return refuse(200, 'validation-failed', 'unexpected variables in the request');
    const result = graphql.executeSync({
      schema,
      document,
      rootValue,
      variableValues: variables,
      operationName: body.data.operationName,
    });
    if (!result.errors) return { status: 200, body: result };
    const anyData = Object.values(result.data ?? {}).some((field) => field !== null);
    const list = result.errors.map(({ message, extensions }) => {
      const code = extensions['code'];
      return { code: typeof code === 'string' ? code : 'validation-failed', message };
    });
    return errors(request, 200, list, anyData ? result.data : undefined);
  }

  const server = await startEmulatorServer(
    {
      handle: execute,
      describe: (request) => describe(graphql, queries, request),
      refuse: (request, status, message) =>
        errors(request, status, [{ code: 'GenericServerError', message }]),
      echoes: () => switches.echo,
    },
    options,
  );
  const summary = ({ id, name, tenantId }: HasuraCloudProject) => ({ id, name, tenantId });
  return Object.assign(server, {
    url: `${server.url}${PATH}`,
    accessToken,
    configure: (changes: Partial<HasuraCloudSwitches>) => void Object.assign(switches, changes),
    addProject: (setup: HasuraCloudProjectSetup) => summary(state.add(setup)),
    projects: () => [...state.projects.values()].map(summary),
    removeProject: (projectId: string) => void state.projects.delete(state.project(projectId).id),
    setTenant: (projectId: string, tenantId: string | null) => {
      state.project(projectId).tenantId = tenantId === null ? null : uuid(tenantId);
    },
    environment: (projectId: string) => new Map(state.project(projectId).environment),
    topLevel: (projectId: string) => new Map(state.project(projectId).topLevel),
    setVariable: (projectId: string, key: string, value: JsonValue) =>
      state.set(state.project(projectId), key, value),
    deleteVariable: (projectId: string, key: string) => state.remove(state.project(projectId), key),
    hash: (projectId: string) => state.hash(state.project(projectId)),
    rotateHash: (projectId: string) => void (state.project(projectId).rotation += 1),
    restarts: (projectId: string) => state.project(projectId).restarts,
  });
}

async function loadGraphql(): Promise<GraphQLPackage> {
  try {
    return await import('graphql');
  } catch (cause) {
    throw new Error('The Hasura Cloud emulator needs the package graphql 16: install it.', { cause });
  }
}

/** What the service says to whom it does not know: its schema has no such root field. */
function unknownField(graphql: GraphQLPackage, queries: HasuraCloudQueries, request: RequestLogEntry) {
  const [kind = 'query', field = 'projects'] = describe(graphql, queries, request).split(' ');
  const type = kind === 'mutation' ? 'mutation_root' : 'query_root';
  const message = `field "${field}" not found in type: '${type}'`;
  return { code: 'validation-failed', message, path: `$.selectionSet.${field}` };
}

/** `query getTenantEnv`, `mutation updateTenantEnv`: the operation and its root fields. */
function describe(
  graphql: GraphQLPackage,
  queries: HasuraCloudQueries,
  { body }: Omit<RequestLogEntry, 'operation'>,
): string {
  const parsed = bodySchema.safeParse(body);
  const document = parsed.success ? queries.read(parsed.data.query)?.document : undefined;
  const operation = document && graphql.getOperationAST(document, parsed.data?.operationName);
  if (!operation) return 'unknown';
  const fields = operation.selectionSet.selections.map((field) =>
    field.kind === graphql.Kind.FIELD ? field.name.value : '…',
  );
  return `${operation.operation} ${fields.join(' ')}`;
}
