import * as z from 'zod/mini';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { HttpBody, HttpClient } from '../../contracts/http.js';
import type { SecretValue } from '../../contracts/secret.js';
import { retell } from '../../shared/problems.js';
import { uuid } from '../support/ids.js';
import { namedList } from '../support/named-resources.js';
import { graphqlError } from './graphql-error.js';

const envelope = z.object({
  data: z.nullish(z.record(z.string(), z.unknown())),
  errors: z.optional(z.unknown()),
});

interface GraphqlRequest<Data> {
  /** Follows "could not". */
  readonly operation: string;
  readonly document: string;
  /** The root field, and what it must hold. */
  readonly field: string;
  readonly schema: z.ZodMiniType<Data>;
  readonly variables?: Readonly<Record<string, HttpBody>>;
  /** Of a mutation: the keys that it changes. */
  readonly changedKeys?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Sends a query or mutation, and returns what came back. A query has written nothing, although it is a POST. */
async function exchange(
  http: HttpClient,
  { operation, document, variables = {}, changedKeys, signal }: GraphqlRequest<unknown>,
): Promise<z.output<typeof envelope>> {
  try {
    const { data } = await http.request({
      operation,
      method: 'POST',
      body: { query: document, variables },
      schema: envelope,
      repeatable: !changedKeys,
      ...(signal && { signal }),
    });
    return data;
  } catch (error) {
    throw !changedKeys && isSecretSyncError(error) ? retell(error, { maybeWritten: false }) : error;
  }
}

/** Sends a query or mutation. Failures come with HTTP 200, so `errors` is looked at first. */
async function graphql<Data>(http: HttpClient, request: GraphqlRequest<Data>): Promise<Data> {
  const { operation, field, schema, changedKeys } = request;
  const { data, errors } = await exchange(http, request);
  if (Array.isArray(errors) ? errors.length : errors) throw graphqlError(request, errors);
  const parsed = schema.safeParse(data?.[field]);
  if (parsed.success) return parsed.data;
  throw new SecretSyncError(
    'INVALID_RESPONSE',
    `Could not ${operation}: the response has another shape than expected. Check the URL.`,
    { status: 200, maybeWritten: !!changedKeys },
  );
}

/** Returns the project with its tenant: `null` where the project does not exist, a tenant of `null` where it has none (yet). */
export const findProject = (http: HttpClient, projectId: string, signal: AbortSignal) =>
  graphql(http, {
    operation: 'look up the tenant of the project',
    document: 'query tenant($projectId: uuid!) { projects_by_pk(id: $projectId) { tenant { id } } }',
    field: 'projects_by_pk',
    schema: z.nullable(z.object({ tenant: z.nullable(z.object({ id: uuid })) })),
    variables: { projectId },
    signal,
  });

/** Returns the endpoint of a project; `null` where the token shows no such project. */
export const findEndpoint = async (http: HttpClient, projectId: string, signal: AbortSignal) => {
  const project = await graphql(http, {
    operation: 'look up the endpoint of the project',
    document: 'query endpoint($projectId: uuid!) { projects_by_pk(id: $projectId) { endpoint } }',
    field: 'projects_by_pk',
    schema: z.nullable(z.object({ endpoint: z.nullish(z.string()) })),
    variables: { projectId },
    signal,
  });
  return project?.endpoint ?? null;
};

/** Returns the environment of a tenant as the API gives it; `null` where there is no such tenant. */
export const getEnvironment = (http: HttpClient, tenantId: string, signal: AbortSignal) =>
  graphql(http, {
    operation: 'read the environment of the project',
    document: 'query getTenantEnv($tenantId: uuid!) { getTenantEnv(tenantId: $tenantId) { hash envVars } }',
    field: 'getTenantEnv',
    schema: z.nullable(z.object({ hash: z.string(), envVars: z.unknown() })),
    variables: { tenantId },
    signal,
  });

/** The changes of one mutation: it sets variables and leaves the others as they are, or it deletes. */
export type EnvironmentChanges =
  | { readonly envs: readonly { readonly key: string; readonly value: SecretValue }[] }
  | { readonly deleteEnvs: readonly string[] };

/**
 * Changes the environment, unless its hash is another than `currentHash`. Returns the new hash, and asks for nothing
 * that is secret.
 */
export async function changeEnvironment(
  http: HttpClient,
  target: { readonly tenantId: string; readonly currentHash: string },
  changes: EnvironmentChanges,
  signal: AbortSignal,
): Promise<string> {
  const [field, name, type, changedKeys] =
    'envs' in changes
      ? ['updateTenantEnv', 'envs', 'UpdateEnvObject', changes.envs.map(({ key }) => key)]
      : ['deleteTenantEnv', 'deleteEnvs', 'String', changes.deleteEnvs];
  const { hash } = await graphql(http, {
    operation: `${'envs' in changes ? 'set' : 'delete'} the variables of the project`,
    document:
      `mutation ${field}($tenantId: uuid!, $currentHash: String!, $${name}: [${type}!]!) ` +
      `{ ${field}(tenantId: $tenantId, currentHash: $currentHash, ${name}: $${name}) { hash } }`,
    field,
    schema: z.object({ hash: z.string() }),
    variables: { ...target, ...changes },
    changedKeys,
    signal,
  });
  return hash;
}

/** Returns all projects that the token shows. */
export const getProjects = (http: HttpClient) =>
  graphql(http, {
    operation: 'list the projects',
    document: 'query projects { projects { id name } }',
    field: 'projects',
    schema: namedList,
  });

/** Sends the cheapest request that needs a good token. */
export const checkToken = (http: HttpClient) =>
  graphql(http, {
    operation: 'check the access token',
    document: 'query projects { projects { id } }',
    field: 'projects',
    schema: z.array(z.unknown()),
  });
