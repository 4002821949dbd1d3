import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasuraCloud } from '../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../src/drivers/qovery/index.js';
import { parseDefinition } from '../../src/engine/resolve/driver-registry.js';
import { memorySource } from '../../src/sources/memory.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
} from '../../src/testing/emulators/hasura-cloud/index.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import hasuraFixture from '../fixtures/hasura-cloud-create.json' with { type: 'json' };
import qoveryFixture from '../fixtures/qovery-create.json' with { type: 'json' };
import { createEngine, failure, subjectsOf } from '../support/engine.js';
import type { DefinitionInputFor } from '../../src/contracts/typed-definition.js';

const token = 'a-token-that-no-message-shows';
const connections = {
  shop: { app: 'hasura-cloud', credentials: { accessToken: token } },
  deploys: { app: 'qovery', credentials: { accessToken: token } },
};
const good = {
  name: 'nightly',
  destination: 'qovery',
  connectionId: 'deploys',
  destinationConfig: {
    organizationId: 'o',
    projectId: 'p',
    environmentId: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
  },
};
const drivers = [hasuraCloud(), qovery(), memoryDestination()] as const;
type Input = DefinitionInputFor<typeof drivers>;

/** What `plan` says of a definition that no compiler has looked at; it must not send or store anything. */
async function refusal(definition: object, code: Parameters<typeof failure>[1]) {
  let touched = 0;
  const touch = async () => {
    touched += 1;
    throw new Error('this must not be asked for a bad definition');
  };
  const { engine, events } = createEngine({
    source: { name: 'untouched', read: touch },
    drivers,
    connections,
    fetch: touch,
    store: { get: touch, put: touch, delete: touch, list: touch },
  });
  const input = definition as Input;
  const error = await failure(engine.plan(input), code);
  const calls = [
    () => engine.sync(input),
    () => engine.importSecrets(input),
    () => engine.removeSecrets(input),
    () => engine.release(input),
  ];
  for (const call of calls) expect((await failure(call(), code)).message).toBe(error.message);
  expect(touched).toBe(0);
  expect(events).toEqual([]);
  expect(error.message).not.toContain(token);
  return error;
}

describe('a wrong definition is refused before any request, with field and remedy', () => {
  it.each<[string, object, Parameters<typeof failure>[1], string, string]>([
    ['a name with capitals', { name: 'Nightly' }, 'INVALID_DEFINITION', 'name', 'a-z and 0-9'],
    ['a name with two dashes', { name: 'a--b' }, 'INVALID_DEFINITION', 'name', 'single dashes'],
    ['a name that is empty', { name: '' }, 'INVALID_DEFINITION', 'name', 'slug'],
    ['a name that is too long', { name: 'a'.repeat(257) }, 'INVALID_DEFINITION', 'name', '256'],
    ['no name', { name: undefined }, 'INVALID_DEFINITION', 'name', 'missing; set it'],
    ['a long description', { description: 'x'.repeat(257) }, 'INVALID_DEFINITION', 'description', '256'],
    [
      'a destination that nobody knows',
      { destination: 'heroku' },
      'UNKNOWN_DESTINATION',
      'destination',
      '"hasura-cloud", "memory", "qovery"',
    ],
    ['no destination', { destination: undefined }, 'INVALID_DEFINITION', 'destination', 'missing; set it'],
    [
      'an unknown connection',
      { connectionId: 'elsewhere' },
      'UNKNOWN_CONNECTION',
      'connectionId',
      '"deploys", "shop"',
    ],
    [
      'a connection named like a property of all objects',
      { connectionId: 'constructor' },
      'UNKNOWN_CONNECTION',
      'connectionId',
      'known are',
    ],
    [
      'no connection where the driver has no credentials',
      { connectionId: undefined },
      'UNKNOWN_CONNECTION',
      'connectionId',
      'name a connection here',
    ],
    [
      'a connection of another app',
      { connectionId: 'shop' },
      'CONNECTION_MISMATCH',
      'connectionId',
      'for "hasura-cloud", not for "qovery"',
    ],
    [
      'a missing config field',
      { destinationConfig: { organizationId: 'o' } },
      'INVALID_DEFINITION',
      'destinationConfig.projectId',
      'projectId',
    ],
    [
      'an unknown config field',
      { destinationConfig: { ...good.destinationConfig, env: 'x' } },
      'INVALID_DEFINITION',
      'destinationConfig.env',
      'remove it',
    ],
    [
      'a config id that climbs',
      { destinationConfig: { organizationId: 'o', projectId: '../p' } },
      'INVALID_DEFINITION',
      'destinationConfig.projectId',
      'projectId',
    ],
    [
      'no config',
      { destinationConfig: undefined },
      'INVALID_DEFINITION',
      'destinationConfig',
      'destinationConfig',
    ],
    ['an unknown field', { schedule: 'daily' }, 'INVALID_DEFINITION', 'schedule', 'remove it'],
    [
      'an unknown sync option',
      { syncOptions: { dryRun: true } },
      'INVALID_DEFINITION',
      'syncOptions.dryRun',
      'remove it',
    ],
    [
      'an unknown behaviour',
      { syncOptions: { initialSyncBehavior: 'merge' } },
      'INVALID_DEFINITION',
      'syncOptions.initialSyncBehavior',
      '"overwrite-destination"',
    ],
    [
      'an unknown scope',
      { syncOptions: { deletionScope: 'all' } },
      'INVALID_DEFINITION',
      'syncOptions.deletionScope',
      '"owned"',
    ],
    [
      'a ratio above one',
      { syncOptions: { maxDeletions: { ratio: 50 } } },
      'INVALID_DEFINITION',
      'syncOptions.maxDeletions.ratio',
      '0 to 1',
    ],
    [
      'a schema without the key',
      { syncOptions: { keySchema: 'APP_' } },
      'INVALID_KEY_SCHEMA',
      'syncOptions.keySchema',
      '{{secretKey}}',
    ],
    [
      'a schema with the key twice',
      { syncOptions: { keySchema: '{{secretKey}}{{secretKey}}' } },
      'INVALID_KEY_SCHEMA',
      'syncOptions.keySchema',
      'exactly once',
    ],
    [
      'a schema with an unknown placeholder',
      { syncOptions: { keySchema: '{{secretKey}}_{{team}}' } },
      'INVALID_KEY_SCHEMA',
      'syncOptions.keySchema',
      '{{team}}',
    ],
    [
      'a schema with an environment that is not given',
      { syncOptions: { keySchema: '{{environment}}_{{secretKey}}' } },
      'INVALID_KEY_SCHEMA',
      'syncOptions.keySchema',
      'environment',
    ],
    ['a switch that is text', { isEnabled: 'no' }, 'INVALID_DEFINITION', 'isEnabled', 'true or false'],
  ])('%s', async (_what, change, code, path, remedy) => {
    const error = await refusal({ ...good, ...change }, code);
    expect([...new Set(subjectsOf(error))]).toEqual([path]);
    expect(error.message).toContain(remedy);
  });

  it('with all of its problems in one error', async () => {
    const definition = {
      name: 'Not A Slug',
      destination: 'qovery',
      connectionId: 'elsewhere',
      colour: 'red',
      destinationConfig: { organizationId: 'o', variableType: 'note' },
      syncOptions: { keySchema: 'APP_', initialSyncBehavior: 'merge' },
    };
    const error = await refusal(definition, 'INVALID_DEFINITION');
    expect(subjectsOf(error)).toEqual([
      'colour',
      'connectionId',
      'destinationConfig.projectId',
      'destinationConfig.variableType',
      'name',
      'syncOptions.initialSyncBehavior',
      'syncOptions.keySchema',
    ]);
    for (const part of subjectsOf(error)) expect(error.message).toContain(part);
  });

  it('also where the connection is of another app and something else is wrong', async () => {
    const error = await refusal({ ...good, name: 'A', connectionId: 'shop' }, 'INVALID_DEFINITION');
    expect(error.problems?.map(({ code }) => code).sort()).toEqual([
      'CONNECTION_MISMATCH',
      'INVALID_DEFINITION',
    ]);
  });

  it('also where no connection is named, the driver has no credentials, and something else is wrong', async () => {
    const error = await refusal({ ...good, name: 'A', connectionId: undefined }, 'INVALID_DEFINITION');
    expect(error.problems?.map(({ code }) => code).sort()).toEqual([
      'INVALID_DEFINITION',
      'UNKNOWN_CONNECTION',
    ]);
  });

  it.each(['null', '"nightly"', '7', '[]', '{}'])(
    'also where it is no object with fields: %s',
    async (text) => {
      const { engine } = createEngine({ source: memorySource(), drivers });
      await failure(engine.plan(JSON.parse(text) as Input), 'INVALID_DEFINITION');
    },
  );
});

describe('connections', () => {
  let hasura: HasuraCloudEmulator;
  let deploys: QoveryEmulator;
  beforeAll(async () => {
    hasura = await startHasuraCloudEmulator();
    deploys = await startQoveryEmulator();
  });
  afterAll(async () => {
    await hasura.close();
    await deploys.close();
  });

  it('let the body of the create call for Hasura Cloud pass as it stands, with its destination added', async () => {
    hasura.addProject({ id: hasuraFixture.destinationConfig.projectId, name: 'My Hasura Project' });
    const { engine } = createEngine({
      source: memorySource({ A: '1' }),
      drivers: [hasuraCloud(), qovery()],
      connections: {
        [hasuraFixture.connectionId]: {
          app: 'hasura-cloud',
          credentials: { accessToken: hasura.accessToken, apiUrl: hasura.url },
        },
      },
    });
    const parsed = parseDefinition({ ...hasuraFixture, destination: 'hasura-cloud' }, drivers);
    const result = await engine.sync({
      ...parsed,
      destination: 'hasura-cloud',
      destinationConfig: hasuraFixture.destinationConfig,
    });
    expect(result.status).toBe('succeeded');
    expect(hasura.environment(hasuraFixture.destinationConfig.projectId)).toEqual(new Map([['A', '1']]));
  });

  it('let the body of the create call for Qovery pass as it stands, with its destination added', async () => {
    const { organizationId, projectId, environmentId } = qoveryFixture.destinationConfig;
    deploys.addOrganization({ id: organizationId, name: 'My Organization' });
    deploys.addProject({ id: projectId, name: 'Development Project', organizationId });
    deploys.addEnvironment({ id: environmentId, name: 'Development', projectId });
    const driver = qovery();
    const { engine } = createEngine({
      source: memorySource({ A: '1' }),
      drivers: [hasuraCloud(), driver],
      connections: async (connectionId) =>
        connectionId === qoveryFixture.connectionId
          ? { app: 'qovery', credentials: { accessToken: deploys.accessToken, instanceUrl: deploys.url } }
          : undefined,
    });
    const result = await engine.sync(parseDefinition({ ...qoveryFixture, destination: 'qovery' }, [driver]));
    expect(result.status).toBe('succeeded');
    expect(deploys.find('A')).toMatchObject({ value: '1', is_secret: true, parent_id: environmentId });
  });

  it.each([null, 'a string', 7, false])('that come back as %j are unknown', async (found) => {
    const { engine } = createEngine({
      source: memorySource(),
      drivers: [qovery()],
      connections: () => found as unknown as undefined,
    });
    await failure(engine.plan(parseDefinition(good, [qovery()])), 'UNKNOWN_CONNECTION');
  });

  it('with credentials that are not well-formed are refused without showing them', async () => {
    const { engine } = createEngine({
      source: memorySource(),
      drivers: [qovery()],
      connections: { deploys: { app: 'qovery', credentials: { accessToken: `${token}\n`, region: 'eu' } } },
    });
    const definition = parseDefinition(good, [qovery()]);
    const error = await failure(engine.plan(definition), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(['credentials.accessToken', 'credentials.region']);
    expect(error.message).toContain('The credentials of the connection "deploys" for the driver "qovery"');
    expect(error.message).not.toContain(token);
  });

  it.each([
    'http://api.example.com',
    'https://user:pass@api.example.com',
    'https://127.1',
    'https://0x7f000001',
    'https://[::ffff:10.0.0.1]',
    'https://169.254.169.254',
    'https://localhost.',
  ])('to %s are refused before anything is sent', async (instanceUrl) => {
    let sent = 0;
    const { engine } = createEngine({
      source: memorySource(),
      drivers: [qovery({ accessToken: token, instanceUrl })],
      allowPrivateNetwork: false,
      fetch: async () => {
        sent += 1;
        return Response.json({ results: [] });
      },
    });
    const definition = parseDefinition({ ...good, connectionId: undefined }, [qovery()]);
    const error = await failure(engine.plan(definition), 'UNSAFE_URL');
    expect(error.message).not.toMatch(/pass@|a-token/);
    expect(sent).toBe(0);
  });

  it('that cannot be looked up fail with an error that shows nothing of the cause', async () => {
    const { engine } = createEngine({
      source: memorySource(),
      drivers: [qovery()],
      connections: () => Promise.reject(new Error(`vault said no to ${token}`)),
    });
    const error = await failure(engine.plan(parseDefinition(good, [qovery()])), 'UNKNOWN_CONNECTION');
    expect(error.message).toContain('"deploys"');
    expect(error.message).not.toContain(token);
  });
});

describe('a disabled sync', () => {
  const disabled = () => {
    const destination = memoryDestination();
    destination.set('A', '0');
    const definition = {
      name: 'nightly',
      destination: 'memory',
      destinationConfig: {},
      isEnabled: false,
    } as const;
    return {
      ...createEngine({ source: memorySource({ A: '1' }), drivers: [destination] }),
      destination,
      definition,
    };
  };

  it('is planned all the same', async () => {
    const { engine, definition } = disabled();
    expect((await engine.plan(definition)).summary.update).toBe(1);
  });

  it('answers SYNC_DISABLED to sync, apply and importSecrets, before any request', async () => {
    const { engine, definition, destination } = disabled();
    const plan = await engine.plan(definition);
    destination.clearCalls();
    await failure(engine.sync(definition), 'SYNC_DISABLED');
    await failure(engine.apply(plan), 'SYNC_DISABLED');
    await failure(engine.importSecrets(definition), 'SYNC_DISABLED');
    expect(destination.calls).toEqual([]);
  });

  it('can be removed', async () => {
    const { engine, definition, destination } = disabled();
    await engine.sync({ ...definition, isEnabled: true });
    await engine.removeSecrets(definition);
    expect(destination.values()).toEqual(new Map());
  });
});
