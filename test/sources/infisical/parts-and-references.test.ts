import { describe, expect, it } from 'vitest';
import { sourceSnapshot } from '../../../src/core/inputs/source-snapshot.js';
import { SecretSyncEngine } from '../../../src/engine/secret-sync-engine.js';
import type { InfisicalSource } from '../../../src/sources/infisical/index.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { call, LIST, LOGIN, place, setUp } from './support.js';

const snapshotOf = async (source: InfisicalSource) => {
  const { partOf, emptyParts, unresolved } = sourceSnapshot(await source.read({}, call()));
  return { partOf: Object.fromEntries(partOf), emptyParts, unresolved: [...unresolved] };
};

describe('infisicalSource, when it names its parts', () => {
  it('has one for each import and one for the folder, of which the last one that holds a key wins', async () => {
    const { emulator, source } = await setUp();
    for (const [name, keys] of [
      ['first', ['A', 'B', 'C']],
      ['second', ['B', 'C']],
    ] as const) {
      const from = { ...place, secretPath: `/${name}` };
      emulator.addFolder(from);
      for (const key of keys) emulator.addSecret(from, { key, value: name });
      emulator.addImport(place, from);
    }
    emulator.addSecret(place, { key: 'C', value: 'own' });
    expect(await snapshotOf(source)).toMatchObject({
      partOf: { A: 'prod:/first', B: 'prod:/second', C: 'prod:/' },
      emptyParts: [],
    });
    for (const key of ['B', 'C']) emulator.deleteSecret({ ...place, secretPath: '/second' }, key);
    expect(await snapshotOf(source)).toMatchObject({
      partOf: { A: 'prod:/first', B: 'prod:/first', C: 'prod:/' },
      emptyParts: ['prod:/second'],
    });
    emulator.deleteSecret(place, 'C');
    expect((await snapshotOf(source)).emptyParts).toEqual(['prod:/', 'prod:/second']);
  });

  it('takes no part for empty whose values are hidden, and one for empty that holds personal secrets alone', async () => {
    const { emulator, source } = await setUp();
    const from = { ...place, secretPath: '/shared' };
    emulator.addFolder(from);
    emulator.addSecret(from, { key: 'A', value: '1', hidden: true });
    emulator.addImport(place, from);
    emulator.addSecret(place, { key: 'B', value: '2', type: 'personal' });
    expect(await snapshotOf(source)).toMatchObject({ partOf: { A: 'prod:/shared' }, emptyParts: ['prod:/'] });
  });
});

describe('infisicalSource, of references that Infisical cannot resolve', () => {
  it('lists the keys whose values hold them as they were typed, of the folder and of imports', async () => {
    const { emulator, source, operations } = await setUp();
    const from = { ...place, secretPath: '/shared' };
    emulator.addFolder(from);
    emulator.addSecret(from, { key: 'IMPORTED', value: 'x${prod.gone.KEY}y' });
    emulator.addSecret(from, { key: 'SHADOWED', value: '${NONE}' });
    emulator.addImport(place, from);
    emulator.addSecret(place, { key: 'SHADOWED', value: 'fine' });
    emulator.addSecret(place, { key: 'OWN', value: '${NONE}' });
    emulator.addSecret(place, { key: 'RESOLVED', value: '${SHADOWED}' });
    expect((await snapshotOf(source)).unresolved.sort()).toEqual(['IMPORTED', 'OWN']);
    expect(operations()).toEqual([LOGIN, LIST]);
  });

  it('lists those that leave nothing of a value where the server answers an empty text', async () => {
    const { emulator, source, operations } = await setUp({}, { unresolvedReferences: 'empty' });
    emulator.addSecret(place, { key: 'A', value: '${NONE}' });
    emulator.addSecret(place, { key: 'B', value: '' });
    expect((await snapshotOf(source)).unresolved).toEqual(['A']);
    expect(operations()).toEqual([LOGIN, LIST, LIST]);
  });

  it('lists those that it was told not to expand', async () => {
    const { emulator, source } = await setUp({ expandSecretReferences: false });
    emulator.addSecret(place, { key: 'A', value: '1' });
    emulator.addSecret(place, { key: 'B', value: '${A}' });
    expect((await snapshotOf(source)).unresolved).toEqual(['B']);
  });

  it('warns in the plan of a sync, by the key at the destination', async () => {
    const { emulator, source } = await setUp();
    emulator.addSecret(place, { key: 'DATABASE_URL', value: 'postgres://app:${prod.shared.PASSWORD}@db' });
    const engine = new SecretSyncEngine({ source, drivers: [memoryDestination()], store: memoryStore() });
    const { plan } = await engine.sync({
      name: 'unresolved',
      destination: 'memory',
      destinationConfig: {},
      syncOptions: { keySchema: 'APP_{{secretKey}}' },
    });
    expect(plan.warnings.map(({ code, key }) => [code, key])).toEqual([
      ['UNRESOLVED_REFERENCE', 'APP_DATABASE_URL'],
    ]);
    expect(JSON.stringify(plan)).not.toContain('prod.shared');
  });
});
