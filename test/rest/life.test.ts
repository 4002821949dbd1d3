import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasuraCloud } from '../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../src/drivers/qovery/index.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
} from '../../src/testing/emulators/hasura-cloud/index.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { folderSource } from '../service/support.js';
import { createApi, secretSyncOf, SYNCS, type Api } from './support.js';

const fixtureText = (name: string) =>
  readFileSync(new URL(`../fixtures/${name}-create.json`, import.meta.url), 'utf8');
const fixture = (name: string) => JSON.parse(fixtureText(name)) as Record<string, unknown>;

// Part of what CI needs of the machine; without it, the same requests are sent by the other tests.
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** The documented sample response of the reference, by the type of each field. */
const nullable = (type: string) => [type, 'object:null'];
const SHAPE: Readonly<Record<string, string | readonly string[]>> = {
  id: 'string',
  name: 'string',
  description: 'string',
  isEnabled: 'boolean',
  isAutoSyncEnabled: 'boolean',
  version: 'number',
  folderId: nullable('string'),
  connectionId: 'string',
  createdAt: 'string',
  updatedAt: 'string',
  syncStatus: 'string',
  lastSyncJobId: 'string',
  lastSyncMessage: nullable('string'),
  lastSyncedAt: 'string',
  importStatus: nullable('string'),
  lastImportJobId: nullable('string'),
  lastImportMessage: nullable('string'),
  lastImportedAt: nullable('string'),
  removeStatus: nullable('string'),
  lastRemoveJobId: nullable('string'),
  lastRemoveMessage: nullable('string'),
  lastRemovedAt: nullable('string'),
  syncOptions: 'object',
  projectId: 'string',
  connection: 'object',
  environment: 'object',
  folder: 'object',
  destination: 'string',
  destinationConfig: 'object',
};

/** Every field of the sample response is there, with its type; in the response to the create some are not known yet. */
function expectSample(record: Record<string, unknown>, mayBeNull = false): void {
  for (const [field, type] of Object.entries(SHAPE)) {
    const actual = record[field] === null ? 'object:null' : typeof record[field];
    const types = [type].flat();
    expect(mayBeNull ? [...types, 'object:null'] : types, field).toContain(actual);
  }
}

let hasura: HasuraCloudEmulator;
let qoveryEmulator: QoveryEmulator;
beforeEach(async () => {
  hasura = await startHasuraCloudEmulator();
  qoveryEmulator = await startQoveryEmulator();
});
afterEach(async () => {
  await hasura.close();
  await qoveryEmulator.close();
});

/** Where the sample requests point to. */
async function prepare(destination: 'hasura-cloud' | 'qovery') {
  const request = fixture(destination);
  const config = request['destinationConfig'] as Record<string, string>;
  const folders = folderSource({ watchable: false });
  folders.set('/my-secrets', 'API_KEY', 'the-first-secret');
  const credentials =
    destination === 'qovery'
      ? { accessToken: qoveryEmulator.accessToken, instanceUrl: qoveryEmulator.url }
      : { accessToken: hasura.accessToken, apiUrl: hasura.url };
  const api: Api = await createApi({
    drivers: [hasuraCloud(), qovery()],
    source: folders.source,
    connections: { [String(request['connectionId'])]: { app: destination, credentials } },
  });
  const { organizationId = '', projectId = '', environmentId = '' } = config;
  if (destination === 'qovery') {
    qoveryEmulator.addOrganization({ id: organizationId, name: 'My Organization' });
    qoveryEmulator.addProject({ id: projectId, name: 'Development Project', organizationId });
    qoveryEmulator.addEnvironment({ id: environmentId, name: 'Development', projectId });
  } else hasura.addProject({ id: projectId, name: 'My Hasura Project' });
  const value = (key: string): unknown =>
    destination === 'qovery' ? qoveryEmulator.find(key)?.value : hasura.environment(projectId).get(key);
  return { api, request, config, folders, value };
}

describe.each(['hasura-cloud', 'qovery'] as const)('the API, for the sample request of %s', (destination) => {
  it('keeps a record from its creation to its deletion', async () => {
    const { api, request, config, folders, value } = await prepare(destination);
    const { call, service } = api;
    const root = `${SYNCS}/${destination}`;

    const created = secretSyncOf(await call('POST', root, { body: request }));
    expect(created).toMatchObject({ name: request['name'], version: 1, syncStatus: 'pending' });
    await service.whenIdle();
    const path = `${root}/${created.id}`;
    const first = secretSyncOf(await call('GET', path));
    expectSample(first);
    const { syncOptions, ...rest } = request as { syncOptions: object };
    const { environment, secretPath, ...same } = rest as Record<string, unknown>;
    expect(first).toMatchObject({
      ...same,
      syncOptions,
      syncStatus: 'succeeded',
      destination,
      destinationConfig: config,
      connection: { app: destination, id: request['connectionId'] },
      environment: { slug: environment },
      folder: { path: secretPath },
    });
    expect(value('API_KEY')).toBe('the-first-secret');

    folders.set('/my-secrets', 'API_KEY', 'the-second-secret');
    const { body } = await call('POST', `${path}/plan`);
    expect(body).toMatchObject({ plan: { applicable: true, summary: { update: 1 } } });
    expect(value('API_KEY')).toBe('the-first-secret');
    secretSyncOf(await call('POST', `${path}/sync-secrets`));
    await service.whenIdle();
    expect(value('API_KEY')).toBe('the-second-secret');

    const change = { description: 'changed', syncOptions: { autoSyncEnabled: false }, expectedVersion: 1 };
    expect(secretSyncOf(await call('PATCH', path, { body: change }))).toMatchObject({
      version: 2,
      description: 'changed',
      isAutoSyncEnabled: false,
    });
    expect((await call('PATCH', path, { body: change })).status).toBe(409);

    const name = String(request['name']);
    const project = `projectId=${String(request['projectId'])}`;
    expect(secretSyncOf(await call('GET', `${root}/sync-name/${name}?${project}`)).id).toBe(created.id);
    for (const list of [`${SYNCS}?${project}`, `${root}/?${project}`, `${SYNCS}/?${project}`])
      expect((await call('GET', list)).body).toMatchObject({ secretSyncs: [{ id: created.id }] });
    expect((await call('GET', `${root}?projectId=another`)).body).toEqual({ secretSyncs: [] });

    expect(secretSyncOf(await call('DELETE', `${path}?removeSecrets=true`)).id).toBe(created.id);
    expect(value('API_KEY')).toBeUndefined();
    expect((await call('GET', path)).status).toBe(404);
  });

  it.skipIf(!hasCurl)('takes it from curl as it stands, but for host and token', async () => {
    const { api, request } = await prepare(destination);
    const listener = getRequestListener(api.handler.fetch);
    const server = createServer((incoming, response) => void listener(incoming, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${SYNCS}/${destination}`;
    const curl = async (...given: readonly string[]) => {
      const { stdout } = await promisify(execFile)('curl', ['--silent', '--show-error', '--fail', ...given]);
      return (JSON.parse(stdout) as { readonly secretSync: Record<string, unknown> }).secretSync;
    };
    try {
      const headers = [
        '--header',
        'Authorization: Bearer token',
        '--header',
        'Content-Type: application/json',
      ];
      const body = fixtureText(destination);
      const created = await curl('--request', 'POST', '--url', url, ...headers, '--data', body);
      expectSample(created, true);
      expect(created).toMatchObject({ name: request['name'], destination, version: 1 });
      await api.service.whenIdle();
      const read = await curl('--request', 'GET', '--url', `${url}/${String(created['id'])}`, ...headers);
      expectSample(read);
      expect(read['syncStatus']).toBe('succeeded');
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

describe('the API', () => {
  it('imports into the source, and removes what was written', async () => {
    const project = hasura.addProject({ name: 'shop', environment: { OLD: 'from-there' } });
    const folders = folderSource({ watchable: false });
    folders.set('/', 'A', '1');
    const { call, service } = await createApi({
      drivers: [hasuraCloud({ accessToken: hasura.accessToken, apiUrl: hasura.url })],
      source: folders.source,
    });
    const root = `${SYNCS}/hasura-cloud`;
    const body = { name: 'shop', isEnabled: false, destinationConfig: { projectId: project.id } };
    const { id } = secretSyncOf(await call('POST', root, { body }));
    expect((await call('POST', `${root}/${id}/sync-secrets`)).status).toBe(409);
    await call('PATCH', `${root}/${id}`, { body: { isEnabled: true } });
    await service.whenIdle();
    await call('POST', `${root}/${id}/import-secrets?importBehavior=prioritize-destination`);
    await service.whenIdle();
    expect(folders.folder('/').get('OLD')).toBe('from-there');
    await call('PATCH', `${root}/${id}`, { body: { isEnabled: false } });
    secretSyncOf(await call('POST', `${root}/${id}/remove-secrets`, { body: { confirmDeletions: 2 } }));
    await service.whenIdle();
    expect(secretSyncOf(await call('GET', `${root}/${id}`))).toMatchObject({ removeStatus: 'succeeded' });
    expect([...hasura.environment(project.id).keys()]).not.toContain('A');
  });

  it('lists destinations, what a connection can see, and duplicates', async () => {
    const organization = qoveryEmulator.addOrganization({ name: 'acme' });
    const project = qoveryEmulator.addProject({ name: 'shop', organizationId: organization.id });
    const environment = qoveryEmulator.addEnvironment({ name: 'production', projectId: project.id });
    const credentials = { accessToken: qoveryEmulator.accessToken, instanceUrl: qoveryEmulator.url };
    const { call, service } = await createApi({
      drivers: [hasuraCloud({ accessToken: hasura.accessToken, apiUrl: hasura.url }), qovery()],
      connections: {
        q: { app: 'qovery', credentials },
        h: { app: 'hasura-cloud', credentials: { accessToken: hasura.accessToken, apiUrl: hasura.url } },
      },
    });
    expect((await call('GET', `${SYNCS}/options`)).body).toEqual({
      secretSyncOptions: [
        {
          name: 'Hasura Cloud',
          destination: 'hasura-cloud',
          connection: 'hasura-cloud',
          canImportSecrets: true,
          canRemoveSecretsOnDeletion: true,
        },
        {
          name: 'Qovery',
          destination: 'qovery',
          connection: 'qovery',
          canImportSecrets: false,
          canRemoveSecretsOnDeletion: true,
        },
      ],
    });
    const apps = '/api/v1/app-connections';
    const organizations = await call('GET', `${apps}/qovery/q/organizations`);
    expect(organizations.body).toContainEqual({ id: organization.id, name: 'acme' });
    const below = `${apps}/qovery/q/organizations/${organization.id}/projects`;
    expect((await call('GET', below)).body).toEqual([{ id: project.id, name: 'shop' }]);
    const environments = `${apps}/qovery/q/projects/${project.id}/environments`;
    expect((await call('GET', environments)).body).toEqual([{ id: environment.id, name: 'production' }]);
    expect((await call('GET', `${apps}/hasura-cloud/h/projects`)).status).toBe(200);
    expect(await call('GET', `${apps}/qovery/h/organizations`)).toMatchObject({
      status: 400,
      body: { error: 'CONNECTION_MISMATCH' },
    });
    expect((await call('GET', `${apps}/qovery/none/organizations`)).status).toBe(400);

    const destinationConfig = { organizationId: organization.id, projectId: project.id };
    const { id } = secretSyncOf(
      await call('POST', `${SYNCS}/qovery`, {
        body: { name: 'one', projectId: 'p-1', connectionId: 'q', isEnabled: false, destinationConfig },
      }),
    );
    const check = (body: object) => call('POST', `${SYNCS}/qovery/check-destination`, { body });
    const asked = { destinationConfig, connectionId: 'q', projectId: 'p-2' };
    expect((await check(asked)).body).toEqual({ hasDuplicate: true, duplicateProjectId: 'p-1' });
    const variables = { ...asked, destinationConfig: { ...destinationConfig, variableType: 'variable' } };
    expect((await check(variables)).body).toMatchObject({ hasDuplicate: true });
    expect((await check({ destinationConfig, excludeSyncId: id })).body).toEqual({ hasDuplicate: false });
    expect((await check({ destinationConfig: {}, connectionId: 'q' })).status).toBe(400);
    await service.whenIdle();
  });
});
