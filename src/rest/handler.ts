import { OpenAPIHono, z } from '@hono/zod-openapi';
import { notify } from '../shared/async.js';
import { createGate } from './access.js';
import { endpoint, noBody, type Endpoint } from './endpoint.js';
import { errorResponse, failureOf, json, RestError } from './errors.js';
import { describeEndpoint, documentOf } from './openapi.js';
import { parseOptions, type RestOptions } from './options.js';
import { destinationEndpoints, discoveryEndpoints } from './routes/destinations.js';
import { recordEndpoints } from './routes/records.js';
import { runEndpoints } from './routes/runs.js';
import type { RestService } from './service.js';

/** An API over HTTP. */
export interface RestHandler {
  /** Responds to a request. Never rejects. Needs no `this`. */
  readonly fetch: (request: Request) => Promise<Response>;
}

/** Lets go of a body that was not read; one that was has ended. */
function release({ body }: Request): void {
  if (body !== null && !body.locked) body.cancel().catch(() => undefined);
}

/** Hono's spelling of a path. */
const routeOf = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/**
 * Makes the REST API of a service, for any runtime with `Request` and `Response`. Its routes and shapes are those of
 * Infisical's API for secret syncs. It shows no secret, no token and no stack.
 *
 * @throws SecretSyncError `INVALID_OPTION`.
 * @example
 * const handler = createRestHandler(service, {
 *   authorize: (request) => request.headers.get('authorization') === `Bearer ${process.env.API_TOKEN}`,
 * });
 * export default { fetch: handler.fetch };
 */
export function createRestHandler(service: RestService, options: RestOptions): RestHandler {
  const { authorize, basePath, onError } = parseOptions(options);
  const app = new OpenAPIHono({ strict: false });
  const syncs = `${basePath}/api/v1/secret-syncs`;
  let document: object | undefined;
  const endpoints: readonly Endpoint[] = [
    // Before those of records: a name in the path is not the name of a destination.
    ...destinationEndpoints(service, syncs),
    ...recordEndpoints(service, syncs),
    ...runEndpoints(service, syncs),
    ...discoveryEndpoints(service, `${basePath}/api/v1/app-connections`),
    endpoint({
      method: 'get',
      path: `${basePath}/openapi.json`,
      action: 'read-openapi',
      summary: 'Get this document.',
      body: noBody,
      response: z.record(z.string(), z.unknown()),
      handle: () => Promise.resolve((document ??= documentOf(app))),
    }),
  ];
  const tell = (error: unknown, reqId: string) => notify(onError, error, { reqId });
  const failed = (error: unknown, reqId: string) => {
    const response = errorResponse(error, reqId);
    if (response.status === 500) tell(error, reqId);
    return response;
  };
  for (const each of endpoints) {
    describeEndpoint(app, each);
    app.on(each.method.toUpperCase(), routeOf(each.path), async (context) => {
      const reqId = globalThis.crypto.randomUUID();
      try {
        const gate = createGate(authorize, context.req.raw, (error) => tell(error, reqId));
        return json(await each.respond(context.req.raw, context.req.param(), gate));
      } catch (error) {
        return failed(failureOf(error, context.req.raw), reqId);
      } finally {
        release(context.req.raw);
      }
    });
  }
  app.notFound(() => {
    const message = 'There is no such route; openapi.json lists those that exist.';
    return errorResponse(new RestError(404, 'ROUTE_NOT_FOUND', message), globalThis.crypto.randomUUID());
  });
  app.onError((error) => failed(error, globalThis.crypto.randomUUID()));
  return { fetch: async (request) => app.fetch(request) };
}
