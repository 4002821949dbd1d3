// Syncs two secrets to a Qovery environment. Without QOVERY_ACCESS_TOKEN, QOVERY_ORGANIZATION_ID, QOVERY_PROJECT_ID and
// QOVERY_ENVIRONMENT_ID an emulator on this machine stands in. A real environment is only planned, unless the argument
// --apply is given.
import { formatPlan, formatResult, memorySource, memoryStore, SecretSyncEngine } from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { startQoveryEmulator } from 'secret-sync-engine/testing';

const { QOVERY_ACCESS_TOKEN, QOVERY_ORGANIZATION_ID, QOVERY_PROJECT_ID, QOVERY_ENVIRONMENT_ID } = process.env;
await using emulator = await startQoveryEmulator();
const organization = emulator.addOrganization({ name: 'Example' });
const project = emulator.addProject({ organizationId: organization.id, name: 'Example' });
const environment = emulator.addEnvironment({ projectId: project.id, name: 'staging' });
const isReal = QOVERY_ACCESS_TOKEN !== undefined;

const engine = new SecretSyncEngine({
  source: memorySource({ PAYMENT_KEY: 'example-value', WEBHOOK_SECRET: 'another-value' }),
  drivers: [
    isReal
      ? qovery({ accessToken: QOVERY_ACCESS_TOKEN })
      : qovery({ accessToken: emulator.accessToken, instanceUrl: emulator.url }),
  ],
  // A service passes fileStore(…) or a store of its own, so that the next process knows what this one wrote.
  store: memoryStore(),
  allowPrivateNetwork: !isReal,
});

const sync = {
  name: 'example',
  destination: 'qovery',
  destinationConfig: {
    organizationId: isReal ? (QOVERY_ORGANIZATION_ID ?? '') : organization.id,
    projectId: isReal ? (QOVERY_PROJECT_ID ?? '') : project.id,
    environmentId: isReal ? (QOVERY_ENVIRONMENT_ID ?? '') : environment.id,
    variableType: 'secret',
  },
  syncOptions: { keySchema: 'EXAMPLE_{{secretKey}}' },
} as const;

const plan = await engine.plan(sync);
console.log(formatPlan(plan));

if (!isReal || process.argv.includes('--apply')) {
  console.log(`\n${formatResult(await engine.apply(plan))}`);
  // Secrets can't be read back; what was written is remembered, so that this run writes nothing.
  console.log(`\n${formatResult(await engine.sync(sync))}`);
}
