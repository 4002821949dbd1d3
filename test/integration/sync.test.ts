import { describe, expect, it } from 'vitest';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { startHasuraCloudEmulator } from '../../src/testing/emulators/hasura-cloud/index.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { changesOf, createEngine, failure, hasuraTarget, memoryDefinition } from '../support/engine.js';

describe('a sync', () => {
  it('takes __proto__, constructor and toString for data, on both sides', async () => {
    const keys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const destination = memoryDestination();
    const source = memorySource(keys.map((key) => [key, `value of ${key}`] as const));
    const store = memoryStore();
    const { engine } = createEngine({ source, store, drivers: [destination] });
    const first = await engine.sync(memoryDefinition());
    expect(changesOf(first.plan)).toEqual([...keys].sort().map((key) => `${key} create, missing`));
    expect(destination.values()).toEqual(new Map(keys.map((key) => [key, `value of ${key}`])));
    expect((await engine.sync(memoryDefinition())).outcomes).toEqual([]);
    for (const key of keys.slice(1)) source.delete(key);
    await engine.sync(memoryDefinition());
    expect(destination.values()).toEqual(new Map([['__proto__', 'value of __proto__']]));
  });

  it('takes __proto__ and constructor for data at Hasura Cloud, where values come as JSON', async () => {
    await using emulator = await startHasuraCloudEmulator();
    const environment = new Map([
      ['__proto__', 'old'],
      ['constructor', 'old'],
    ]);
    const target = hasuraTarget(emulator, { environment });
    const source = memorySource([
      ['__proto__', 'new'],
      ['toString', 'x'],
    ]);
    const { engine } = createEngine({ source, drivers: [target.driver] });
    await engine.sync(target.definition(), { confirmDeletions: 1 });
    expect(target.values()).toEqual(
      new Map([
        ['__proto__', 'new'],
        ['toString', 'x'],
      ]),
    );
    expect((await engine.sync(target.definition())).outcomes).toEqual([]);
  });

  it('keeps an empty value apart from a missing one', async () => {
    const destination = memoryDestination();
    const { engine } = createEngine({ source: memorySource({ A: '' }), drivers: [destination] });
    await engine.sync(memoryDefinition());
    expect(destination.get('A')).toBe('');
    expect((await engine.sync(memoryDefinition())).outcomes).toEqual([]);
  });

  it('settles a lost answer by reading back, and says that the key was applied', async () => {
    for (const fault of ['lost-before', 'lost-after'] as const) {
      const destination = memoryDestination();
      const { engine } = createEngine({ source: memorySource({ A: '1', B: '2' }), drivers: [destination] });
      destination.failNext(fault, { key: 'A' });
      const result = await engine.sync(memoryDefinition());
      expect(result.outcomes.map(({ key, status }) => `${key} ${status}`)).toEqual([
        'A applied',
        'B applied',
      ]);
      expect(destination.values()).toEqual(
        new Map([
          ['A', '1'],
          ['B', '2'],
        ]),
      );
    }
  });

  it('says indeterminate where reading back fails too, and a rerun converges', async () => {
    const destination = memoryDestination({ readable: false });
    const { engine } = createEngine({ source: memorySource({ A: '1' }), drivers: [destination] });
    destination.failNext('lost-after', { key: 'A' });
    destination.setIntercept(({ method }) =>
      method === 'read' && destination.calls.length > 1 ? 'unavailable' : undefined,
    );
    const error = await failure(engine.sync(memoryDefinition()), 'SYNC_FAILED');
    expect(error.result.outcomes).toMatchObject([{ key: 'A', status: 'indeterminate' }]);
    destination.setIntercept(undefined);
    await engine.sync(memoryDefinition());
    expect((await engine.sync(memoryDefinition())).outcomes).toEqual([]);
  });

  it('reads the source after it has the lease', async () => {
    const order: string[] = [];
    const store = memoryStore();
    const { engine } = createEngine({
      source: {
        name: 'watched',
        read: () => {
          order.push('source');
          return { A: '1' };
        },
      },
      store: {
        ...store,
        put: (key, ...rest) => {
          order.push(key.replace(/\/.*/, ''));
          return store.put(key, ...rest);
        },
      },
      drivers: [memoryDestination()],
    });
    await engine.sync(memoryDefinition());
    expect(order).toEqual(['leases', 'source', 'intents', 'places']);
  });

  it('deletes nothing when the source cannot be read, and shows nothing of the cause', async () => {
    const destination = memoryDestination();
    destination.set('A', '1');
    const { engine } = createEngine({
      source: {
        name: 'vault',
        read() {
          throw new TypeError('password hunter2 is wrong');
        },
      },
      drivers: [destination],
    });
    const error = await failure(engine.sync(memoryDefinition()), 'SOURCE_READ_FAILED');
    expect(error.message).not.toContain('hunter2');
    expect(destination.values()).toEqual(new Map([['A', '1']]));
  });

  it('refuses a source value that is no text, naming every such key', async () => {
    const read = (): Record<string, string> =>
      JSON.parse('{"A":1,"B":"2","C":null}') as Record<string, string>;
    const { engine } = createEngine({ source: { name: 'odd', read }, drivers: [memoryDestination()] });
    const error = await failure(engine.sync(memoryDefinition()), 'SOURCE_READ_FAILED');
    expect(error.problems?.map(({ key }) => key)).toEqual(['A', 'C']);
  });
});
