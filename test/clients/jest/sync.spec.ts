import { describe, expect, it } from '@jest/globals';
import { memorySource, memoryStore, planSync, SecretSyncEngine } from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { sourceConformance, startQoveryEmulator, storeConformance } from 'secret-sync-engine/testing';

it('plans in a unit test', () => {
  const plan = planSync({
    definition: { name: 'nightly' },
    source: { A: '1' },
    destination: { A: '0' },
    capabilities: qovery.capabilities({ variableType: 'secret' }),
  });
  expect(plan.problems).toEqual([]);
  expect(plan.changes).toMatchObject([{ key: 'A', action: 'update', reason: 'value-differs' }]);
});

it('syncs to an emulator', async () => {
  const emulator = await startQoveryEmulator();
  try {
    const organization = emulator.addOrganization({ name: 'Example' });
    const project = emulator.addProject({ organizationId: organization.id, name: 'Example' });
    const engine = new SecretSyncEngine({
      source: memorySource({ API_KEY: 'value' }),
      drivers: [qovery({ accessToken: emulator.accessToken, instanceUrl: emulator.url })],
      allowPrivateNetwork: true,
    });
    const destinationConfig = { organizationId: organization.id, projectId: project.id };
    await engine.sync({ name: 'example', destination: 'qovery', destinationConfig });
    expect(emulator.find('API_KEY')?.value).toBe('value');
  } finally {
    await emulator.close();
  }
});

storeConformance({ name: 'the memory store', create: () => memoryStore() }, { describe, it });
sourceConformance(
  { name: 'the memory source', create: (secrets) => memorySource(secrets), writable: true },
  { describe, it },
);
