import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatPlan, generateFingerprintKey, SecretSyncEngine, type SyncPlan } from 'secret-sync-engine';
import { hasuraCloud } from 'secret-sync-engine/drivers/hasura-cloud';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { dotenvSource } from 'secret-sync-engine/sources/dotenv';
import { fileStore } from 'secret-sync-engine/stores/file';
import { startHasuraCloudEmulator, startQoveryEmulator, type Emulator } from 'secret-sync-engine/testing';

// Emulators on this machine stand in for both services; nothing leaves it.
const hasuraEmulator = await startHasuraCloudEmulator();
const qoveryEmulator = await startQoveryEmulator();
const directory = await mkdtemp(join(tmpdir(), 'secret-sync-demo-'));
const secretsFile = join(directory, '.env');

const project = hasuraEmulator.addProject({
  name: 'Shop',
  environment: { APP_OLD_API_KEY: 'of a service that was left', GRAFANA_URL: 'set by another team' },
  topLevel: { HASURA_GRAPHQL_ADMIN_SECRET: 'set by the platform' },
});
const organization = qoveryEmulator.addOrganization({ name: 'Shop Ltd' });
const shop = qoveryEmulator.addProject({ organizationId: organization.id, name: 'Shop' });
const production = qoveryEmulator.addEnvironment({ projectId: shop.id, name: 'production' });
for (const key of ['APP_OLD_API_KEY', 'GRAFANA_TOKEN']) {
  qoveryEmulator.addVariable({ key, value: 'set by hand', is_secret: true, parent_id: production.id });
}

const syncOptions = { keySchema: 'APP_{{secretKey}}' };
const hasuraSync = {
  name: 'shop-to-hasura',
  destination: 'hasura-cloud',
  destinationConfig: { projectId: project.id },
  syncOptions,
} as const;
const qoverySync = {
  name: 'shop-to-qovery',
  destination: 'qovery',
  destinationConfig: { organizationId: organization.id, projectId: shop.id, environmentId: production.id },
  syncOptions,
} as const;

const fingerprintKey = generateFingerprintKey();

/** A new engine over the same files: what a new process would have. */
const createEngine = () =>
  new SecretSyncEngine({
    source: dotenvSource(secretsFile),
    drivers: [
      hasuraCloud({ accessToken: hasuraEmulator.accessToken, apiUrl: hasuraEmulator.url }),
      qovery({ accessToken: qoveryEmulator.accessToken, instanceUrl: qoveryEmulator.url }),
    ],
    store: fileStore(join(directory, 'state')),
    fingerprintKey,
    allowPrivateNetwork: true,
  });

const costs: (readonly [step: string, hasura: number, qovery: number])[] = [];
const bold = (text: string) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);
const say = (text: string) => console.log(text);
const heading = (text: string) => say(`\n${bold(`== ${text} ==`)}\n`);

async function counted<Result>(emulator: Emulator, work: () => Promise<Result>): Promise<[Result, number]> {
  const before = emulator.requests.length;
  const result = await work();
  return [result, emulator.requests.length - before];
}

/** Plans both, shows the plans, and notes what they cost. */
async function planBoth(step: string): Promise<[hasura: SyncPlan, qovery: SyncPlan]> {
  const engine = createEngine();
  const [hasuraPlan, hasuraCost] = await counted(hasuraEmulator, () => engine.plan(hasuraSync));
  const [qoveryPlan, qoveryCost] = await counted(qoveryEmulator, () => engine.plan(qoverySync));
  for (const plan of [hasuraPlan, qoveryPlan]) {
    say(`${formatPlan(plan, { color: process.stdout.isTTY })}\n`);
  }
  costs.push([step, hasuraCost, qoveryCost]);
  return [hasuraPlan, qoveryPlan];
}

/** Applies both plans, and notes what that costs. */
async function applyBoth(step: string, [hasuraPlan, qoveryPlan]: [SyncPlan, SyncPlan]): Promise<void> {
  const engine = createEngine();
  const hasuraResult = await engine.apply(hasuraPlan);
  const qoveryResult = await engine.apply(qoveryPlan);
  for (const { plan, summary, requestCount } of [hasuraResult, qoveryResult]) {
    say(`${plan.definition.destination}: ${summary.applied} keys written with ${requestCount} requests`);
  }
  costs.push([step, hasuraResult.requestCount, qoveryResult.requestCount]);
}

try {
  const original = await readFile(fileURLToPath(new URL('.env', import.meta.url)), 'utf8');
  await writeFile(secretsFile, original, { mode: 0o600 });

  heading('1. Plan: what would change? Nothing is written');
  const firstPlans = await planBoth('plan');

  heading('2. Apply exactly these plans');
  await applyBoth('apply', firstPlans);

  heading('3. Sync again, in a new engine: nothing to do');
  const engine = createEngine();
  const hasuraAgain = await engine.sync(hasuraSync);
  const qoveryAgain = await engine.sync(qoverySync);
  for (const { plan, outcomes, requestCount } of [hasuraAgain, qoveryAgain]) {
    const { unchanged } = plan.summary;
    say(
      `${plan.definition.destination}: ${outcomes.length} writes, ${unchanged} keys unchanged, requests: ${requestCount}`,
    );
  }
  costs.push(['sync again', hasuraAgain.requestCount, qoveryAgain.requestCount]);

  heading('4. Change two secrets, remove two, add one, and plan again');
  const changed = original
    .replace(/^(SMTP_PASSWORD=').*'$/m, "$1rotated # pass = word'")
    .replace(/^SENTRY_DSN=.*$/m, 'SENTRY_DSN=https://77aa01fe55cc@errors.shop.example/4508')
    .replace(/^ANALYTICS_WRITE_KEY=.*\n/m, '')
    .replace(/^export CRON_TOKEN=.*\n/m, '')
    .concat("SEARCH_API_KEY='search-key-91c2'\n");
  await writeFile(secretsFile, changed, { mode: 0o600 });
  const secondPlans = await planBoth('plan the changes');

  heading('5. Apply them');
  await applyBoth('apply the changes', secondPlans);

  heading('What each step took, in requests');
  say(`${'step'.padEnd(20)}${'Hasura Cloud'.padStart(14)}${'Qovery'.padStart(10)}`);
  for (const [step, hasura, qoveryCost] of costs) {
    say(`${step.padEnd(20)}${String(hasura).padStart(14)}${String(qoveryCost).padStart(10)}`);
  }
} finally {
  await hasuraEmulator.close();
  await qoveryEmulator.close();
  await rm(directory, { recursive: true, force: true });
}
