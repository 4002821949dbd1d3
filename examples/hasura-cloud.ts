// Syncs two secrets to a Hasura Cloud project. Without HASURA_ACCESS_TOKEN and HASURA_PROJECT_ID an emulator on this
// machine stands in. A real project is only planned, unless the argument --apply is given.
import { formatPlan, formatResult, memorySource, SecretSyncEngine } from 'secret-sync-engine';
import { hasuraCloud } from 'secret-sync-engine/drivers/hasura-cloud';
import { startHasuraCloudEmulator } from 'secret-sync-engine/testing';

const { HASURA_ACCESS_TOKEN, HASURA_PROJECT_ID } = process.env;
await using emulator = await startHasuraCloudEmulator();
const emulated = emulator.addProject({ name: 'Example', environment: { LOG_LEVEL: 'debug' } });
const isReal = HASURA_ACCESS_TOKEN !== undefined && HASURA_PROJECT_ID !== undefined;

const engine = new SecretSyncEngine({
  source: memorySource({ PAYMENT_KEY: 'example-value', WEBHOOK_SECRET: 'another-value' }),
  drivers: [
    isReal
      ? hasuraCloud({ accessToken: HASURA_ACCESS_TOKEN })
      : hasuraCloud({ accessToken: emulator.accessToken, apiUrl: emulator.url }),
  ],
  allowPrivateNetwork: !isReal,
});

const plan = await engine.plan({
  name: 'example',
  destination: 'hasura-cloud',
  destinationConfig: { projectId: isReal ? HASURA_PROJECT_ID : emulated.id },
  syncOptions: { keySchema: 'EXAMPLE_{{secretKey}}' },
});
console.log(formatPlan(plan));

if (!isReal || process.argv.includes('--apply')) {
  console.log(`\n${formatResult(await engine.apply(plan))}`);
}
