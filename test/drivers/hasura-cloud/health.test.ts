import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { awaitRestart } from '../../../src/drivers/hasura-cloud/health.js';
import { failure } from '../../support/engine.js';
import { scriptedClient, type Scripted } from '../scripted-client.js';

const PROJECT = '3f2a1b4c-0000-4000-8000-000000000001';
const unhealthy: Scripted = { error: new SecretSyncError('DESTINATION_UNAVAILABLE', 'It is down.') };
const healthy: Scripted = { data: undefined };
const endpointOf = (endpoint: unknown): Scripted => ({ data: { data: { projects_by_pk: { endpoint } } } });

async function restart(script: readonly Scripted[], { changed = ['A'], wait = true } = {}) {
  const { client, requests, anonymous } = scriptedClient(script);
  const slept: number[] = [];
  const outcome = await awaitRestart(client, PROJECT, {
    changed,
    wait,
    signal: new AbortController().signal,
    sleep: async (ms) => void slept.push(ms),
  });
  return { outcome, slept, anonymous, requests };
}

describe('awaitRestart', () => {
  it('asks for nothing where nobody waits', async () => {
    const { outcome, requests } = await restart([], { wait: false });
    expect(outcome).toEqual({ status: 'started', message: 'The project restarts by itself.' });
    expect(requests).toEqual([]);
  });

  it('asks the project until it is healthy, first after three seconds, then at most every fifteen', async () => {
    const downs = Array.from({ length: 5 }, () => unhealthy);
    const endpoint = 'https://shop.hasura.app/v1/graphql';
    const { outcome, slept, requests } = await restart([endpointOf(endpoint), ...downs, healthy]);
    expect(outcome).toEqual({ status: 'succeeded', message: 'The project has restarted and is healthy.' });
    expect(slept).toEqual([3_000, 4_500, 6_750, 10_125, 15_000, 15_000]);
    expect(requests[1]).toMatchObject({
      operation: 'ask the project whether it is healthy',
      method: 'GET',
      path: ['healthz'],
    });
  });

  it('has no patience where nothing was changed now', async () => {
    const endpoint = 'https://shop.hasura.app/v1/graphql';
    expect((await restart([endpointOf(endpoint), healthy], { changed: [] })).slept).toEqual([0]);
  });

  it.each([
    ['https://shop.hasura.app/v1/graphql', 'https://shop.hasura.app'],
    ['https://shop.hasura.app/v1/graphql//', 'https://shop.hasura.app'],
    ['https://shop.hasura.app/', 'https://shop.hasura.app'],
    ['https://shop.hasura.app/base', 'https://shop.hasura.app/base'],
    ['https://shop.hasura.app/v1/graphql/base', 'https://shop.hasura.app/v1/graphql/base'],
    ['https://shop.hasura.app//v1/graphql', 'https://shop.hasura.app/'],
  ])('asks, of the endpoint %s, below %s', async (endpoint, base) => {
    expect((await restart([endpointOf(endpoint), healthy])).anonymous).toEqual([base]);
  });

  it.each([
    ['no project', { data: { data: { projects_by_pk: null } } }],
    ['no endpoint', endpointOf(null)],
    ['an endpoint of no text', endpointOf('')],
    ['an endpoint that is no URL', endpointOf('shop')],
    ['an endpoint of another protocol', endpointOf('file:///etc')],
  ])('says that it can not be waited for where the API shows %s', async (_, response) => {
    const error = await failure(restart([response]), 'NOT_FOUND');
    expect(error.status).toBe(200);
    expect(error.message).toBe(
      `Hasura Cloud shows no endpoint of project ${PROJECT} to this access token, so that its restart can't be waited for; check the rights of the account, or use redeploy: "start".`,
    );
  });

  it('does not take a mistake in the code for a project that is down', async () => {
    const mistake = new TypeError('not a function');
    const script = [endpointOf('https://shop.hasura.app'), { error: mistake }];
    await expect(restart(script)).rejects.toBe(mistake);
  });

  it('ends with the reason of its signal', async () => {
    const { client } = scriptedClient([endpointOf('https://shop.hasura.app'), unhealthy]);
    const ended = new AbortController();
    const reason = new Error('the time is up');
    const sleep = async () => ended.abort(reason);
    const waiting = awaitRestart(client, PROJECT, {
      changed: ['A'],
      wait: true,
      signal: ended.signal,
      sleep,
    });
    await expect(waiting).rejects.toBe(reason);
  });
});
