import * as z from 'zod';
import { compileReferenceTemplate } from './reference-template.js';

/** What the model is given for one sync. */
export interface ReferenceSync {
  readonly url: string;
  readonly accessToken: string;
  readonly place: Readonly<Record<string, string>>;
  readonly keySchema: string;
  readonly fetch: typeof globalThis.fetch;
  readonly secrets: ReadonlyMap<string, string>;
}

/**
 * The decisions of the reference's algorithm: which keys it writes, and which of those that stand there it deletes.
 * The template is compiled for each key.
 */
export function decideLikeReference(
  secrets: ReadonlyMap<string, string>,
  standing: readonly string[],
  keySchema: string,
): { readonly writes: Map<string, string>; readonly deletions: string[] } {
  const writes = new Map(
    Array.from(secrets, ([key, value]) => [compileReferenceTemplate(keySchema).render(key), value] as const),
  );
  const deletions = standing.filter(
    (key) => compileReferenceTemplate(keySchema).match(key) && !writes.has(key),
  );
  return { writes, deletions };
}

async function send(
  { fetch }: Pick<ReferenceSync, 'fetch'>,
  url: string,
  init: RequestInit,
): Promise<unknown> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`The reference model got status ${response.status}.`);
  return text === '' ? undefined : JSON.parse(text);
}

const listSchema = z.object({
  results: z.array(
    z.object({ id: z.string(), key: z.string(), scope: z.string(), variable_type: z.string() }),
  ),
});

/** Qovery: one list, then one write after the other, for every secret, changed or not. */
export async function syncQoveryLikeReference(sync: ReferenceSync): Promise<void> {
  const { url, accessToken, keySchema } = sync;
  const environmentId = sync.place['environmentId'] ?? '';
  const headers = { authorization: `Token ${accessToken}`, 'content-type': 'application/json' };
  const { results } = listSchema.parse(
    await send(sync, `${url}/variable?parent_id=${environmentId}&scope=ENVIRONMENT`, { headers }),
  );
  const standing = new Map(
    results
      .filter(({ scope, variable_type }) => scope === 'ENVIRONMENT' && variable_type === 'VALUE')
      .map(({ key, id }) => [key, id] as const),
  );
  const { writes, deletions } = decideLikeReference(sync.secrets, [...standing.keys()], keySchema);
  for (const [key, value] of writes) {
    const id = standing.get(key);
    const created = {
      key,
      value,
      is_secret: true,
      variable_scope: 'ENVIRONMENT',
      variable_parent_id: environmentId,
    };
    await send(sync, id === undefined ? `${url}/variable` : `${url}/variable/${id}`, {
      method: id === undefined ? 'POST' : 'PUT',
      headers,
      body: JSON.stringify(id === undefined ? created : { key, value }),
    });
  }
  for (const key of deletions) {
    await send(sync, `${url}/variable/${standing.get(key) ?? ''}`, { method: 'DELETE', headers });
  }
}

const projectsSchema = z.object({
  data: z.object({
    projects: z.array(z.object({ id: z.string(), tenant: z.object({ id: z.string() }).nullable() })),
  }),
});
const environmentSchema = z.object({
  data: z.object({
    getTenantEnv: z.object({
      hash: z.string(),
      envVars: z.object({ environment: z.record(z.string(), z.string()).optional() }),
    }),
  }),
});
const updatedSchema = z.object({ data: z.object({ updateTenantEnv: z.object({ hash: z.string() }) }) });
const deletedSchema = z.object({ data: z.object({ deleteTenantEnv: z.object({ hash: z.string() }) }) });

/** Hasura Cloud: the list of projects, the environment, then all secrets in one mutation where any has changed. */
export async function syncHasuraCloudLikeReference(sync: ReferenceSync): Promise<void> {
  const { url, accessToken, keySchema } = sync;
  const headers = { authorization: `pat ${accessToken}`, 'content-type': 'application/json' };
  const ask = (query: string, variables: Readonly<Record<string, unknown>>) =>
    send(sync, url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { projects } = projectsSchema.parse(
    await ask('query { projects { id name tenant { id } } }', {}),
  ).data;
  const tenantId = projects.find(({ id }) => id === sync.place['projectId'])?.tenant?.id;
  const { hash, envVars } = environmentSchema.parse(
    await ask('query get($tenantId: uuid!) { getTenantEnv(tenantId: $tenantId) { hash envVars } }', {
      tenantId,
    }),
  ).data.getTenantEnv;
  const standing = new Map(Object.entries(envVars.environment ?? {}));
  const { writes, deletions } = decideLikeReference(sync.secrets, [...standing.keys()], keySchema);
  let currentHash = hash;
  if ([...writes].some(([key, value]) => standing.get(key) !== value)) {
    const envs = Array.from(writes, ([key, value]) => ({ key, value }));
    const answer = await ask(
      'mutation update($tenantId: uuid!, $currentHash: String!, $envs: [UpdateEnvObject!]!) { updateTenantEnv(tenantId: $tenantId, currentHash: $currentHash, envs: $envs) { hash envVars } }',
      { tenantId, currentHash, envs },
    );
    currentHash = updatedSchema.parse(answer).data.updateTenantEnv.hash;
  }
  const deleteEnvs = deletions.filter((key) => !key.startsWith('HASURA_'));
  if (deleteEnvs.length === 0) return;
  const answer = await ask(
    'mutation delete($tenantId: uuid!, $currentHash: String!, $deleteEnvs: [String!]!) { deleteTenantEnv(tenantId: $tenantId, currentHash: $currentHash, deleteEnvs: $deleteEnvs) { hash envVars } }',
    { tenantId, currentHash, deleteEnvs },
  );
  deletedSchema.parse(answer);
}
