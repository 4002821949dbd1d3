import type { GraphQLError } from 'graphql';
import * as z from 'zod';
import { echoOf, type EmulatorAnswer } from '../server/answers.js';
import { createDeterministicIds } from '../server/ids.js';
import type { RequestLogEntry } from '../server/types.js';
import type { GraphQLPackage } from './graphql.js';
import { nestJson } from './mutations.js';
import { hasuraCloudQueries, type HasuraCloudQueries } from './queries.js';
import { createHasuraCloudResolvers } from './resolvers.js';
import type { HasuraCloudState } from './state.js';
import type { HasuraCloudSwitches } from './switches.js';

/** The path of the GraphQL endpoint. */
export const GRAPHQL_PATH = '/v1/graphql';
const ID_SEED = 0xe5;

const bodySchema = z.strictObject({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});
type Body = z.output<typeof bodySchema>;

/** One error of a response. The path is `$` where none is given. */
interface GraphQLFault {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
}

/** What the endpoint works with. */
export interface HasuraCloudEndpointOptions {
  readonly graphql: GraphQLPackage;
  readonly state: HasuraCloudState;
  readonly switches: HasuraCloudSwitches;
  readonly accessToken: string;
  /** Where the emulator is, once it has started. */
  readonly origin: () => string;
}

/** Reads requests as the service's GraphQL endpoint does, and executes them. */
export function createHasuraCloudEndpoint(options: HasuraCloudEndpointOptions) {
  const { graphql, state, switches, accessToken, origin } = options;
  const queries = hasuraCloudQueries(graphql);
  const rootValue = createHasuraCloudResolvers(state, switches, origin);
  const nextErrorId = createDeterministicIds(ID_SEED);

  function errors(
    request: RequestLogEntry,
    status: number,
    list: readonly GraphQLFault[],
    data?: unknown,
  ): EmulatorAnswer {
    const told = list.map(({ code, message, path = '$' }) => {
      const text = switches.echo ? `${message} (request: ${echoOf(request)})` : message;
      const extensions = code === 'GenericServerError' ? { code, id: nextErrorId() } : { code, path };
      return { extensions, message: switches.errorMessages === 'plain' ? text : nestJson(code, text) };
    });
    return { status, body: { errors: told, ...(data === undefined ? {} : { data }) } };
  }

  const refuse = (request: RequestLogEntry, status: number, code: string, message: string) =>
    errors(request, status, [{ code, message }]);

  function executeQuery(request: RequestLogEntry, body: Body): EmulatorAnswer {
    const invalid = (message: string) => refuse(request, 200, 'validation-failed', message);
    const query = queries.read(body.query);
    if (!query) return invalid('not a valid GraphQL query');
    const { document } = query;
    const schema = switches.envVars === 'null' ? queries.lax : queries.documented;
    const fault = query.faultIn(schema);
    if (fault !== undefined) return invalid(fault);
    const variables = body.variables ?? {};
    const operation = graphql.getOperationAST(document, body.operationName);
    if (!operation) return invalid('the operation to execute is not named');
    const declared = new Set(operation.variableDefinitions?.map(({ variable }) => variable.name.value));
    const unexpected = Object.keys(variables).filter((name) => !declared.has(name));
    if (unexpected.length > 0) return invalid('unexpected variables in the request');
    const result = graphql.executeSync({
      schema,
      document,
      rootValue,
      variableValues: variables,
      operationName: body.operationName,
    });
    if (!result.errors) return { status: 200, body: result };
    const anyData = Object.values(result.data ?? {}).some((field) => field !== null);
    return errors(request, 200, result.errors.map(toFault), anyData ? result.data : undefined);
  }

  /** The response to a request. */
  function execute(request: RequestLogEntry): EmulatorAnswer {
    if (request.path !== GRAPHQL_PATH || request.url !== GRAPHQL_PATH)
      return refuse(request, 404, 'not-found', 'resource does not exist');
    if (request.method !== 'POST')
      return refuse(request, 405, 'method-not-allowed', 'only POST is allowed here');
    if (request.headers['authorization'] !== `pat ${accessToken}`) {
      if (switches.authFailure === 'schema')
        return errors(request, 200, [unknownField(graphql, queries, request)]);
      const status = switches.authFailure === 401 ? 401 : 200;
      return refuse(request, status, 'access-denied', 'the personal access token is missing or not valid');
    }
    const body = bodySchema.safeParse(request.body);
    const isJson = /^application\/json\b/.test(request.headers['content-type'] ?? '');
    if (!body.success || !isJson)
      return refuse(request, 400, 'parse-failed', 'the body is not a GraphQL request in JSON');
    return executeQuery(request, body.data);
  }

  return {
    execute,
    errors,
    describe: (request: Omit<RequestLogEntry, 'operation'>) => describe(graphql, queries, request),
  };
}

/** An error of a resolver names its code; one of the execution itself is about the request. */
function toFault({ message, extensions }: GraphQLError): GraphQLFault {
  const code = extensions['code'];
  return { code: typeof code === 'string' ? code : 'validation-failed', message };
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
