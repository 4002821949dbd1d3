import assert, { AssertionError } from 'node:assert';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hasuraCloud } from '../../../src/drivers/hasura-cloud/index.js';
import { createHttpClient } from '../../../src/drivers/index.js';
import { qovery } from '../../../src/drivers/qovery/index.js';
import { SecretSyncEngine } from '../../../src/engine/secret-sync-engine.js';
import { SecretSyncService } from '../../../src/service/secret-sync-service.js';
import { composeSources } from '../../../src/sources/compose/index.js';
import { dotenvSource } from '../../../src/sources/dotenv/index.js';
import { infisicalSource } from '../../../src/sources/infisical/index.js';
import { memorySource } from '../../../src/sources/memory.js';
import { transformSource } from '../../../src/sources/transform.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import { captureOutput } from '../../../src/testing/leaks/captured-output.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';

const canaries = createCanaries(23);
const accessToken = canaries.tokens[0]?.text ?? '';
const clientSecret = canaries.tokens[1]?.text ?? '';
const value = canaries.values[0]?.text ?? '';

const infisical = () => infisicalSource({ clientId: 'id', clientSecret, projectId: 'p', environment: 'dev' });
const http = () =>
  createHttpClient({ endpoint: 'https://api.example.com', headers: { authorization: accessToken } });
const facts = { get: () => undefined, set: () => undefined, delete: () => undefined };
const engine = () =>
  new SecretSyncEngine({
    source: infisical(),
    drivers: [hasuraCloud({ accessToken }), qovery({ accessToken }), memoryDestination({ accessToken })],
    store: memoryStore(),
    fingerprintKey: `${accessToken}${clientSecret}`,
    connections: { one: { app: 'qovery', credentials: { accessToken } } },
  });

const FACTORIES: readonly (readonly [string, () => object])[] = [
  ['hasuraCloud', () => hasuraCloud({ accessToken })],
  ['qovery', () => qovery({ accessToken })],
  ['memoryDestination', () => memoryDestination({ accessToken })],
  [
    'a connection of hasuraCloud',
    () =>
      hasuraCloud().connect({
        credentials: { accessToken },
        config: { projectId: '6f0c2b1e-5a4d-4c6e-9d3b-0123456789ab' },
        http: http(),
        facts,
      }),
  ],
  [
    'a connection of qovery',
    () =>
      qovery().connect({
        credentials: { accessToken },
        config: { organizationId: 'o', projectId: 'p', variableType: 'secret' },
        http: http(),
        facts,
      }),
  ],
  ['createHttpClient', http],
  ['a client for one run', () => http().forRun({})],
  ['infisicalSource', infisical],
  ['dotenvSource', () => dotenvSource('.env')],
  ['memorySource', () => memorySource({ KEY: value })],
  ['composeSources', () => composeSources([infisical(), memorySource({ KEY: value })])],
  ['transformSource', () => transformSource(memorySource({ KEY: value }), {})],
  ['memoryStore', memoryStore],
  ['fileStore', () => fileStore(join(tmpdir(), 'never-written'))],
  ['SecretSyncEngine', engine],
  ['SecretSyncService', () => new SecretSyncService({ engine: engine(), store: memoryStore() })],
];

/** What a debugger shows of an object without being asked for more. */
async function previewOf(thing: object): Promise<unknown> {
  const session = new Session();
  session.connect();
  Reflect.set(globalThis, 'shown', thing);
  try {
    return await session.post('Runtime.evaluate', { expression: 'globalThis.shown', generatePreview: true });
  } finally {
    Reflect.deleteProperty(globalThis, 'shown');
    session.disconnect();
  }
}

describe.each(FACTORIES)('what %s makes', (_name, make) => {
  it('shows no credential to util.inspect, JSON.stringify, its own properties and their getters', () => {
    canaries.assertAbsent('the object', make());
  });

  it('shows no credential to console.dir and console.log', async () => {
    const printed = await captureOutput(async () => {
      console.dir(make(), { showHidden: true, depth: Infinity });
      console.log('%o %O %j', make(), make(), make());
    });
    // As the console does it, which is silent here.
    const shown = printed.map((things) =>
      inspect(things, { showHidden: true, depth: Infinity, customInspect: false }),
    );
    canaries.assertAbsent('the console', shown.join('\n'));
  });

  it('shows no credential in the diff of an assertion', () => {
    let message = '';
    try {
      assert.deepEqual(make(), { other: true });
    } catch (error) {
      message =
        error instanceof AssertionError ? `${error.message}${inspect(error, { depth: Infinity })}` : '';
    }
    expect(message).toContain('other');
    canaries.assertAbsent('the diff', message);
  });

  it('shows no credential in the preview of a debugger', async () => {
    const preview = await previewOf(make());
    expect(JSON.stringify(preview)).toContain('preview');
    canaries.assertAbsent('the preview', JSON.stringify(preview));
  });
});

it('the credentials of a driver can be read by name all the same, and not changed', () => {
  const { credentials } = qovery({ accessToken });
  expect(credentials?.accessToken).toBe(accessToken);
  expect(Object.keys(credentials ?? {})).toEqual([]);
  expect(() => Object.assign(credentials ?? {}, { accessToken: 'other' })).toThrow(TypeError);
});
