import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
  type HasuraCloudEmulatorOptions,
} from '../../../src/testing/emulators/hasura-cloud/index.js';

const PROJECT = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const TENANT = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const READ = 'query ($id: uuid!) { getTenantEnv(tenantId: $id) { hash envVars } }';
const UPDATE =
  'mutation ($id: uuid!, $hash: String!, $envs: [UpdateEnvObject!]!) { updateTenantEnv(tenantId: $id, currentHash: $hash, envs: $envs) { hash } }';
const DELETE =
  'mutation ($id: uuid!, $hash: String!, $keys: [String!]!) { deleteTenantEnv(tenantId: $id, currentHash: $hash, deleteEnvs: $keys) { hash } }';

const errorsSchema = z.object({
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }) })).min(1),
});

let emulator: HasuraCloudEmulator;
afterEach(() => emulator.close());

async function start(options: HasuraCloudEmulatorOptions = {}): Promise<void> {
  emulator = await startHasuraCloudEmulator(options);
}

async function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(emulator.url, {
    method: 'POST',
    headers: { authorization: `pat ${emulator.accessToken}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function run(query: string, variables: Record<string, unknown> = {}): Promise<unknown> {
  const response = await post({ query, variables });
  expect(response.status).toBe(200);
  return response.json();
}

async function firstError(query: string, variables: Record<string, unknown> = {}) {
  const { errors } = errorsSchema.parse(await run(query, variables));
  const [first] = errors;
  if (!first) throw new Error('no error');
  return { code: first.extensions.code, message: first.message };
}

const update = (envs: Record<string, string>, hash = emulator.hash(PROJECT)) => ({
  id: TENANT,
  hash,
  envs: Object.entries(envs).map(([key, value]) => ({ key, value })),
});
const remove = (keys: string[], hash = emulator.hash(PROJECT)) => ({ id: TENANT, hash, keys });
const addProject = (environment: Record<string, string> = {}) =>
  emulator.addProject({ id: PROJECT, name: 'Shop', tenantId: TENANT, environment });

describe('reading', () => {
  it('lists projects, finds one by its id, and one by its tenant', async () => {
    await start();
    addProject();
    expect(await run('{ projects { id name tenant { id } } }')).toEqual({
      data: { projects: [{ id: PROJECT, name: 'Shop', tenant: { id: TENANT } }] },
    });
    const byId = 'query ($id: uuid!) { projects_by_pk(id: $id) { id name tenant { id } } }';
    expect(await run(byId, { id: PROJECT })).toEqual({
      data: { projects_by_pk: { id: PROJECT, name: 'Shop', tenant: { id: TENANT } } },
    });
    expect(await run(byId, { id: TENANT })).toEqual({ data: { projects_by_pk: null } });
    expect(
      await run('query ($id: uuid!) { tenant_by_pk(id: $id) { id slug project { id endpoint } } }', {
        id: TENANT,
      }),
    ).toEqual({
      data: {
        tenant_by_pk: {
          id: TENANT,
          slug: 'shop-d479',
          project: {
            id: PROJECT,
            endpoint: `${new URL(emulator.url).origin}/projects/${PROJECT}/v1/graphql`,
          },
        },
      },
    });
  });

  it('shows a project without a tenant, one that got another tenant, and none that was removed', async () => {
    await start();
    const { id } = emulator.addProject({ name: 'Empty', tenantId: null });
    const query = '{ projects { name tenant { id } } }';
    expect(await run(query)).toEqual({ data: { projects: [{ name: 'Empty', tenant: null }] } });
    emulator.setTenant(id, TENANT);
    expect(emulator.projects()).toEqual([{ id, name: 'Empty', tenantId: TENANT }]);
    emulator.removeProject(id);
    expect(await run(query)).toEqual({ data: { projects: [] } });
    expect(await run(READ, { id: TENANT })).toEqual({ data: { getTenantEnv: null } });
    emulator.configure({ unknownTenant: 'error' });
    expect((await firstError(READ, { id: TENANT })).code).toBe('not-found');
  });

  it('shows settings beside the environment as the JSON that they are, unless told not to', async () => {
    await start();
    addProject();
    const set = { HASURA_GRAPHQL_A: 'true', HASURA_GRAPHQL_B: '{"a": 1}', HASURA_GRAPHQL_C: 'text', D: '1' };
    await run(UPDATE, update(set));
    const envVars = async () => z.object({ data: z.unknown() }).parse(await run(READ, { id: TENANT })).data;
    expect(await envVars()).toMatchObject({
      getTenantEnv: {
        envVars: {
          HASURA_GRAPHQL_A: true,
          HASURA_GRAPHQL_B: { a: 1 },
          HASURA_GRAPHQL_C: 'text',
          environment: set,
        },
      },
    });
    emulator.configure({ settings: 'text' });
    expect(await envVars()).toMatchObject({ getTenantEnv: { envVars: { HASURA_GRAPHQL_A: 'true' } } });
  });

  it('shows custom variables under environment, and any JSON beside and among them', async () => {
    await start();
    emulator.addProject({
      name: 'Shop',
      id: PROJECT,
      tenantId: TENANT,
      environment: { A: '1', FLAG: true, NESTED: { B: null } },
      topLevel: { HASURA_GRAPHQL_ADMIN_SECRET: 'x', allowTelemetry: false },
    });
    expect(await run(READ, { id: TENANT })).toEqual({
      data: {
        getTenantEnv: {
          hash: emulator.hash(PROJECT),
          envVars: {
            HASURA_GRAPHQL_ADMIN_SECRET: 'x',
            allowTelemetry: false,
            environment: { A: '1', FLAG: true, NESTED: { B: null } },
          },
        },
      },
    });
  });

  it.each([
    ['absent', {}],
    ['empty', { environment: {} }],
    ['null', { environment: null }],
  ] as const)('shows an empty environment as %s when told to', async (emptyEnvironment, envVars) => {
    await start({ emptyEnvironment });
    addProject();
    expect(await run(READ, { id: TENANT })).toEqual({
      data: { getTenantEnv: { hash: emulator.hash(PROJECT), envVars } },
    });
  });

  it('answers envVars null, against its schema, when told to', async () => {
    await start({ envVars: 'null' });
    addProject({ A: '1' });
    expect(await run(READ, { id: TENANT })).toEqual({
      data: { getTenantEnv: { hash: emulator.hash(PROJECT), envVars: null } },
    });
  });

  it('takes __proto__ and constructor as keys like any other, on every way', async () => {
    await start();
    emulator.addProject({
      name: 'Shop',
      id: PROJECT,
      tenantId: TENANT,
      environment: new Map([['__proto__', 'one']]),
      topLevel: new Map([['toString', 'two']]),
    });
    await run(UPDATE, update({ constructor: 'three' }));
    const text = JSON.stringify(await run(READ, { id: TENANT }));
    expect(text).toContain('"toString":"two","environment":{"__proto__":"one","constructor":"three"}');
    await run(UPDATE, { ...update({}), envs: [{ key: '__proto__', value: 'four' }] });
    expect(emulator.environment(PROJECT).get('__proto__')).toBe('four');
    await run(DELETE, remove(['__proto__', 'constructor']));
    expect(emulator.environment(PROJECT)).toEqual(new Map());
    expect(emulator.topLevel(PROJECT)).toEqual(new Map([['toString', 'two']]));
  });
});

describe('mutations', () => {
  it('merge, delete, answer the new hash, and restart the project each time', async () => {
    await start();
    addProject({ A: '1', B: '2' });
    const before = emulator.hash(PROJECT);
    expect(await run(UPDATE, update({ B: '3', C: '' }))).toEqual({
      data: { updateTenantEnv: { hash: emulator.hash(PROJECT) } },
    });
    expect(emulator.hash(PROJECT)).not.toBe(before);
    expect(emulator.environment(PROJECT)).toEqual(new Map([['A', '1'], ['B', '3'], ['C', '']])); // prettier-ignore
    expect(await run(DELETE, remove(['A', 'gone']))).toEqual({
      data: { deleteTenantEnv: { hash: emulator.hash(PROJECT) } },
    });
    expect([...emulator.environment(PROJECT).keys()]).toEqual(['B', 'C']);
    expect(emulator.restarts(PROJECT)).toBe(2);
  });

  it('drop what an update does not name when told to replace', async () => {
    await start({ update: 'replace' });
    addProject({ A: '1', B: '2' });
    await run(UPDATE, update({ B: '2' }));
    expect(emulator.environment(PROJECT)).toEqual(new Map([['B', '2']]));
  });

  it.each(['top-level', 'environment'] as const)(
    'keep a new HASURA_ key at the %s when told to',
    async (home) => {
      await start({ hasuraKeys: home });
      addProject();
      await run(UPDATE, update({ HASURA_GRAPHQL_LOG_LEVEL: 'debug' }));
      const held = home === 'environment' ? emulator.environment(PROJECT) : emulator.topLevel(PROJECT);
      expect(held).toEqual(new Map([['HASURA_GRAPHQL_LOG_LEVEL', 'debug']]));
      await run(DELETE, remove(['HASURA_GRAPHQL_LOG_LEVEL']));
      expect(emulator.environment(PROJECT).size + emulator.topLevel(PROJECT).size).toBe(0);
    },
  );

  it.each([
    ['generic', 'GenericServerError', /^there was an internal error/],
    ['nested-json', 'GenericServerError', /^\{"error":"\{\\"code\\":\\"hash-mismatch\\"/],
    ['code', 'hash-mismatch', /^currentHash does not match$/],
  ] as const)('answer a stale hash in the manner %s and change nothing', async (staleHash, code, message) => {
    await start({ staleHash });
    addProject({ A: '1' });
    const stale = emulator.hash(PROJECT);
    emulator.setVariable(PROJECT, 'A', '2');
    const error = await firstError(UPDATE, update({ A: '3' }, stale));
    expect(error).toEqual({ code, message: expect.stringMatching(message) as string });
    expect(emulator.environment(PROJECT).get('A')).toBe('2');
    expect(emulator.restarts(PROJECT)).toBe(0);
  });

  it('answer a stale hash with null data alone when told to', async () => {
    await start({ staleHash: 'null' });
    addProject();
    expect(await run(UPDATE, update({ A: '1' }, 'stale'))).toEqual({ data: { updateTenantEnv: null } });
    expect(emulator.environment(PROJECT).size).toBe(0);
  });

  it('answer with an error when they change nothing, unless told to accept that', async () => {
    await start();
    addProject({ A: '1' });
    expect((await firstError(UPDATE, update({ A: '1' }))).code).toBe('GenericServerError');
    expect((await firstError(UPDATE, update({}))).code).toBe('GenericServerError');
    expect((await firstError(DELETE, remove(['gone']))).code).toBe('GenericServerError');
    expect(emulator.restarts(PROJECT)).toBe(0);
    emulator.configure({ unchangedMutation: 'accept' });
    const hash = emulator.hash(PROJECT);
    expect(await run(UPDATE, update({ A: '1' }))).toEqual({ data: { updateTenantEnv: { hash } } });
    expect(emulator.restarts(PROJECT)).toBe(1);
  });

  it('refuse to delete an absent key when told to, and then delete nothing', async () => {
    await start({ absentKeyDeletion: 'error' });
    addProject({ A: '1' });
    expect((await firstError(DELETE, remove(['A', 'gone']))).message).toContain('gone');
    expect(emulator.environment(PROJECT).has('A')).toBe(true);
  });

  it('fail in maintenance mode, while reads go on', async () => {
    await start({ maintenance: true });
    addProject({ A: '1' });
    expect((await firstError(UPDATE, update({ A: '2' }))).message).toContain('maintenance');
    expect((await firstError(DELETE, remove(['A']))).message).toContain('maintenance');
    expect(await run(READ, { id: TENANT })).toHaveProperty('data.getTenantEnv.envVars.environment.A', '1');
  });

  it('name a variable that cannot be set, and set none of the others', async () => {
    await start({ unsettable: ['HASURA_GRAPHQL_X'], errorMessages: 'nested-json' });
    addProject();
    const { message } = await firstError(UPDATE, update({ A: '1', HASURA_GRAPHQL_X: '2' }));
    expect(message).toContain('HASURA_GRAPHQL_X');
    const outer = z.object({ error: z.string() }).parse(JSON.parse(message));
    expect(JSON.parse(outer.error)).toHaveProperty('code', 'bad-request');
    expect(emulator.environment(PROJECT).size).toBe(0);
  });

  it.each([['1A'], [''], ['A-B'], ['A B']])('refuse the name %j', async (key) => {
    await start();
    addProject();
    expect((await firstError(UPDATE, { ...update({}), envs: [{ key, value: 'x' }] })).code).toBe(
      'bad-request',
    );
  });

  it('refuse a key that is given twice', async () => {
    await start();
    addProject();
    const twice = [{ key: 'A', value: '1' }, { key: 'A', value: '2' }]; // prettier-ignore
    expect((await firstError(UPDATE, { ...update({}), envs: twice })).code).toBe('bad-request');
  });
});

describe('the hash', () => {
  it('follows every edit by hand, or the content alone when told to', async () => {
    await start();
    addProject({ A: '1' });
    const first = emulator.hash(PROJECT);
    emulator.setVariable(PROJECT, 'A', '2');
    emulator.setVariable(PROJECT, 'A', '1');
    expect(emulator.hash(PROJECT)).not.toBe(first);
    const set = emulator.hash(PROJECT);
    expect(emulator.deleteVariable(PROJECT, 'gone')).toBe(false);
    expect(emulator.hash(PROJECT)).toBe(set);
    emulator.deleteVariable(PROJECT, 'A');
    expect(emulator.hash(PROJECT)).not.toBe(set);
    emulator.configure({ hash: 'content' });
    const second = emulator.hash(PROJECT);
    emulator.setVariable(PROJECT, 'B', '2');
    expect(emulator.hash(PROJECT)).not.toBe(second);
    expect(emulator.deleteVariable(PROJECT, 'B')).toBe(true);
    expect(emulator.hash(PROJECT)).toBe(second);
    emulator.rotateHash(PROJECT);
    expect(emulator.hash(PROJECT)).not.toBe(second);
    expect(emulator.restarts(PROJECT)).toBe(0);
  });

  it('moves before or after each mutation when told to', async () => {
    await start({ hashRotation: 'before-mutations' });
    addProject();
    expect((await firstError(UPDATE, update({ A: '1' }))).code).toBe('GenericServerError');
    emulator.configure({ hashRotation: 'after-mutations' });
    const answer = await run(UPDATE, update({ A: '1' }));
    expect(emulator.environment(PROJECT).get('A')).toBe('1');
    expect(answer).not.toEqual({ data: { updateTenantEnv: { hash: emulator.hash(PROJECT) } } });
  });
});

describe('strictness', () => {
  it('takes the where, limit and offset of its lists, through relations too', async () => {
    await start();
    const { id, tenantId } = emulator.addProject({ name: 'second' });
    emulator.addProject({ name: 'third', tenantId: null });
    const read = async (query: string): Promise<unknown> => (await post({ query })).json();
    expect(await read('{ projects(where: { name: { _eq: "second" } }) { id } }')).toEqual({
      data: { projects: [{ id }] },
    });
    expect(await read(`{ projects(where: { tenant: { id: { _in: ["${tenantId}"] } } }) { id } }`)).toEqual({
      data: { projects: [{ id }] },
    });
    expect(await read(`{ tenant(where: { project: { id: { _eq: "${id}" } } }) { id } }`)).toEqual({
      data: { tenant: [{ id: tenantId }] },
    });
    expect(
      await read('{ projects(where: { _not: { name: { _in: ["third"] } } }, limit: 1) { name } }'),
    ).toEqual({
      data: { projects: [{ name: 'second' }] },
    });
  });

  it('tells a bad token that the schema has no such field, or gives an error of its own, or 401', async () => {
    await start();
    expect(
      await (await post({ query: '{ projects { id } }' }, { authorization: 'pat wrong' })).json(),
    ).toEqual({
      errors: [
        {
          extensions: { path: '$.selectionSet.projects', code: 'validation-failed' },
          message: `field "projects" not found in type: 'query_root'`,
        },
      ],
    });
    emulator.configure({ authFailure: 'errors' });
    for (const authorization of ['pat wrong', `Bearer ${emulator.accessToken}`, '']) {
      const response = await post({ query: '{ projects { id } }' }, { authorization });
      expect(response.status).toBe(200);
      expect(errorsSchema.parse(await response.json()).errors[0]?.extensions.code).toBe('access-denied');
    }
    emulator.configure({ authFailure: 401 });
    expect((await post({ query: '{ projects { id } }' }, { authorization: 'pat wrong' })).status).toBe(401);
  });

  it.each([
    ['an unknown field', '{ projects { id secret } }', {}],
    ['an unknown root field', '{ users { id } }', {}],
    ['an unknown argument', '{ projects(sort: 1) { id } }', {}],
    ['a missing argument', '{ getTenantEnv { hash } }', {}],
    ['a variable that is not declared', '{ projects { id } }', { extra: 1 }],
    ['a missing variable', READ, {}],
    ['an id that is not a UUID', READ, { id: 'shop' }],
    ['an id in the text that is not a UUID', '{ getTenantEnv(tenantId: "shop") { hash } }', {}],
    ['a value that is not a string', UPDATE, { id: TENANT, hash: 'x', envs: [{ key: 'A', value: 1 }] }],
    ['broken GraphQL', '{ projects {', {}],
    ['two operations and no name', 'query A { projects { id } } query B { projects { id } }', {}],
  ])('refuses %s', async (_what, query, variables) => {
    await start();
    addProject();
    expect((await firstError(query, variables)).code).toBe('validation-failed');
  });

  it('refuses broken JSON, unknown fields of the body, and another content type', async () => {
    await start();
    expect((await post('{"query":')).status).toBe(400);
    expect((await post({ query: '{ projects { id } }', extra: 1 })).status).toBe(400);
    expect((await post({ variables: {} })).status).toBe(400);
    expect((await post({ query: '{ projects { id } }' }, { 'content-type': 'text/plain' })).status).toBe(400);
  });

  it('refuses other paths and methods, and bodies that are too long', async () => {
    await start({ maxBodyBytes: 1_000 });
    expect((await fetch(emulator.url)).status).toBe(405);
    expect((await fetch(`${emulator.url}/`, { method: 'POST' })).status).toBe(404);
    expect((await fetch(`${emulator.url}?a=1`, { method: 'POST' })).status).toBe(404);
    expect((await post({ query: ' '.repeat(1_001) })).status).toBe(413);
  });

  it('refuses a set-up that the service could not have', async () => {
    await start();
    addProject();
    expect(() => emulator.addProject({ id: 'shop', name: 'Shop' })).toThrow('not a UUID');
    expect(() => addProject()).toThrow('already');
    expect(() => emulator.hash(TENANT)).toThrow('addProject');
  });
});

describe('echo', () => {
  it('shows the headers and body of a request in every error', async () => {
    await start({ echo: true });
    addProject();
    const { message } = await firstError(UPDATE, update({ A: 'canary-value' }, 'stale'));
    expect(message).toContain('canary-value');
    expect(message).toContain(`pat ${emulator.accessToken}`);
    emulator.setIntercept(() => ({ status: 503 }));
    const scripted = await post({ query: '{ projects { id } }', variables: { canary: 'other-value' } });
    expect(scripted.status).toBe(503);
    expect(await scripted.text()).toContain('other-value');
  });
});

describe('the request log', () => {
  it('names operations and holds what was sent, when, and what was answered', async () => {
    await start({ now: () => 1_700_000_000_000 });
    addProject();
    await run(READ, { id: TENANT });
    await run(UPDATE, update({ A: '1' }));
    await post('nonsense');
    expect(emulator.requests.map(({ operation, status, at }) => [operation, status, at])).toEqual([
      ['query getTenantEnv', 200, 1_700_000_000_000],
      ['mutation updateTenantEnv', 200, 1_700_000_000_000],
      ['unknown', 400, 1_700_000_000_000],
    ]);
    expect(emulator.requests[0]).toMatchObject({
      method: 'POST',
      path: '/v1/graphql',
      query: {},
      headers: { authorization: `pat ${emulator.accessToken}` },
      body: { variables: { id: TENANT } },
    });
    emulator.clearRequests();
    expect(emulator.requests).toEqual([]);
  });
});

describe('the graphql package', () => {
  it('is loaded at the start only, and is asked for by name where it is missing', async () => {
    await start();
    vi.resetModules();
    vi.doMock('graphql', () => {
      throw new Error('not installed');
    });
    const module = await import('../../../src/testing/emulators/hasura-cloud/index.js');
    await expect(module.startHasuraCloudEmulator()).rejects.toThrow('needs the package graphql 16');
    vi.doUnmock('graphql');
  });
});
