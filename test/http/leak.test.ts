import { inspect } from 'node:util';
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { SecretValue } from '../../src/contracts/secret.js';
import { createHttpClient, type HttpClientOptions } from '../../src/http/client.js';
import { type Handler, startTestServer } from './test-server.js';

const token = 'cana+ry/tok"en==\\';
const value = 'canary "value"\n{"line": "two"} é';
const query = 'canary&query';

/** A canary as it stands and in the spellings in which it can come back. */
function spellings(text: string): string[] {
  const bytes = Buffer.from(text);
  const lines = text.split('\n');
  const encoded = [
    bytes,
    Buffer.concat([Buffer.from('a'), bytes]),
    Buffer.concat([Buffer.from('ab'), bytes]),
  ].map((shifted) => shifted.toString('base64').slice(4, -4));
  return [
    text,
    ...lines,
    ...encoded,
    bytes.toString('hex'),
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
  ];
}
const needles = [token, value, query].flatMap(spellings);

const echo =
  (status: number, more: Record<string, string> = {}): Handler =>
  (response, request) => {
    const { headers, body, url } = request;
    const text = JSON.stringify({ message: headers.authorization, headers, body, url });
    const header = encodeURIComponent(`${String(headers.authorization)}${body}${url}`);
    response.writeHead(status, { 'content-type': 'application/json', 'x-echo': header, ...more });
    response.end(text);
  };

const faults: readonly [title: string, handler: Handler, options?: Partial<HttpClientOptions>][] = [
  ...[301, 400, 401, 403, 404, 409, 418, 429, 500, 503].map((status): [string, Handler] => [
    `an echo with status ${status}`,
    echo(status, { location: `https://example.com/?${encodeURIComponent(value)}` }),
  ]),
  ['an echo of another shape', echo(200)],
  ['an echo that is too long', echo(200), { maxResponseBytes: 10 }],
  [
    'an echo that is not JSON',
    (response, { body, headers }) => response.end(`<p>${body}${String(headers.authorization)}`),
  ],
  ['an echo as Retry-After', echo(429, { 'retry-after': encodeURIComponent(token + value) })],
  [
    'an echo that is cut off',
    (response, { body }) => {
      response.writeHead(200, { 'content-length': '9999' });
      response.write(body);
      setImmediate(() => response.destroy());
    },
  ],
  ['a reset', (response) => response.destroy()],
  ['bytes that are not HTTP', (response, { body }) => response.socket?.end(`${body}\r\n`)],
  ['silence', () => undefined, { timeout: 30 }],
  [
    'a fetch that throws what it got',
    () => undefined,
    {
      fetch: async (input, init) => {
        const told = JSON.stringify([input, init]) + value + token;
        throw Object.assign(new TypeError(told, { cause: Object.assign(new Error(told), { code: told }) }), {
          init,
          told,
        });
      },
    },
  ],
];

describe('an error about a request', () => {
  it.each(faults)('holds no token, value or query of it after %s', async (_title, handler, options = {}) => {
    const { url } = await startTestServer(handler);
    const client = createHttpClient({
      endpoint: url,
      allowPrivateNetwork: true,
      headers: { authorization: `Bearer ${token}` },
      retry: { retries: 1, minTimeout: 1, maxTimeout: 1 },
      ...options,
    });
    const events: unknown[] = [];
    const run = client.forRun({
      onRequest: (event) => events.push(event),
      onRetry: (event) => events.push(event),
    });
    const error: unknown = await run
      .request({
        operation: 'update the thing',
        method: 'PUT',
        path: ['things'],
        query: { query },
        body: { value: new SecretValue(value) },
        schema: z.strictObject({ id: z.literal('7') }),
      })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(events.length).toBeGreaterThan(0);
    const shown = [
      String(error),
      error instanceof Error ? error.stack : '',
      JSON.stringify(error),
      inspect(error, {
        depth: Infinity,
        showHidden: true,
        maxStringLength: Infinity,
        maxArrayLength: Infinity,
      }),
      JSON.stringify(events),
    ].join('\n');
    for (const needle of needles) expect(shown.includes(needle), needle).toBe(false);
    expect(shown).toContain('Could not update the thing');
  });
});
