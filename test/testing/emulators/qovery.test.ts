import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  startQoveryEmulator,
  type QoveryEmulator,
  type QoveryEmulatorOptions,
} from '../../../src/testing/emulators/qovery/index.js';

const ORGANIZATION = 'dev-organization-id';
const PROJECT = 'dev-project-id';
const ENVIRONMENT = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const NOW = Date.UTC(2026, 7, 1, 12, 0, 0, 5);

const variableSchema = z.looseObject({ id: z.string(), key: z.string() });
const listSchema = z.object({ results: z.array(variableSchema) });

let emulator: QoveryEmulator;
let clock: number;
beforeEach(() => (clock = NOW));
afterEach(() => emulator.close());

async function start(options: QoveryEmulatorOptions = {}): Promise<void> {
  emulator = await startQoveryEmulator({ now: () => clock, ...options });
  emulator.addOrganization({ id: ORGANIZATION, name: 'Acme' });
  emulator.addProject({ id: PROJECT, name: 'Shop', organizationId: ORGANIZATION });
  emulator.addEnvironment({ id: ENVIRONMENT, name: 'Development', projectId: PROJECT });
}

function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return fetch(emulator.url + path, {
    method,
    headers: {
      authorization: `Token ${emulator.accessToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

async function list(parent: 'PROJECT' | 'ENVIRONMENT', more = '') {
  const id = parent === 'PROJECT' ? PROJECT : ENVIRONMENT;
  const response = await call('GET', `/variable?parent_id=${id}&scope=${parent}${more}`);
  expect(response.status).toBe(200);
  return listSchema.parse(await response.json()).results;
}

const keysOf = (entries: readonly { key: string }[]) => entries.map(({ key }) => key);

const wanted = (fields: Record<string, unknown> = {}) => ({
  key: 'KEY',
  value: 'value',
  is_secret: true,
  variable_scope: 'ENVIRONMENT',
  variable_parent_id: ENVIRONMENT,
  ...fields,
});
const create = (fields?: Record<string, unknown>) => call('POST', '/variable', wanted(fields));
const created = async (fields?: Record<string, unknown>) => {
  const response = await create(fields);
  expect(response.status).toBe(201);
  return variableSchema.parse(await response.json());
};
const edit = (id: string, body: unknown) => call('PUT', `/variable/${id}`, body);

describe('the hierarchy', () => {
  it('lists organizations, projects and environments', async () => {
    await start();
    const read = async (path: string): Promise<unknown> => (await call('GET', path)).json();
    const organization = {
      id: ORGANIZATION,
      name: 'Acme',
      plan: 'TEAM',
      created_at: '2026-08-01T12:00:00.005Z',
    };
    const project = {
      id: PROJECT,
      name: 'Shop',
      organization: { id: ORGANIZATION },
      associated_environments_count: 1,
    };
    const environment = {
      id: ENVIRONMENT,
      name: 'Development',
      organization: { id: ORGANIZATION },
      project: { id: PROJECT },
      mode: 'PRODUCTION',
    };
    expect(await read('/organization')).toMatchObject({ results: [organization] });
    expect(await read(`/organization/${ORGANIZATION}/project`)).toMatchObject({ results: [project] });
    expect(await read(`/project/${PROJECT}/environment`)).toMatchObject({ results: [environment] });
    expect(await read(`/organization/${ORGANIZATION}`)).toMatchObject(organization);
    expect(await read(`/project/${PROJECT}`)).toMatchObject(project);
    expect(await read(`/environment/${ENVIRONMENT}`)).toMatchObject(environment);
  });

  it('takes the id of a place in either case', async () => {
    await start();
    const id = '3C90C3CC-0D44-4B50-8888-8DD257360521';
    const place = emulator.addEnvironment({ id, name: 'Upper', projectId: PROJECT });
    expect(place.id).toBe(id.toLowerCase());
    emulator.addVariable({ key: 'KEY', parent_id: id });
    const response = await call('GET', `/variable?parent_id=${id}&scope=ENVIRONMENT`);
    expect(keysOf(listSchema.parse(await response.json()).results)).toContain('KEY');
    expect((await create({ variable_parent_id: id })).status).toBe(409);
  });

  it('has nothing below a place that is not there, or is of another kind', async () => {
    await start();
    for (const path of [
      '/organization/none/project',
      '/project/none/environment',
      `/project/${ENVIRONMENT}/environment`,
    ]) {
      expect((await call('GET', path)).status).toBe(404);
    }
  });
});

describe('lists', () => {
  it('of an environment hold what it inherits, built-ins, aliases, overrides and files', async () => {
    await start();
    const inherited = emulator.addVariable({
      key: 'INHERITED',
      parent_id: PROJECT,
      value: 'p',
      is_secret: true,
    });
    emulator.addVariable({ key: 'OWN', parent_id: ENVIRONMENT, value: 'e', owned_by: 'Doppler' });
    emulator.addVariable({ key: 'ALIAS', parent_id: ENVIRONMENT, aliased_variable_id: inherited.id });
    emulator.addVariable({ key: 'INHERITED', parent_id: ENVIRONMENT, overridden_variable_id: inherited.id });
    emulator.addVariable({ key: 'FILE', parent_id: ENVIRONMENT, mount_path: '/etc/app' });
    const entries = await list('ENVIRONMENT');
    expect(entries.map(({ key, scope, variable_type }) => [key, scope, variable_type])).toEqual([
      ['QOVERY_PROJECT_ID', 'BUILT_IN', 'BUILT_IN'],
      ['QOVERY_ENVIRONMENT_ID', 'BUILT_IN', 'BUILT_IN'],
      ['INHERITED', 'PROJECT', 'VALUE'],
      ['OWN', 'ENVIRONMENT', 'VALUE'],
      ['ALIAS', 'ENVIRONMENT', 'ALIAS'],
      ['INHERITED', 'ENVIRONMENT', 'OVERRIDE'],
      ['FILE', 'ENVIRONMENT', 'FILE'],
    ]);
    expect(entries[2]).toMatchObject({ value: null, is_secret: true });
    expect(entries[3]).toMatchObject({ value: 'e', is_secret: false, owned_by: 'Doppler' });
    expect(entries[4]?.['aliased_variable']).toEqual({
      id: inherited.id,
      key: 'INHERITED',
      value: null,
      scope: 'PROJECT',
      variable_type: 'VALUE',
      mount_path: null,
    });
    expect(entries[5]).toMatchObject({ overridden_variable: { id: inherited.id }, aliased_variable: null });
    expect(entries[6]).toMatchObject({ mount_path: '/etc/app' });
  });

  it('of a project hold nothing of its environments, unless told to show what hangs on its entries', async () => {
    await start();
    const { id } = emulator.addVariable({ key: 'KEY', parent_id: PROJECT });
    const alias = emulator.addVariable({ key: 'ALIAS', parent_id: ENVIRONMENT, aliased_variable_id: id });
    emulator.addVariable({ key: 'OWN', parent_id: ENVIRONMENT });
    expect(keysOf(await list('PROJECT'))).toEqual(['QOVERY_PROJECT_ID', 'KEY']);
    emulator.configure({ projectListShowsDependents: true });
    const entries = await list('PROJECT');
    expect(keysOf(entries)).toEqual(['QOVERY_PROJECT_ID', 'KEY', 'ALIAS']);
    expect(entries[2]).toMatchObject({ id: alias.id, scope: 'ENVIRONMENT' });
  });

  it('can be asked for one kind', async () => {
    await start();
    emulator.addVariable({ key: 'SECRET', parent_id: PROJECT, is_secret: true });
    emulator.addVariable({ key: 'PLAIN', parent_id: PROJECT });
    expect(keysOf(await list('PROJECT', '&is_secret=true'))).toEqual(['SECRET']);
    expect(keysOf(await list('PROJECT', '&is_secret=false'))).toEqual(['QOVERY_PROJECT_ID', 'PLAIN']);
  });

  it('hold enum values that nobody has heard of', async () => {
    await start();
    emulator.addVariable({ key: 'NEW', parent_id: PROJECT, scope: 'GALAXY', variable_type: 'RIDDLE' });
    expect((await list('PROJECT'))[1]).toMatchObject({
      key: 'NEW',
      scope: 'GALAXY',
      variable_type: 'RIDDLE',
    });
  });

  it('leave fields out in place of null when told to', async () => {
    await start({ secretValue: 'absent', emptyFields: 'absent', updatedAt: 'absent' });
    emulator.addVariable({ key: 'SECRET', parent_id: PROJECT, is_secret: true });
    const [, secret = {}] = await list('PROJECT');
    expect(Object.keys(secret).sort()).toEqual(
      ['created_at', 'id', 'is_secret', 'key', 'owned_by', 'scope', 'variable_type'], // prettier-ignore
    );
  });
});

describe('create, edit and delete', () => {
  it('create a secret whose value no answer shows', async () => {
    await start({ ownedBy: 'api-token:ci' });
    const answer = await created({ description: 'why', enable_interpolation_in_file: false });
    expect(answer).toMatchObject({
      key: 'KEY',
      value: null,
      is_secret: true,
      scope: 'ENVIRONMENT',
      variable_type: 'VALUE',
      description: 'why',
      enable_interpolation_in_file: false,
      owned_by: 'api-token:ci',
    });
    expect(emulator.find('KEY')).toMatchObject({ id: answer.id, value: 'value', parent_id: ENVIRONMENT });
  });

  it('create variables, empty values, and files', async () => {
    await start();
    expect(await created({ key: 'A', is_secret: false, value: '' })).toMatchObject({ value: '' });
    expect(await created({ key: 'B', mount_path: '/etc/b' })).toMatchObject({ variable_type: 'FILE' });
    expect(emulator.find('A')).toHaveProperty('owned_by', 'QOVERY');
    emulator.configure({ ownedBy: null });
    expect(await created({ key: 'C' })).not.toHaveProperty('owned_by');
  });

  it('edit a value, and lose a description that was not sent back', async () => {
    await start();
    const { id } = await created({ description: 'why', enable_interpolation_in_file: true });
    const kept = { key: 'KEY', description: 'why', enable_interpolation_in_file: true };
    expect((await edit(id, { ...kept, value: 'new' })).status).toBe(200);
    expect(emulator.find('KEY')).toMatchObject({ value: 'new', ...kept });
    await edit(id, { key: 'KEY', value: null });
    expect(emulator.find('KEY')).toMatchObject({ value: 'new', description: null });
  });

  it('delete an entry with all that hangs on it', async () => {
    await start();
    const { id } = emulator.addVariable({ key: 'KEY', parent_id: PROJECT });
    const alias = emulator.addVariable({ key: 'ALIAS', parent_id: PROJECT, aliased_variable_id: id });
    emulator.addVariable({ key: 'ALIAS', parent_id: ENVIRONMENT, overridden_variable_id: alias.id });
    emulator.addVariable({ key: 'OTHER', parent_id: ENVIRONMENT });
    const response = await call('DELETE', `/variable/${id}`);
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(keysOf(emulator.variables()).filter((key) => !key.startsWith('QOVERY_'))).toEqual(['OTHER']);
    expect((await call('DELETE', `/variable/${id}`)).status).toBe(404);
  });

  it('leave built-ins alone', async () => {
    await start();
    const id = emulator.find('QOVERY_PROJECT_ID')?.id ?? '';
    expect((await edit(id, { key: 'X', value: 'x' })).status).toBe(400);
    expect((await call('DELETE', `/variable/${id}`)).status).toBe(400);
    expect(emulator.find('QOVERY_PROJECT_ID')?.value).toBe(PROJECT);
  });

  it('make an alias of a value that names a key when told to', async () => {
    await start({ valueNamingKey: 'alias' });
    const { id } = await created();
    expect(await created({ key: 'OTHER', value: 'KEY' })).toMatchObject({
      variable_type: 'ALIAS',
      aliased_variable: { id },
    });
  });

  it.each([
    ['404', 404, /not found/],
    ['403', 403, /denied/],
    ['400-exist', 400, /exist/],
  ] as const)('answer what is missing in the manner %s', async (missing, status, detail) => {
    await start({ missing });
    const responses = [
      await edit('none', { key: 'KEY', value: 'x' }),
      await call('DELETE', '/variable/none'),
      await create({ variable_parent_id: 'none' }),
      await create({ variable_scope: 'PROJECT' }),
      await call('GET', '/variable?parent_id=none&scope=PROJECT'),
      await call('POST', '/environment/none/deploy'),
    ];
    for (const response of responses) {
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({
        status,
        detail: expect.stringMatching(detail) as string,
      });
    }
  });

  it('answer a PUT on what is missing in a manner of its own when told to', async () => {
    await start({ missingOnPut: '400-exist' });
    expect((await edit('none', { key: 'KEY', value: 'x' })).status).toBe(400);
    expect((await call('DELETE', '/variable/none')).status).toBe(404);
  });
});

describe('conflicts', () => {
  it('say where the other entry stands, and change nothing', async () => {
    await start();
    await created();
    const response = await create({ value: 'other' });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      status: 409,
      existing_variable: {
        organization_id: ORGANIZATION,
        project_id: PROJECT,
        environment_id: ENVIRONMENT,
        service_id: null,
      },
    });
    expect(emulator.find('KEY')?.value).toBe('value');
    expect((await create({ key: 'key' })).status).toBe(201);
  });

  it('do not say so when told not to', async () => {
    await start({ conflictBody: 'plain' });
    await created();
    expect(await (await create()).json()).not.toHaveProperty('existing_variable');
  });

  it('come with the other kind too, unless both are allowed', async () => {
    await start();
    await created();
    expect((await create({ is_secret: false })).status).toBe(409);
    emulator.configure({ bothKinds: 'allowed' });
    expect((await create({ is_secret: false })).status).toBe(201);
    expect((await create({ is_secret: false })).status).toBe(409);
    expect(emulator.findAll('KEY')).toHaveLength(2);
    expect(emulator.find('KEY', { is_secret: false })?.scope).toBe('ENVIRONMENT');
    expect(() => emulator.find('KEY')).toThrow('Several');
  });

  it('come with aliases and files whatever their kind', async () => {
    await start({ bothKinds: 'allowed' });
    emulator.addVariable({ key: 'KEY', parent_id: ENVIRONMENT, mount_path: '/etc/key' });
    expect((await create()).status).toBe(409);
  });

  it.each([
    ['own-scope', 201],
    ['all-scopes', 409],
  ] as const)('reach %s when told to', async (conflictReach, status) => {
    await start({ conflictReach });
    emulator.addEnvironment({ id: 'sibling', name: 'Sibling', projectId: PROJECT });
    emulator.addVariable({ key: 'ABOVE', parent_id: PROJECT });
    emulator.addVariable({ key: 'BELOW', parent_id: ENVIRONMENT });
    emulator.addVariable({ key: 'BESIDE', parent_id: 'sibling' });
    const above = await create({ key: 'ABOVE' });
    expect(above.status).toBe(status);
    if (status === 409) {
      expect(await above.json()).toMatchObject({
        existing_variable: { project_id: PROJECT, environment_id: null },
      });
    }
    const atProject = { variable_scope: 'PROJECT', variable_parent_id: PROJECT };
    expect((await create({ key: 'BELOW', ...atProject })).status).toBe(status);
    expect((await create({ key: 'BESIDE' })).status).toBe(201);
  });

  it('come when an edit takes the key of another entry', async () => {
    await start();
    const { id } = await created();
    await created({ key: 'OTHER' });
    expect((await edit(id, { key: 'OTHER', value: 'x' })).status).toBe(409);
    expect((await edit(id, { key: 'NEW', value: 'x' })).status).toBe(200);
  });
});

describe('aliases, overrides and imports', () => {
  const post = async (path: string, body: object) => {
    const response = await call('POST', path, body);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('make an alias, whose value is the name of what it stands for', async () => {
    await start();
    const { id } = await created({ is_secret: false });
    const alias = { key: 'ALIAS', alias_scope: 'ENVIRONMENT', alias_parent_id: ENVIRONMENT };
    expect(await post(`/variable/${id}/alias`, alias)).toMatchObject({
      status: 201,
      body: { key: 'ALIAS', value: 'KEY', variable_type: 'ALIAS', aliased_variable: { id, key: 'KEY' } },
    });
  });

  it('override a key of the project at its environment, once, and only from above', async () => {
    await start();
    const { id } = emulator.addVariable({
      key: 'KEY',
      value: 'of the project',
      parent_id: PROJECT,
      is_secret: true,
    });
    const body = { value: 'here', override_scope: 'ENVIRONMENT', override_parent_id: ENVIRONMENT };
    expect(await post(`/variable/${id}/override`, body)).toMatchObject({
      status: 201,
      body: {
        key: 'KEY',
        value: null,
        is_secret: true,
        variable_type: 'OVERRIDE',
        overridden_variable: { id },
      },
    });
    expect((await post(`/variable/${id}/override`, body)).status).toBe(409);
    const upward = { value: 'x', override_scope: 'PROJECT', override_parent_id: PROJECT };
    expect((await post(`/variable/${id}/override`, upward)).status).toBe(400);
    expect((await post('/variable/none/override', body)).status).toBe(404);
  });

  it('import variables of both scopes for a service', async () => {
    await start();
    const { id } = emulator.addService({ environmentId: ENVIRONMENT });
    emulator.addVariable({ key: 'OLD', value: 'old', parent_id: ENVIRONMENT });
    const vars = [
      { name: 'NEW', value: '1', scope: 'PROJECT', is_secret: true },
      { name: 'OLD', value: '2', scope: 'ENVIRONMENT', is_secret: false },
    ];
    const path = `/variable/import?service_id=${id}&service_type=APPLICATION`;
    expect(await post(path, { overwrite: false, vars })).toMatchObject({
      status: 200,
      body: { total_variables_to_import: 2, successful_imported_variables: [{ name: 'NEW' }] },
    });
    await post(path, { overwrite: true, vars });
    expect(emulator.find('OLD')).toMatchObject({ value: '2', parent_id: ENVIRONMENT });
    expect(emulator.find('NEW')).toMatchObject({ value: '1', parent_id: PROJECT });
  });
});

describe('the older family', () => {
  it('creates, lists, edits and deletes secrets and variables of both scopes', async () => {
    await start();
    for (const [parent, kind] of [
      [`project/${PROJECT}`, 'secret'],
      [`environment/${ENVIRONMENT}`, 'environmentVariable'],
    ] as const) {
      const key = kind === 'secret' ? 'SECRET' : 'VARIABLE';
      const path = `/${parent}/${kind}`;
      const made = (await (await call('POST', path, { key, value: 'one' })).json()) as { id: string };
      expect(made).toMatchObject({ key, variable_type: 'VALUE' });
      expect('value' in made).toBe(kind !== 'secret');
      expect(await (await call('GET', path)).json()).toMatchObject({
        results: expect.arrayContaining([expect.objectContaining({ id: made.id })]) as unknown,
      });
      expect((await call('PUT', `${path}/${made.id}`, { key, value: 'two' })).status).toBe(200);
      expect(emulator.find(key)?.value).toBe('two');
      expect((await call('DELETE', `${path}/${made.id}`)).status).toBe(204);
      expect((await call('GET', `/${parent}s/${kind}`)).status).toBe(404);
    }
  });

  it('knows an entry in the list of its own kind and place only', async () => {
    await start();
    const other = emulator.addEnvironment({ name: 'Other', projectId: PROJECT });
    const { id } = emulator.addVariable({ key: 'KEY', is_secret: true, parent_id: ENVIRONMENT });
    const edited = { key: 'KEY', value: 'x' };
    const statuses = [
      await call('PUT', `/environment/${other.id}/secret/${id}`, edited),
      await call('PUT', `/environment/${ENVIRONMENT}/environmentVariable/${id}`, edited),
      await call('DELETE', `/project/${PROJECT}/secret/${id}`),
      await call('POST', `/environment/${ENVIRONMENT}/environmentVariable/${id}/alias`, { key: 'ALIAS' }),
      await call('POST', `/environment/${other.id}/secret/${id}/override`, { value: 'x' }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([404, 404, 404, 404, 404]);
    expect(emulator.find('KEY')?.value).toBe('');
  });

  it('replaces an existing key, and makes an alias of a value that names one', async () => {
    await start();
    const path = `/environment/${ENVIRONMENT}/secret`;
    await call('POST', path, { key: 'KEY', value: 'one' });
    expect((await call('POST', path, { key: 'KEY', value: 'two' })).status).toBe(201);
    expect(emulator.find('KEY')?.value).toBe('two');
    await call('POST', path, { key: 'OTHER', value: 'KEY' });
    expect(emulator.find('OTHER')).toMatchObject({ variable_type: 'ALIAS' });
  });
});

describe('timestamps', () => {
  it('have their own precision in lists and answers, and either name of UTC', async () => {
    await start({ listPrecision: 's', answerPrecision: 'ms', timeZone: '+00:00' });
    clock += 1_000;
    const answer = await created();
    expect(answer).toMatchObject({
      created_at: '2026-08-01T12:00:01.005+00:00',
      updated_at: '2026-08-01T12:00:01.005+00:00',
    });
    const entry = (await list('ENVIRONMENT')).find(({ id }) => id === answer.id);
    expect(entry).toMatchObject({ updated_at: '2026-08-01T12:00:01+00:00' });
    emulator.configure({ answerPrecision: 'us', timeZone: 'Z' });
    clock += 1;
    const other = await created({ key: 'OTHER' });
    expect(other).toMatchObject({
      created_at: '2026-08-01T12:00:01.006Z',
      updated_at: '2026-08-01T12:00:01.006007Z',
    });
    emulator.configure({ trailingZeros: 'kept' });
    clock += 1;
    expect((await created({ key: 'THIRD' }))['created_at']).toBe('2026-08-01T12:00:01.007000Z');
  });

  it('move on every edit, also on two in one millisecond, unless told not to', async () => {
    await start();
    const { id, updated_at: first } = await created();
    const second = emulator.editVariable(id, { value: 'by hand' }).updated_at;
    const third = emulator.editVariable(id, { value: 'by hand' }).updated_at;
    expect(third).toBeGreaterThan(second);
    const last = variableSchema.parse(await (await edit(id, { key: 'KEY', value: 'x' })).json())[
      'updated_at'
    ];
    expect(String(last) > String(first)).toBe(true);
    emulator.configure({ updatedAtMoves: false });
    emulator.editVariable(id, { value: 'unseen' });
    expect((await list('ENVIRONMENT')).at(-1)?.['updated_at']).toBe(last);
  });

  it('are absent until an edit when told to', async () => {
    await start({ updatedAt: 'after-edit' });
    const { id, ...answer } = await created();
    expect(answer).not.toHaveProperty('updated_at');
    expect(await (await edit(id, { key: 'KEY', value: 'x' })).json()).toHaveProperty('updated_at');
  });
});

describe('deployments', () => {
  it('are noted, and are over at once', async () => {
    await start();
    for (let round = 0; round < 2; round += 1) {
      expect((await call('POST', `/environment/${ENVIRONMENT}/deploy`)).status).toBe(202);
    }
    expect(emulator.deployments()).toMatchObject([
      { environmentId: ENVIRONMENT, startedAt: NOW, finished: true },
      { environmentId: ENVIRONMENT, startedAt: NOW, finished: true },
    ]);
  });

  it('keep the next one away until they are over when told to', async () => {
    await start({ deploymentsEnd: 'by-hand' });
    const deploy = async () => (await call('POST', `/environment/${ENVIRONMENT}/deploy`)).status;
    expect([await deploy(), await deploy()]).toEqual([202, 409]);
    emulator.finishDeployment(ENVIRONMENT);
    expect(await deploy()).toBe(202);
    expect(emulator.deployments().map(({ finished }) => finished)).toEqual([true, false]);
  });
});

describe('the rate limit', () => {
  const told = (response: Response) =>
    ['limit', 'remaining', 'reset'].map((name) => response.headers.get(`x-ratelimit-${name}`));

  it('answers 429 until its window is over, and says so in Unix seconds', async () => {
    await start({ rateLimit: { limit: 2, windowMs: 10_000 } });
    const reset = String(Math.ceil((NOW + 10_000) / 1000));
    expect(told(await call('GET', '/organization'))).toEqual(['2', '1', reset]);
    clock += 4_000;
    expect(told(await call('GET', '/organization'))).toEqual(['2', '0', reset]);
    const refused = await call('GET', '/organization');
    expect(refused.status).toBe(429);
    expect(told(refused)).toEqual(['2', '0', reset]);
    expect(refused.headers.has('retry-after')).toBe(false);
    clock += 6_000;
    expect((await call('GET', '/organization')).status).toBe(200);
  });

  it('can say so as a delta, with Retry-After, or not at all', async () => {
    await start({ rateLimit: { limit: 0, windowMs: 10_000, headers: 'delta', retryAfter: true } });
    const first = await call('GET', '/organization');
    expect([...told(first), first.headers.get('retry-after')]).toEqual(['0', '0', '10', '10']);
    emulator.configure({ rateLimit: { limit: 0, windowMs: 10_000, headers: 'none' } });
    const second = await call('GET', '/organization');
    expect([second.status, ...told(second)]).toEqual([429, null, null, null]);
    emulator.configure({ rateLimit: null });
    expect((await call('GET', '/organization')).status).toBe(200);
  });
});

describe('strictness', () => {
  it('refuses a bad token with 401, whatever is asked for', async () => {
    await start();
    for (const authorization of ['Token wrong', `Bearer ${emulator.accessToken}`, '']) {
      expect((await call('GET', '/organization', undefined, { authorization })).status).toBe(401);
    }
    expect((await call('GET', '/nowhere', undefined, { authorization: 'Token wrong' })).status).toBe(401);
  });

  it.each([
    ['GET', '/'],
    ['GET', `/project/${PROJECT}/secrets`],
    ['PATCH', `/environment/${ENVIRONMENT}/environmentVariable`],
    ['PATCH', '/variable/x'],
    ['GET', '/variable/x'],
    ['DELETE', '/variable/'],
    ['GET', '/organization/'],
  ])('answers 404 to %s %s', async (method, path) => {
    await start();
    expect((await call(method, path)).status).toBe(404);
    expect(emulator.requests.at(-1)?.operation).toBe('unknown');
  });

  it.each([
    [''],
    [`?parent_id=${PROJECT}`],
    [`?scope=PROJECT`],
    [`?parent_id=${PROJECT}&scope=project`],
    [`?parent_id=${PROJECT}&scope=PROJECT&is_secret=yes`],
    [`?parent_id=${PROJECT}&scope=PROJECT&page=1`],
    [`?parent_id=${PROJECT}&parent_id=${PROJECT}&scope=PROJECT`],
  ])('refuses the query %j', async (query) => {
    await start();
    expect((await call('GET', `/variable${query}`)).status).toBe(400);
  });

  it.each([
    ['no key', { key: undefined }],
    ['no value', { value: undefined }],
    ['a null value', { value: null }],
    ['no kind', { is_secret: undefined }],
    ['a kind in text', { is_secret: 'true' }],
    ['an unknown scope', { variable_scope: 'GALAXY' }],
    ['an unknown field', { scope: 'ENVIRONMENT' }],
    ['a key with a dash', { key: 'A-B' }],
    ['a key that starts with a digit', { key: '1A' }],
    ['a reserved key', { key: 'QOVERY_A' }],
    ['a key that starts with underscores', { key: '__A' }],
  ])('refuses a create with %s, and says why without the value', async (_what, fields) => {
    await start();
    const response = await create({ value: 'canary', ...fields });
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain('canary');
    expect(emulator.find('KEY')).toBeUndefined();
  });

  it('refuses an edit with unknown fields, without a key, and bodies that are no JSON', async () => {
    await start();
    const { id } = await created();
    expect((await edit(id, { key: 'KEY', is_secret: false })).status).toBe(400);
    expect((await edit(id, { value: 'x' })).status).toBe(400);
    expect((await edit(id, '{"key":')).status).toBe(400);
    const text = await call('PUT', `/variable/${id}`, { key: 'KEY' }, { 'content-type': 'text/plain' });
    expect(text.status).toBe(400);
    expect((await call('POST', `/environment/${ENVIRONMENT}/deploy`, { now: true })).status).toBe(400);
    expect(emulator.find('KEY')?.value).toBe('value');
  });

  it('refuses a set-up with an id twice or without a parent', async () => {
    await start();
    expect(() => emulator.addProject({ id: PROJECT, name: 'x', organizationId: ORGANIZATION })).toThrow();
    expect(() => emulator.addProject({ name: 'x', organizationId: 'none' })).toThrow('none');
    expect(() => emulator.addVariable({ key: 'A', parent_id: 'none' })).toThrow('none');
    expect(() => emulator.editVariable('none', {})).toThrow('none');
    expect(emulator.deleteVariable('none')).toBe(false);
  });
});

describe('errors', () => {
  it.each([
    ['detail', /^\{"status":404,"error":"Not Found","detail":"No such route"\}$/],
    ['message', /^\{"status":404,"error":"Not Found","message":"No such route"\}$/],
    ['text', /^No such route$/],
    ['empty', /^$/],
  ] as const)('have the body %s when told to', async (errorBody, text) => {
    await start({ errorBody });
    expect(await (await call('GET', '/nowhere')).text()).toMatch(text);
  });

  it('show the headers and body of the request when they echo', async () => {
    await start({ echo: true });
    await created();
    const text = await (await create({ value: 'canary' })).text();
    expect(text).toContain('canary');
    expect(text).toContain(`Token ${emulator.accessToken}`);
  });
});

describe('the request log', () => {
  it('holds what was sent, when, what was answered, and names routes without ids', async () => {
    await start();
    const { id } = await created();
    await edit(id, { key: 'KEY', value: 'new' });
    await list('ENVIRONMENT');
    expect(emulator.requests.map(({ operation, path, status, at }) => [operation, path, status, at])).toEqual(
      [
        ['POST /variable', '/variable', 201, NOW],
        ['PUT /variable/{id}', `/variable/${id}`, 200, NOW],
        ['GET /variable', '/variable', 200, NOW],
      ],
    );
    expect(emulator.requests[0]?.body).toEqual(wanted());
    expect(emulator.requests[2]).toMatchObject({
      url: `/variable?parent_id=${ENVIRONMENT}&scope=ENVIRONMENT`,
      query: { parent_id: ENVIRONMENT, scope: 'ENVIRONMENT' },
      body: undefined,
    });
  });

  it('is the same in every run: ids follow a fixed sequence', async () => {
    await start();
    const { id } = await created();
    await emulator.close();
    await start();
    expect((await created()).id).toBe(id);
  });
});
