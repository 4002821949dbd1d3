import type { OpenAPIHono } from '@hono/zod-openapi';
import { z } from '@hono/zod-openapi';
import type { Endpoint } from './endpoint.js';
import { errorSchema } from './schemas/common.js';

const jsonOf = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });

const ERRORS = {
  400: 'What was sent is not valid.',
  401: 'The request is not authenticated.',
  403: 'The request may not do this.',
  404: 'It does not exist.',
  409: 'It conflicts with the present state, or needs a decision.',
  413: 'The body is too long.',
  415: 'The body is not declared as JSON.',
  499: 'The client has ended the request.',
  500: 'The server is not set up correctly, or failed.',
  502: 'The source or the destination failed or refused.',
  503: 'The destination is unavailable, or limits requests.',
  504: 'It took too long.',
};

const paramsOf = (path: string) =>
  z.object(
    Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [name, z.string().min(1)])),
  );

/** Describes an endpoint in the document of an app. */
export function describeEndpoint(
  app: OpenAPIHono,
  { method, path, summary, query, body, response }: Endpoint,
): void {
  app.openAPIRegistry.registerPath({
    method,
    path,
    summary,
    request: {
      params: paramsOf(path),
      query,
      ...(body !== undefined && { body: jsonOf(body) }),
    },
    responses: {
      200: { description: 'OK', ...jsonOf(response) },
      ...Object.fromEntries(
        Object.entries(ERRORS).map(([status, description]) => [
          status,
          { description, ...jsonOf(errorSchema) },
        ]),
      ),
    },
  });
}

/** The OpenAPI document of an app. */
export const documentOf = (app: OpenAPIHono): object =>
  app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Secret syncs', version: '1' },
  });
