import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
} from '../../src/testing/emulators/hasura-cloud/index.js';
import { createEngine, failure, hasuraTarget } from '../support/engine.js';

describe('a sync to Hasura Cloud', () => {
  let emulator: HasuraCloudEmulator;
  beforeAll(async () => {
    emulator = await startHasuraCloudEmulator();
  });
  afterAll(() => emulator.close());

  /** Two keys synced, so that the tenant is known and both are ours. */
  async function synced() {
    const target = hasuraTarget(emulator, { environment: { THEIRS: 'x' } });
    const source = memorySource({ A: '1', B: '2' });
    const store = memoryStore();
    const definition = target.definition({ syncOptions: { deletionScope: 'owned' } });
    const setUp = () => createEngine({ source, store, drivers: [target.driver] }).engine;
    await setUp().sync(definition);
    emulator.clearRequests();
    /** Runs in a new engine: what it knows comes from the store. */
    const run = async () => {
      const result = await setUp().sync(definition);
      const operations = emulator.requests.map(({ operation }) => operation);
      expect(result.requestCount).toBe(operations.length);
      return operations;
    };
    return { target, source, run };
  }

  it('sends one request and no mutation when nothing has changed', async () => {
    const { run, target } = await synced();
    const restarts = emulator.restarts(target.projectId);
    expect(await run()).toEqual(['query getTenantEnv']);
    expect(emulator.restarts(target.projectId)).toBe(restarts);
  });

  it('sends two requests for upserts, and only the keys that changed', async () => {
    const { run, source, target } = await synced();
    source.set('B', 'two');
    source.set('C', '3');
    expect(await run()).toEqual(['query getTenantEnv', 'mutation updateTenantEnv']);
    expect(emulator.requests[1]?.body).toMatchObject({
      variables: {
        envs: [
          { key: 'B', value: 'two' },
          { key: 'C', value: '3' },
        ],
      },
    });
    expect(Object.fromEntries(target.values())).toEqual({ A: '1', B: 'two', C: '3', THEIRS: 'x' });
  });

  it('sends three requests for upserts and deletions, whatever their number', async () => {
    const { run, source, target } = await synced();
    source.delete('A');
    for (let index = 0; index < 50; index += 1) source.set(`KEY_${index}`, String(index));
    expect(await run()).toEqual([
      'query getTenantEnv',
      'mutation updateTenantEnv',
      'mutation deleteTenantEnv',
    ]);
    expect(emulator.requests[2]?.body).toMatchObject({ variables: { deleteEnvs: ['A'] } });
    expect(target.values().size).toBe(52);
  });

  it('sends two requests for deletions alone', async () => {
    const { run, source, target } = await synced();
    source.delete('A');
    expect(await run()).toEqual(['query getTenantEnv', 'mutation deleteTenantEnv']);
    expect(Object.fromEntries(target.values())).toEqual({ B: '2', THEIRS: 'x' });
  });

  it('restarts the project once for upserts and once for deletions', async () => {
    const { run, source, target } = await synced();
    const before = emulator.restarts(target.projectId);
    source.set('B', 'two');
    source.delete('A');
    await run();
    expect(emulator.restarts(target.projectId) - before).toBe(2);
  });

  it('reads and decides again when the environment was changed in between', async () => {
    const { run, source, target } = await synced();
    source.set('B', 'two');
    let meddled = false;
    emulator.setIntercept(({ operation }) => {
      if (!operation.startsWith('mutation') || meddled) return undefined;
      meddled = true;
      emulator.setVariable(target.projectId, 'THEIRS', 'y');
      return undefined;
    });
    await run().finally(() => emulator.setIntercept(undefined));
    expect(Object.fromEntries(target.values())).toEqual({ A: '1', B: 'two', THEIRS: 'y' });
  });

  it('gives up with CONFLICT when the environment is changed for ever, and a later run converges', async () => {
    const { run, source, target } = await synced();
    source.set('B', 'two');
    emulator.configure({ hashRotation: 'before-mutations' });
    await failure(run(), 'CONFLICT').finally(() => emulator.configure({ hashRotation: 'never' }));
    expect(emulator.requests.length).toBeLessThan(20);
    expect(target.values().get('B')).toBe('2');
    emulator.clearRequests();
    await run();
    expect(target.values().get('B')).toBe('two');
  });

  it('decides again between upserts and deletions, and deletes what is still to be deleted', async () => {
    const { run, source, target } = await synced();
    source.set('B', 'two');
    source.delete('A');
    let meddled = false;
    emulator.setIntercept(({ operation }) => {
      if (operation !== 'mutation deleteTenantEnv' || meddled) return undefined;
      meddled = true;
      emulator.setVariable(target.projectId, 'THEIRS', 'y');
      return undefined;
    });
    await run().finally(() => emulator.setIntercept(undefined));
    expect(Object.fromEntries(target.values())).toEqual({ B: 'two', THEIRS: 'y' });
  });
});
