import type * as GraphQL from 'graphql';
import { UUID } from './state.js';

/** The `graphql` package, which only a started emulator has loaded. */
export type GraphQLPackage = typeof GraphQL;

const SCHEMA = `
  scalar uuid
  scalar jsonb
  type TenantEnv { hash: String! envVars: jsonb! }
  input UpdateEnvObject { key: String! value: String! }
  type projects { id: uuid! name: String! endpoint: String tenant: tenant }
  type tenant { id: uuid! slug: String! cloud: String! region: String! project: projects! }
  input uuid_comparison_exp { _eq: uuid _neq: uuid _in: [uuid!] _nin: [uuid!] _is_null: Boolean }
  input String_comparison_exp { _eq: String _neq: String _in: [String!] _nin: [String!] _is_null: Boolean }
  input projects_bool_exp {
    _and: [projects_bool_exp!] _or: [projects_bool_exp!] _not: projects_bool_exp
    id: uuid_comparison_exp name: String_comparison_exp endpoint: String_comparison_exp tenant: tenant_bool_exp
  }
  input tenant_bool_exp {
    _and: [tenant_bool_exp!] _or: [tenant_bool_exp!] _not: tenant_bool_exp
    id: uuid_comparison_exp slug: String_comparison_exp cloud: String_comparison_exp
    region: String_comparison_exp project: projects_bool_exp
  }
  type query_root {
    getTenantEnv(tenantId: uuid!): TenantEnv
    projects(where: projects_bool_exp, limit: Int, offset: Int): [projects!]!
    projects_by_pk(id: uuid!): projects
    tenant(where: tenant_bool_exp, limit: Int, offset: Int): [tenant!]!
    tenant_by_pk(id: uuid!): tenant
  }
  type mutation_root {
    updateTenantEnv(tenantId: uuid!, currentHash: String!, envs: [UpdateEnvObject!]!): TenantEnv
    deleteTenantEnv(tenantId: uuid!, currentHash: String!, deleteEnvs: [String!]!): TenantEnv
  }
  schema { query: query_root mutation: mutation_root }
`;

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
