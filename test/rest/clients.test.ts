import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../src/contracts/errors.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createApi, secretSyncOf, SYNCS, type Api, type Sent } from './support.js';

const ROOT = `${SYNCS}/memory`;
const VALID = { name: 'new', isEnabled: false, destinationConfig: {} };

/** An API with one record, `known`, which is switched off, and a second destination. */
async function prepare() {
  const api = await createApi({ drivers: [memoryDestination(), memoryDestination({ name: 'other' })] });
  const body = { name: 'known', projectId: 'p-1', isEnabled: false, destinationConfig: {} };
  const { id } = secretSyncOf(await api.call('POST', ROOT, { body }));
  return { api, id };
}

interface Row {
  readonly title: string;
  readonly method: string;
  /** `ID` stands for the id of the record. */
  readonly path: string;
  readonly sent?: Sent;
  readonly status: number;
  readonly error?: string;
  /** The paths of the details. */
  readonly paths?: readonly string[];
}

const post = (title: string, sent: Sent, status: number, rest: Partial<Row> = {}): Row => ({
  title,
  method: 'POST',
  path: ROOT,
  sent,
  status,
  ...rest,
});
const json = { 'content-type': 'application/json' };
const patch = (title: string, body: unknown, status: number, rest: Partial<Row> = {}): Row =>
  post(title, { body }, status, { method: 'PATCH', path: `${ROOT}/ID`, ...rest });
const get = (title: string, path: string, status: number, rest: Partial<Row> = {}): Row => ({
  title,
  method: 'GET',
  path,
  status,
  ...rest,
});
const refused = { error: 'INVALID_DEFINITION' };
const badQuery = { error: 'INVALID_OPTION' };

const ROWS: readonly Row[] = [
  get('a route that does not exist', '/api/v1/secrets', 404, { error: 'ROUTE_NOT_FOUND' }),
  { title: 'a method that does not exist', method: 'PUT', path: `${ROOT}/ID`, status: 404 },
  get('a destination that does not exist', `${SYNCS}/nowhere`, 404, { error: 'UNKNOWN_DESTINATION' }),
  post('a sync to a destination that does not exist', { body: VALID }, 404, { path: `${SYNCS}/nowhere` }),
  get('an id that does not exist', `${ROOT}/3c90c3cc-0d44-4b50-8888-8dd25736052a`, 404, {
    error: 'SYNC_NOT_FOUND',
  }),
  get('a name in place of an id', `${ROOT}/known`, 404, { error: 'SYNC_NOT_FOUND' }),
  get('an id below another destination', `${SYNCS}/other/ID`, 404, { error: 'SYNC_NOT_FOUND' }),
  get('an id with an encoded slash', `${ROOT}/..%2FID`, 404),
  get('a name', `${ROOT}/sync-name/known`, 200),
  get('a name of a project', `${ROOT}/sync-name/known?projectId=p-1`, 200),
  get('a name of another project', `${ROOT}/sync-name/known?projectId=p-2`, 404, { error: 'SYNC_NOT_FOUND' }),
  get('a trailing slash', `${ROOT}/ID/`, 200),
  get('a parameter that is unknown', `${ROOT}?project=p-1`, 400, { ...badQuery, paths: ['project'] }),
  get('a parameter that is given twice', `${ROOT}?projectId=a&projectId=b`, 400, {
    ...badQuery,
    paths: ['projectId'],
  }),
  get('an empty project', `${ROOT}?projectId=`, 400, badQuery),
  post('a definition', { body: VALID }, 200),
  post('a definition with its destination', { body: { ...VALID, destination: 'memory' } }, 200),
  post('a definition with another destination', { body: { ...VALID, destination: 'other' } }, 400, {
    ...refused,
    paths: ['destination'],
  }),
  post('a description of null', { body: { ...VALID, description: null } }, 200),
  post(
    'JSON with a charset',
    { raw: JSON.stringify(VALID), headers: { 'content-type': 'application/json; charset=utf-8' } },
    200,
  ),
  post('a name that is taken', { body: { ...VALID, name: 'known' } }, 409, { error: 'SYNC_EXISTS' }),
  post('a definition without anything', { body: {} }, 400, {
    ...refused,
    paths: ['name', 'destinationConfig'],
  }),
  post('an empty project', { body: { ...VALID, projectId: '' } }, 400, { ...refused, paths: ['projectId'] }),
  post('a config that is no object', { body: { ...VALID, destinationConfig: null } }, 400, {
    ...refused,
    paths: ['destinationConfig'],
  }),
  post('fields that are unknown', { body: { ...VALID, nmae: 1, syncOptions: { x: 1 } } }, 400, refused),
  post('an id', { body: { ...VALID, id: 'mine' } }, 400, { ...refused, paths: ['id'] }),
  post('a field of the wrong type', { body: { ...VALID, isEnabled: 'true' } }, 400, {
    ...refused,
    paths: ['isEnabled'],
  }),
  post('a name that is no slug', { body: { ...VALID, name: 'My Sync' } }, 400, {
    ...refused,
    paths: ['name'],
  }),
  post('a key schema that is not valid', { body: { ...VALID, syncOptions: { keySchema: 'X' } } }, 400, {
    error: 'INVALID_KEY_SCHEMA',
  }),
  post(
    'a flag that says the opposite',
    { body: { ...VALID, isAutoSyncEnabled: true, syncOptions: { autoSyncEnabled: false } } },
    400,
    {
      ...refused,
      paths: ['isAutoSyncEnabled'],
    },
  ),
  post(
    'all that is wrong with a definition',
    {
      body: {
        id: 'mine',
        environment: '',
        isAutoSyncEnabled: 1,
        name: 'My Sync',
        description: null,
        isEnabled: 'true',
        syncOptions: { keySchema: 'X' },
      },
    },
    400,
    {
      ...refused,
      paths: [
        'id',
        'environment',
        'isAutoSyncEnabled',
        'name',
        'isEnabled',
        'destinationConfig',
        'syncOptions.keySchema',
      ],
    },
  ),
  post('a prototype', { raw: `{"__proto__":{"name":"x"},"destinationConfig":{}}`, headers: json }, 400),
  post('no body', {}, 400, refused),
  post('broken JSON', { raw: '{"name":', headers: json }, 400, { error: 'INVALID_BODY' }),
  post('a list', { body: [VALID] }, 400, { error: 'INVALID_BODY' }),
  post('bytes that are no UTF-8', { raw: new Uint8Array([0x22, 0xff, 0x22]), headers: json }, 400, {
    error: 'INVALID_BODY',
  }),
  post('a form', { raw: new URLSearchParams({ name: 'x' }) }, 415, { error: 'UNSUPPORTED_MEDIA_TYPE' }),
  post('JSON that is not declared', { raw: new TextEncoder().encode(JSON.stringify(VALID)) }, 415),
  post('a body that is too long', { body: { ...VALID, description: 'x'.repeat(100_000) } }, 413, {
    error: 'BODY_TOO_LARGE',
  }),
  patch('nothing to change', {}, 200),
  patch('a null that clears', { description: null, syncOptions: { keySchema: null } }, 200),
  patch('a flag', { isAutoSyncEnabled: false }, 200),
  patch('the version that is there', { description: 'x', expectedVersion: 1 }, 200),
  patch('a version of the past', { description: 'x', expectedVersion: 7 }, 409, {
    error: 'VERSION_CONFLICT',
  }),
  patch('a version that is text', { expectedVersion: '1' }, 400, { ...refused, paths: ['expectedVersion'] }),
  patch('a version before the first', { expectedVersion: 0 }, 400, {
    ...refused,
    paths: ['expectedVersion'],
  }),
  patch('a version that no number holds', { expectedVersion: 2 ** 60 }, 400, {
    ...refused,
    paths: ['expectedVersion'],
  }),
  patch(
    'all that is wrong with a change',
    {
      expectedVersion: 0,
      projectId: 'p-2',
      isAutoSyncEnabled: 'yes',
      name: 5,
      isEnabled: null,
      description: null,
      syncOptions: { keySchema: 'X', forced: true },
    },
    400,
    {
      ...refused,
      paths: [
        'projectId',
        'isAutoSyncEnabled',
        'expectedVersion',
        'name',
        'isEnabled',
        'syncOptions.forced',
        'syncOptions.keySchema',
      ],
    },
  ),
  patch(
    'a key schema for whatever environment the sync has',
    { expectedVersion: 0, syncOptions: { keySchema: '{{environment}}_{{secretKey}}' } },
    400,
    { ...refused, paths: ['expectedVersion'] },
  ),
  patch('a null that would switch it on', { isEnabled: null, syncOptions: null }, 400, {
    ...refused,
    paths: ['isEnabled', 'syncOptions'],
  }),
  patch('options that are no object', { syncOptions: true }, 400, { ...refused, paths: ['syncOptions'] }),
  patch('an empty folder', { secretPath: '' }, 400, { ...refused, paths: ['secretPath'] }),
  patch('another project', { projectId: 'p-2' }, 400, { ...refused, paths: ['projectId'] }),
  patch('another destination', { destination: 'other' }, 400, { ...refused, paths: ['destination'] }),
  {
    title: 'a flag that is no word',
    method: 'DELETE',
    path: `${ROOT}/ID?removeSecrets=yes`,
    status: 400,
    ...badQuery,
    paths: ['removeSecrets'],
  },
  {
    title: 'a flag in capitals',
    method: 'DELETE',
    path: `${ROOT}/ID?removeSecrets=TRUE`,
    status: 400,
    ...badQuery,
  },
  {
    title: 'a flag without a value',
    method: 'DELETE',
    path: `${ROOT}/ID?removeSecrets`,
    status: 400,
    ...badQuery,
  },
  {
    title: 'a flag given twice',
    method: 'DELETE',
    path: `${ROOT}/ID?removeSecrets=false&removeSecrets=true`,
    status: 400,
    ...badQuery,
  },
  {
    title: 'a flag that is misspelled',
    method: 'DELETE',
    path: `${ROOT}/ID?removeSecret=true`,
    status: 400,
    ...badQuery,
  },
  {
    title: 'a flag in the body of a deletion',
    method: 'DELETE',
    path: `${ROOT}/ID`,
    sent: { body: { removeSecrets: true } },
    status: 400,
    ...badQuery,
  },
  {
    title: 'a number that is none',
    method: 'DELETE',
    path: `${ROOT}/ID?confirmDeletions=-1`,
    status: 400,
    ...badQuery,
  },
  { title: 'a flag that is false', method: 'DELETE', path: `${ROOT}/ID?removeSecrets=false`, status: 200 },
  post('a sync that is switched off', {}, 409, { path: `${ROOT}/ID/sync-secrets`, error: 'SYNC_DISABLED' }),
  post('an option of a run that is unknown', { body: { forced: true } }, 400, {
    path: `${ROOT}/ID/sync-secrets`,
    ...badQuery,
  }),
  post('an option of a run that is text', { body: { force: 'true' } }, 400, {
    path: `${ROOT}/ID/sync-secrets`,
    ...badQuery,
    paths: ['force'],
  }),
  post('an import behavior that is unknown', {}, 400, {
    path: `${ROOT}/ID/import-secrets?importBehavior=both`,
    ...badQuery,
    paths: ['importBehavior'],
  }),
  post('a plan of a sync that is switched off', {}, 200, { path: `${ROOT}/ID/plan` }),
  post('a plan without a body, declared as JSON', { raw: '', headers: json }, 200, {
    path: `${ROOT}/ID/plan`,
  }),
  post('a plan of an import', { body: { operation: 'import', importBehavior: 'prioritize-source' } }, 200, {
    path: `${ROOT}/ID/plan`,
  }),
  post('a plan of something else', { body: { operation: 'drop' } }, 400, {
    path: `${ROOT}/ID/plan`,
    ...badQuery,
    paths: ['operation'],
  }),
];

/** The body of an error has these fields, and no others. */
const ERROR_FIELDS = ['details', 'error', 'message', 'reqId', 'statusCode'];

describe('what clients of the reference rely on', () => {
  it.each(ROWS)('responds to $title with $status', async ({ method, path, sent, status, error, paths }) => {
    const { api, id } = await prepare();
    const reply = await api.call(method, path.replace('ID', id), sent);
    expect(reply.status).toBe(status);
    expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
    if (status === 200) return;
    expect(Object.keys(reply.body).sort()).toEqual(ERROR_FIELDS);
    expect(reply.body).toMatchObject({ statusCode: status, ...(error !== undefined && { error }) });
    const details = reply.body['details'] as readonly { readonly path?: string }[];
    if (paths !== undefined) expect([...new Set(details.map((detail) => detail.path))]).toEqual(paths);
  });

  it.each([
    ['refuses its token', 'UNAUTHORIZED', 502],
    ['refuses what it is sent', 'DESTINATION_REJECTED', 502],
    ['says what is not understood', 'INVALID_RESPONSE', 502],
    ['is down', 'DESTINATION_UNAVAILABLE', 503],
    ['limits requests', 'RATE_LIMITED', 503],
    ['takes too long', 'TIMEOUT', 504],
  ] as const)('responds for a destination that %s with %s and %i', async (_what, code, status) => {
    const driver = memoryDestination();
    const retryAt = code === 'RATE_LIMITED' ? '2030-01-01T00:00:10.000Z' : undefined;
    const failing: typeof driver = {
      ...driver,
      connect: (options) => ({
        ...driver.connect(options),
        read: async () => {
          throw new SecretSyncError(code, 'It failed.', { ...(retryAt !== undefined && { retryAt }) });
        },
      }),
    };
    const api = await createApi({ drivers: [failing] });
    const { id } = secretSyncOf(await api.call('POST', ROOT, { body: VALID }));
    const reply = await api.call('POST', `${ROOT}/${id}/plan`);
    expect(reply).toMatchObject({ status, body: { statusCode: status, error: code } });
    expect(Object.keys(reply.body).sort()).toEqual(ERROR_FIELDS);
    // Told to clients where it is known.
    const told = retryAt === undefined ? null : 'Tue, 01 Jan 2030 00:00:10 GMT';
    expect(reply.headers.get('retry-after')).toBe(told);
  });

  it('gives each error an id of its own', async () => {
    const { api } = await prepare();
    const ids = [];
    for (let count = 0; count < 3; count += 1)
      ids.push((await api.call('GET', `${ROOT}/none`)).body['reqId']);
    expect(new Set(ids).size).toBe(3);
  });

  it('responds to HEAD as to GET, without a body', async () => {
    const { api, id } = await prepare();
    const response = await api.send('HEAD', `${ROOT}/${id}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it('stops reading a body that is too long, whatever its length is said to be', async () => {
    const { api } = await prepare();
    let sent = 0;
    const raw = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(10_000));
      },
    });
    const init = { method: 'POST', body: raw, duplex: 'half', headers: json };
    const response = await api.handler.fetch(new Request(`https://api.example${ROOT}`, init));
    expect(response.status).toBe(413);
    expect(sent).toBeLessThan(15);
  });

  it('has paths that begin with basePath', async () => {
    const api: Api = await createApi({ drivers: [memoryDestination()], basePath: '/internal/sync' });
    expect((await api.call('GET', `/internal/sync${SYNCS}`)).body).toEqual({ secretSyncs: [] });
    expect((await api.call('GET', SYNCS)).status).toBe(404);
    expect(Object.keys(api.document.paths).every((path) => path.startsWith('/internal/sync/'))).toBe(true);
  });
});
