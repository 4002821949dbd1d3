import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';
import type { Exchange } from '../exchanges.js';
import { MODELS, operationOf } from './operations.js';
import { createModelSchemas } from './schemas.js';

/** Fields that the real API sends as null, where the specification forbids it (captured by the official console's tests). */
const NULLS: readonly string[] = [
  ...['description', 'enable_interpolation_in_file'].map((field) => `VariableResponse.${field}`),
  ...['VariableResponse', 'EnvironmentVariable', 'Secret'].flatMap((model) =>
    ['service_id', 'service_name', 'service_type'].map((field) => `${model}.${field}`),
  ),
  // An entry that is neither an alias nor an override, and the path of what one of them stands for.
  ...['Variable', 'EnvironmentVariable', 'Secret'].flatMap((family) =>
    ['Alias', 'Override'].flatMap((model) => [`${family}${model}`, `${family}${model}.mount_path`]),
  ),
];

/** Where responses of the real API differ from the specification, as the emulator shows them. */
export const EXCEPTIONS: readonly string[] = NULLS.map((name) => `${name} is null`);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the types of the client leave out of the specification: which strings are UUIDs and which are times. */
function formatOf(field: string): string | undefined {
  if (/(^|_)id$/.test(field)) return 'uuid';
  return /(^|_)(at|date)$/.test(field) ? 'date-time' : undefined;
}

/**
 * A model with the formats of its fields and its enumerations in place. Titles name models and fields, which an error
 * hands on.
 */
function prepared(name: string, definitions: Readonly<Record<string, unknown>>): unknown {
  const model = definitions[name];
  if (!isObject(model) || !isObject(model['properties'])) return model;
  const properties = Object.entries(model['properties']).map(([field, schema]) => {
    if (!isObject(schema)) return [field, schema] as const;
    const named = definitions[String(schema['$ref']).replace('#/definitions/', '')];
    const own = isObject(named) && 'enum' in named ? named : schema;
    const format = formatOf(field);
    return [field, { ...own, title: `${name}.${field}`, ...(format !== undefined && { format }) }] as const;
  });
  return { ...model, title: name, properties: Object.fromEntries(properties) };
}

/** An error in words that hold names of models and fields, and nothing of the data. */
function describe({ keyword, params, data, parentSchema }: ErrorObject): string {
  const title = String(parentSchema?.['title']);
  if (keyword === 'required') return `${title}.${String(params['missingProperty'])} is missing`;
  if (keyword === 'additionalProperties') {
    return `${title}.${String(params['additionalProperty'])} is not declared`;
  }
  if (data === null) return `${title} is null`;
  return `${title} breaks its ${keyword}`;
}

/** The official specification, against which requests and responses are held. */
interface Specification {
  /** What is wrong with a request. */
  readonly requestProblems: (exchange: Exchange) => string[];
  /** What is wrong with its response, the exceptions included. An error has no model. */
  readonly responseProblems: (exchange: Exchange) => string[];
}

function createSpecification(): Specification {
  const { definitions = {} } = createModelSchemas(MODELS);
  const ajv = new Ajv({ allErrors: true, verbose: true, inlineRefs: false, allowUnionTypes: true });
  ajvFormats.default(ajv);
  const models = Object.keys(definitions).map((name) => [name, prepared(name, definitions)] as const);
  const validators = new Map<string, ValidateFunction>();
  const problemsOf = (model: string, data: unknown): string[] => {
    const validator =
      validators.get(model) ??
      ajv.compile({ definitions: Object.fromEntries(models), $ref: `#/definitions/${model}` });
    validators.set(model, validator);
    return validator(data) ? [] : [...new Set((validator.errors ?? []).map(describe))];
  };
  return {
    requestProblems({ method, path, query, body }) {
      const operation = operationOf(method, path);
      if (operation === undefined) return [`${method} is no call of the specification`];
      const declared = Object.entries(operation.query ?? {});
      const missing = declared.filter(([name, isRequired]) => isRequired && !(name in query));
      const unknown = Object.keys(query).filter((name) => !declared.some(([known]) => known === name));
      return [
        ...missing.map(([name]) => `the query lacks ${name}`),
        ...unknown.map((name) => `the query has ${name}, which is not declared`),
        ...(operation.body === undefined
          ? body === undefined
            ? []
            : ['a body where none is declared']
          : problemsOf(operation.body, body)),
      ];
    },
    responseProblems({ method, path, status, response }) {
      const operation = operationOf(method, path);
      if (operation === undefined || status === undefined || status >= 400) return [];
      return [
        ...(status === operation.status ? [] : [`status ${status} in place of ${operation.status}`]),
        ...(operation.response === undefined ? [] : problemsOf(operation.response, response)),
      ];
    },
  };
}

let specification: Specification | undefined;

/** Returns the specification, which is made once. */
export const qoverySpecification = (): Specification => (specification ??= createSpecification());
