import type { GraphqlBody } from './schema.js';

/** What a document is about. */
export interface Target {
  readonly projectId: string;
  readonly tenantId: string;
  readonly name: string;
  readonly hash: string;
}

/** A document that someone else sends. */
export interface ForeignDocument {
  readonly sender: string;
  readonly purpose: string;
  readonly body: (target: Target) => GraphqlBody;
}

const read = 'query getTenantEnv($tenantId: uuid!) { getTenantEnv(tenantId: $tenantId) { hash envVars } }';

const DOCUMENTATION: readonly Omit<ForeignDocument, 'sender'>[] = [
  {
    purpose: 'finds the tenant of a project',
    body: ({ projectId }) => ({
      query: `query getProjectTenantId { projects_by_pk(id: "${projectId}") { id tenant { id } } }`,
    }),
  },
  {
    purpose: 'shows a tenant',
    body: ({ tenantId }) => ({
      query: `query getTenantDetails { tenant_by_pk(id: "${tenantId}") { id slug project { id endpoint } } }`,
    }),
  },
  {
    purpose: 'reads an environment',
    body: ({ tenantId }) => ({
      query: `query getTenantENV { getTenantEnv(tenantId: "${tenantId}") { hash envVars } }`,
    }),
  },
  {
    purpose: 'changes an environment, all of it in the document',
    body: ({ tenantId, hash }) => ({
      query: `mutation updateTenantEnv {
        updateTenantEnv(
          tenantId: "${tenantId}"
          currentHash: "${hash}"
          envs: [
            { key: "HASURA_GRAPHQL_ENABLE_CONSOLE", value: "true" }
            { key: "FROM_THE_DOCS", value: "https://actions.example" }
          ]
        ) { hash envVars }
      }`,
    }),
  },
];

const CONSOLE: readonly Omit<ForeignDocument, 'sender'>[] = [
  {
    purpose: 'reads an environment under an alias',
    body: ({ tenantId }) => ({
      query: `query getTenantEnv($tenantId: uuid!) {
        getTenantEnv: getTenantEnv(tenantId: $tenantId) { hash envVars }
      }`,
      variables: { tenantId },
    }),
  },
  {
    purpose: 'changes an environment',
    body: ({ tenantId, hash: currentHash }) => ({
      query: `mutation updateTenant($tenantId: uuid!, $currentHash: String!, $envs: [UpdateEnvObject!]!) {
        updateTenantEnv(currentHash: $currentHash, tenantId: $tenantId, envs: $envs) { hash envVars }
      }`,
      variables: { tenantId, currentHash, envs: [{ key: 'FROM_THE_CONSOLE', value: 'one' }] },
    }),
  },
  {
    purpose: 'deletes variables',
    body: ({ tenantId, hash: currentHash }) => ({
      query: `mutation deleteEnv($tenantId: uuid!, $currentHash: String!, $deleteEnvs: [String!]!) {
        deleteTenantEnv(tenantId: $tenantId, currentHash: $currentHash, deleteEnvs: $deleteEnvs) { hash }
      }`,
      variables: { tenantId, currentHash, deleteEnvs: ['FROM_THE_CONSOLE'] },
    }),
  },
];

const REFERENCE: readonly Omit<ForeignDocument, 'sender'>[] = [
  {
    purpose: 'checks a token, without a name for its query',
    body: () => ({ query: 'query { projects { name tenant { id } } }' }),
  },
  {
    purpose: 'lists projects with their tenants',
    body: () => ({ query: 'query listProjects { projects { id name tenant { id } } }' }),
  },
  {
    purpose: 'reads an environment',
    body: ({ tenantId }) => ({ query: read, variables: { tenantId } }),
  },
  {
    purpose: 'changes an environment',
    body: ({ tenantId, hash: currentHash }) => ({
      query: `mutation updateTenantEnv($currentHash: String!, $envs: [UpdateEnvObject!]!, $tenantId: uuid!) {
        updateTenantEnv(currentHash: $currentHash, envs: $envs, tenantId: $tenantId) { hash envVars }
      }`,
      variables: { currentHash, envs: [{ key: 'FROM_THE_REFERENCE', value: 'one' }], tenantId },
    }),
  },
  {
    purpose: 'deletes variables, under other names of its own',
    body: ({ tenantId, hash: currentHash }) => ({
      query: `mutation deleteTenantEnv($id: uuid!, $currentHash: String!, $env: [String!]!) {
        deleteTenantEnv(tenantId: $id, currentHash: $currentHash, deleteEnvs: $env) { hash envVars }
      }`,
      variables: { id: tenantId, currentHash, env: ['FROM_THE_REFERENCE'] },
    }),
  },
];

const TERRAFORM: readonly Omit<ForeignDocument, 'sender'>[] = [
  {
    purpose: 'reads an environment',
    body: ({ tenantId }) => ({
      query: 'query getTenantENV($tenant_id: uuid!) { getTenantEnv(tenantId: $tenant_id) { hash envVars } }',
      variables: { tenant_id: tenantId },
    }),
  },
  {
    purpose: 'changes an environment, with ids in the document and variables beside it',
    body: ({ tenantId, hash }) => ({
      query: `mutation updateTenantEnv($envs: [UpdateEnvObject!]!) {
        updateTenantEnv(tenantId: "${tenantId}", currentHash: "${hash}", envs: $envs,) { hash envVars }
      }`,
      variables: { envs: [{ key: 'FROM_TERRAFORM', value: 'one' }] },
    }),
  },
  {
    purpose: 'shows a project under an alias',
    body: ({ projectId }) => ({
      query: 'query getProjectDetails($id: uuid!) { project: projects_by_pk(id: $id) { id name endpoint } }',
      variables: { id: projectId },
    }),
  },
  {
    purpose: 'shows where a tenant runs',
    body: ({ tenantId }) => ({
      query: 'query ($id: uuid!) { tenant_by_pk(id: $id) { cloud region } }',
      variables: { id: tenantId },
    }),
  },
];

const from = (sender: string, documents: readonly Omit<ForeignDocument, 'sender'>[]): ForeignDocument[] =>
  documents.map((document) => ({ sender, ...document }));

/** What others send about environments, written down from what they say and do. */
export const FOREIGN_DOCUMENTS: readonly ForeignDocument[] = [
  ...from("Hasura's documentation", DOCUMENTATION),
  ...from('the console', CONSOLE),
  ...from('the official action', [
    {
      purpose: 'looks for a project by its name',
      body: ({ name }) => ({
        query: `query getProjects($name: String!) {
          projects(where: { name: { _eq: $name } }) { id name endpoint }
        }`,
        variables: { name },
      }),
    },
  ]),
  ...from('community Terraform providers', TERRAFORM),
  ...from("Infisical's own sync", REFERENCE),
];
