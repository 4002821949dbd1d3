import nock from 'nock';
import { beforeEach, describe, expect, it } from 'vitest';
import { hasuraCloud } from '../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../src/drivers/qovery/index.js';
import { open, useOnlyNock } from './support.js';

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: unknown;
}

let sent: Sent[];

/** Headers of the connection, which the driver has no part in. */
const OF_THE_CONNECTION = [
  'accept-encoding',
  'accept-language',
  'connection',
  'sec-fetch-mode',
  'user-agent',
];

/** Answers one request of this method and path, and notes all that was sent. */
function answer(origin: string, method: string, path: string, status: number, body = '') {
  nock(origin)
    .intercept(path, method)
    .reply(function (uri, requestBody) {
      const headers = Object.entries(this.req.headers)
        .filter(([name]) => !OF_THE_CONNECTION.includes(name))
        .map(([name, value]) => `${name}: ${String(value)}`);
      sent.push({
        method: String(this.req.method),
        url: `${origin}${uri}`,
        headers: headers.sort(),
        body: requestBody,
      });
      return [status, body, { 'content-type': 'application/json' }];
    });
}

let slept: number[];
const wait = (isWaiting: boolean, changed: readonly string[] = ['A']) => ({
  changed,
  wait: isWaiting,
  signal: new AbortController().signal,
  sleep: (ms: number) => Promise.resolve(void slept.push(ms)),
});

useOnlyNock();
beforeEach(() => {
  [sent, slept] = [[], []];
});

describe('the requests after the writes of the Qovery driver', () => {
  const ORIGIN = 'https://api.qovery.com';
  const ENVIRONMENT = '00000000-0000-4000-8000-000000000003';
  const DEPLOY = `/environment/${ENVIRONMENT}/deploy`;
  const STATUS = `/environment/${ENVIRONMENT}/status`;
  const place = () =>
    open(
      qovery({ accessToken: 'api-token' }),
      { accessToken: 'api-token' },
      {
        organizationId: '00000000-0000-4000-8000-000000000001',
        projectId: '00000000-0000-4000-8000-000000000002',
        environmentId: ENVIRONMENT,
        variableType: 'secret',
      },
    ).connection;
  const asked = {
    method: 'POST',
    url: `${ORIGIN}${DEPLOY}`,
    headers: ['accept: application/json', 'authorization: Token api-token', 'host: api.qovery.com'],
    body: '',
  };
  const looked = {
    method: 'GET',
    url: `${ORIGIN}${STATUS}`,
    headers: asked.headers,
    body: '',
  };

  it('ask for a deployment with an empty body, and for nothing else where none is waited for', async () => {
    answer(ORIGIN, 'POST', DEPLOY, 202, '{"id":"1","state":"DEPLOYMENT_QUEUED"}');
    expect(await place().finish?.(wait(false))).toMatchObject({ status: 'started' });
    expect(sent).toEqual([asked]);
  });

  it('look at the state of the environment until it has been deployed', async () => {
    answer(ORIGIN, 'POST', DEPLOY, 202, '{"id":"1","state":"DEPLOYMENT_QUEUED"}');
    answer(ORIGIN, 'GET', STATUS, 200, '{"id":"1","state":"DEPLOYING"}');
    answer(ORIGIN, 'GET', STATUS, 200, '{"id":"1","state":"DEPLOYED"}');
    expect(await place().finish?.(wait(true))).toMatchObject({ status: 'succeeded' });
    expect(sent).toEqual([asked, looked, looked]);
    expect(slept).toEqual([5_000, 7_500]);
  });

  it('wait for a deployment that is in progress, and ask for one more after it', async () => {
    answer(ORIGIN, 'POST', DEPLOY, 409, '{"status":409,"error":"Conflict"}');
    answer(ORIGIN, 'GET', STATUS, 200, '{"id":"1","state":"DEPLOYED"}');
    answer(ORIGIN, 'POST', DEPLOY, 202, '{"id":"1","state":"DEPLOYMENT_QUEUED"}');
    expect(await place().finish?.(wait(false))).toMatchObject({ status: 'started' });
    expect(sent).toEqual([asked, looked, asked]);
  });
});

describe('the requests after the writes of the Hasura Cloud driver', () => {
  const ORIGIN = 'https://data.pro.hasura.io';
  const PROJECT = '3f2a1b4c-0000-4000-8000-000000000001';
  const place = () =>
    open(hasuraCloud({ accessToken: 'pat-token' }), { accessToken: 'pat-token' }, { projectId: PROJECT })
      .connection;

  it('are none where no restart is waited for', async () => {
    expect(await place().finish?.(wait(false))).toMatchObject({ status: 'started' });
    expect(sent).toEqual([]);
  });

  it('ask for the endpoint with the token, and for its health without it until it is healthy', async () => {
    const endpoint = 'https://shop.hasura.app/v1/graphql';
    answer(ORIGIN, 'POST', '/v1/graphql', 200, JSON.stringify({ data: { projects_by_pk: { endpoint } } }));
    answer('https://shop.hasura.app', 'GET', '/healthz', 503);
    answer('https://shop.hasura.app', 'GET', '/healthz', 503);
    answer('https://shop.hasura.app', 'GET', '/healthz', 200, 'OK');
    expect(await place().finish?.(wait(true))).toMatchObject({ status: 'succeeded' });
    const [first, ...others] = sent;
    expect(first).toEqual({
      method: 'POST',
      url: `${ORIGIN}/v1/graphql`,
      headers: [
        'accept: application/json',
        'authorization: pat pat-token',
        'content-type: application/json',
        'host: data.pro.hasura.io',
      ],
      body: {
        query: 'query endpoint($projectId: uuid!) { projects_by_pk(id: $projectId) { endpoint } }',
        variables: { projectId: PROJECT },
      },
    });
    const healthz = {
      method: 'GET',
      url: 'https://shop.hasura.app/healthz',
      headers: ['accept: application/json', 'host: shop.hasura.app'],
      body: '',
    };
    expect(others).toEqual([healthz, healthz, healthz]);
  });
});
