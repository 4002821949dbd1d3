import { buildSchema, getVariableValues, GraphQLError, Kind, parse, validate } from 'graphql';

/**
 * The environment calls of the control plane of Hasura Cloud, and what leads to them: its documentation, the types that
 * its console is generated with (the deletion), the official action (`where`), and community Terraform providers (what a
 * tenant shows). Nothing else of the API is here.
 */
export const CONTROL_PLANE = buildSchema(`
  scalar uuid
  scalar jsonb

  type TenantEnv { hash: String! envVars: jsonb! }
  input UpdateEnvObject { key: String! value: String! }

  type projects { id: uuid! name: String! endpoint: String tenant: tenant }
  type tenant { id: uuid! slug: String! cloud: String! region: String! project: projects! }
  input String_comparison_exp { _eq: String _in: [String!] }
  input projects_bool_exp { name: String_comparison_exp }

  type query_root {
    getTenantEnv(tenantId: uuid!): TenantEnv
    projects(where: projects_bool_exp): [projects!]!
    projects_by_pk(id: uuid!): projects
    tenant_by_pk(id: uuid!): tenant
  }
  type mutation_root {
    updateTenantEnv(tenantId: uuid!, currentHash: String!, envs: [UpdateEnvObject!]!): TenantEnv
    deleteTenantEnv(tenantId: uuid!, currentHash: String!, deleteEnvs: [String!]!): TenantEnv
  }
  schema { query: query_root mutation: mutation_root }
`);

/** A document with its variables, as a client sends them. */
export interface GraphqlBody {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

export const isGraphqlBody = (body: unknown): body is GraphqlBody =>
  typeof body === 'object' && body !== null && 'query' in body && typeof body.query === 'string';

/** Returns what is wrong with a document and its variables, without their values. */
export function problemsOf({ query, variables = {} }: GraphqlBody): string[] {
  try {
    const document = parse(query);
    const problems = validate(CONTROL_PLANE, document).map(({ message }) => message);
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      const declared = definition.variableDefinitions ?? [];
      const { errors = [] } = getVariableValues(CONTROL_PLANE, declared, { ...variables });
      const names = declared.map(({ variable }) => variable.name.value);
      problems.push(
        ...errors.map(({ message }) => `a variable does not fit: ${message.split(' got invalid')[0] ?? ''}`),
        ...Object.keys(variables)
          .filter((name) => !names.includes(name))
          .map((name) => `the variable ${name} is not declared`),
      );
    }
    return problems;
  } catch (error) {
    if (error instanceof GraphQLError) return [error.message];
    throw error;
  }
}
