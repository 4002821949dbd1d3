import { describe, expect, it } from 'vitest';
import { memorySource } from '../../src/sources/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createEngine, failure, memoryDefinition } from '../support/engine.js';

describe('what a service asks of an engine', () => {
  it('tells what a definition means without asking anybody', async () => {
    const destination = memoryDestination();
    const { engine } = createEngine({ drivers: [destination] });
    const { definition, place, app } = await engine.inspect(memoryDefinition());
    expect({ id: definition.id, place, app }).toEqual({
      id: 'nightly',
      place: 'memory:default',
      app: 'memory',
    });
    expect(definition.syncOptions.autoSyncEnabled).toBe(true);
    expect(destination.calls).toEqual([]);
    await failure(engine.inspect(memoryDefinition({ name: 'No slug' })), 'INVALID_DEFINITION');
  });

  it('digests what the source holds: equal until that changes, under the fingerprint key, the same as a run saw', async () => {
    const source = memorySource({ A: '1', B: '2' });
    const { engine } = createEngine({ drivers: [memoryDestination()], source });
    const other = createEngine({ drivers: [memoryDestination()], source, fingerprintKey: 'x'.repeat(32) });
    const first = await engine.digestSource({});
    expect(await engine.digestSource({})).toBe(first);
    expect(await other.engine.digestSource({})).not.toBe(first);
    expect(await engine.digestSource({ environment: 'dev' })).not.toBe(first);
    expect((await engine.sync(memoryDefinition())).sourceDigest).toBe(first);
    source.set('B', '3');
    expect(await engine.digestSource({})).not.toBe(first);
    source.set('B', '2');
    expect(await engine.digestSource({})).toBe(first);
    expect(engine.source).toBe(source);
  });

  it('digests what the source holds with what a run has imported into it', async () => {
    const source = memorySource({ A: '1' });
    const destination = memoryDestination();
    destination.set('LEGACY', 'old');
    const { engine } = createEngine({ drivers: [destination], source });
    const before = await engine.digestSource({});
    const syncOptions = { initialSyncBehavior: 'import-prioritize-source' as const };
    const { sourceDigest } = await engine.sync(memoryDefinition({ syncOptions }));
    expect(sourceDigest).toBe(await engine.digestSource({}));
    expect(sourceDigest).not.toBe(before);
    expect(await engine.sync(memoryDefinition(), { unlessDigest: before })).toMatchObject({
      status: 'succeeded',
    });
    const requests = destination.calls.length;
    expect(await engine.sync(memoryDefinition(), { unlessDigest: `${sourceDigest}` })).toMatchObject({
      status: 'unchanged',
      sourceDigest,
      requestCount: 0,
    });
    expect(destination.calls).toHaveLength(requests);
  });

  it('tells a source that was read in part from one that was read in full', async () => {
    const digestOf = (read: object) =>
      createEngine({
        drivers: [memoryDestination()],
        source: { name: 'parts', read: () => ({ secrets: { A: '1' }, ...read }) },
      }).engine.digestSource({});
    const digests = await Promise.all(
      [{}, { complete: false }, { unreadable: ['B'] }, { unreadable: ['C'] }].map(digestOf),
    );
    expect(new Set(digests).size).toBe(4);
  });
});
