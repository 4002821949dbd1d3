// What a client that means no good sends, and code of the embedder that never ends.
import { describe, expect, it, vi } from 'vitest';
import { SecretSyncError } from '../../src/contracts/errors.js';
import { createRestHandler } from '../../src/rest/index.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createApi, ORIGIN, SYNCS } from './support.js';

const never = new Promise<never>(() => undefined);
const json = { 'content-type': 'application/json' };
/** The longest message of an error and as much for its details, in characters. */
const LONGEST = 40_000;

const bodyOf = (fields: readonly string[]) => `{${fields.map((name) => `"${name}":1`).join(',')}}`;

describe('a request of a client that has gone', () => {
  it.each<readonly [what: string, authorize: () => Promise<boolean>, method: string]>([
    ['authorize never answers', () => never, 'GET'],
    ['the body never ends', async () => true, 'POST'],
  ])('ends where %s', async (_what, authorize, method) => {
    const { service } = await createApi({ drivers: [memoryDestination()] });
    const told: unknown[] = [];
    const handler = createRestHandler(service, { authorize, onError: (error) => told.push(error) });
    const client = new AbortController();
    let isCancelled = false;
    const body = new ReadableStream({ pull: () => never, cancel: () => void (isCancelled = true) });
    const sent = method === 'GET' ? {} : { body, headers: json, duplex: 'half' as const };
    const path = method === 'GET' ? '' : '/memory';
    const response = handler.fetch(
      new Request(`${ORIGIN}${SYNCS}${path}`, { method, signal: client.signal, ...sent }),
    );
    client.abort();
    expect((await response).status).toBe(499);
    expect(await (await response).json()).toMatchObject({ error: 'REQUEST_ABORTED', statusCode: 499 });
    expect(isCancelled).toBe(method === 'POST');
    expect(told).toEqual([]);
  });

  /** A service with a record, whose driver does this and nothing else. */
  async function prepare(work: () => Promise<never>) {
    const driver = {
      ...memoryDestination(),
      connect: () => ({ read: work, write: work }),
      discovery: [{ path: 'places', list: work }],
    };
    const { service } = await createApi({
      drivers: [driver],
      connections: { c: { app: 'memory', credentials: { accessToken: 'memory-destination-token' } } },
    });
    const definition = { name: 'shop', destination: 'memory', destinationConfig: {}, isEnabled: false };
    return { service, id: (await service.createSync(definition)).id };
  }

  it.each<readonly [what: string, method: string, path: string, reason: string | undefined]>([
    ['a plan', 'POST', `${SYNCS}/memory/:id/plan`, undefined],
    ['a plan, for a reason that is no error', 'POST', `${SYNCS}/memory/:id/plan`, 'gone'],
    ['a list of what a connection can see', 'GET', '/api/v1/app-connections/memory/c/places', undefined],
  ])('is ended by it, and is no failure of the server: %s', async (_what, method, path, reason) => {
    const client = new AbortController();
    const { service, id } = await prepare(() => {
      client.abort(reason);
      return never;
    });
    const told: unknown[] = [];
    const { fetch } = createRestHandler(service, {
      authorize: () => true,
      onError: (error) => told.push(error),
    });
    const url = `${ORIGIN}${path.replace(':id', id)}`;
    const response = await fetch(new Request(url, { method, signal: client.signal }));
    expect(response.status).toBe(499);
    expect(await response.json()).toMatchObject({ error: 'REQUEST_ABORTED', statusCode: 499 });
    expect(told).toEqual([]);
  });

  it('still says what failed in words of this library', async () => {
    const client = new AbortController();
    const { service, id } = await prepare(() => never);
    const failure = new SecretSyncError('STATE_UNREADABLE', 'The store failed.', { retryable: true });
    vi.spyOn(service, 'plan').mockImplementation(() => {
      client.abort();
      return Promise.reject(failure);
    });
    const told: unknown[] = [];
    const { fetch } = createRestHandler(service, {
      authorize: () => true,
      onError: (error) => told.push(error),
    });
    const url = `${ORIGIN}${SYNCS}/memory/${id}/plan`;
    const response = await fetch(new Request(url, { method: 'POST', signal: client.signal }));
    expect(await response.json()).toMatchObject({ error: 'STATE_UNREADABLE', statusCode: 500 });
    expect(told).toEqual([failure]);
  });
});

describe('a request with more than anyone needs', () => {
  const many = Array.from({ length: 5_000 }, (_unused, index) => `field-${index}`);

  it.each<readonly [what: string, method: string, path: string, raw: string | undefined]>([
    ['fields to create', 'POST', '/memory', bodyOf(many)],
    ['fields to change', 'PATCH', '/memory/:id', bodyOf(many)],
    ['fields to plan', 'POST', '/memory/:id/plan', bodyOf(many)],
    ['fields to check', 'POST', '/memory/check-destination', bodyOf(many)],
    ['parameters', 'GET', `?${many.map((name) => `${name}=1`).join('&')}`, undefined],
    ['parameters given twice', 'GET', `?${[...many, ...many].join('&')}`, undefined],
  ])('is refused in a response that fits a log: %s', async (_what, method, path, raw) => {
    const { send, service } = await createApi({ drivers: [memoryDestination()] });
    const { id } = await service.createSync({
      name: 'shop',
      destination: 'memory',
      destinationConfig: {},
      isEnabled: false,
    });
    const sent = raw === undefined ? {} : { raw, headers: json };
    const response = await send(method, `${SYNCS}${path.replace(':id', id)}`, sent);
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).toContain('field-0');
    expect(text.length).toBeLessThan(LONGEST);
  });

  it('is refused in time that grows with its length', async () => {
    const { send } = await createApi({ drivers: [memoryDestination()] });
    const counted = async (length: number) => {
      const names = Array.from({ length }, (_unused, index) => `field-${index}`);
      const looking = vi.spyOn(URLSearchParams.prototype, 'getAll');
      await send('GET', `${SYNCS}?${names.join('&')}`);
      const looks = looking.mock.calls.length;
      looking.mockRestore();
      return looks;
    };
    // A look goes through all of them: one for each makes a square.
    expect(await counted(1_000)).toBe(await counted(10));
  });
});

describe('an id that names no record', () => {
  const IDS = [
    '..%2f..',
    '__proto__',
    'constructor',
    'x'.repeat(10_000),
    '%00',
    '%F0%9F%92%A9',
    '%E0%A4%A',
    '%ff',
    '%0d%0aset-cookie:a',
  ];
  it.each(IDS.map((id) => [id.slice(0, 40), id] as const))(
    'is not found, by any route: %s',
    async (_title, id) => {
      const { send, service } = await createApi({ drivers: [memoryDestination()] });
      const paths: readonly (readonly [string, string, object?])[] = [
        ['GET', `/memory/${id}`],
        ['PATCH', `/memory/${id}`, {}],
        ['DELETE', `/memory/${id}`],
        ['POST', `/memory/${id}/sync-secrets`],
        ['POST', `/memory/${id}/plan`],
        ['GET', `/memory/sync-name/${id}`],
        ['GET', `/${id}`],
        ['POST', `/${id}`, {}],
      ];
      for (const [method, path, body] of paths) {
        const response = await send(method, `${SYNCS}${path}`, body === undefined ? {} : { body });
        expect(response.status).toBe(404);
        expect((await response.text()).length).toBeLessThan(LONGEST);
        expect(response.headers.has('set-cookie')).toBe(false);
      }
      expect(await service.listSyncs()).toEqual([]);
    },
  );
});
