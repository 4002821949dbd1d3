import { describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import {
  changesOf,
  createEngine,
  failure,
  importsOf,
  memoryDefinition,
  sourceValues,
} from '../../support/engine.js';
import { secret, twoKinds, variable } from '../../support/two-kinds.js';

describe('the import table, at the first sync', () => {
  const behaviors = [
    'overwrite-destination',
    'import-prioritize-source',
    'import-prioritize-destination',
  ] as const;
  type Row = readonly [
    what: string,
    destination: string | undefined,
    source: string | undefined,
    ends: readonly (readonly [destination: string | undefined, source: string | undefined])[],
  ];
  /** At the end, for each behaviour in turn. `unreadable` is a source key whose value can't be read. */
  const rows: readonly Row[] = [
    [
      'a value that the source does not hold',
      'old',
      undefined,
      [
        [undefined, undefined],
        ['old', 'old'],
        ['old', 'old'],
      ],
    ],
    [
      'a value that is the same',
      'same',
      'same',
      [
        ['same', 'same'],
        ['same', 'same'],
        ['same', 'same'],
      ],
    ],
    [
      'a value that differs',
      'old',
      'new',
      [
        ['new', 'new'],
        ['new', 'new'],
        ['old', 'old'],
      ],
    ],
    [
      'an empty value where the source holds another',
      '',
      'new',
      [
        ['new', 'new'],
        ['new', 'new'],
        ['new', 'new'],
      ],
    ],
    [
      'an empty value that the source does not hold',
      '',
      undefined,
      [
        [undefined, undefined],
        ['', ''],
        ['', ''],
      ],
    ],
    [
      'nothing where the source holds a value',
      undefined,
      'new',
      [
        ['new', 'new'],
        ['new', 'new'],
        ['new', 'new'],
      ],
    ],
  ];

  for (const [what, atDestination, inSource, ends] of rows) {
    it.each(behaviors.map((behavior, index) => [behavior, ends[index]] as const))(
      `${what}: %s`,
      async (initialSyncBehavior, end) => {
        const destination = memoryDestination();
        if (atDestination !== undefined) destination.set('K', atDestination);
        const source = memorySource({ OTHER: 'x', ...(inSource === undefined ? {} : { K: inSource }) });
        const { engine } = createEngine({ source, drivers: [destination] });
        const definition = memoryDefinition({
          syncOptions: { initialSyncBehavior, deletionScope: 'matching' },
        });
        const writes = () =>
          destination.calls.filter(
            ({ method, changes }) => method === 'write' && changes.some(({ key }) => key === 'K'),
          );
        await engine.sync(definition);
        expect([destination.get('K'), sourceValues(source).get('K')]).toEqual(end);
        expect(writes().length).toBe(atDestination === end?.[0] ? 0 : 1);
        expect((await engine.sync(definition)).outcomes).toEqual([]);
      },
    );
  }

  it.each(behaviors)(
    'any value that the source could not read is left alone: %s',
    async (initialSyncBehavior) => {
      const destination = memoryDestination();
      destination.set('K', 'old');
      const written: string[] = [];
      const { engine } = createEngine({
        source: {
          name: 'partial',
          read: () => ({ secrets: { OTHER: 'x' }, unreadable: ['K'] }),
          write: (_location, changes) => void written.push(...changes.map(({ key }) => key)),
        },
        drivers: [destination],
      });
      const { plan } = await engine.sync(memoryDefinition({ syncOptions: { initialSyncBehavior } }));
      expect(changesOf(plan)).toContain('K keep, unreadable-at-source');
      expect(destination.get('K')).toBe('old');
      expect(written).toEqual([]);
    },
  );

  it('holds for importSecrets too, which never writes the destination', async () => {
    for (const [importBehavior, held] of [
      ['prioritize-source', 'new'],
      ['prioritize-destination', 'old'],
    ] as const) {
      const destination = memoryDestination();
      for (const [key, value] of [
        ['ONLY', 'x'],
        ['SAME', 's'],
        ['OTHER', 'old'],
        ['EMPTY', ''],
        ['VOID', ''],
      ] as const)
        destination.set(key, value);
      const source = memorySource({ SAME: 's', OTHER: 'new', EMPTY: 'full' });
      const { engine } = createEngine({ source, drivers: [destination] });
      const before = destination.values();
      const result = await engine.importSecrets(memoryDefinition(), { importBehavior });
      expect(Object.fromEntries(sourceValues(source))).toEqual({
        ONLY: 'x',
        SAME: 's',
        OTHER: held,
        EMPTY: 'full',
        VOID: '',
      });
      expect(destination.values()).toEqual(before);
      expect(destination.calls.map(({ method }) => method)).toEqual(['read']);
      expect(result.summary.imported).toBe(importBehavior === 'prioritize-source' ? 2 : 3);
    }
  });

  it('counts only keys that match the schema, under their stripped names, and neither reserved nor fixed ones', async () => {
    const destination = memoryDestination({ reservedPrefix: 'APP_PLATFORM_' });
    destination.set('APP_A', '1');
    destination.set('APP_', 'no name');
    destination.set('OTHER', '2');
    destination.set('APP_PLATFORM_ID', '3');
    destination.set('APP_ALIAS', '4', { fixed: 'alias' });
    destination.set('APP_ABOVE', '5', { fixed: 'inherited' });
    const source = memorySource();
    const { engine } = createEngine({ source, drivers: [destination] });
    const keySchema = 'APP_{{secretKey}}';
    const result = await engine.sync(
      memoryDefinition({ syncOptions: { keySchema, initialSyncBehavior: 'import-prioritize-source' } }),
    );
    expect(importsOf(result.plan)).toEqual(['A create, absent-from-source']);
    expect(Object.fromEntries(sourceValues(source))).toEqual({ A: '1' });
  });

  it('adopts what it imports: the sync owns it, and deletes it when the source drops it', async () => {
    for (const how of ['sync', 'importSecrets'] as const) {
      const destination = memoryDestination();
      destination.set('K', '1');
      destination.set('LATER', 'x');
      const source = memorySource();
      const { engine } = createEngine({ source, drivers: [destination] });
      const definition = memoryDefinition({
        syncOptions: {
          initialSyncBehavior: 'import-prioritize-source',
          deletionScope: 'owned',
          allowEmptySource: true,
        },
      });
      await engine[how](definition);
      source.delete('K');
      const { plan } = await engine.sync(definition);
      expect(changesOf(plan)).toContain('K delete, absent-from-source');
      expect(destination.get('K')).toBeUndefined();
    }
  });

  it('happens once: what appears later at the destination is not imported', async () => {
    for (const how of ['sync', 'importSecrets'] as const) {
      const destination = memoryDestination();
      const source = memorySource({ A: '1' });
      const { engine } = createEngine({ source, drivers: [destination] });
      const definition = memoryDefinition({
        syncOptions: { initialSyncBehavior: 'import-prioritize-destination', deletionScope: 'owned' },
      });
      await engine[how](definition);
      destination.set('LATE', 'x');
      const { plan } = await engine.sync(definition);
      expect(plan.isInitialSync).toBe(false);
      expect(plan.imports).toEqual([]);
      expect([...sourceValues(source).keys()]).toEqual(['A']);
    }
  });

  it('writes the source before the destination', async () => {
    const destination = memoryDestination();
    destination.set('OLD', 'x');
    const order: string[] = [];
    destination.setIntercept(({ method }) => void order.push(method));
    const { engine } = createEngine({
      source: { name: 'watched', read: () => ({ A: '1' }), write: () => void order.push('source') },
      drivers: [destination],
    });
    await engine.sync(memoryDefinition({ syncOptions: { initialSyncBehavior: 'import-prioritize-source' } }));
    expect(order).toEqual(['read', 'source', 'write']);
  });

  it('imports again when the source could not be written, and touches the destination only after that', async () => {
    const destination = memoryDestination();
    destination.set('OLD', 'x');
    const source = memorySource({ A: '1' });
    let broken = true;
    const { engine } = createEngine({
      source: {
        ...source,
        write(...given) {
          if (broken) throw new Error('hunter2');
          return source.write(...given);
        },
      },
      drivers: [destination],
    });
    const definition = memoryDefinition({ syncOptions: { initialSyncBehavior: 'import-prioritize-source' } });
    const error = await failure(engine.sync(definition), 'SOURCE_WRITE_FAILED');
    expect(error.message).not.toContain('hunter2');
    expect(destination.values()).toEqual(new Map([['OLD', 'x']]));
    broken = false;
    const { plan } = await engine.sync(definition);
    expect(importsOf(plan)).toEqual(['OLD create, absent-from-source']);
    expect(Object.fromEntries(sourceValues(source))).toEqual({ A: '1', OLD: 'x' });
  });

  it.each(['plan', 'sync'] as const)('is refused where it cannot be, by %s already', async (method) => {
    const options = { initialSyncBehavior: 'import-prioritize-source' } as const;
    const readOnly = { name: 'file', read: () => ({ A: '1' }) };
    const writable = memorySource();
    const destination = twoKinds();
    destination.set('OLD', 'x', { kind: 'variable' });
    const noImport = createEngine({ source: writable, drivers: [destination] });
    await failure(noImport.engine[method](secret(options)), 'IMPORT_NOT_SUPPORTED');
    const noWrite = createEngine({ source: readOnly, drivers: [destination] });
    await failure(noWrite.engine[method](variable(options)), 'SOURCE_NOT_WRITABLE');
    const noStore = createEngine({ source: writable, drivers: [destination], store: null });
    await failure(noStore.engine[method](variable(options)), 'DURABLE_STORE_REQUIRED');
    expect(destination.calls.filter((call) => call.method === 'write')).toEqual([]);
  });

  it('needs no store for importSecrets, and passes with memoryStore() for a sync', async () => {
    const destination = memoryDestination();
    destination.set('OLD', 'x');
    const source = memorySource();
    await createEngine({ source, drivers: [destination], store: null }).engine.importSecrets(
      memoryDefinition(),
    );
    expect(sourceValues(source).get('OLD')).toBe('x');
    const definition = memoryDefinition({ syncOptions: { initialSyncBehavior: 'import-prioritize-source' } });
    await createEngine({ source, drivers: [destination], store: memoryStore() }).engine.sync(definition);
  });

  it('names all keys that the source cannot take, and imports none', async () => {
    const destination = memoryDestination();
    for (const key of ['GOOD', 'BAD-1', 'BAD-2']) destination.set(key, 'x');
    const source = memorySource();
    const { engine } = createEngine({
      source: {
        ...source,
        checkWrite: (_location, changes) =>
          changes
            .filter(({ key }) => key.includes('-'))
            .map(({ key }) => ({ key, message: 'no dashes here' })),
      },
      drivers: [destination],
    });
    for (const call of [
      () => engine.importSecrets(memoryDefinition()),
      () => engine.plan(memoryDefinition(), { operation: 'import' }),
    ]) {
      const error = await failure(call(), 'SOURCE_NOT_WRITABLE');
      expect(error.problems?.map(({ key }) => key)).toEqual(['BAD-1', 'BAD-2']);
      expect(sourceValues(source).size).toBe(0);
    }
  });
});
