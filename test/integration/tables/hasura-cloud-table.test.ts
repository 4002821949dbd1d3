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

  it('not a string: unchanged where its JSON is wanted, else updated; kept where it is not wanted', async () => {
    const target = hasuraTarget(emulator, {
      environment: { FLAG: true, COUNT: 3, LIMIT: 5, NOTHING: null },
      topLevel: { HASURA_GRAPHQL_ENABLE_CONSOLE: true, HASURA_GRAPHQL_CORS: { a: [1] } },
    });
    const secrets = {
      FLAG: 'true',
      LIMIT: '6',
      NOTHING: 'null',
      HASURA_GRAPHQL_ENABLE_CONSOLE: 'true',
      HASURA_GRAPHQL_CORS: '{"a":[1]}',
    };
    const { engine } = createEngine({ source: memorySource(secrets), drivers: [target.driver] });
    const definition = target.definition({ syncOptions: { deletionScope: 'matching' } });
    const { plan } = await engine.sync(definition);
    expect(changesOf(plan)).toEqual([
      'COUNT keep, not-a-string',
      'FLAG unchanged, value-equal',
      'HASURA_GRAPHQL_CORS unchanged, value-equal',
      'HASURA_GRAPHQL_ENABLE_CONSOLE unchanged, value-equal',
      'LIMIT update, value-differs',
      'NOTHING update, value-differs',
    ]);
    expect(target.values()).toEqual(
      new Map<string, unknown>([
        ...target.values(),
        ['COUNT', 3],
        ['FLAG', true],
        ['LIMIT', '6'],
        ['NOTHING', 'null'],
      ]),
    );
    emulator.clearRequests();
    await engine.sync(definition);
    expect(emulator.requests.map(({ operation }) => operation)).toEqual(['query getTenantEnv']);
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
