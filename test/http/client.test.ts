import * as z from 'zod';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isSecretSyncError, SecretSyncError } from '../../src/contracts/errors.js';
import type { HttpErrorResponse } from '../../src/contracts/http.js';
import { SecretValue } from '../../src/contracts/secret.js';
import { createHttpClient, type HttpClientOptions, type HttpRun } from '../../src/http/client.js';
import { eventually } from '../support/eventually.js';
import { createVirtualClock } from '../support/virtual-clock.js';
import { answer, startTestServer } from './test-server.js';

const list = { operation: 'list the things', method: 'GET' } as const;
const create = { operation: 'create the thing', method: 'POST', body: { a: 1 } } as const;
const update = { operation: 'update the thing', method: 'PUT', body: { a: 1 } } as const;

/** Where nobody listens: a port that a server left could be given to the next one. */
const UNUSED = 'http://127.0.0.1:2';

function clientFor(endpoint: string, options: Partial<HttpClientOptions> = {}) {
  const clock = createVirtualClock({ auto: true });
  const fetch = clock.track((input, init) => globalThis.fetch(input, init));
  const client = createHttpClient({
    endpoint,
    allowPrivateNetwork: true,
    clock,
    fetch,
    random: () => 0.5,
    ...options,
  });
  return { client, clock };
}

/** A client with a timeout of 50 ms, which passes `afterHead`: when the head of the first answer is in. */
function impatientClientFor(endpoint: string) {
  const clock = createVirtualClock();
  let heads = 0;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init);
    heads += 1;
    return response;
  };
  const afterHead = async () => {
    await eventually(() => expect(heads).toBe(1));
    await clock.advance(50);
  };
  return { ...clientFor(endpoint, { clock, fetch, timeout: 50 }), afterHead };
}

async function errorOf(promise: Promise<unknown>): Promise<SecretSyncError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (isSecretSyncError(error)) return error;
  throw new Error('no SecretSyncError', { cause: error });
}

describe('a request', () => {
  it('sends method, encoded path, query, headers and body, and parses the answer', async () => {
    const { url, seen } = await startTestServer((response) => answer(response, 201, '{"id":"7"}'));
    const { client } = clientFor(`${url}/base/`, {
      headers: { Authorization: 'Token abc', 'X-Both': 'client' },
    });
    const result = await client.request({
      operation: 'create the thing',
      method: 'POST',
      path: ['a/b', '..%2e', 'ü?#'],
      query: { parent: 'x&y', empty: '' },
      headers: { 'x-both': 'request' },
      body: { value: new SecretValue('s3"cret') },
      schema: z.object({ id: z.string() }),
    });
    expect(result).toEqual({ status: 201, data: { id: '7' } });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/base/a%2Fb/..%252e/%C3%BC%3F%23?parent=x%26y&empty=',
      body: '{"value":"s3\"cret"}'.replace('"cret', '\\"cret'),
      headers: {
        authorization: 'Token abc',
        'x-both': 'request',
        accept: 'application/json',
        'content-type': 'application/json',
      },
    });
  });

  it('goes to the endpoint itself where it has no path, without a body where it has none', async () => {
    const { url, seen } = await startTestServer((response) => answer(response, 204));
    await clientFor(`${url}/v1/graphql`).client.request(list);
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/v1/graphql', body: '' });
    expect(seen[0]?.headers).not.toHaveProperty('content-type');
  });

  it.each(['', '.', '..', 'a\ud800'])('is refused before it is sent when an id is %j', async (id) => {
    const { url, seen } = await startTestServer((response) => answer(response, 204));
    const error = await errorOf(clientFor(url).client.request({ ...list, path: ['things', id] }));
    expect(error.code).toBe('INVALID_OPTION');
    expect(seen).toEqual([]);
  });

  it('is refused before it is sent when one of its headers cannot be', async () => {
    const { url, seen } = await startTestServer((response) => answer(response, 204));
    const error = await errorOf(clientFor(url).client.request({ ...list, headers: { 'x-a': 'can\nary' } }));
    expect(error.code).toBe('INVALID_OPTION');
    expect(seen).toEqual([]);
  });

  it('takes an answer without content for undefined', async () => {
    const { url } = await startTestServer((response) => answer(response, 204));
    const result = await clientFor(url).client.request({ ...list, schema: z.undefined() });
    expect(result).toEqual({ status: 204, data: undefined });
  });

  it('uses the fetch that is global when it is sent', async () => {
    const client = createHttpClient({ endpoint: 'https://api.example.com' });
    const fetch = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('{}'));
    await client.request(list);
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(fetch.mock.calls[0]?.[0]).toBe('https://api.example.com/');
  });
  afterEach(() => void vi.restoreAllMocks());
});

describe('a refusal', () => {
  it.each([
    [301, 'DESTINATION_REJECTED', false, true],
    [400, 'DESTINATION_REJECTED', false, false],
    [401, 'UNAUTHORIZED', false, false],
    [403, 'FORBIDDEN', false, false],
    [404, 'NOT_FOUND', false, false],
    [408, 'DESTINATION_REJECTED', true, false],
    [409, 'CONFLICT', false, false],
    [412, 'CONFLICT', false, false],
    [422, 'DESTINATION_REJECTED', false, false],
    [429, 'RATE_LIMITED', true, false],
    [500, 'DESTINATION_UNAVAILABLE', true, true],
    [502, 'DESTINATION_UNAVAILABLE', true, true],
    [503, 'DESTINATION_UNAVAILABLE', true, false],
  ] as const)(
    'with status %i is %s, retryable: %s, maybe written: %s',
    async (status, code, retryable, maybeWritten) => {
      const { url } = await startTestServer((response) =>
        answer(response, status, '{"message":"no"}', { location: '/elsewhere' }),
      );
      const { client } = clientFor(url, { retry: { retries: 0 } });
      const error = await errorOf(client.request({ ...create, path: ['things', 'id'] }));
      expect(error).toMatchObject({ code, status, retryable, maybeWritten });
      expect(error.message).toContain('Could not create the thing: ');
      expect(error.message).toContain(`(POST ${new URL(url).host}/things/id)`);
      expect((await errorOf(client.request(list))).maybeWritten).toBe(false);
    },
  );

  it('does not follow a redirect', async () => {
    const { url, seen } = await startTestServer((response) =>
      answer(response, 302, '', { location: '/elsewhere' }),
    );
    const error = await errorOf(clientFor(url).client.request(list));
    expect(error.message).toContain('redirects');
    expect(seen).toHaveLength(1);
  });

  it('means what the caller says, from its status and parsed body', async () => {
    const { url } = await startTestServer((response, request) =>
      answer(response, 400, request.url === '/html' ? '<html>' : '{"detail":"does not exist"}'),
    );
    const { client } = clientFor(url);
    const bodies: unknown[] = [];
    const classify = ({ status, body }: HttpErrorResponse) => {
      bodies.push(status, body);
      return body === undefined ? undefined : ('NOT_FOUND' as const);
    };
    expect((await errorOf(client.request({ ...list, classify }))).code).toBe('NOT_FOUND');
    expect((await errorOf(client.request({ ...list, path: ['html'], classify }))).code).toBe(
      'DESTINATION_REJECTED',
    );
    expect(bodies).toEqual([400, { detail: 'does not exist' }, 400, undefined]);
  });

  it('means what its status says when the caller fails to tell', async () => {
    const { url } = await startTestServer((response) => answer(response, 404, '{}'));
    const classify = () => {
      throw new Error('canary');
    };
    const error = await errorOf(clientFor(url).client.request({ ...list, classify }));
    expect(error.code).toBe('NOT_FOUND');
    expect(error.cause).toBeUndefined();
  });

  it('keeps its status when its body does not end', async () => {
    const { url } = await startTestServer((response) => {
      response.writeHead(403);
      response.write('{');
    });
    const { client, afterHead } = impatientClientFor(url);
    const [error] = await Promise.all([errorOf(client.request(list)), afterHead()]);
    expect(error.code).toBe('FORBIDDEN');
  });
});

describe('an answer that cannot be understood', () => {
  const schema = z.object({ id: z.string() });
  it.each([
    ['HTML', '<html>canary</html>', 'not JSON'],
    ['cut off', '{"id":"canary', 'not JSON'],
    ['of another shape', '{"id":["canary"]}', 'not have the expected shape'],
    ['empty', '', 'not have the expected shape'],
    ['too long', `{"id":"${'canary'.repeat(100)}"}`, 'too long'],
  ])('because it is %s, is not asked for again and may have been written', async (_title, body, reason) => {
    const { url, seen } = await startTestServer((response) => answer(response, 200, body));
    const { client } = clientFor(url, { maxResponseBytes: 100 });
    const error = await errorOf(client.request({ ...update, schema }));
    expect(error).toMatchObject({
      code: 'INVALID_RESPONSE',
      retryable: false,
      maybeWritten: true,
      status: 200,
    });
    expect(error.message).toContain(reason);
    expect(error.message).not.toContain('canary');
    expect((await errorOf(client.request({ ...list, schema }))).maybeWritten).toBe(false);
    expect(seen).toHaveLength(2);
  });

  it('because its schema throws, shows nothing of what was thrown', async () => {
    const { url } = await startTestServer((response) => answer(response, 200, '{"id":"canary"}'));
    const throwing = z.unknown().transform(() => {
      throw new Error('canary');
    });
    const error = await errorOf(clientFor(url).client.request({ ...list, schema: throwing }));
    expect(error.code).toBe('INVALID_RESPONSE');
    expect(error.cause).toBeUndefined();
  });

  it('because it is endless, is cut off at the limit', async () => {
    let isClosed = false;
    const { url } = await startTestServer((response) => {
      response.on('close', () => (isClosed = true));
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    const { client } = clientFor(url, { maxResponseBytes: 1_000_000 });
    expect((await errorOf(client.request({ ...list, schema }))).message).toContain('too long');
    await eventually(() => expect(isClosed).toBe(true));
  });
});

describe('a retry', () => {
  it.each([
    ['seconds', '7', 7_000],
    ['an HTTP date', 'Thu, 01 Jan 2026 00:00:09 GMT', 8_750],
    ['a date in the past', 'Wed, 01 Jan 2025 00:00:00 GMT', 250],
    ['garbage', 'soon', 250],
  ])('waits as told by a 429 with %s', async (_title, retryAfter, wait) => {
    const { url, seen } = await startTestServer((response, _request, index) =>
      index === 0 ? answer(response, 429, '', { 'retry-after': retryAfter }) : answer(response, 200, '{}'),
    );
    const { client, clock } = clientFor(url);
    const start = clock.now();
    const events: unknown[] = [];
    const run: HttpRun = {
      onRequest: (event) => events.push(event),
      onRetry: (event) => events.push(event),
    };
    await client.forRun(run).request(create);
    expect(seen).toHaveLength(2);
    expect(clock.now() - start).toBe(wait);
    const { host } = new URL(url);
    expect(events).toEqual([
      { method: 'POST', name: 'create the thing', host, attempt: 1, status: 429, durationMs: 0 },
      { name: 'create the thing', attempt: 1, code: 'RATE_LIMITED', waitMs: wait },
      { method: 'POST', name: 'create the thing', host, attempt: 2, status: 200, durationMs: 0 },
    ]);
    expect(clock.sleepers).toBe(0);
  });

  it('tells for how long a server that took a request will take no more', async () => {
    const clock = createVirtualClock();
    const left = ['1', '0', '0'];
    const fetch = async () => {
      const remaining = left.shift() ?? '';
      const reset = remaining === '0' && left.length === 0 ? {} : { 'x-ratelimit-reset': '30' };
      return new Response('{}', { headers: { 'x-ratelimit-remaining': remaining, ...reset } });
    };
    const client = createHttpClient({ endpoint: 'https://api.example.com', fetch, clock });
    const pauses: unknown[] = [];
    const run: HttpRun = { onRequest: ({ pauseMs }) => pauses.push(pauseMs) };
    const ask = () => client.forRun(run).request({ operation: 'ask', method: 'GET' });
    await ask();
    await ask();
    const later = ask();
    await clock.advance(30_000);
    await later;
    expect(pauses).toEqual([undefined, 30_000, undefined]);
  });

  it.each([
    ['longer than maxWait', { 'retry-after': '61' }, 61, undefined],
    ['past the deadline', { 'retry-after': '30' }, 30, 30_000],
    [
      'longer than maxWait, by X-RateLimit-Reset',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '61' },
      61,
      undefined,
    ],
  ])(
    'is not made when the told wait is %s: it fails at once and says until when',
    async (_title, headers, seconds, deadline) => {
      const { url, seen } = await startTestServer((response) => answer(response, 429, '', headers));
      const { client, clock } = clientFor(url);
      const start = clock.now();
      const run = client.forRun(deadline === undefined ? {} : { deadline: start + deadline });
      const error = await errorOf(run.request(list));
      const told = new Date(start + seconds * 1_000).toISOString();
      expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAt: told, retryable: true });
      expect(error.message).toContain(told);
      expect(clock.now()).toBe(start);
      // What is known is not asked again.
      expect(await errorOf(run.request(list))).toMatchObject({ code: 'RATE_LIMITED', retryAt: told });
      expect(seen).toHaveLength(1);
    },
  );

  it('stops at the bound before a server that answers 503 for ever', async () => {
    const { url, seen } = await startTestServer((response) => answer(response, 503));
    const { client, clock } = clientFor(url);
    const start = clock.now();
    const error = await errorOf(client.request(create));
    expect(error).toMatchObject({ code: 'DESTINATION_UNAVAILABLE', retryable: true, maybeWritten: false });
    expect(seen).toHaveLength(5);
    expect(clock.now() - start).toBe((500 + 1_000 + 2_000 + 4_000) / 2);
    expect(clock.sleepers).toBe(0);
  });

  it('is made within the budget of the run', async () => {
    const { url, seen } = await startTestServer((response) => answer(response, 503));
    const { client } = clientFor(url, { retry: { budget: 6 } });
    const run = client.forRun({});
    await Promise.all([1, 2, 3, 4, 5].map(() => errorOf(run.request(list))));
    expect(seen).toHaveLength(5 + 6);
    await errorOf(client.forRun({}).request(list));
    expect(seen).toHaveLength(5 + 6 + 5);
  });

  it.each(['a reset connection', 'a 502'])(
    'after %s is made for a PUT and, told so, a POST; not for another POST',
    async (title) => {
      const { url, seen } = await startTestServer((response, _request, index) => {
        if (index % 2 === 1) answer(response, 200, '{}');
        else if (title === 'a 502') answer(response, 502);
        else response.destroy();
      });
      const { client } = clientFor(url);
      await client.request(update);
      await client.request({ ...create, repeatable: true });
      expect(seen).toHaveLength(4);
      const error = await errorOf(client.request(create));
      expect(error).toMatchObject({ code: 'DESTINATION_UNAVAILABLE', retryable: true, maybeWritten: true });
      expect(seen).toHaveLength(5);
    },
  );

  it('after a refused connection is made for a POST too, which was certainly not carried out', async () => {
    const codes: string[] = [];
    const { client } = clientFor(UNUSED);
    const run = client.forRun({ onRetry: ({ code }) => codes.push(code) });
    const error = await errorOf(run.request(create));
    expect(codes).toEqual(Array(4).fill('DESTINATION_UNAVAILABLE'));
    expect(error).toMatchObject({ code: 'DESTINATION_UNAVAILABLE', maybeWritten: false });
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.cause).toBeUndefined();
  });

  it('that ends in a refusal still says that an attempt before it may have written', async () => {
    const { url } = await startTestServer((response, _request, index) =>
      index === 0 ? response.destroy() : answer(response, 409, '{}'),
    );
    const error = await errorOf(clientFor(url).client.request(update));
    expect(error).toMatchObject({ code: 'CONFLICT', maybeWritten: true });
  });

  it('is not made after a timeout of a POST, which counts the whole body', async () => {
    const { url, seen } = await startTestServer((response) => {
      response.writeHead(200);
      response.write('{"a":');
    });
    const { client, afterHead } = impatientClientFor(url);
    const request = client.request({ ...create, schema: z.unknown() });
    const [error] = await Promise.all([errorOf(request), afterHead()]);
    expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true, maybeWritten: true });
    expect(error.message).toContain('50 ms');
    expect(seen).toHaveLength(1);
  });
});

describe('a connection', () => {
  it('has never more requests under way than its concurrency, over all of its runs', async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    const fetch = () =>
      new Promise<Response>((resolve) => {
        waiting.push(() => resolve(new Response('{}')));
        most = Math.max(most, waiting.length);
        setImmediate(() => waiting.shift()?.());
      });
    const client = createHttpClient({ endpoint: 'https://api.example.com', fetch, concurrency: 3 });
    const runs = [client.forRun({}), client.forRun({})];
    await Promise.all(runs.flatMap((run) => Array.from({ length: 20 }, () => run.request(list))));
    expect(most).toBe(3);
    expect(runs.map((run) => run.concurrency)).toEqual([3, 3]);
  });

  it.each<Partial<HttpClientOptions>>([
    { concurrency: 0 },
    { concurrency: NaN },
    { concurrency: 1.5 },
    { timeout: -1 },
    { timeout: 0 },
    { maxResponseBytes: NaN },
    { retry: { retries: -1 } },
    { retry: { retries: 0.5 } },
    { retry: { maxWait: NaN } },
  ])('is not made with %o', (options) => {
    expect(() => createHttpClient({ endpoint: 'https://api.example.com', ...options })).toThrow(
      SecretSyncError,
    );
  });

  it('names all options that are wrong at once', () => {
    const make = () =>
      createHttpClient({ endpoint: 'https://api.example.com', timeout: NaN, retry: { retries: -1 } });
    expect(make).toThrow(/"timeout".*\n.*"retry\.retries"/);
  });

  it('is not made for an endpoint or a token that is refused', () => {
    expect(() => createHttpClient({ endpoint: 'https://127.1' })).toThrow('loopback');
    const headers = { authorization: 'Token a\nb' };
    expect(() => createHttpClient({ endpoint: 'https://api.example.com', headers })).toThrow('header');
  });
});
