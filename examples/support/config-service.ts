import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';

/** One request that reached the service. */
export interface ServiceRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface ConfigService extends AsyncDisposable {
  readonly url: string;
  readonly accessToken: string;
  /** All requests since the start. A live list. */
  readonly requests: readonly ServiceRequest[];
  /** The values of a config, which is made if there is none. */
  values(config: string): Map<string, string>;
  /** Sets a value by hand, which moves the version. */
  set(config: string, key: string, value: string): void;
  /** Deletes a value by hand, which moves the version. */
  delete(config: string, key: string): void;
  /** Responds to everything with this status from now on. Every error shows its request. */
  failWith(status: number): void;
  /** The next change is made, and its connection ends without a response. */
  loseNextAnswer(): void;
  close(): Promise<void>;
}

const pair = z.tuple([z.string(), z.string()]);
const patchSchema = z.strictObject({ set: z.array(pair), remove: z.array(z.string()) });

/**
 * A service that does not exist, for the example of a custom driver: configs of key-value pairs with a version.
 * `GET /configs/{id}` returns `{ version, entries: [[key, value]] }`; `PATCH /configs/{id}` with `If-Match: version`
 * takes `{ set: [[key, value]], remove: [key] }` and returns `{ version }`, or 412 when the version moved.
 */
export async function startConfigService(accessToken = 'config-service-token'): Promise<ConfigService> {
  const configs = new Map<string, { version: number; values: Map<string, string> }>();
  const requests: ServiceRequest[] = [];
  let failure: number | undefined;
  let isNextLost = false;

  function configOf(id: string) {
    const config = configs.get(id) ?? { version: 1, values: new Map<string, string>() };
    configs.set(id, config);
    return config;
  }

  const change = (id: string, edit: (values: Map<string, string>) => void): void => {
    const config = configOf(id);
    edit(config.values);
    config.version += 1;
  };

  function respond(request: ServiceRequest): readonly [status: number, body: unknown] {
    const refuse = (status: number, message: string) => [status, { message, request }] as const;
    if (failure !== undefined) return refuse(failure, 'it failed');
    if (request.headers['authorization'] !== `Bearer ${accessToken}`) return refuse(401, 'unknown token');
    if (request.url === '/configs') return [200, { ids: [...configs.keys()] }];
    const id = /^\/configs\/([^/?]+)$/.exec(request.url)?.[1];
    if (id === undefined) return refuse(404, 'no such route');
    const config = configOf(decodeURIComponent(id));
    if (request.method === 'GET')
      return [200, { version: String(config.version), entries: [...config.values] }];
    if (request.method !== 'PATCH') return refuse(405, 'use GET or PATCH');
    if (request.headers['if-match'] !== String(config.version)) return refuse(412, 'the version moved');
    const patch = patchSchema.safeParse(JSON.parse(request.text));
    if (!patch.success) return refuse(400, 'no patch');
    change(id, (values) => {
      for (const [key, value] of patch.data.set) values.set(key, value);
      for (const key of patch.data.remove) values.delete(key);
    });
    return [200, { version: String(config.version) }];
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const);
    const request = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: Object.fromEntries(headers),
      text: Buffer.concat(chunks).toString('utf8'),
    };
    requests.push(request);
    const [status, body] = respond(request);
    if (isNextLost && request.method === 'PATCH') {
      isNextLost = false;
      response.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('There is no port to listen on.');

  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    accessToken,
    requests,
    values: (id) => configOf(id).values,
    set: (id, key, value) => change(id, (values) => values.set(key, value)),
    delete: (id, key) => change(id, (values) => values.delete(key)),
    failWith: (status) => void (failure = status),
    loseNextAnswer: () => void (isNextLost = true),
    close,
    [Symbol.asyncDispose]: close,
  };
}
