import nock from 'nock';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  listQoveryEnvironments,
  listQoveryOrganizations,
  listQoveryProjects,
  qovery,
  type QoveryConfig,
} from '../../src/drivers/qovery/index.js';
import { memoryFacts, open, rejection, secret, useOnlyNock } from './support.js';

const ORIGIN = 'https://api.qovery.com';
const credentials = { accessToken: 'api-token' };
const driver = qovery(credentials);

/** A UUID that is the same for the same name. */
const uuidOf = (name: string) =>
  `00000000-0000-4000-8000-${Buffer.from(name).toString('hex').slice(0, 12).padStart(12, '0')}`;
const [ORGANIZATION, PROJECT, ENVIRONMENT] = [uuidOf('org'), uuidOf('proj'), uuidOf('env')];
const project: QoveryConfig = { organizationId: ORGANIZATION, projectId: PROJECT, variableType: 'secret' };
const environment: QoveryConfig = { ...project, environmentId: ENVIRONMENT };

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly body?: unknown;
}

let sent: Sent[];

/** Answers one request of this method and path, and notes what was sent. */
function answer(method: string, path: string, status: number, body?: unknown) {
  nock(ORIGIN)
    .intercept(path, method)
    .reply(function (uri, requestBody) {
      sent.push({
        method: String(this.req.method),
        path: uri,
        authorization: String(this.req.headers['authorization']),
        ...(requestBody !== '' && { body: requestBody }),
      });
      return body === undefined
        ? [status]
        : [status, JSON.stringify(body), { 'content-type': 'application/json' }];
    });
}

const authorization = 'Token api-token';
const LIST = `/variable?parent_id=${ENVIRONMENT}&scope=ENVIRONMENT`;

const own = (key: string, more: object = {}) => ({
  id: uuidOf(key),
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-02T00:00:00Z',
  key,
  value: null,
  scope: 'ENVIRONMENT',
  variable_type: 'VALUE',
  is_secret: true,
  ...more,
});

useOnlyNock();
beforeEach(() => {
  sent = [];
});

describe('the requests of the Qovery driver', () => {
  it('reads an environment, or a project, with one list of both kinds', async () => {
    answer('GET', LIST, 200, { results: [own('A')] });
    answer('GET', `/variable?parent_id=${PROJECT}&scope=PROJECT`, 200, { results: [] });
    expect(await open(driver, credentials, environment).read()).toEqual([
      { key: 'A', id: uuidOf('A'), kind: 'secret', revision: '2026-01-02T00:00:00Z' },
    ]);
    expect(await open(driver, credentials, project).read()).toEqual([]);
    expect(sent).toEqual([
      { method: 'GET', path: LIST, authorization },
      { method: 'GET', path: `/variable?parent_id=${PROJECT}&scope=PROJECT`, authorization },
    ]);
  });

  it('sends ids with their dashes, however they were typed', async () => {
    const typed = (id: string) => id.replaceAll('-', '').toUpperCase();
    answer('GET', LIST, 200, { results: [] });
    answer('GET', `/organization/${ORGANIZATION}/project`, 200, { results: [] });
    answer('GET', `/project/${PROJECT}/environment`, 200, { results: [] });
    const config = { organizationId: 'o', projectId: 'p', environmentId: typed(ENVIRONMENT) };
    await open(driver, credentials, { ...config, variableType: 'secret' }).read();
    await listQoveryProjects(credentials, typed(ORGANIZATION));
    await listQoveryEnvironments(credentials, typed(PROJECT));
    expect(sent).toHaveLength(3);
  });

  it('creates, updates and deletes one by one, and keeps what a user set', async () => {
    const extras = { description: 'by hand', enable_interpolation_in_file: false };
    answer('GET', LIST, 200, { results: [own('B', extras), own('C'), own('D', { description: null })] });
    answer('POST', '/variable', 201, own('A', { id: uuidOf('new'), updated_at: '2026-02-01T00:00:00Z' }));
    answer('PUT', `/variable/${uuidOf('B')}`, 200, own('B', { updated_at: '2026-02-02T00:00:00Z' }));
    answer('PUT', `/variable/${uuidOf('D')}`, 200, own('D', { updated_at: null }));
    answer('DELETE', `/variable/${uuidOf('C')}`, 204);
    const place = open(driver, credentials, environment, { concurrency: 1 });
    const entries = await place.read();
    const entry = (key: string) => {
      const found = entries.find((one) => one.key === key);
      return found === undefined ? {} : { entry: found };
    };
    const upserts = await place.write('upsert', [
      { key: 'A', action: 'create', kind: 'secret', value: secret('1\n"ü"') },
      { key: 'B', action: 'update', kind: 'secret', value: secret(''), ...entry('B') },
      { key: 'D', action: 'update', kind: 'secret', value: secret('4'), ...entry('D') },
    ]);
    const deletions = await place.write('delete', [{ key: 'C', action: 'delete', ...entry('C') }]);
    expect([...upserts.values(), ...deletions.values()]).toEqual([
      { key: 'A', status: 'applied', id: uuidOf('new'), revision: '2026-02-01T00:00:00Z' },
      { key: 'B', status: 'applied', id: uuidOf('B'), revision: '2026-02-02T00:00:00Z' },
      { key: 'D', status: 'applied', id: uuidOf('D') },
      { key: 'C', status: 'applied' },
    ]);
    expect(sent.slice(1)).toEqual([
      {
        method: 'POST',
        path: '/variable',
        authorization,
        body: {
          key: 'A',
          value: '1\n"ü"',
          is_secret: true,
          variable_scope: 'ENVIRONMENT',
          variable_parent_id: ENVIRONMENT,
        },
      },
      {
        method: 'PUT',
        path: `/variable/${uuidOf('B')}`,
        authorization,
        body: { key: 'B', value: '', ...extras },
      },
      { method: 'PUT', path: `/variable/${uuidOf('D')}`, authorization, body: { key: 'D', value: '4' } },
      { method: 'DELETE', path: `/variable/${uuidOf('C')}`, authorization },
    ]);
  });

  it('changes the kind by a deletion right before a create that keeps what a user set', async () => {
    answer('GET', `/variable?parent_id=${PROJECT}&scope=PROJECT`, 200, {
      results: [own('A', { scope: 'PROJECT', description: 'd', enable_interpolation_in_file: true })],
    });
    answer('DELETE', `/variable/${uuidOf('A')}`, 204);
    answer('POST', '/variable', 201, own('A', { scope: 'PROJECT', is_secret: false, value: 'v' }));
    const place = open(driver, credentials, { ...project, variableType: 'variable' });
    const [entry] = await place.read();
    await place.write('upsert', [
      { key: 'A', action: 'replace', kind: 'variable', value: secret('v'), ...(entry && { entry }) },
    ]);
    expect(sent.slice(1)).toEqual([
      { method: 'DELETE', path: `/variable/${uuidOf('A')}`, authorization },
      {
        method: 'POST',
        path: '/variable',
        authorization,
        body: {
          key: 'A',
          value: 'v',
          is_secret: false,
          variable_scope: 'PROJECT',
          variable_parent_id: PROJECT,
          description: 'd',
          enable_interpolation_in_file: true,
        },
      },
    ]);
  });

  it('lists organizations, projects and environments by name', async () => {
    const results = [
      { id: 'b', name: 'two', plan: 'x' },
      { id: 'a', name: 'one' },
      { id: '1', name: 'two' },
    ];
    const named = [
      { id: 'a', name: 'one' },
      { id: '1', name: 'two' },
      { id: 'b', name: 'two' },
    ];
    answer('GET', '/organization', 200, { results });
    answer('GET', `/organization/${ORGANIZATION}/project`, 200, { results });
    answer('GET', `/project/${PROJECT}/environment`, 200, { results });
    answer('GET', '/organization', 200, { results });
    expect(await listQoveryOrganizations(credentials)).toEqual(named);
    expect(await listQoveryProjects(credentials, ORGANIZATION)).toEqual(named);
    expect(await listQoveryEnvironments(credentials, PROJECT)).toEqual(named);
    await driver.validateConnection(credentials);
    expect(sent.map(({ authorization: header }) => header)).toEqual(Array(4).fill(authorization));
  });

  it('are none where the server echoes the token in a name or an id', async () => {
    const { accessToken } = credentials;
    const echoes = [
      { id: '1', name: accessToken },
      { id: btoa(accessToken), name: 'one' },
    ];
    for (const echo of echoes) {
      answer('GET', '/organization', 200, { results: [echo] });
      answer('GET', `/organization/${ORGANIZATION}/project`, 200, { results: [echo] });
      answer('GET', `/project/${PROJECT}/environment`, 200, { results: [echo] });
      for (const list of [
        listQoveryOrganizations(credentials),
        listQoveryProjects(credentials, ORGANIZATION),
        listQoveryEnvironments(credentials, PROJECT),
      ])
        expect(await rejection(list)).toMatchObject({ code: 'INVALID_RESPONSE' });
    }
  });

  it('are none for an id that could climb out of its place', async () => {
    expect(await rejection(listQoveryProjects(credentials, '../user'))).toMatchObject({
      code: 'INVALID_OPTION',
    });
    expect(await rejection(listQoveryEnvironments(credentials, '..'))).toMatchObject({
      code: 'INVALID_OPTION',
    });
    answer('GET', LIST, 200, { results: [own('A', { id: '..' })] });
    expect(await rejection(open(driver, credentials, environment).read())).toMatchObject({
      code: 'INVALID_RESPONSE',
    });
  });

  it('overrides a key that the project has in the same kind', async () => {
    const above = own('A', { id: uuidOf('above'), scope: 'PROJECT' });
    const path = `/variable/${uuidOf('above')}/override`;
    answer('GET', LIST, 200, { results: [above] });
    answer('POST', path, 201, own('A', { variable_type: 'OVERRIDE', overridden_variable: above }));
    const place = open(driver, credentials, environment);
    expect(await place.read()).toMatchObject([{ key: 'A', fixed: 'inherited' }]);
    const outcomes = await place.write('upsert', [
      { key: 'A', action: 'create', kind: 'secret', value: secret('1') },
    ]);
    expect(outcomes.get('A')).toMatchObject({ status: 'applied', id: uuidOf('A') });
    expect(sent.at(-1)).toEqual({
      method: 'POST',
      path,
      authorization,
      body: { value: '1', override_scope: 'ENVIRONMENT', override_parent_id: ENVIRONMENT },
    });
  });

  it.each([
    ['the list of variables', LIST, () => open(driver, credentials, environment).read()],
    ['the list of organizations', '/organization', () => listQoveryOrganizations(credentials)],
    ['the token', '/organization', () => driver.validateConnection(credentials)],
    [
      'the list of projects',
      `/organization/${ORGANIZATION}/project`,
      () => listQoveryProjects(credentials, ORGANIZATION),
    ],
    [
      'the list of environments',
      `/project/${PROJECT}/environment`,
      () => listQoveryEnvironments(credentials, PROJECT),
    ],
  ])('take status 400 with "exist" for missing: %s', async (_what, path, call) => {
    answer('GET', path, 400, { status: 400, detail: 'organization does not exist' });
    expect(await rejection(call())).toMatchObject({ code: 'NOT_FOUND', status: 400 });
  });
});

describe('what the Qovery driver reads', () => {
  const read = async (results: unknown, facts = memoryFacts()) => {
    answer('GET', LIST, 200, { results });
    return open(driver, credentials, environment, { facts }).read();
  };
  const readOne = async (more: object, facts = memoryFacts()) => (await read([own('A', more)], facts))[0];

  it.each([
    ['a plain value', {}, undefined],
    ['the value of another scope', { scope: 'PROJECT' }, 'inherited'],
    ['the value of an application', { scope: 'APPLICATION' }, 'inherited'],
    ['a scope that is not known', { scope: 'GALAXY' }, 'inherited'],
    ['no scope', { scope: undefined }, 'inherited'],
    ['an alias of another scope', { scope: 'PROJECT', variable_type: 'ALIAS' }, 'inherited'],
    ['a built-in', { scope: 'BUILT_IN', variable_type: 'BUILT_IN' }, 'built-in'],
    ['a built-in by its type alone', { variable_type: 'BUILT_IN' }, 'built-in'],
    ['an alias', { variable_type: 'ALIAS' }, 'alias'],
    ['an override', { variable_type: 'OVERRIDE' }, 'override'],
    ['a file', { variable_type: 'FILE' }, 'file'],
    ['a value with a mount path', { mount_path: '/etc/a' }, 'file'],
    ['an external secret', { variable_type: 'EXTERNAL_SECRET' }, 'external'],
    ['an external file', { variable_type: 'FILE_EXTERNAL_SECRET' }, 'external'],
    ['a type that is not known', { variable_type: 'toString' }, 'external'],
    ['no type', { variable_type: null }, undefined],
    ['no type but a target', { variable_type: undefined, aliased_variable: { id: uuidOf('B') } }, 'alias'],
    ['no type but what it overrides', { variable_type: null, overridden_variable: {} }, 'override'],
    ['no type of the scope of built-ins', { variable_type: null, scope: 'BUILT_IN' }, 'built-in'],
    ['a value of another system', { owned_by: 'Doppler' }, 'foreign-owner'],
    ['a value of Qovery', { owned_by: 'Qovery' }, undefined],
    ['a value of QOVERY', { owned_by: 'QOVERY' }, undefined],
    ['a value of nobody', { owned_by: null }, undefined],
    ['a value of an empty owner', { owned_by: '' }, undefined],
  ])('takes %s for what it is', async (_what, more, fixed) => {
    expect((await readOne(more))?.fixed).toBe(fixed);
  });

  it('takes built-ins and keys of Qovery for reserved', async () => {
    const entries = await read([own('X', { variable_type: 'BUILT_IN' }), own('QOVERY_A'), own('B')]);
    expect(entries.map(({ reserved }) => reserved)).toEqual([true, true, undefined]);
  });

  it('knows the owner that its own creates came back with', async () => {
    answer('GET', LIST, 200, { results: [] });
    answer('POST', '/variable', 201, own('A', { owned_by: 'api-token:ci' }));
    const facts = memoryFacts({ ownedBy: 'api-token:old' });
    const place = open(driver, credentials, environment, { facts });
    await place.read();
    await place.write('upsert', [{ key: 'A', action: 'create', value: secret('1') }]);
    for (const owned_by of ['api-token:ci', 'api-token:old']) {
      expect((await readOne({ owned_by }, facts))?.fixed).toBeUndefined();
    }
    expect((await readOne({ owned_by: 'Doppler' }, facts))?.fixed).toBe('foreign-owner');
  });

  it('shows values of variables only; one that is null cannot be read', async () => {
    const entries = await read([
      own('SECRET', { value: '***' }),
      own('PLAIN', { is_secret: false, value: 'text' }),
      own('EMPTY', { is_secret: false, value: '' }),
      own('NULL', { is_secret: false }),
    ]);
    expect(entries.map(({ kind, value }) => [kind, value])).toEqual([
      ['secret', undefined],
      ['variable', 'text'],
      ['variable', ''],
      ['variable', undefined],
    ]);
  });

  it('sees what hangs on an entry, by id or else by key', async () => {
    const hangsOn = (key: string, more: object) => own(key, { variable_type: 'ALIAS', ...more });
    const entries = await read([
      own('A'),
      own('B'),
      own('C'),
      own('D'),
      own('E'),
      hangsOn('V', { aliased_variable: { id: uuidOf('A'), key: 'E' } }),
      hangsOn('W', { overridden_variable: { key: 'B' } }),
      hangsOn('X', { scope: 'JOB', aliased_variable: uuidOf('C') }),
      hangsOn('Y', { aliased_variable: 7, overridden_variable: { id: null } }),
    ]);
    expect(entries.filter(({ hasDependents }) => hasDependents).map(({ key }) => key)).toEqual([
      'A',
      'B',
      'C',
    ]);
  });

  it('takes any key for data and tolerates fields of other types', async () => {
    const entries = await read([
      own('__proto__', { updated_at: 5, mount_path: 1, description: {}, owned_by: [] }),
      own('constructor'),
      own('toString', { id: uuidOf('x'), surprise: true }),
      own('', { id: uuidOf('y') }),
    ]);
    expect(entries.map(({ key, fixed }) => [key, fixed])).toEqual([
      ['__proto__', undefined],
      ['constructor', undefined],
      ['toString', undefined],
      ['', undefined],
    ]);
  });

  it.each([[undefined], [null], [{}], [[{ key: 'A' }]], [[{ id: 'a' }]], [['x']]])(
    'refuses a list that is %j',
    async (results) => {
      expect(await rejection(read(results))).toMatchObject({ code: 'INVALID_RESPONSE' });
    },
  );
});

describe('the place of a Qovery definition', () => {
  const uuid = '3f2a1b4c-0000-4000-8000-00000000000a';
  const identity = (config: Partial<QoveryConfig>, instanceUrl?: string) =>
    driver.identity({ accessToken: 't', ...(instanceUrl && { instanceUrl }) }, { ...project, ...config });

  it('is the environment, or else the project, whatever stands beside it', () => {
    const name = `qovery:api.qovery.com/environment/${uuid}`;
    expect(identity({ environmentId: uuid })).toBe(name);
    expect(identity({ environmentId: uuid.toUpperCase(), projectId: 'other', organizationId: 'other' })).toBe(
      name,
    );
    expect(
      identity({ environmentId: uuid, environmentName: 'n', variableType: 'variable' }, `${ORIGIN}/`),
    ).toBe(name);
    expect(identity({})).toBe(`qovery:api.qovery.com/project/${PROJECT}`);
    expect(identity({}, 'https://q.example:8443/api/')).toBe(`qovery:q.example:8443/api/project/${PROJECT}`);
  });
});

describe('what a Qovery definition may hold', () => {
  const validate = (input: unknown) => {
    const result = driver.configSchema['~standard'].validate(input);
    if (result instanceof Promise) throw new Error('The schema is asynchronous.');
    return result;
  };
  const issues = (input: unknown) => (validate(input).issues ?? []).map(({ message }) => message);

  it('writes secrets by default', () => {
    expect(validate({ organizationId: 'o', projectId: PROJECT })).toEqual({
      value: { organizationId: 'o', projectId: PROJECT, variableType: 'secret' },
    });
  });

  it('refuses an id that is sent and is no UUID, and takes what is for people only', () => {
    const environmentId = ENVIRONMENT.toUpperCase().replaceAll('-', '');
    expect(issues({ organizationId: 'acme', projectId: 'shop', environmentId })).toEqual([]);
    expect(issues({ organizationId: 'acme', projectId: PROJECT })).toEqual([]);
    for (const config of [
      { organizationId: 'acme', projectId: 'shop' },
      { organizationId: 'acme', projectId: PROJECT, environmentId: 'production' },
    ]) {
      expect(issues(config)).toEqual([expect.stringContaining('it is not a UUID')]);
    }
  });

  it('refuses unknown fields, kinds and ids, all together', () => {
    expect(issues({ organizationId: '..', projectId: 'a/b', variableType: 'file', scope: 'x' })).toHaveLength(
      4,
    );
  });

  it('refuses the name of an environment without its id, which would mean the whole project', () => {
    expect(issues({ organizationId: 'o', projectId: PROJECT, environmentName: 'production' })).toHaveLength(
      1,
    );
    expect(issues({ organizationId: 'o', projectId: PROJECT, environmentName: '' })).toEqual([]);
  });
});

describe('what Qovery takes', () => {
  const capabilities = qovery.capabilities({});

  it('is what the documentation says of keys', () => {
    for (const key of ['A', 'a1_B', 'toString']) expect(capabilities.checkKey(key)).toBeUndefined();
    for (const key of ['', '_A', '__A', '1A', 'A-B', 'É', 'A\n'])
      expect(capabilities.checkKey(key)).toMatch(/letters/);
    // Reserved keys have a decision of their own, which invalidKeys: 'skip' does not let pass.
    expect(capabilities.checkKey('QOVERY_A')).toBeUndefined();
    expect(['QOVERY_A', 'QOVERY', 'qovery_a'].map((key) => capabilities.isReserved(key))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is any text as a value', () => {
    for (const value of ['', '😀\n', '{{A}}']) expect(capabilities.checkValue(value)).toBeUndefined();
    for (const value of ['\0', '\ud800']) expect(capabilities.checkValue(value)).toMatch(/it contains/);
  });

  it('depends on the kind that a definition writes', () => {
    expect(capabilities).toMatchObject({
      import: false,
      writes: 'each',
      kind: 'secret',
      reservedWritable: false,
    });
    expect(qovery.capabilities({ variableType: 'variable' }).kind).toBe('variable');
  });

  const codes = (config: Partial<QoveryConfig>, change: object) =>
    qovery
      .capabilities(config)
      .warn?.({ key: 'A', action: 'create', ...change })
      .map(({ code }) => code);

  it('warns of values that are interpolated, and does not quote them', () => {
    expect(codes({}, { value: secret('a{{B}}') })).toEqual(['INTERPOLATED_VALUE']);
    expect(codes({}, { value: secret('a{B}') })).toEqual([]);
    const warnings = capabilities.warn?.({ key: 'A', action: 'update', value: secret('x{{CANARY}}') });
    expect(JSON.stringify(warnings)).not.toContain('CANARY');
  });

  it('warns of secrets that become readable', () => {
    const change = { action: 'replace', previousKind: 'secret', kind: 'variable' };
    expect(codes({ environmentId: 'e', variableType: 'variable' }, change)).toEqual(['EXPOSES_VALUE']);
    expect(codes({ environmentId: 'e' }, { ...change, previousKind: 'variable' })).toEqual([]);
  });

  it('warns of deletions at project level, which cascade to what a list may not show', () => {
    expect(codes({}, { action: 'delete' })).toEqual(['DELETE_CASCADES']);
    expect(codes({ environmentId: 'e' }, { action: 'delete' })).toEqual([]);
  });
});
