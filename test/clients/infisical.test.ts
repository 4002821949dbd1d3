import { InfisicalSDK } from '@infisical/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SyncDefinitionInput } from '../../src/contracts/definition.js';
import { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import { infisicalSource } from '../../src/sources/infisical/index.js';
import {
  startInfisicalEmulator,
  type InfisicalEmulator,
} from '../../src/testing/emulators/infisical/index.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import type { MemoryConfigInput } from '../../src/testing/memory-destination/types.js';

const PLACE = { projectId: 'project-1', environment: 'prod' } as const;
const APP = { ...PLACE, secretPath: '/app' };

let emulator: InfisicalEmulator;
let sdk: InfisicalSDK;
beforeEach(async () => {
  emulator = await startInfisicalEmulator();
  emulator.addProject({ id: PLACE.projectId, name: 'Shop' });
  emulator.addEnvironment({ projectId: PLACE.projectId, slug: PLACE.environment });
  sdk = new InfisicalSDK({ siteUrl: emulator.url });
  const { clientId, clientSecret } = emulator;
  await sdk.auth().universalAuth.login({ clientId, clientSecret });
  await sdk.folders().create({ ...PLACE, path: '/', name: 'app' });
});
afterEach(() => emulator.close());

/** An engine that syncs the folder of the app to a destination in memory. */
function syncOfApp() {
  const { clientId, clientSecret, url } = emulator;
  const source = infisicalSource({ clientId, clientSecret, siteUrl: url, allowPrivateNetwork: true });
  const destination = memoryDestination();
  const engine = new SecretSyncEngine({
    source,
    drivers: [destination],
    store: memoryStore(),
    allowPrivateNetwork: true,
  });
  const definition: SyncDefinitionInput<'memory', MemoryConfigInput> = {
    name: 'from-infisical',
    ...APP,
    destination: 'memory',
    destinationConfig: {},
    syncOptions: { deletionScope: 'matching', maxDeletions: { count: 10, ratio: 1 } },
  };
  return { destination, engine, definition };
}

const create = (key: string, secretValue: string, place = APP) =>
  sdk.secrets().createSecret(key, { ...place, secretValue });

const inAlphabet = (values: ReadonlyMap<string, string>) => [...values].sort();

/** What the SDK shows of the folder of the app. */
async function shownBySdk(): Promise<Record<string, string>> {
  const { secrets } = await sdk.secrets().listSecrets(APP);
  return Object.fromEntries(secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue]));
}

describe('what the official SDK writes to Infisical', () => {
  it('is what a sync then gives the destination: created, edited, renamed, and deleted secrets', async () => {
    const { destination, engine, definition } = syncOfApp();
    await create('KEPT', 'one');
    await create('EDITED', 'one');
    await create('RENAMED', 'one');
    await create('DELETED', 'one');
    await engine.sync(definition);
    expect(inAlphabet(destination.values())).toEqual([
      ['DELETED', 'one'],
      ['EDITED', 'one'],
      ['KEPT', 'one'],
      ['RENAMED', 'one'],
    ]);
    await sdk.secrets().updateSecret('EDITED', { ...APP, secretValue: 'two' });
    await sdk.secrets().updateSecret('RENAMED', { ...APP, newSecretName: 'NEW_NAME' });
    await sdk.secrets().deleteSecret('DELETED', APP);
    await engine.sync(definition);
    expect(inAlphabet(destination.values())).toEqual([
      ['EDITED', 'two'],
      ['KEPT', 'one'],
      ['NEW_NAME', 'one'],
    ]);
    expect((await engine.plan(definition)).summary).toMatchObject({ create: 0, update: 0, delete: 0 });
  });

  it('comes through a server that has the older routes alone, which the SDK uses anyway', async () => {
    emulator.configure({ secretsApi: 'v3' });
    const { destination, engine, definition } = syncOfApp();
    await create('KEY', 'value');
    await engine.sync(definition);
    expect(inAlphabet(destination.values())).toEqual([['KEY', 'value']]);
  });

  it('reaches the destination with references resolved, as the SDK shows them', async () => {
    const { destination, engine, definition } = syncOfApp();
    await create('HOST', 'db.example');
    await create('URL', 'postgres://${HOST}/shop');
    await engine.sync(definition);
    expect(destination.get('URL')).toBe('postgres://db.example/shop');
    const secret = await sdk.secrets().getSecret({ ...APP, secretName: 'URL' });
    expect(secret.secretValue).toBe(destination.get('URL'));
  });

  it('does not reach it where a change waits for approval', async () => {
    const { destination, engine, definition } = syncOfApp();
    await create('KEY', 'one');
    emulator.configure({ approvalPolicy: true });
    await sdk.secrets().updateSecret('KEY', { ...APP, secretValue: 'two' });
    await engine.sync(definition);
    expect(destination.get('KEY')).toBe('one');
    expect(emulator.approvals()).toHaveLength(1);
  });
});

describe('what an import writes to Infisical', () => {
  it('is what the official SDK then reads', async () => {
    const { destination, engine, definition } = syncOfApp();
    await create('BOTH', 'of the source');
    destination.set('BOTH', 'of the destination');
    destination.set('NEW', 'value');
    await engine.importSecrets(definition, { importBehavior: 'prioritize-destination' });
    expect(await shownBySdk()).toEqual({ BOTH: 'of the destination', NEW: 'value' });
  });
});

describe('imports of folders', () => {
  it('are read by both; of two that hold a key the last wins here, and the first in the SDK', async () => {
    const { destination, engine, definition } = syncOfApp();
    for (const name of ['first', 'last']) {
      await sdk.folders().create({ ...PLACE, path: '/', name });
      const folder = { ...PLACE, secretPath: `/${name}` };
      await sdk.secrets().createSecret('SHARED', { ...folder, secretValue: name });
      emulator.addImport(APP, folder);
    }
    await create('OWN', 'value');
    await engine.sync(definition);
    expect(inAlphabet(destination.values())).toEqual([
      ['OWN', 'value'],
      ['SHARED', 'last'],
    ]);
    const listed = await sdk.secrets().listSecretsWithImports(APP);
    expect(listed.find(({ secretKey }) => secretKey === 'SHARED')?.secretValue).toBe('first');
    const names = (await sdk.folders().listFolders({ ...PLACE, path: '/' })).map(({ name }) => name);
    expect(names).toEqual(['app', 'first', 'last']);
  });
});

describe('the token of the official SDK', () => {
  it('can be renewed, and is refused when it has ended', async () => {
    await sdk.auth().universalAuth.renew();
    await create('KEY', 'value');
    emulator.expireTokens();
    await expect(shownBySdk()).rejects.toThrow(/403/);
  });
});
