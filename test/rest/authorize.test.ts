import { describe, expect, it } from 'vitest';
import { createRestHandler, type Authorize, type RestAccess } from '../../src/rest/index.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createApi, ORIGIN, secretSyncOf, SYNCS } from './support.js';

const ROOT = `${SYNCS}/memory`;
const definition = (name: string, projectId: string) => ({
  name,
  projectId,
  isEnabled: false,
  destinationConfig: { place: name },
});

/** Each route, and what `authorize` is first asked for. */
const ROUTES: readonly (readonly [method: string, path: string, access: RestAccess])[] = [
  ['GET', '/openapi.json', { action: 'read-openapi' }],
  ['GET', `${SYNCS}/options`, { action: 'list-destinations' }],
  ['GET', SYNCS, { action: 'list' }],
  ['GET', `${SYNCS}?projectId=p`, { action: 'list', projectId: 'p' }],
  ['GET', `${ROOT}?projectId=p`, { action: 'list', destination: 'memory', projectId: 'p' }],
  ['POST', ROOT, { action: 'create', destination: 'memory' }],
  ['POST', `${ROOT}/check-destination`, { action: 'check-destination', destination: 'memory' }],
  ['GET', `${ROOT}/1`, { action: 'read', destination: 'memory', syncId: '1' }],
  ['GET', `${ROOT}/sync-name/x?projectId=p`, { action: 'read', destination: 'memory', projectId: 'p' }],
  ['PATCH', `${ROOT}/1`, { action: 'update', destination: 'memory', syncId: '1' }],
  ['DELETE', `${ROOT}/1`, { action: 'delete', destination: 'memory', syncId: '1' }],
  ['POST', `${ROOT}/1/sync-secrets`, { action: 'sync', destination: 'memory', syncId: '1' }],
  ['POST', `${ROOT}/1/import-secrets`, { action: 'import', destination: 'memory', syncId: '1' }],
  ['POST', `${ROOT}/1/remove-secrets`, { action: 'remove', destination: 'memory', syncId: '1' }],
  ['POST', `${ROOT}/1/plan`, { action: 'plan', destination: 'memory', syncId: '1' }],
  [
    'GET',
    '/api/v1/app-connections/memory/c-1/projects',
    { action: 'discover', destination: 'memory', connectionId: 'c-1' },
  ],
];

/** A service that can be asked for its destinations, and for nothing else. */
function untouchable() {
  const touched: string[] = [];
  const service = new Proxy(
    {
      destinations: {
        list: () => [
          { destination: 'memory', displayName: 'Memory', canImport: true, discovery: ['projects'] },
        ],
        discover: () => touched.push('discover'),
        check: () => touched.push('check'),
      },
    },
    {
      get(target, name) {
        if (name in target) return Reflect.get(target, name) as unknown;
        return () => {
          touched.push(String(name));
          throw new Error('It was touched.');
        };
      },
    },
  );
  return { service: service as unknown as Parameters<typeof createRestHandler>[0], touched };
}

describe('authorize', () => {
  it.each(ROUTES)('%s %s is asked for before anything is read', async (method, path, access) => {
    const { service, touched } = untouchable();
    const asked: RestAccess[] = [];
    const { fetch } = createRestHandler(service, {
      authorize: (_request, wanted) => {
        asked.push(wanted);
        return false;
      },
    });
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(new TextEncoder().encode('{}'));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const init = {
      method,
      ...(method !== 'GET' && { body, duplex: 'half', headers: { 'content-type': 'application/json' } }),
    };
    const response = await fetch(new Request(`${ORIGIN}${path}`, init));
    expect(response.status).toBe(403);
    expect(asked).toEqual([access]);
    expect({ touched, pulled }).toEqual({ touched: [], pulled: 0 });
  });

  it.each<readonly [what: string, authorize: unknown, status: number]>([
    ['returns true', () => true, 200],
    ['resolves with true', async () => Promise.resolve(true), 200],
    ['returns false', () => false, 403],
    ['returns nothing', () => undefined, 403],
    ['returns a word', () => 'true', 403],
    ['returns a number', () => 1, 403],
    ['returns an object', () => ({ allowed: true }), 403],
    ['resolves with false', async () => Promise.resolve(false), 403],
    [
      'throws',
      () => {
        throw new Error('no');
      },
      401,
    ],
    ['rejects', async () => Promise.reject(new Error('no')), 401],
  ])('that %s', async (_what, authorize, status) => {
    const { service } = await createApi({ drivers: [memoryDestination()] });
    const errors: unknown[] = [];
    const { fetch } = createRestHandler(service, {
      authorize: authorize as Authorize,
      onError: (error) => errors.push(error),
    });
    const response = await fetch(new Request(`${ORIGIN}${SYNCS}`));
    expect(response.status).toBe(status);
    expect(errors).toHaveLength(status === 401 ? 1 : 0);
  });

  it('is required, and so is nothing that is unknown', async () => {
    const { service } = await createApi({ drivers: [memoryDestination()] });
    const make = (options: object) => () => createRestHandler(service, options as { authorize: Authorize });
    expect(make({})).toThrow(/authorize/);
    expect(make({ authorize: () => true, base: '/x', basePath: 'x' })).toThrow(/"basePath"[^]*"base"/);
  });

  it('is asked again with the project and the connection of a record, and keeps them from others', async () => {
    const isOf = ({ projectId }: RestAccess) => projectId === undefined || projectId === 'mine';
    let authorize: (access: RestAccess) => boolean = () => true;
    const api = await createApi({
      drivers: [memoryDestination({ name: 'memory' })],
      authorize: (_request, access) => authorize(access),
    });
    const mine = secretSyncOf(await api.call('POST', ROOT, { body: definition('mine', 'mine') }));
    const theirs = secretSyncOf(await api.call('POST', ROOT, { body: definition('theirs', 'theirs') }));
    authorize = isOf;
    expect((await api.call('GET', `${ROOT}/${mine.id}`)).status).toBe(200);
    api.asked.length = 0;
    for (const [method, path] of [
      ['GET', `${ROOT}/${theirs.id}`],
      ['GET', `${ROOT}/sync-name/theirs`],
      ['PATCH', `${ROOT}/${theirs.id}`],
      ['DELETE', `${ROOT}/${theirs.id}`],
      ['POST', `${ROOT}/${theirs.id}/plan`],
      ['POST', `${ROOT}/${theirs.id}/sync-secrets`],
      ['POST', `${ROOT}/${theirs.id}/import-secrets`],
      ['POST', `${ROOT}/${theirs.id}/remove-secrets`],
    ] as const)
      expect((await api.call(method, path)).status).toBe(403);
    expect(api.asked.filter(({ projectId }) => projectId === 'theirs')).toHaveLength(8);
    expect(api.asked[1]).toEqual({
      action: 'read',
      destination: 'memory',
      syncId: theirs.id,
      projectId: 'theirs',
    });
    expect((await api.call('POST', ROOT, { body: definition('more', 'theirs') })).status).toBe(403);
    expect((await api.call('GET', SYNCS)).body).toMatchObject({ secretSyncs: [{ name: 'mine' }] });
    expect((await api.call('GET', `${ROOT}?projectId=theirs`)).status).toBe(403);
    authorize = () => true;
    const { body } = await api.call('GET', SYNCS);
    expect(body).toMatchObject({ secretSyncs: [{ name: 'mine' }, { name: 'theirs', version: 1 }] });
  });

  it('is asked for the connection that a body names', async () => {
    const api = await createApi({
      drivers: [memoryDestination()],
      connections: { theirs: { app: 'memory', credentials: {} } },
      authorize: (_request, { connectionId }) => connectionId === undefined,
    });
    const body = { ...definition('a', 'p'), connectionId: 'theirs' };
    expect((await api.call('POST', ROOT, { body })).status).toBe(403);
    const check = { destinationConfig: {}, connectionId: 'theirs' };
    expect((await api.call('POST', `${ROOT}/check-destination`, { body: check })).status).toBe(403);
    const { id } = secretSyncOf(await api.call('POST', ROOT, { body: definition('a', 'p') }));
    const change = { connectionId: 'theirs' };
    expect((await api.call('PATCH', `${ROOT}/${id}`, { body: change })).status).toBe(403);
  });

  it('is asked for the record that a check leaves out, with its project and its connection', async () => {
    let refused: (access: RestAccess) => boolean = () => false;
    const api = await createApi({
      drivers: [memoryDestination()],
      connections: { theirs: { app: 'memory', credentials: { accessToken: 'memory-destination-token' } } },
      authorize: (_request, access) => !refused(access),
    });
    const body = { ...definition('theirs', 'p-1'), connectionId: 'theirs' };
    const { id } = secretSyncOf(await api.call('POST', ROOT, { body }));
    const check = (fields: object) =>
      api.call('POST', `${ROOT}/check-destination`, {
        body: { destinationConfig: { place: 'theirs' }, ...fields },
      });
    api.asked.length = 0;
    expect(await check({ excludeSyncId: id, projectId: 'p-2' })).toMatchObject({
      status: 200,
      body: { hasDuplicate: false },
    });
    const first = { action: 'check-destination', destination: 'memory' };
    expect(api.asked).toEqual([
      first,
      { ...first, projectId: 'p-2' },
      { ...first, syncId: id, projectId: 'p-1', connectionId: 'theirs' },
    ]);
    for (const name of ['syncId', 'projectId', 'connectionId'] as const) {
      refused = (access) => access[name] !== undefined;
      expect((await check({ excludeSyncId: id })).status).toBe(403);
    }
    // An id that names no record is left out by no check; nor is a name.
    for (const excludeSyncId of ['ghost', 'theirs'])
      expect(await check({ excludeSyncId })).toMatchObject({ status: 200, body: { hasDuplicate: true } });
  });

  it('is asked for the removal of secrets too, where a deletion removes them', async () => {
    const api = await createApi({
      drivers: [memoryDestination()],
      authorize: (_request, { action }) => action !== 'remove',
    });
    const { id } = secretSyncOf(await api.call('POST', ROOT, { body: definition('a', 'p') }));
    expect((await api.call('DELETE', `${ROOT}/${id}?removeSecrets=true`)).status).toBe(403);
    expect((await api.call('GET', `${ROOT}/${id}`)).status).toBe(200);
    expect((await api.call('DELETE', `${ROOT}/${id}`)).status).toBe(200);
  });

  it('must not read the body, but may read a clone', async () => {
    const readers: Record<string, Authorize> = {
      body: async (request) => (await request.text()) !== '',
      clone: async (request) => (await request.clone().text()) !== '',
    };
    const statuses = [];
    for (const authorize of Object.values(readers)) {
      const { call } = await createApi({ drivers: [memoryDestination()], authorize });
      statuses.push((await call('POST', ROOT, { body: definition('a', 'p') })).status);
    }
    expect(statuses).toEqual([500, 200]);
  });
});
