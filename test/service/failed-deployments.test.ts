import { expect, it, onTestFinished } from 'vitest';
import { SecretSyncService } from '../../src/service/secret-sync-service.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { startQoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { createEngine, failure, qoveryTarget } from '../support/engine.js';
import { createVirtualClock } from '../support/virtual-clock.js';
import { HOUR, MINUTE } from './support.js';

/** A started service over a Qovery whose deployments fail, with a record that deploys and waits. */
async function startFailing() {
  const clock = createVirtualClock();
  const emulator = await startQoveryEmulator({ now: () => clock.now(), deploymentState: 'BUILD_ERROR' });
  const target = qoveryTarget(emulator);
  const source = memorySource({ API_KEY: 'one' });
  const store = memoryStore();
  const { engine } = createEngine({ drivers: [target.driver], source, store, clock, fetch: emulator.fetch });
  const service = new SecretSyncService({
    engine,
    store,
    clock,
    random: () => 0,
    autoSync: { minPause: MINUTE, maxPause: HOUR, pollInterval: 10 * MINUTE, refreshInterval: 1_000 * HOUR },
  });
  onTestFinished(async () => {
    await service.stop();
    await emulator.close();
  });
  await service.start();
  const { id } = await service.createSync(
    target.definition({ syncOptions: { redeploy: 'wait', deletionScope: 'owned' } }),
  );
  /** Lets time pass in steps, each of which gives runs their turns. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += MINUTE / 2) await clock.advance(MINUTE / 2);
  };
  const deployments = () => emulator.deployments().length;
  return { emulator, target, source, service, pass, deployments, record: () => service.getSync(id) };
}

it('a deployment that itself fails is tried three times, and again when the source holds something else', async () => {
  const { emulator, target, source, pass, deployments, record } = await startFailing();
  await pass(HOUR);
  expect(deployments()).toBe(3);
  expect(target.values().get('API_KEY')).toBe('one');
  const failed = await record();
  expect(failed).toMatchObject({ syncStatus: 'failed', syncRetryAt: null, lastSyncedAt: null });
  expect(failed.lastSyncMessage).toContain('the redeployment that follows it failed');
  expect(failed.lastSyncMessage).toContain('BUILD_ERROR');

  await pass(24 * HOUR);
  expect(deployments()).toBe(3);

  source.set('API_KEY', 'two');
  await pass(HOUR);
  expect(deployments()).toBe(6);
  expect(target.values().get('API_KEY')).toBe('two');
  expect(await record()).toMatchObject({ syncStatus: 'failed', syncRetryAt: null });

  emulator.configure({ deploymentState: 'DEPLOYED' });
  await pass(24 * HOUR);
  expect(deployments()).toBe(6);
  source.set('API_KEY', 'three');
  await pass(HOUR);
  expect(deployments()).toBe(7);
  expect(await record()).toMatchObject({ syncStatus: 'succeeded', syncRetryAt: null, lastSyncMessage: null });
});

it('a deployment that was given up is tried again, from the first time on, when someone asks for a run', async () => {
  const { emulator, service, pass, deployments, record } = await startFailing();
  await pass(HOUR);
  expect(deployments()).toBe(3);

  const { id } = await record();
  expect(await service.requestSync(id)).toMatchObject({ syncStatus: 'pending', lastSyncMessage: null });
  await pass(24 * HOUR);
  expect(deployments()).toBe(6);
  expect(await record()).toMatchObject({ syncStatus: 'failed', syncRetryAt: null });

  emulator.configure({ deploymentState: 'DEPLOYED' });
  await service.requestSync(id);
  await pass(2 * MINUTE);
  expect(deployments()).toBe(7);
  expect(await record()).toMatchObject({ syncStatus: 'succeeded', lastSyncMessage: null });
});

it('a deletion whose deployment fails keeps its record, until it succeeds or is made without one', async () => {
  const { emulator, target, service, pass, deployments, record } = await startFailing();
  emulator.configure({ deploymentState: 'DEPLOYED' });
  await pass(10 * MINUTE);
  const { id } = await record();
  expect(await record()).toMatchObject({ syncStatus: 'succeeded' });
  emulator.configure({ deploymentState: 'BUILD_ERROR' });
  const before = deployments();
  for (const attempt of [1, 2]) {
    const deletion = failure(service.deleteSync(id, { removeSecrets: true }), 'REDEPLOY_FAILED');
    await pass(10 * MINUTE);
    await deletion;
    expect(target.values().size).toBe(0);
    expect(await record()).toMatchObject({ deletionStatus: null, removeStatus: 'failed' });
    expect(deployments()).toBe(before + attempt);
  }
  await service.deleteSync(id);
  await failure(service.getSync(id), 'SYNC_NOT_FOUND');
  expect(deployments()).toBe(before + 2);
});
