import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/sources/memory.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
} from '../../../src/testing/emulators/hasura-cloud/index.js';
import { changesOf, createEngine, hasuraTarget, importsOf, sourceValues } from '../../support/engine.js';

describe('the reconcile table at Hasura Cloud', () => {
  let emulator: HasuraCloudEmulator;
  beforeAll(async () => {
    emulator = await startHasuraCloudEmulator();
  });
  afterAll(() => emulator.close());

  it('not a string: updated where it is desired, kept where it is not', async () => {
    const target = hasuraTarget(emulator, { environment: { FLAG: true, COUNT: 3 } });
    const { engine } = createEngine({ source: memorySource({ FLAG: 'true' }), drivers: [target.driver] });
    const { plan } = await engine.sync(target.definition({ syncOptions: { deletionScope: 'matching' } }));
    expect(changesOf(plan)).toEqual(['COUNT keep, not-a-string', 'FLAG update, value-differs']);
    expect(Object.fromEntries(target.values())).toEqual({ COUNT: 3, FLAG: 'true' });
  });

  it('reserved and desired: as any other key; reserved and not desired: kept, and never imported', async () => {
    const target = hasuraTarget(emulator, {
      topLevel: { HASURA_GRAPHQL_DEV_MODE: 'false', HASURA_GRAPHQL_UNAUTHORIZED_ROLE: 'guest', eula: true },
    });
    const source = memorySource({ HASURA_GRAPHQL_DEV_MODE: 'true', HASURA_GRAPHQL_ENABLE_CONSOLE: 'true' });
    const { engine } = createEngine({ source, drivers: [target.driver] });
    const syncOptions = {
      deletionScope: 'matching',
      initialSyncBehavior: 'import-prioritize-source',
    } as const;
    const { plan } = await engine.sync(target.definition({ syncOptions }));
    expect(changesOf(plan)).toEqual([
      'HASURA_GRAPHQL_DEV_MODE update, value-differs',
      'HASURA_GRAPHQL_ENABLE_CONSOLE create, missing',
      'HASURA_GRAPHQL_UNAUTHORIZED_ROLE keep, reserved',
      'eula keep, not-a-string',
    ]);
    expect(plan.imports).toEqual([]);
    expect((await engine.sync(target.definition({ syncOptions }))).outcomes).toEqual([]);
  });

  it('imports from Hasura Cloud what stands there', async () => {
    const target = hasuraTarget(emulator, { environment: { A: '1', B: 'old', FLAG: true } });
    const source = memorySource({ B: 'new' });
    const { engine } = createEngine({ source, drivers: [target.driver] });
    const definition = target.definition({
      syncOptions: { initialSyncBehavior: 'import-prioritize-destination' },
    });
    const { plan } = await engine.sync(definition);
    expect(importsOf(plan)).toEqual(['A create, absent-from-source', 'B update, destination-wins']);
    expect(Object.fromEntries(sourceValues(source))).toEqual({ A: '1', B: 'old' });
    expect((await engine.sync(definition)).outcomes).toEqual([]);
  });
});
