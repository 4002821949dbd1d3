import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qovery } from '../../src/drivers/qovery/index.js';
import { createRestHandler, type RestOptions } from '../../src/rest/index.js';
import { memorySource } from '../../src/sources/memory.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { createCanaries } from '../../src/testing/leaks/canaries.js';
import { defineSource } from '../../src/sources/define-source.js';
import { collectUnhandledRejections } from '../support/unhandled-rejections.js';
import { createApi, ORIGIN, SYNCS } from './support.js';

const canaries = createCanaries(13);
const [token] = canaries.tokens;
const apiToken = canaries.tokens.at(-1)?.text ?? '';
const secrets = Object.fromEntries(canaries.values.map(({ text }, index) => [`KEY_${index}`, text]));

let emulator: QoveryEmulator;
beforeAll(async () => {
  emulator = await startQoveryEmulator({ accessToken: token?.text ?? '' });
});
afterAll(() => emulator.close());

describe('the responses of the API', () => {
  it('hold no value, no token and no stack, in success and failure', async () => {
    const organization = emulator.addOrganization({ name: 'acme' });
    const project = emulator.addProject({ name: 'shop', organizationId: organization.id });
    const credentials = { accessToken: emulator.accessToken, instanceUrl: emulator.url };
    const api = await createApi({
      drivers: [qovery(credentials)],
      source: memorySource(secrets),
      connections: {
        q: { app: 'qovery', credentials },
        // The name of a field can be a secret that was put in the wrong place.
        broken: { app: 'qovery', credentials: { [apiToken]: apiToken, accessToken: 1 } },
        get fails(): never {
          throw new Error(apiToken);
        },
      },
      authorize: (request) => {
        if (request.headers.get('authorization') === null) throw new Error(apiToken);
        return request.headers.get('authorization') !== 'none';
      },
    });
    const root = `${SYNCS}/qovery`;
    const texts: string[] = [];
    const send = async (
      method: string,
      path: string,
      body?: unknown,
      authorization = `Bearer ${apiToken}`,
    ) => {
      const headers = authorization === '' ? {} : { authorization };
      const response = await api.send(method, path, { body, headers });
      const text = await response.text();
      texts.push(text, JSON.stringify([...response.headers]));
      return { status: response.status, text };
    };
    const destinationConfig = { organizationId: organization.id, projectId: project.id };
    const body = { name: 'shop', connectionId: 'q', destinationConfig };
    const created = await send('POST', root, body);
    expect(created.status).toBe(200);
    const { secretSync } = JSON.parse(created.text) as { secretSync: { id: string } };
    await api.service.whenIdle();
    const one = `${root}/${secretSync.id}`;
    for (const [method, path] of [
      ['GET', one],
      ['POST', `${one}/plan`],
      ['POST', `${one}/sync-secrets`],
      ['GET', '/api/v1/app-connections/qovery/q/organizations'],
      ['GET', '/api/v1/app-connections/qovery/broken/organizations'],
      ['GET', '/api/v1/app-connections/qovery/fails/organizations'],
      ['GET', SYNCS],
    ] as const)
      await send(method, path);
    await send('POST', root, { ...body, name: 'other', connectionId: 'broken' });
    await send('GET', one, undefined, '');
    await send('GET', one, undefined, 'none');
    emulator.setIntercept(() => ({ status: 500, body: { detail: apiToken } }));
    await send('POST', `${one}/plan`);
    emulator.setIntercept(undefined);
    expect(emulator.requests.length).toBeGreaterThan(5);
    for (const text of texts) {
      canaries.assertAbsent('a response', text);
      expect(text).not.toMatch(/\bat .*\.[jt]s:\d+/);
    }
  });

  it('say nothing of an error that is not ours, which onError gets', async () => {
    const thrown = new Error(`The token is ${apiToken}`);
    const told: unknown[] = [];
    const { service } = await createApi({ drivers: [qovery()] });
    const failing = new Proxy(service, {
      get: (target, name) =>
        name === 'listSyncs' ? () => Promise.reject(thrown) : (Reflect.get(target, name, target) as unknown),
    });
    const { fetch } = createRestHandler(failing, {
      authorize: () => true,
      onError: (error, { reqId }) => {
        told.push(error, reqId);
        throw new Error('the log is full');
      },
    });
    const response = await fetch(new Request(`${ORIGIN}${SYNCS}`));
    const text = await response.text();
    expect(response.status).toBe(500);
    canaries.assertAbsent('a response', text);
    expect(JSON.parse(text)).toMatchObject({ error: 'UNEXPECTED', reqId: told[1], details: [] });
    expect(told[0]).toBe(thrown);
  });

  it.each<readonly [what: string, status: number, authorize: RestOptions['authorize']]>([
    ['what authorize throws', 401, () => Promise.reject(new Error('no'))],
    ['an unexpected error', 500, () => true],
  ])('do not depend on an onError that rejects, told of %s', async (_what, status, authorize) => {
    const unhandled = collectUnhandledRejections();
    const { service } = await createApi({ drivers: [qovery()] });
    const failing = new Proxy(service, {
      get: (target, name) =>
        name === 'listSyncs'
          ? () => Promise.reject(new Error('odd'))
          : (Reflect.get(target, name, target) as unknown),
    });
    let told = 0;
    const { fetch } = createRestHandler(failing, {
      authorize,
      onError: async () => {
        told += 1;
        await Promise.reject(new Error('the log is away'));
      },
    });
    const response = await fetch(new Request(`${ORIGIN}${SYNCS}`));
    expect({ status: response.status, told, unhandled: await unhandled() }).toEqual({
      status,
      told: 1,
      unhandled: [],
    });
  });

  it('say why a source could not be read, in words of this library', async () => {
    const source = defineSource('vault', () => {
      throw new Error(apiToken);
    });
    const organization = emulator.addOrganization({ name: 'acme' });
    const project = emulator.addProject({ name: 'shop', organizationId: organization.id });
    const credentials = { accessToken: emulator.accessToken, instanceUrl: emulator.url };
    const api = await createApi({ drivers: [qovery(credentials)], source });
    const destinationConfig = { organizationId: organization.id, projectId: project.id };
    const response = await api.call('POST', `${SYNCS}/qovery`, {
      body: { name: 'shop', isEnabled: false, destinationConfig },
    });
    const { id } = response.body['secretSync'] as { id: string };
    const plan = await api.call('POST', `${SYNCS}/qovery/${id}/plan`);
    expect(plan).toMatchObject({ status: 502, body: { error: 'SOURCE_READ_FAILED' } });
    canaries.assertAbsent('a response', JSON.stringify(plan.body));
  });
});
