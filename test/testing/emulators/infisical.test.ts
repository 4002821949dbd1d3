import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  startInfisicalEmulator,
  type InfisicalEmulator,
} from '../../../src/testing/emulators/infisical/index.js';

const place = { projectId: 'p', environment: 'prod' } as const;
const folder = { ...place, secretPath: '/' };
const flags = {
  viewSecretValue: 'true',
  expandSecretReferences: 'true',
  includeImports: 'true',
  recursive: 'false',
};

let emulator: InfisicalEmulator;
let now = Date.parse('2026-01-01T00:00:00Z');
let token = '';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(emulator.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

const logIn = async (credentials: object = emulator) => {
  const { clientId, clientSecret } = credentials as InfisicalEmulator;
  return ask('POST', '/api/v1/auth/universal-auth/login', { clientId, clientSecret });
};
const list = (query: Record<string, string> = {}, headers?: Record<string, string>) =>
  ask(
    'GET',
    `/api/v4/secrets?${String(new URLSearchParams({ ...folder, ...flags, ...query }))}`,
    undefined,
    headers,
  );
const write = (method: 'POST' | 'PATCH', secrets: readonly object[], more: object = {}) =>
  ask(method, '/api/v4/secrets/batch', { ...folder, secrets, ...more });
const stored = () => emulator.secrets(place).map(({ key, value, version }) => [key, value, version]);

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  emulator = await startInfisicalEmulator({ now: () => now });
  emulator.addProject({ id: 'p', name: 'Project' });
  emulator.addEnvironment({ projectId: 'p', slug: 'prod' });
  token = String((await logIn()).body['accessToken']);
});
afterEach(() => emulator.close());

describe('the Infisical emulator, at the door', () => {
  it('hands out tokens that end, and refuses them then as it is set', async () => {
    expect((await logIn()).body).toEqual({
      accessToken: 'infisical-emulator-token-2',
      expiresIn: 7_200,
      accessTokenMaxTTL: 7_200,
      tokenType: 'Bearer',
    });
    expect((await list()).status).toBe(200);
    now += 7_200_000;
    expect(await list()).toMatchObject({ status: 403, body: { statusCode: 403, error: 'TokenError' } });
    emulator.configure({ tokenRefusal: '401' });
    expect(await list()).toMatchObject({ status: 401, body: { error: 'UnauthorizedError' } });
  });

  it('refuses wrong credentials, tokens that it does not know, and none', async () => {
    expect((await logIn({ clientId: 'x', clientSecret: 'y' })).status).toBe(401);
    token = 'another';
    expect((await list()).status).toBe(403);
    expect((await list({}, { authorization: '' })).status).toBe(401);
  });

  it('lets an identity do what it may', async () => {
    emulator.configure({ access: 'read' });
    expect((await list()).status).toBe(200);
    expect(await write('POST', [{ secretKey: 'A', secretValue: '1' }])).toMatchObject({
      status: 403,
      body: { error: 'PermissionDenied' },
    });
    emulator.configure({ access: 'none' });
    expect((await list()).status).toBe(403);
  });

  it('tells in words when it may be asked again, and in a header if it is set so', async () => {
    emulator.configure({ rateLimit: { limit: 1, windowMs: 42_000 } });
    await list();
    now += 1_500;
    const refused = await list();
    expect(refused).toMatchObject({
      status: 429,
      body: { message: 'Rate limit exceeded. Please try again in 41 seconds' },
    });
    expect(refused.headers.get('retry-after')).toBeNull();
    emulator.configure({ rateLimit: { limit: 0, windowMs: 42_000, retryAfter: true } });
    expect((await list()).headers.get('retry-after')).toBe('42');
  });
});

describe('the Infisical emulator is strict, where it is set so,', () => {
  beforeEach(() => emulator.configure({ parameters: 'strict' }));

  it.each([
    ['a flag that is missing', { recursive: undefined }],
    ['a flag that is no text of true or false', { recursive: '1' }],
    ['a parameter that it does not know', { include_imports: 'true' }],
    ['a path that does not begin at the root', { secretPath: 'apps' }],
  ])('about %s', async (_title, query: Record<string, string | undefined>) => {
    const all = Object.entries({ ...folder, ...flags, ...query }).filter(
      (pair): pair is [string, string] => pair[1] !== undefined,
    );
    expect(await ask('GET', `/api/v4/secrets?${String(new URLSearchParams(all))}`)).toMatchObject({
      status: 422,
      body: { error: 'ValidationFailure', message: [{}] },
    });
  });

  it.each([
    ['no secrets', []],
    ['a field that it does not know', [{ secretKey: 'A', secretValue: '1', type: 'shared' }]],
    ['a value that is no text', [{ secretKey: 'A', secretValue: 1 }]],
    ['a name with a blank', [{ secretKey: 'A B', secretValue: '1' }]],
    ['a name with a colon', [{ secretKey: 'A:B', secretValue: '1' }]],
    ['an empty name', [{ secretKey: ' ', secretValue: '1' }]],
  ])('about %s', async (_title, secrets) => {
    expect((await write('POST', secrets)).status).toBe(422);
    expect((await write('PATCH', secrets)).status).toBe(422);
  });

  it('about routes, repeated parameters and content types', async () => {
    expect(await ask('GET', '/api/v5/secrets')).toMatchObject({
      status: 404,
      body: { error: 'Not Found', message: 'Route GET:/api/v5/secrets not found' },
    });
    const twice = `${String(new URLSearchParams({ ...folder, ...flags }))}&recursive=false`;
    expect((await ask('GET', `/api/v4/secrets?${twice}`)).status).toBe(422);
    const plain = { 'content-type': 'text/plain' };
    expect((await ask('POST', '/api/v4/secrets/batch', { ...folder, secrets: [] }, plain)).status).toBe(422);
  });
});

describe('the Infisical emulator, when it is asked as other clients ask', () => {
  const query = (fields: Record<string, string>) => String(new URLSearchParams(fields));

  it('is lenient: defaults for what is missing, nothing of what it does not know, no trailing slash', async () => {
    emulator.addFolder({ ...place, secretPath: '/apps' });
    emulator.addSecret({ ...place, secretPath: '/apps' }, { key: 'A', value: '1' });
    const found = { status: 200, body: { secrets: [{ secretKey: 'A', secretValue: '1' }], imports: [] } };
    const answer = await ask('GET', `/api/v4/secrets?${query({ ...place, secretPath: '/apps/', odd: 'x' })}`);
    expect(answer).toMatchObject(found);
    const secret = { secretKey: 'B', secretValue: '1', type: 'shared', tagIds: [] };
    expect((await ask('POST', '/api/v4/secrets/batch', { ...place, secrets: [secret] })).status).toBe(200);
  });

  it('has the older routes, which call the project and the flag for imports otherwise, unless it is set so', async () => {
    const from = { workspaceId: 'p', environment: 'prod' };
    emulator.addSecret(place, { key: 'HOST', value: 'db' });
    emulator.addSecret(place, { key: 'A', value: '${HOST}' });
    const listed = await ask('GET', `/api/v3/secrets/raw?${query(from)}`);
    expect(listed.body).toMatchObject({ secrets: [{}, { secretKey: 'A', secretValue: '${HOST}' }] });
    expect(listed.body).not.toHaveProperty('imports');
    const full = { ...from, include_imports: 'true', expandSecretReferences: 'true' };
    expect((await ask('GET', `/api/v3/secrets/raw?${query(full)}`)).body).toMatchObject({
      secrets: [{}, { secretValue: 'db' }],
      imports: [],
    });
    const secrets = [{ secretKey: 'A', secretValue: '2' }];
    expect((await ask('PATCH', '/api/v3/secrets/batch/raw', { ...from, secrets })).status).toBe(200);
    expect((await ask('DELETE', '/api/v3/secrets/batch/raw', { ...from, secrets })).status).toBe(200);
    expect((await ask('DELETE', '/api/v3/secrets/batch/raw', { ...from, secrets })).status).toBe(404);
    expect(stored()).toEqual([['HOST', 'db', 1]]);
    emulator.configure({ secretsApi: 'v4' });
    expect((await ask('GET', `/api/v3/secrets/raw?${query(from)}`)).body).toMatchObject({
      error: 'Not Found',
    });
  });

  it.each([
    ['/api/v4/secrets', { projectId: 'p', environment: 'prod' }],
    ['/api/v3/secrets/raw', { workspaceId: 'p', environment: 'prod' }],
  ] as const)('has the routes by name below %s', async (path, from) => {
    const one = (method: string, body?: object) => ask(method, `${path}/A`, body);
    expect((await one('POST', { ...from, secretValue: ' 1 ', secretComment: 'why' })).body).toMatchObject({
      secret: { secretKey: 'A', secretValue: '1', secretComment: 'why', version: 1 },
    });
    expect((await one('POST', { ...from, secretValue: '1' })).status).toBe(400);
    expect((await ask('GET', `${path}/A?${query(from)}`)).body).toMatchObject({
      secret: { secretValue: '1' },
    });
    expect((await ask('GET', `${path}/B?${query(from)}`)).status).toBe(404);
    expect((await one('PATCH', { ...from, secretValue: '2' })).body).toMatchObject({
      secret: { secretValue: '2', secretComment: 'why', version: 2 },
    });
    expect((await one('PATCH', { ...from, newSecretName: 'B' })).body).toMatchObject({
      secret: { secretKey: 'B' },
    });
    expect((await one('DELETE', from)).status).toBe(404);
    expect((await ask('DELETE', `${path}/B`, from)).status).toBe(200);
    expect(stored()).toEqual([]);
    emulator.configure({ approvalPolicy: true });
    expect((await one('POST', { ...from, secretValue: '1' })).body).toMatchObject({ approval: {} });
    expect(stored()).toEqual([]);
  });

  it.each([
    ['/api/v2/folders', { projectId: 'p', environment: 'prod' }],
    ['/api/v1/folders', { workspaceId: 'p', environment: 'prod' }],
  ] as const)('makes, lists and deletes folders below %s', async (path, from) => {
    const made = await ask('POST', path, { ...from, path: '/', name: 'apps' });
    expect(made.body).toMatchObject({ folder: { name: 'apps', path: '/apps' } });
    expect((await ask('POST', path, { ...from, path: '/', name: 'apps' })).status).toBe(400);
    expect((await ask('POST', path, { ...from, path: '/apps', name: 'web' })).status).toBe(200);
    const names = async (at: string) => (await ask('GET', `${path}?${query({ ...from, path: at })}`)).body;
    expect(await names('/apps/')).toMatchObject({ folders: [{ name: 'web' }] });
    expect((await ask('DELETE', `${path}/apps`, { ...from, path: '/' })).status).toBe(200);
    expect(await names('/')).toEqual({ folders: [] });
    expect((await ask('GET', `${path}?${query({ ...from, path: '/apps/web' })}`)).status).toBe(404);
  });

  it('renews a token that is alive, and no other', async () => {
    const renew = (accessToken: string) => ask('POST', '/api/v1/auth/token/renew', { accessToken });
    now += 7_000_000;
    expect((await renew(token)).body).toMatchObject({ accessToken: token, expiresIn: 7_200 });
    now += 7_000_000;
    expect((await list()).status).toBe(200);
    now += 7_200_000;
    expect((await renew(token)).status).toBe(401);
    expect((await renew('another')).status).toBe(401);
  });
});

describe('the Infisical emulator, when it lists', () => {
  it('answers 404 for what is not there, or nothing where it is set so', async () => {
    expect((await list({ environment: 'dev' })).status).toBe(404);
    expect((await list({ secretPath: '/nowhere' })).status).toBe(404);
    emulator.configure({ missingFolder: 'empty' });
    expect(await list({ secretPath: '/nowhere' })).toMatchObject({
      status: 200,
      body: { secrets: [], imports: [] },
    });
  });

  it('goes into the folders below if asked, and says where each secret is', async () => {
    for (const secretPath of ['/', '/app', '/app/api', '/application']) {
      emulator.addFolder({ ...place, secretPath });
      emulator.addSecret({ ...place, secretPath }, { key: 'A', value: secretPath });
    }
    const paths = async (query: Record<string, string>) =>
      ((await list(query)).body['secrets'] as { secretPath: string }[]).map(({ secretPath }) => secretPath);
    expect(await paths({ secretPath: '/app' })).toEqual(['/app']);
    expect(await paths({ secretPath: '/app', recursive: 'true' })).toEqual(['/app', '/app/api']);
    expect(await paths({ recursive: 'true' })).toEqual(['/', '/app', '/app/api', '/application']);
  });

  it('hides values, and says so', async () => {
    emulator.addSecret(place, { key: 'A', value: '1', hidden: true });
    const hidden = { secrets: [{ secretValue: '<hidden-by-infisical>', secretValueHidden: true }] };
    expect((await list()).body).toMatchObject(hidden);
    emulator.editSecret(place, { key: 'A', hidden: false });
    expect((await list()).body).toMatchObject({ secrets: [{ secretValue: '1', secretValueHidden: false }] });
    expect((await list({ viewSecretValue: 'false' })).body).toMatchObject(hidden);
  });

  it('expands references within a folder, across folders and through imports, if asked', async () => {
    const shared = { ...place, secretPath: '/shared' };
    emulator.addFolder(shared);
    emulator.addSecret(shared, { key: 'HOST', value: 'db' });
    emulator.addImport(place, shared);
    emulator.addSecret(place, { key: 'A', value: '${HOST}/${prod.shared.HOST}/${NONE}/${B}' });
    emulator.addSecret(place, { key: 'B', value: '<${B}>' });
    const shown = (answer: Answer) => (answer.body['secrets'] as { secretValue: string }[])[0]?.secretValue;
    expect(shown(await list())).toMatch(/^db\/db\/\$\{NONE\}\/<<+>+$/);
    emulator.configure({ unresolvedReferences: 'empty' });
    expect(shown(await list())).toMatch(/^db\/db\/\/<<+>+$/);
    expect(shown(await list({ expandSecretReferences: 'false' }))).toContain('${HOST}');
  });

  it('has imports as it is set', async () => {
    expect((await list()).body).toHaveProperty('imports', []);
    expect((await list({ includeImports: 'false' })).body).not.toHaveProperty('imports');
    emulator.configure({ importsWhenNone: 'absent' });
    expect((await list()).body).not.toHaveProperty('imports');
    emulator.configure({ importsWhenNone: 'empty', importsFlag: 'include_imports' });
    expect((await list()).body).not.toHaveProperty('imports');
    expect((await list({ include_imports: 'true' })).body).toHaveProperty('imports', []);
  });

  it('has an ETag if it is set so, which moves with what is listed', async () => {
    expect((await list()).headers.get('etag')).toBeNull();
    emulator.configure({ etag: true });
    const etag = (await list()).headers.get('etag') ?? '';
    expect((await list({}, { 'if-none-match': etag })).status).toBe(304);
    emulator.addSecret(place, { key: 'A' });
    expect((await list({}, { 'if-none-match': etag })).status).toBe(200);
  });
});

describe('the Infisical emulator, when it is written', () => {
  it('trims values but for one line break at the end', async () => {
    await write('POST', [
      { secretKey: 'A', secretValue: ' x \n\n' },
      { secretKey: 'B', secretValue: '\t' },
    ]);
    expect(stored()).toEqual([
      ['A', 'x\n', 1],
      ['B', '', 1],
    ]);
  });

  it('creates all or nothing, and nothing that is there', async () => {
    await write('POST', [{ secretKey: 'A', secretValue: '1' }]);
    const both = ['A', 'B'].map((secretKey) => ({ secretKey, secretValue: '2' }));
    expect((await write('POST', both)).status).toBe(400);
    expect((await write('POST', both.slice(1).concat(both.slice(1)))).status).toBe(400);
    expect(stored()).toEqual([['A', '1', 1]]);
  });

  it('updates in three modes', async () => {
    await write('POST', [{ secretKey: 'A', secretValue: '1' }]);
    const both = ['A', 'B'].map((secretKey) => ({ secretKey, secretValue: '2' }));
    expect((await write('PATCH', both)).status).toBe(404);
    expect(stored()).toEqual([['A', '1', 1]]);
    expect((await write('PATCH', both, { mode: 'ignore' })).status).toBe(200);
    expect(stored()).toEqual([['A', '2', 2]]);
    expect((await write('PATCH', both, { mode: 'upsert' })).status).toBe(200);
    expect(stored()).toEqual([
      ['A', '2', 3],
      ['B', '2', 1],
    ]);
  });

  it('holds writes back for approval if it is set so', async () => {
    emulator.configure({ approvalPolicy: true });
    const answer = await write('POST', [{ secretKey: 'A', secretValue: '1' }]);
    expect(answer).toMatchObject({ status: 200, body: { approval: { status: 'open' } } });
    expect(stored()).toEqual([]);
    expect(emulator.approvals()).toMatchObject([{ place: folder, keys: ['A'] }]);
  });
});

describe('the Infisical emulator, when it pushes events', () => {
  const subscription = (register: readonly object[]) => ({ projectId: 'p', register });
  const accept = { accept: 'text/event-stream' };
  const path = '/api/v1/events/subscribe/project-events';

  it('refuses unless it is set to push, and unless a stream is accepted', async () => {
    const body = subscription([{ event: 'secret:create' }]);
    expect((await ask('POST', path, body, accept)).status).toBe(400);
    emulator.configure({ events: 'pushed' });
    expect((await ask('POST', path, body, { accept: 'application/json' })).status).toBe(400);
    expect((await ask('POST', path, subscription([{ event: 'other' }]), accept)).status).toBe(422);
  });

  it.each(['over a socket', 'in the process'])('tells those whom it concerns, %s', async (how) => {
    emulator.configure({ events: 'pushed' });
    emulator.addFolder({ ...place, secretPath: '/apps' });
    const conditions = { environmentSlug: 'prod', secretPath: '/apps' };
    const controller = new AbortController();
    const response = await (how === 'over a socket' ? fetch : emulator.fetch)(emulator.url + path, {
      method: 'POST',
      headers: { ...accept, 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(
        subscription([
          { event: 'secret:create', conditions },
          { event: 'secret:delete', conditions },
        ]),
      ),
      signal: controller.signal,
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(emulator.openStreams).toBe(1);
    emulator.addSecret(place, { key: 'ELSEWHERE' });
    emulator.addSecret({ ...place, secretPath: '/apps' }, { key: 'A', value: 'hunter2' });
    emulator.editSecret({ ...place, secretPath: '/apps' }, { key: 'A', value: '2' });
    emulator.deleteSecret({ ...place, secretPath: '/apps' }, 'A');
    emulator.endStreams();
    expect(emulator.openStreams).toBe(0);
    const data = [...(await response.text()).matchAll(/^data: (.*)$/gm)].map(
      ([, json = '']) => JSON.parse(json) as object,
    );
    const payload = [{ environment: 'prod', secretPath: '/apps', secretKey: 'A' }];
    expect(data).toEqual(
      ['secret:create', 'secret:delete'].map((eventType) => ({
        projectType: 'secret-manager',
        data: { eventType, payload },
      })),
    );
  });
});
