import nock from 'nock';
import { beforeEach, describe, expect, it } from 'vitest';
import { hasuraCloud, listHasuraCloudProjects } from '../../src/drivers/hasura-cloud/index.js';
import { errorOf, memoryFacts, open, rejection, secret, useOnlyNock } from './support.js';

const ORIGIN = 'https://data.pro.hasura.io';
const PROJECT = '3f2a1b4c-0000-4000-8000-000000000001';
const TENANT = '7d9e8f6a-0000-4000-8000-000000000002';
const credentials = { accessToken: 'pat-token' };
const driver = hasuraCloud(credentials);

/** The body of a GraphQL request with its document on one line, as it was sent. */
interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

let sent: Sent[];

/** Answers the next request with `answer` and notes what was sent. */
function answerNext(answer: unknown, status = 200) {
  nock(ORIGIN)
    .post('/v1/graphql')
    .reply(function (_path, body) {
      const { authorization, 'content-type': contentType } = this.req.headers;
      sent.push({
        headers: { authorization: String(authorization), 'content-type': String(contentType) },
        body,
      });
      return [status, typeof answer === 'string' ? answer : JSON.stringify(answer)];
    });
}

const headers = { authorization: 'pat pat-token', 'content-type': 'application/json' };
const environment = (hash: string, envVars: unknown) => ({ data: { getTenantEnv: { hash, envVars } } });
const facts = () => memoryFacts({ tenantId: TENANT });

useOnlyNock();
beforeEach(() => {
  sent = [];
});

const ENV_QUERY = {
  query: 'query getTenantEnv($tenantId: uuid!) { getTenantEnv(tenantId: $tenantId) { hash envVars } }',
  variables: { tenantId: TENANT },
};

describe('the requests of the Hasura Cloud driver', () => {
  it('reads with one query when the tenant is remembered', async () => {
    answerNext(environment('h1', { environment: { A: '1' } }));
    const place = open(driver, credentials, { projectId: PROJECT }, { facts: facts() });
    expect(await place.read()).toEqual([{ key: 'A', value: '1' }]);
    expect(sent).toEqual([{ headers, body: ENV_QUERY }]);
  });

  it('looks the tenant up by the project and remembers it', async () => {
    answerNext({ data: { projects_by_pk: { tenant: { id: TENANT } } } });
    answerNext(environment('h1', {}));
    const remembered = memoryFacts();
    await open(driver, credentials, { projectId: PROJECT.toUpperCase() }, { facts: remembered }).read();
    expect(sent).toEqual([
      {
        headers,
        body: {
          query: 'query tenant($projectId: uuid!) { projects_by_pk(id: $projectId) { tenant { id } } }',
          variables: { projectId: PROJECT },
        },
      },
      { headers, body: ENV_QUERY },
    ]);
    expect([...remembered.map]).toEqual([['tenantId', TENANT]]);
  });

  it('sends the changed keys in one mutation and the deletions in another, each with the newest hash', async () => {
    answerNext(environment('h1', { environment: { OLD: 'x', CHANGED: '1', SAME: 's' } }));
    answerNext({ data: { updateTenantEnv: { hash: 'h2' } } });
    answerNext({ data: { deleteTenantEnv: { hash: 'h3' } } });
    const place = open(driver, credentials, { projectId: PROJECT }, { facts: facts() });
    await place.read();
    const upserts = await place.write('upsert', [
      { key: 'CHANGED', action: 'update', value: secret('2\n"ü"') },
      { key: '__proto__', action: 'create', value: secret('p') },
      { key: 'SAME', action: 'update', value: secret('s') },
    ]);
    const deletions = await place.write('delete', [{ key: 'OLD', action: 'delete' }]);
    expect([...upserts.values(), ...deletions.values()].map(({ key, status }) => [key, status])).toEqual([
      ['SAME', 'applied'],
      ['CHANGED', 'applied'],
      ['__proto__', 'applied'],
      ['OLD', 'applied'],
    ]);
    expect(sent.slice(1)).toEqual([
      {
        headers,
        body: {
          query:
            'mutation updateTenantEnv($tenantId: uuid!, $currentHash: String!, $envs: [UpdateEnvObject!]!) ' +
            '{ updateTenantEnv(tenantId: $tenantId, currentHash: $currentHash, envs: $envs) { hash } }',
          variables: {
            tenantId: TENANT,
            currentHash: 'h1',
            envs: [
              { key: 'CHANGED', value: '2\n"ü"' },
              { key: '__proto__', value: 'p' },
            ],
          },
        },
      },
      {
        headers,
        body: {
          query:
            'mutation deleteTenantEnv($tenantId: uuid!, $currentHash: String!, $deleteEnvs: [String!]!) ' +
            '{ deleteTenantEnv(tenantId: $tenantId, currentHash: $currentHash, deleteEnvs: $deleteEnvs) { hash } }',
          variables: { tenantId: TENANT, currentHash: 'h2', deleteEnvs: ['OLD'] },
        },
      },
    ]);
  });

  it('sends no mutation that would change nothing', async () => {
    answerNext(environment('h1', { environment: { SAME: 's' } }));
    const place = open(driver, credentials, { projectId: PROJECT }, { facts: facts() });
    await place.read();
    const upserts = await place.write('upsert', [{ key: 'SAME', action: 'update', value: secret('s') }]);
    const deletions = await place.write('delete', [{ key: 'GONE', action: 'delete' }]);
    expect([upserts.get('SAME')?.status, deletions.get('GONE')?.status]).toEqual(['applied', 'applied']);
    expect(sent).toHaveLength(1);
  });

  it('lists projects by name', async () => {
    answerNext({
      data: {
        projects: [
          { id: 'b', name: 'two', tenant: null },
          { id: 'a', name: 'one' },
        ],
      },
    });
    expect(await listHasuraCloudProjects(credentials)).toEqual([
      { id: 'a', name: 'one' },
      { id: 'b', name: 'two' },
    ]);
    expect(sent).toEqual([
      { headers, body: { query: 'query projects { projects { id name } }', variables: {} } },
    ]);
  });

  it('shows no list in which the server echoes the token', async () => {
    for (const name of [credentials.accessToken, `of ${btoa(credentials.accessToken)}`]) {
      answerNext({ data: { projects: [{ id: 'a', name }] } });
      const error = await rejection(listHasuraCloudProjects(credentials));
      expect(error).toMatchObject({ code: 'INVALID_RESPONSE' });
      expect((error as Error).message).not.toContain(name);
    }
  });

  it('asks for no more than ids to check a token', async () => {
    answerNext({ data: { projects: [] } });
    await driver.validateConnection(credentials);
    expect(sent).toEqual([{ headers, body: { query: 'query projects { projects { id } }', variables: {} } }]);
  });
});

describe('what the Hasura Cloud driver reads', () => {
  const read = async (envVars: unknown) => {
    answerNext(environment('h1', envVars));
    return open(driver, credentials, { projectId: PROJECT }, { facts: facts() }).read();
  };

  it('takes settings beside the variables for reserved, and those of other names for built-ins', async () => {
    expect(
      await read({ HASURA_GRAPHQL_X: 'x', tier: { cpu: 2 }, environment: { HASURA_GRAPHQL_Y: 'y', A: 'a' } }),
    ).toEqual([
      { key: 'HASURA_GRAPHQL_X', value: 'x', reserved: true },
      { key: 'tier', value: { notAString: true, json: '{"cpu":2}' }, fixed: 'built-in', reserved: true },
      { key: 'HASURA_GRAPHQL_Y', value: 'y', reserved: true },
      { key: 'A', value: 'a' },
    ]);
  });

  it('prefers the custom variable where a key stands in both places', async () => {
    expect(await read({ A: 'top', HASURA_B: 'top', environment: { A: 'own', HASURA_B: 'own' } })).toEqual([
      { key: 'A', value: 'own' },
      { key: 'HASURA_B', value: 'own', reserved: true },
    ]);
  });

  it('takes any name and any JSON for data', async () => {
    const envVars: unknown = JSON.parse(
      '{"__proto__":"t","environment":{"__proto__":"p","constructor":"c","toString":1,"environment":"e","":null,"l":[]}}',
    );
    expect(await read(envVars)).toEqual([
      { key: '__proto__', value: 'p' },
      { key: 'constructor', value: 'c' },
      { key: 'toString', value: { notAString: true, json: '1' } },
      { key: 'environment', value: 'e' },
      { key: '', value: { notAString: true } },
      { key: 'l', value: { notAString: true, json: '[]' } },
    ]);
  });

  it.each([[{}], [{ environment: null }], [{ environment: {} }]])('takes %j for empty', async (envVars) => {
    expect(await read(envVars)).toEqual([]);
  });

  it.each([[null], ['x'], [[]], [{ environment: 'x' }], [{ environment: [] }]])(
    'refuses %j, which would make everything look missing',
    async (envVars) => {
      expect(await rejection(read(envVars))).toMatchObject({ code: 'INVALID_RESPONSE' });
    },
  );
});

describe('failures that come with status 200', () => {
  const failedRead = async (answer: unknown) => {
    answerNext(answer);
    return rejection(driver.validateConnection(credentials));
  };

  const unknownField = (field: string, type = 'query_root', code = 'validation-failed') => ({
    extensions: { path: `$.selectionSet.${field}`, code },
    message: `field "${field}" not found in type: '${type}'`,
  });

  it.each([
    ['a code', { extensions: { code: 'access-denied' }, message: 'x' }, 'UNAUTHORIZED'],
    ['a schema without our field', unknownField('projects'), 'UNAUTHORIZED'],
    [
      'a schema without our field, in JSON in JSON',
      { message: JSON.stringify({ errors: JSON.stringify([unknownField('projects', 'mutation_root')]) }) },
      'UNAUTHORIZED',
    ],
    [
      'a schema without our field, in single quotes',
      {
        ...unknownField('projects'),
        message: "field 'projects' not found in type: 'query_root'",
      },
      'UNAUTHORIZED',
    ],
    [
      'a schema without mutations, where none was sent',
      { extensions: { path: '$', code: 'validation-failed' }, message: 'no mutations exist' },
      'DESTINATION_REJECTED',
    ],
    ['a schema without another field', unknownField('planets'), 'DESTINATION_REJECTED'],
    ['a type without our field', unknownField('projects', 'TenantEnv'), 'DESTINATION_REJECTED'],
    ['another code with those words', unknownField('projects', 'query_root', 'x'), 'DESTINATION_REJECTED'],
    ['maintenance', { extensions: { code: 'maintenance-mode' }, message: 'x' }, 'DESTINATION_UNAVAILABLE'],
    ['maintenance in words', { message: 'in maintenance mode' }, 'DESTINATION_UNAVAILABLE'],
    [
      'a code in JSON in JSON',
      { message: JSON.stringify({ error: JSON.stringify({ code: 'invalid-jwt' }) }) },
      'UNAUTHORIZED',
    ],
    [
      'a general code around a known one',
      {
        extensions: { code: 'GenericServerError' },
        message: JSON.stringify({ errors: [{ extensions: { code: 'permission-denied' } }] }),
      },
      'FORBIDDEN',
    ],
    [
      'an internal error',
      { extensions: { code: 'GenericServerError' }, message: 'x' },
      'DESTINATION_UNAVAILABLE',
    ],
    ['an unknown code', { extensions: { code: 'toString' }, message: 'x' }, 'DESTINATION_REJECTED'],
    ['no code', 'unauthorized', 'DESTINATION_REJECTED'],
  ])('are told by %s', async (_what, error, code) => {
    expect(await failedRead({ errors: [error] })).toMatchObject({
      code,
      status: 200,
      retryable: code === 'DESTINATION_UNAVAILABLE',
    });
  });

  it('win over data that comes with them', async () => {
    expect(await failedRead({ data: { projects: [] }, errors: [{ message: 'x' }] })).toMatchObject({
      code: 'DESTINATION_REJECTED',
    });
  });

  it('are not seen in an empty list of errors', async () => {
    answerNext({ data: { projects: [] }, errors: [] });
    await expect(driver.validateConnection(credentials)).resolves.toBeUndefined();
  });

  it.each([['<html>'], [''], ['{"data":'], [{ data: null }], [{}], [[]]])(
    'include %j, which is no answer',
    async (answer) => {
      // A query has written nothing, although it is a POST.
      expect(await failedRead(answer)).toMatchObject({ code: 'INVALID_RESPONSE', maybeWritten: false });
    },
  );

  it('never show the words of the server', async () => {
    const error = await failedRead({
      errors: [{ message: 'pat-token and SECRET', extensions: { code: 'SECRET' } }],
    });
    expect(String(error) + JSON.stringify(error)).not.toMatch(/SECRET|pat-token/);
  });

  it('name those of our keys that the answer to a mutation names', async () => {
    answerNext(environment('h1', {}));
    answerNext({
      errors: [{ message: 'HASURA_GRAPHQL_X can not be set to VALUE1', extensions: { code: 'y' } }],
    });
    answerNext(environment('h1', {}));
    const place = open(driver, credentials, { projectId: PROJECT }, { facts: facts() });
    await place.read();
    const changes = [
      { key: 'HASURA_GRAPHQL_X', action: 'create', value: secret('VALUE1') },
      { key: 'HASURA', action: 'create', value: secret('2') },
    ] as const;
    expect((await place.write('upsert', changes)).get('HASURA')).toMatchObject({ status: 'unknown' });
    await place.read();
    const outcomes = await place.write('upsert', changes);
    expect(outcomes.get('HASURA')).toMatchObject({ status: 'failed' });
    const { message, code, maybeWritten } = errorOf(outcomes.get('HASURA'));
    expect([code, maybeWritten]).toEqual(['DESTINATION_REJECTED', false]);
    expect(message).toContain('its response names "HASURA_GRAPHQL_X".');
    expect(message).not.toContain('VALUE1');
  });
});

describe('the place of a Hasura Cloud definition', () => {
  const identity = (apiUrl: string | undefined, projectId = PROJECT) =>
    driver.identity({ accessToken: 't', ...(apiUrl !== undefined && { apiUrl }) }, { projectId });

  it('has one name, however its URL and id are spelled', () => {
    const name = `hasura-cloud:data.pro.hasura.io/project/${PROJECT}`;
    for (const url of [undefined, ORIGIN, `${ORIGIN}/`, 'HTTPS://Data.Pro.Hasura.IO.:443/v1/graphql//']) {
      expect(identity(url)).toBe(name);
    }
    expect(identity(undefined, PROJECT.toUpperCase())).toBe(name);
    expect(identity(undefined, PROJECT.replaceAll('-', ''))).toBe(name);
    expect(driver.identity({ accessToken: 'other' }, { projectId: PROJECT, projectName: 'n' })).toBe(name);
  });

  it('differs with host, port, path and project', () => {
    const names = [ORIGIN, `${ORIGIN}:8443`, `${ORIGIN}/v2`, 'https://other.example'].map((url) =>
      identity(url),
    );
    expect(new Set([...names, identity(ORIGIN, 'p1'), identity(ORIGIN, 'P1')]).size).toBe(6);
  });

  it('is reached at the canonical URL', () => {
    expect(driver.endpoint(credentials)).toBe(`${ORIGIN}/v1/graphql`);
    expect(driver.endpoint({ ...credentials, apiUrl: 'https://h.example:8443/x/' })).toBe(
      'https://h.example:8443/x',
    );
  });

  it('cannot be told from what is no URL, which is not quoted', () => {
    const attempt = () => driver.endpoint({ accessToken: 't', apiUrl: 'user:pass' + '@nowhere' });
    expect(attempt).toThrow(expect.objectContaining({ code: 'UNSAFE_URL' }));
    expect(attempt).not.toThrow(/pass/);
  });
});

describe('what a Hasura Cloud definition and its credentials may hold', () => {
  const issues = (schema: typeof driver.configSchema | typeof driver.credentialsSchema, input: unknown) => {
    const result = schema['~standard'].validate(input);
    return result instanceof Promise ? [] : (result.issues ?? []).map(({ message }) => message);
  };

  it.each(['../x', '.', '..', '', 'a/b', 'a b', 'a\n', 'ü', 'x'.repeat(257)])(
    'refuses %j as an id',
    (projectId) => {
      expect(issues(driver.configSchema, { projectId })).toHaveLength(1);
    },
  );

  it.each([PROJECT, PROJECT.toUpperCase(), PROJECT.replaceAll('-', '')])('takes %j as an id', (projectId) => {
    expect(issues(driver.configSchema, { projectId, projectName: 'Any name' })).toEqual([]);
  });

  it('refuses unknown fields by name', () => {
    expect(issues(driver.configSchema, { projectId: PROJECT, tenantId: 't' })).toEqual([
      expect.stringContaining('tenantId'),
    ]);
  });

  it.each(['', ' token', 'to ken', 'token\n', 'tok\u0000en', 'tökèn'])(
    'refuses the token %j and does not quote it',
    (token) => {
      const messages = issues(driver.credentialsSchema, { accessToken: token });
      expect(messages).toHaveLength(1);
      expect(messages.join()).not.toContain('ken\n');
    },
  );

  it('tells of all that is wrong with credentials before it sends anything', async () => {
    const bad = { accessToken: 'a b', apiUrl: 'nowhere' };
    const error = await rejection(listHasuraCloudProjects(bad));
    expect(error).toMatchObject({ code: 'INVALID_OPTION' });
    expect(String(error)).toMatch(/accessToken[\s\S]*apiUrl/);
    expect(String(error)).not.toMatch(/a b|nowhere/);
  });

  it.each([
    'http://data.pro.hasura.io',
    'https://u:p@data.pro.hasura.io',
    'https://127.1',
    'https://h.example/?a=b',
  ])('leaves it to the http client to refuse %s', async (apiUrl) => {
    expect(await rejection(driver.validateConnection({ ...credentials, apiUrl }))).toMatchObject({
      code: 'UNSAFE_URL',
    });
  });
});

describe('what Hasura Cloud takes', () => {
  const { capabilities } = hasuraCloud;

  it.each(['A', '_a', 'a1_B', '__proto__', 'HASURA_X'])('takes the key %s', (key) => {
    expect(capabilities.checkKey(key)).toBeUndefined();
  });

  it.each(['', '1A', 'A-B', 'A B', 'É', 'A\n'])('refuses the key %j', (key) => {
    expect(capabilities.checkKey(key)).toMatch(/letters/);
  });

  it('refuses values that no text can be, without quoting them', () => {
    expect(capabilities.checkValue('secret\0')).toMatch(/NUL/);
    expect(capabilities.checkValue('secret\ud800')).toMatch(/surrogate/);
    expect(capabilities.checkValue('secret\udc00\ud800')).not.toMatch(/secret/);
    for (const value of ['', '😀', 'a\nb', '{{x}}']) expect(capabilities.checkValue(value)).toBeUndefined();
  });

  it('imports, and keeps only keys that start with HASURA_ for itself', () => {
    expect(capabilities).toMatchObject({ import: true, writes: 'batch', reservedWritable: true });
    expect(
      ['HASURA_A', 'HASURA', 'hasura_a', 'A_HASURA_'].map((key) => capabilities.isReserved(key)),
    ).toEqual([true, false, false, false]);
    expect(driver.capabilities).toBe(capabilities);
  });
});
