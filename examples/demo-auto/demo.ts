import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateFingerprintKey, SecretSyncEngine, type SyncDefinitionInput } from 'secret-sync-engine';
import { hasuraCloud } from 'secret-sync-engine/drivers/hasura-cloud';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { SecretSyncService } from 'secret-sync-engine/service';
import { infisicalSource } from 'secret-sync-engine/sources/infisical';
import { fileStore } from 'secret-sync-engine/stores/file';
import {
  startHasuraCloudEmulator,
  startInfisicalEmulator,
  startQoveryEmulator,
} from 'secret-sync-engine/testing';

// Emulators on this machine stand in for the three services; nothing leaves it.
const infisical = await startInfisicalEmulator({ events: 'pushed' });
const hasura = await startHasuraCloudEmulator();
const qoveryService = await startQoveryEmulator();
const directory = await mkdtemp(join(tmpdir(), 'secret-sync-demo-auto-'));

const readDefinition = async (name: string) =>
  JSON.parse(await readFile(new URL(name, import.meta.url), 'utf8')) as Omit<
    SyncDefinitionInput,
    'destination'
  >;

// What one would send to the service that this library is modelled on, with the destination named beside it.
const hasuraCreate = await readDefinition('hasura-cloud-create.json');
const qoveryCreate = await readDefinition('qovery-create.json');
const hasuraSync: SyncDefinitionInput = {
  ...hasuraCreate,
  destination: 'hasura-cloud',
  connectionId: 'hasura',
  // To show that an import is done once.
  syncOptions: { ...hasuraCreate.syncOptions, initialSyncBehavior: 'import-prioritize-source' },
};
const qoverySync: SyncDefinitionInput = { ...qoveryCreate, destination: 'qovery', connectionId: 'qovery' };

const folder = { projectId: hasuraSync.projectId ?? '', environment: 'dev', secretPath: '/my-secrets' };
infisical.addProject({ id: folder.projectId, name: 'Shop' });
infisical.addEnvironment({ projectId: folder.projectId, slug: 'dev', name: 'Development' });
infisical.addFolder(folder);
infisical.addSecret(folder, { key: 'DATABASE_URL', value: 'postgres://first' });
infisical.addSecret(folder, { key: 'SMTP_PASSWORD', value: 'first-password' });
hasura.addProject({
  id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
  name: 'My Hasura Project',
  environment: { LEGACY_FLAG: 'set-by-hand' },
});
qoveryService.addOrganization({ id: 'dev-organization-id', name: 'My Organization' });
qoveryService.addProject({
  id: 'dev-project-id',
  organizationId: 'dev-organization-id',
  name: 'Development Project',
});
qoveryService.addEnvironment({
  id: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
  projectId: 'dev-project-id',
  name: 'Development',
});

const say = (text: string) => console.log(text);
const heading = (text: string) => say(`\n== ${text} ==\n`);
const fingerprintKey = generateFingerprintKey();

/** A service over the same files: what a new process would have. */
function openService() {
  const engine = new SecretSyncEngine({
    source: infisicalSource({
      clientId: infisical.clientId,
      clientSecret: infisical.clientSecret,
      siteUrl: infisical.url,
      allowPrivateNetwork: true,
    }),
    drivers: [hasuraCloud(), qovery()],
    connections: {
      hasura: { app: 'hasura-cloud', credentials: { accessToken: hasura.accessToken, apiUrl: hasura.url } },
      qovery: {
        app: 'qovery',
        credentials: { accessToken: qoveryService.accessToken, instanceUrl: qoveryService.url },
      },
    },
    store: fileStore(join(directory, 'state')),
    fingerprintKey,
    allowPrivateNetwork: true,
  });
  let events = 0;
  const service = new SecretSyncService({
    engine,
    store: fileStore(join(directory, 'state')),
    autoSync: { debounce: 200 },
    onEvent(event) {
      events += 1;
      if (event.type === 'run-succeeded')
        say(
          `  ${event.name}: ${event.cause}, ${event.summary.applied} written, ${event.summary.imported} imported`,
        );
      if (event.type === 'run-failed' || event.type === 'source-failed')
        say(`  ${event.type}: ${event.message}`);
    },
  });
  return {
    service,
    /** Waits until the keys are the same everywhere, and nothing has happened for a while. */
    async settled(...keys: readonly string[]) {
      for (let before = -1; before !== events || !keys.every(isSettled);) {
        before = events;
        await sleep(800);
        await service.whenIdle();
      }
    },
  };
}

/** What was asked of the three services since the last time, as `mutation updateTenantEnv: 1`. */
function report(): void {
  for (const [name, emulator] of Object.entries({ infisical, hasura, qovery: qoveryService })) {
    const counts = new Map<string, number>();
    for (const { operation } of emulator.requests) counts.set(operation, (counts.get(operation) ?? 0) + 1);
    const told = Array.from(counts, ([operation, count]) => `${operation}: ${count}`).sort();
    say(`  ${name.padEnd(10)} ${told.length === 0 ? 'no request' : told.join(', ')}`);
    emulator.clearRequests();
  }
}

const valuesOf = (key: string) => ({
  source: infisical.secrets(folder).find((secret) => secret.key === key)?.value,
  atHasura: hasura.environment('f47ac10b-58cc-4372-a567-0e02b2c3d479').get(key),
  atQovery: qoveryService.find(key)?.value,
});

function isSettled(key: string): boolean {
  const { source, atHasura, atQovery } = valuesOf(key);
  return atHasura === source && atQovery === source;
}

function compare(key: string): void {
  const { source, atHasura, atQovery } = valuesOf(key);
  const verdict = (value: unknown) => (value === source ? 'as at the source' : 'DIFFERENT');
  say(`  ${key}: Hasura Cloud ${verdict(atHasura)}, Qovery ${verdict(atQovery)}`);
}

try {
  heading('1. Create both syncs: each starts its first run, and what only Hasura Cloud holds is imported');
  const first = openService();
  await first.service.start();
  for (const definition of [hasuraSync, qoverySync]) {
    const { name, syncStatus, environment } = await first.service.createSync(definition);
    say(`  ${name}: ${syncStatus ?? 'no run yet'}, of the environment ${environment?.name ?? 'unknown'}`);
  }
  await first.settled('DATABASE_URL', 'LEGACY_FLAG');
  for (const key of ['DATABASE_URL', 'LEGACY_FLAG']) compare(key);
  report();

  heading('2. Change a secret at the source: it arrives at both, with one mutation and one write');
  infisical.editSecret(folder, { key: 'SMTP_PASSWORD', value: 'second-password' });
  await first.settled('SMTP_PASSWORD');
  compare('SMTP_PASSWORD');
  report();

  heading('3. Stop, and start anew over the same files: nothing runs needlessly');
  await first.service.stop();
  const second = openService();
  await second.service.start();
  await second.settled();
  report();

  heading('4. Run the Hasura sync by hand: imports do not repeat');
  const { plan, summary } = await second.service.sync(hasuraSync.name);
  say(`  first sync: ${plan.isInitialSync}, imports: ${plan.imports.length}, written: ${summary.applied}`);
  report();

  heading('5. How they went');
  for (const { name, syncStatus, version, lastSyncMessage } of await second.service.listSyncs())
    say(`  ${name}: ${syncStatus ?? 'never'}, version ${version}, ${lastSyncMessage ?? 'no message'}`);
  await second.service.stop();
} finally {
  await Promise.all([infisical.close(), hasura.close(), qoveryService.close()]);
  await rm(directory, { recursive: true, force: true });
}
