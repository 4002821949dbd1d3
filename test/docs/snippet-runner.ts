// Runs snippets of the docs one after the other: node snippet-runner.mjs <file>...
// Each gets a world of its own: fresh emulators in place of the three services, an empty PostgreSQL, a directory with a
// .env file, and the globals that snippets take for granted. Prints what each of them printed, or threw, as JSON.
import type * as pglite from '@electric-sql/pglite';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { generateFingerprintKey, memoryStore, SecretSyncEngine } from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { SecretSyncService } from 'secret-sync-engine/service';
import { dotenvSource } from 'secret-sync-engine/sources/dotenv';
import {
  startHasuraCloudEmulator,
  startInfisicalEmulator,
  startQoveryEmulator,
} from 'secret-sync-engine/testing';

export interface SnippetRun {
  readonly output: string;
  readonly error?: string;
}

const ORGANIZATION = '0f4f2f6e-6c1c-4d0c-9a53-52d1ad2ab0aa';
const PROJECT = '6f1a3c0e-8f35-4a55-8d5e-1f6f5f0c7d10';
const ENVIRONMENT = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const HASURA_PROJECT = 'f47ac10b-58cc-4372-a567-0e02b2c3d479';
const INFISICAL_PROJECT = '7c1b9e0a-52f7-4a7e-9a0e-51f1f0f5b8aa';
const DOTENV = 'DATABASE_URL=postgres://db.shop.example/shop\nREDIS_URL=redis://cache.shop.example\n';

const platformFetch = globalThis.fetch;

// Not a part of the bundle: it looks for files of its own. The process starts in the project.
const requireHere = createRequire(join(process.cwd(), 'package.json'));

/** Starts the emulators, fills them, and hands requests to the real hosts to them. */
async function startWorld() {
  const hasura = await startHasuraCloudEmulator();
  const qoveryService = await startQoveryEmulator();
  const infisical = await startInfisicalEmulator();
  hasura.addProject({
    id: HASURA_PROJECT,
    name: 'Shop',
    environment: { APP_REDIS_URL: 'redis://old', APP_OLD_TOKEN: 'left over', GRAFANA_URL: 'of another team' },
  });
  qoveryService.addOrganization({ id: ORGANIZATION, name: 'Shop Ltd' });
  qoveryService.addProject({ id: PROJECT, organizationId: ORGANIZATION, name: 'Shop' });
  qoveryService.addEnvironment({ id: ENVIRONMENT, projectId: PROJECT, name: 'production' });
  for (const key of ['APP_REDIS_URL', 'APP_OLD_TOKEN', 'GRAFANA_TOKEN']) {
    qoveryService.addVariable({ key, value: 'set by hand', is_secret: true, parent_id: ENVIRONMENT });
  }
  const folder = { projectId: INFISICAL_PROJECT, environment: 'prod', secretPath: '/' };
  infisical.addProject({ id: INFISICAL_PROJECT, name: 'Shop' });
  infisical.addEnvironment({ projectId: INFISICAL_PROJECT, slug: 'prod', name: 'Production' });
  infisical.addSecret(folder, { key: 'DATABASE_URL', value: 'postgres://db.shop.example/shop' });
  infisical.addSecret(folder, { key: 'REDIS_URL', value: 'redis://cache.shop.example' });

  const hosts = new Map([
    ['https://data.pro.hasura.io', new URL(hasura.url).origin],
    ['https://api.qovery.com', new URL(qoveryService.url).origin],
    ['https://app.infisical.com', new URL(infisical.url).origin],
  ]);
  globalThis.fetch = (input, options) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const emulated = hosts.get(url.origin);
    const target = emulated === undefined ? url : new URL(`${url.pathname}${url.search}`, emulated);
    return platformFetch(input instanceof Request ? new Request(target, input) : target, options);
  };

  const directory = await mkdtemp(join(tmpdir(), 'secret-sync-snippet-'));
  await writeFile(join(directory, '.env'), DOTENV, { mode: 0o600 });
  await writeFile(join(directory, '.env.production'), 'REGION=eu\n', { mode: 0o600 });
  process.chdir(directory);

  const [fingerprintKey, previousFingerprintKey] = [generateFingerprintKey(), generateFingerprintKey()];
  const drivers = [qovery({ accessToken: qoveryService.accessToken })] as const;
  const source = dotenvSource('.env');
  const store = memoryStore();
  const engine = new SecretSyncEngine({ source, drivers, store, fingerprintKey });
  const sync = {
    name: 'nightly',
    destination: 'qovery',
    destinationConfig: { organizationId: ORGANIZATION, projectId: PROJECT, environmentId: ENVIRONMENT },
    syncOptions: { keySchema: 'APP_{{secretKey}}' },
  } as const;
  const service = new SecretSyncService({ engine, store });
  // Started for the few snippets that use it.
  let database: pglite.PGlite | undefined;
  Object.defineProperty(globalThis, 'database', {
    configurable: true,
    get() {
      const { PGlite } = requireHere('@electric-sql/pglite') as typeof pglite;
      return (database ??= new PGlite());
    },
  });
  Object.assign(globalThis, {
    accessToken: qoveryService.accessToken,
    hasuraAccessToken: hasura.accessToken,
    hasuraProjectId: HASURA_PROJECT,
    organizationId: ORGANIZATION,
    projectId: PROJECT,
    environmentId: ENVIRONMENT,
    fingerprintKey,
    previousFingerprintKey,
    clientId: infisical.clientId,
    clientSecret: infisical.clientSecret,
    infisicalProjectId: INFISICAL_PROJECT,
    text: JSON.stringify(sync),
    drivers,
    source,
    engine,
    service,
    sync,
    plan: await engine.plan(sync),
    notifyTeam: async () => undefined,
    loadConnection: async () => ({
      app: 'qovery',
      credentials: { accessToken: qoveryService.accessToken },
    }),
    readVault: async () => ({ REGION: 'eu' }),
    writeVault: async () => undefined,
  });
  Object.assign(process.env, {
    QOVERY_ACCESS_TOKEN: qoveryService.accessToken,
    QOVERY_ORGANIZATION_ID: ORGANIZATION,
    QOVERY_PROJECT_ID: PROJECT,
    QOVERY_ENVIRONMENT_ID: ENVIRONMENT,
    HASURA_ACCESS_TOKEN: hasura.accessToken,
    HASURA_PROJECT_ID: HASURA_PROJECT,
    INFISICAL_CLIENT_ID: infisical.clientId,
    INFISICAL_CLIENT_SECRET: infisical.clientSecret,
    INFISICAL_PROJECT_ID: INFISICAL_PROJECT,
    SECRET_SYNC_FINGERPRINT_KEY: fingerprintKey,
    STATE_DIRECTORY: join(directory, 'state'),
    APP_DATABASE_URL: 'postgres://db.shop.example/shop',
  });
  return async () => {
    await service.stop({ timeout: 0 });
    process.chdir(tmpdir());
    await Promise.all([hasura.close(), qoveryService.close(), infisical.close(), database?.close()]);
    await rm(directory, { recursive: true, force: true });
  };
}

const printed: string[] = [];
const print = (...values: unknown[]) =>
  void printed.push(values.map((one) => (typeof one === 'string' ? one : inspect(one))).join(' '));
for (const method of ['log', 'info', 'warn', 'error', 'table'] as const) console[method] = print;

const runs: SnippetRun[] = [];
for (const file of process.argv.slice(2)) {
  printed.length = 0;
  process.exitCode = 0;
  const end = await startWorld();
  let error: string | undefined;
  try {
    await import(pathToFileURL(file).href);
  } catch (thrown) {
    error = inspect(thrown);
  }
  await end();
  runs.push({ output: printed.join('\n'), ...(error === undefined ? {} : { error }) });
}
process.exitCode = 0;
process.stdout.write(JSON.stringify(runs));
