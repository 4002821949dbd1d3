import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Operation {
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
  }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

/** An OpenAPI document, as far as it is read here. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** A request and its response. */
export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
  readonly status: number;
  readonly response: unknown;
}

const escaped = (segment: string) => segment.replaceAll('~', '~0').replaceAll('/', '~1');

/** Says what in an exchange is not as a document describes it. */
export function createChecker(document: OpenApiDocument): (exchange: Exchange) => readonly string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addSchema(document, 'api');
  const templates = Object.keys(document.paths)
    .map((path) => {
      const pattern = path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+');
      return { path, pattern: new RegExp(`^${pattern}/?$`), literal: path.replaceAll(/\{\w+\}/g, '').length };
    })
    // A literal segment comes before a parameter.
    .sort((a, b) => b.literal - a.literal);

  function errorsOf(pointer: readonly string[], data: unknown, what: string): string[] {
    const validate = ajv.getSchema(`api#/${pointer.map(escaped).join('/')}`);
    if (validate === undefined) return [`${what}: nothing is declared at ${pointer.join(' ')}`];
    if (validate(data) === true) return [];
    return (validate.errors ?? []).map((error) => `${what}${error.instancePath}: ${error.message ?? ''}`);
  }

  return ({ method, url, body, status, response }) => {
    const verb = method.toLowerCase();
    const found = templates.find(
      ({ path, pattern }) => pattern.test(url.pathname) && document.paths[path]?.[verb] !== undefined,
    );
    const operation = found && document.paths[found.path]?.[verb];
    if (operation === undefined) return status === 404 ? [] : [`${method} ${url.pathname} is not declared`];
    const here = ['paths', found?.path ?? '', verb];
    const declared = new Set(
      (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name),
    );
    const unknown = [...url.searchParams.keys()].filter((name) => !declared.has(name));
    const inBody = [...here, 'requestBody', 'content', 'application/json', 'schema'];
    const asked = [
      ...unknown.map((name) => `the query parameter ${name} is not declared`),
      ...(body === undefined || operation.requestBody === undefined ? [] : errorsOf(inBody, body, 'request')),
    ];
    const inResponse = [...here, 'responses', String(status), 'content', 'application/json', 'schema'];
    // What was refused need not be as declared.
    return [...(status === 200 ? asked : []), ...errorsOf(inResponse, response, `response ${status}`)];
  };
}
