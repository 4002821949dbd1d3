import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import {
  changeEnvironment,
  checkToken,
  findEndpoint,
  findProject,
  getEnvironment,
  getProjects,
} from '../../../src/drivers/hasura-cloud/wire.js';
import { failure } from '../../support/engine.js';
import { scriptedClient } from '../scripted-client.js';

const ID = '3f2a1b4c-0000-4000-8000-000000000001';
const { signal } = new AbortController();
const target = { tenantId: ID, currentHash: 'h1' };
const setting = { envs: [{ key: 'A', value: new SecretValue('1') }] };

describe('the requests to Hasura Cloud', () => {
  it.each([
    ['look up the tenant of the project', 'projects_by_pk', null, findProject],
    ['look up the endpoint of the project', 'projects_by_pk', null, findEndpoint],
    ['read the environment of the project', 'getTenantEnv', null, getEnvironment],
  ] as const)('to %s can be repeated, and end with their signal', async (operation, field, data, ask) => {
    const { client, requests } = scriptedClient([{ data: { data: { [field]: data } } }]);
    expect(await ask(client, ID, signal)).toBeNull();
    expect(requests).toMatchObject([{ operation, method: 'POST', repeatable: true }]);
    expect(requests[0]?.signal).toBe(signal);
  });

  it.each([
    ['list the projects', getProjects],
    ['check the access token', checkToken],
  ] as const)('to %s can be repeated, and have no signal of their own', async (operation, ask) => {
    const { client, requests } = scriptedClient([{ data: { data: { projects: [] } } }]);
    await ask(client);
    expect(requests).toMatchObject([{ operation, method: 'POST', repeatable: true }]);
    expect(requests[0]).not.toHaveProperty('signal');
  });

  it.each([
    ['set the variables of the project', 'updateTenantEnv', setting],
    ['delete the variables of the project', 'deleteTenantEnv', { deleteEnvs: ['A'] }],
  ] as const)('to %s are sent once', async (operation, field, changes) => {
    const { client, requests } = scriptedClient([{ data: { data: { [field]: { hash: 'h2' } } } }]);
    expect(await changeEnvironment(client, target, changes, signal)).toBe('h2');
    expect(requests).toMatchObject([{ operation, method: 'POST', repeatable: false }]);
    expect(requests[0]?.signal).toBe(signal);
  });
});

describe('a response of another shape', () => {
  const shape = 'the response has another shape than expected. Check the URL.';

  it.each([
    [{}],
    [{ data: null }],
    [{ data: { projects: {} } }],
    [{ data: { projects: [{ id: 1, name: 'a' }] } }],
  ])('to a query has written nothing: %j', async (data) => {
    const error = await failure(getProjects(scriptedClient([{ data }]).client), 'INVALID_RESPONSE');
    expect(error).toMatchObject({ status: 200, maybeWritten: false });
    expect(error.message).toBe(`Could not list the projects: ${shape}`);
  });

  it('to a mutation may have written', async () => {
    const { client } = scriptedClient([{ data: { data: { updateTenantEnv: {} } } }]);
    const error = await failure(changeEnvironment(client, target, setting, signal), 'INVALID_RESPONSE');
    expect(error).toMatchObject({ status: 200, maybeWritten: true });
    expect(error.message).toBe(`Could not set the variables of the project: ${shape}`);
  });

  it.each([[[]], [null], [false], [undefined]])('is none for errors of %j', async (errors) => {
    const { client } = scriptedClient([{ data: { data: { projects: [] }, errors } }]);
    expect(await getProjects(client)).toEqual([]);
  });

  it.each([[[{ message: 'no' }]], ['no'], [{}]])('counts less than errors of %j', async (errors) => {
    const { client } = scriptedClient([{ data: { data: { projects: [] }, errors } }]);
    await failure(getProjects(client), 'DESTINATION_REJECTED');
  });
});

describe('a request that fails', () => {
  const lost = new SecretSyncError('DESTINATION_UNAVAILABLE', 'It was lost.', { maybeWritten: true });

  it('has written nothing where it is a query', async () => {
    const error = await failure(
      getProjects(scriptedClient([{ error: lost }]).client),
      'DESTINATION_UNAVAILABLE',
    );
    expect(error.maybeWritten).toBe(false);
  });

  it('may have written where it is a mutation', async () => {
    const { client } = scriptedClient([{ error: lost }]);
    await expect(changeEnvironment(client, target, setting, signal)).rejects.toBe(lost);
  });

  it('by a mistake in the code, or an abort, fails as it is', async () => {
    const mistake = new TypeError('not a function');
    await expect(getProjects(scriptedClient([{ error: mistake }]).client)).rejects.toBe(mistake);
  });
});
