import type * as GraphQL from 'graphql';
import { buildHasuraCloudSchema, type GraphQLPackage } from './graphql.js';

/** A client has few queries. One that makes up ever new ones must not fill the memory. */
const MOST_QUERIES = 1_000;

/** A query that could be parsed. */
export interface Query {
  readonly document: GraphQL.DocumentNode;
  /** What is wrong with it by a schema; `undefined` where it is valid. */
  faultIn(schema: GraphQL.GraphQLSchema): string | undefined;
}

/** The schemas of the service and the queries it has seen, which are the same for all emulators. */
export interface HasuraCloudQueries {
  readonly documented: GraphQL.GraphQLSchema;
  /** With `envVars` nullable. */
  readonly lax: GraphQL.GraphQLSchema;
  /** Answers `undefined` for what is no GraphQL. A text that was read before is neither parsed nor checked again. */
  read(text: string): Query | undefined;
}

function createQueries(graphql: GraphQLPackage): HasuraCloudQueries {
  const seen = new Map<string, Query | undefined>();

  function parse(text: string): Query | undefined {
    let document: GraphQL.DocumentNode;
    try {
      document = graphql.parse(text);
    } catch {
      return undefined;
    }
    const faults = new Map<GraphQL.GraphQLSchema, string | undefined>();
    return {
      document,
      faultIn(schema) {
        if (!faults.has(schema)) faults.set(schema, graphql.validate(schema, document)[0]?.message);
        return faults.get(schema);
      },
    };
  }

  return {
    documented: buildHasuraCloudSchema(graphql, { nullableEnvVars: false }),
    lax: buildHasuraCloudSchema(graphql, { nullableEnvVars: true }),
    read(text) {
      if (!seen.has(text)) {
        if (seen.size >= MOST_QUERIES) seen.clear();
        seen.set(text, parse(text));
      }
      return seen.get(text);
    },
  };
}

const shared = new WeakMap<GraphQLPackage, HasuraCloudQueries>();

/** Those of a loaded package: made at the first call. */
export function hasuraCloudQueries(graphql: GraphQLPackage): HasuraCloudQueries {
  const known = shared.get(graphql) ?? createQueries(graphql);
  shared.set(graphql, known);
  return known;
}
