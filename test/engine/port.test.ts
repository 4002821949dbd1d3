import { ENGINE_PORT, type PortRun } from '../../src/engine/port.js';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../src/sources/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createEngine, failure, memoryDefinition } from '../support/engine.js';

async function runSync(
  engine: ReturnType<typeof createEngine>['engine'],
  input: Parameters<typeof engine.sync>[0],
  options: PortRun,
) {
  const port = engine[ENGINE_PORT];
  return port.run('sync', (await port.inspect(input)).definition, options);
}

describe('what a service asks of an engine', () => {
  it('tells what a definition means without asking anybody', async () => {
    const destination = memoryDestination();
    const { engine } = createEngine({ drivers: [destination] });
    const { definition, place } = await engine[ENGINE_PORT].inspect(memoryDefinition());
    expect({ id: definition.id, place }).toEqual({ id: 'nightly', place: 'memory:default' });
    expect(definition.syncOptions.autoSyncEnabled).toBe(true);
    expect(destination.calls).toEqual([]);
    await failure(engine[ENGINE_PORT].inspect(memoryDefinition({ name: 'No slug' })), 'INVALID_DEFINITION');
  });

  it('digests what the source holds: equal until that changes, under the fingerprint key, the same as a run saw', async () => {
    const source = memorySource({ A: '1', B: '2' });
    const { engine } = createEngine({ drivers: [memoryDestination()], source });
    const other = createEngine({ drivers: [memoryDestination()], source, fingerprintKey: 'x'.repeat(32) });
    const first = await engine[ENGINE_PORT].digestSource({});
    expect(await engine[ENGINE_PORT].digestSource({})).toBe(first);
    expect(await other.engine[ENGINE_PORT].digestSource({})).not.toBe(first);
    expect(await engine[ENGINE_PORT].digestSource({ environment: 'dev' })).not.toBe(first);
    const seen: string[] = [];
    await runSync(engine, memoryDefinition(), { onSourceDigest: (digest) => void seen.push(digest) });
    expect(seen).toEqual([first]);
    expect((await engine.sync(memoryDefinition())).sourceDigest).toBe(first);
    source.set('B', '3');
    expect(await engine[ENGINE_PORT].digestSource({})).not.toBe(first);
    source.set('B', '2');
    expect(await engine[ENGINE_PORT].digestSource({})).toBe(first);
    expect(engine[ENGINE_PORT].source).toBe(source);
  });

  it('digests what the source holds with what a run has imported into it', async () => {
    const source = memorySource({ A: '1' });
    const destination = memoryDestination();
    destination.set('LEGACY', 'old');
    const { engine } = createEngine({ drivers: [destination], source });
    const before = await engine[ENGINE_PORT].digestSource({});
    const seen: string[] = [];
    const syncOptions = { initialSyncBehavior: 'import-prioritize-source' as const };
    await runSync(engine, memoryDefinition({ syncOptions }), {
      onSourceDigest: (digest) => void seen.push(digest),
    });
    const after = await engine[ENGINE_PORT].digestSource({});
    expect(seen).toEqual([before, after]);
    expect(after).not.toBe(before);
    const changed = await engine.sync(memoryDefinition(), { unlessDigest: before });
    expect(changed).toMatchObject({ status: 'succeeded', sourceDigest: after });
    const requests = destination.calls.length;
    expect(await engine.sync(memoryDefinition(), { unlessDigest: after })).toMatchObject({
      status: 'unchanged',
      sourceDigest: after,
      requestCount: 0,
    });
    expect(destination.calls).toHaveLength(requests);
  });

  it('tells a source that was read in part from one that was read in full', async () => {
    const digestOf = (read: object) =>
      createEngine({
        drivers: [memoryDestination()],
        source: { name: 'parts', read: () => ({ secrets: { A: '1' }, ...read }) },
      }).engine[ENGINE_PORT].digestSource({});
    const digests = await Promise.all(
      [{}, { complete: false }, { unreadable: ['B'] }, { unreadable: ['C'] }].map(digestOf),
    );
    expect(new Set(digests).size).toBe(4);
  });
});
