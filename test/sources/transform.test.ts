import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { SecretSource, SourceRead } from '../../src/contracts/source.js';
import { sourceSnapshot } from '../../src/core/inputs/source-snapshot.js';
import { transformSource } from '../../src/sources/transform.js';
import { composeSources } from '../../src/sources/compose/index.js';
import { memorySource } from '../../src/sources/memory.js';
import { createCanaries } from '../../src/testing/leaks/canaries.js';
import { sourceConformance } from '../../src/testing/conformance/source/index.js';
import { call, change, errorOf, shown } from './infisical/support.js';

const reverse = (text: string) => [...text].reverse().join('');

sourceConformance(
  {
    name: 'transformSource',
    create: (secrets) =>
      transformSource(
        {
          ...memorySource([
            ['dropped', 'x'],
            ...secrets.map(([key, value]) => [`APP_${key}`, reverse(value)] as const),
          ]),
          describe: () => ({ environment: { slug: 'prod', name: 'Production', id: 'environment-1' } }),
        },
        {
          drop: ['dropped'],
          rename: (key) => key.slice('APP_'.length),
          renameBack: (key) => `APP_${key}`,
          change: (value) => reverse(value.reveal()),
          changeBack: (value) => reverse(value.reveal()),
        },
      ),
    createBroken: () =>
      transformSource({ ...memorySource(), read: () => Promise.reject(new Error('down')) }, {}),
    writable: true,
    watchable: true,
    describable: true,
  },
  { describe, it },
);

describe('transformSource, when it reads', () => {
  const secrets = { A: '1', B: '2', C: '3' };

  it('drops, changes and renames, in this order', async () => {
    const seen: string[] = [];
    const source = transformSource(memorySource(secrets), {
      drop: (key) => key === 'B',
      change: (value, key) => (seen.push(key), `${key}=${value.reveal()}`),
      rename: (key) => key.toLowerCase(),
    });
    expect(shown(await source.read({}, call()))).toEqual({
      secrets: [
        ['a', 'A=1'],
        ['c', 'C=3'],
      ],
    });
    expect(seen).toEqual(['A', 'C']);
  });

  it('takes tables, Maps, lists and Sets', async () => {
    for (const rename of [{ A: 'X' }, new Map([['A', 'X']])]) {
      for (const drop of [['B'], new Set(['B'])]) {
        const source = transformSource(memorySource(secrets), { rename, drop });
        expect(shown(await source.read({}, call()))).toEqual({
          secrets: [
            ['X', '1'],
            ['C', '3'],
          ],
        });
      }
    }
  });

  it('changes nothing where nothing is asked for, whatever the keys are called', async () => {
    const pairs = ['__proto__', 'constructor', 'toString'].map((key) => [key, `of ${key}`] as const);
    const source = transformSource(memorySource(pairs), { rename: {}, drop: [] });
    expect(shown(await source.read({}, call()))).toEqual({ secrets: pairs });
    expect(source.name).toBe('memory');
    expect(transformSource(memorySource(), { name: 'mine' }).name).toBe('mine');
  });

  it('hands on both of two keys that get one name', async () => {
    const source = transformSource(memorySource(secrets), { rename: { A: 'B' } });
    expect(shown(await source.read({}, call()))).toMatchObject({ duplicates: ['B'] });
  });

  it('renames and drops what could not be read and what clashed, and keeps what is incomplete so', async () => {
    const inner: SecretSource = {
      name: 'inner',
      read: () => ({
        secrets: {},
        complete: false,
        unreadable: ['A', 'B'],
        clashes: ['A', 'B'].map((key) => ({ key, parts: ['x', 'y'] })),
      }),
    };
    const source = transformSource(inner, { rename: { A: 'X' }, drop: ['B'] });
    const read = (await source.read({}, call())) as SourceRead;
    expect(shown(read)).toEqual({ secrets: [], unreadable: ['X'], incomplete: true });
    expect(read.clashes).toEqual([{ key: 'X', parts: ['x', 'y'] }]);
  });
});

describe('transformSource, when it writes', () => {
  it('writes to the key that is read under the name, even where only reading tells which that is', async () => {
    const memory = memorySource({ db_url: '1' });
    const source = transformSource(memory, { rename: (key) => key.toUpperCase() });
    await source.write?.({}, [change('DB_URL', '2', 'update')], call());
    expect(shown(memory.entries())).toEqual({ secrets: [['db_url', '2']] });
  });

  it('creates under the key that a table or renameBack gives', async () => {
    const memory = memorySource();
    await transformSource(memory, { rename: { A: 'X' } }).write?.(
      {},
      [change('X', '1'), change('B', '2')],
      call(),
    );
    const prefixed = transformSource(memory, {
      rename: (key) => key.slice(1),
      renameBack: (key) => `_${key}`,
    });
    await prefixed.write?.({}, [change('C', '3')], call());
    expect(shown(memory.entries())).toEqual({
      secrets: [
        ['A', '1'],
        ['B', '2'],
        ['_C', '3'],
      ],
    });
  });

  it('lists and refuses what would not read back as it was written', async () => {
    const memory = memorySource({ P: '1', Q: '2', DROPPED: '3', FIXED: 'f' });
    const source = transformSource(memory, {
      drop: ['DROPPED', 'HIDDEN'],
      rename: { P: 'SAME', Q: 'SAME', R: 'TWICE', S: 'TWICE', HIDDEN: 'SEEN', MOVED: 'ELSEWHERE' },
      change: (value, key) => (key === 'FIXED' ? 'f' : value),
    });
    const changes = ['SAME', 'TWICE', 'SEEN', 'MOVED', 'DROPPED', 'FIXED', 'FINE'].map((key) =>
      change(key, 'x'),
    );
    const refused = [
      ['SAME', 'several keys of the source get this name; rename one'],
      ['TWICE', 'no key of the source is known to get this name'],
      ['SEEN', 'it is dropped when it is read'],
      ['MOVED', 'no key of the source is known to get this name'],
      ['DROPPED', 'it is dropped when it is read'],
      ['FIXED', 'its value would be another one when it is read again'],
    ].map(([key, message]) => ({ key, message }));
    expect(await source.checkWrite?.({}, changes, call())).toEqual(refused);
    const error = await errorOf(source.write?.({}, changes, call()));
    expect(error.code).toBe('SOURCE_NOT_WRITABLE');
    expect(error.problems).toMatchObject(refused);
    expect(memory.entries()).toHaveLength(4);
  });

  it('reads back what checkWrite lets pass, for any table', async () => {
    const key = fc.constantFrom('A', 'B', 'C', 'D', '__proto__');
    const table = fc.array(fc.tuple(key, key)).map((pairs) => new Map(pairs));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key), table, fc.array(key), key, async (held, rename, drop, name) => {
        const memory = memorySource(held.map((one) => [one, 'old'] as const));
        const source = transformSource(memory, { rename, drop });
        const before = shown(await source.read({}, call()));
        const changes = [change(name, 'new')];
        const refused = await source.checkWrite?.({}, changes, call());
        if (refused?.length !== 0) {
          await errorOf(source.write?.({}, changes, call()));
          return;
        }
        await source.write?.({}, changes, call());
        const after = shown(await source.read({}, call()));
        const others = (read: Record<string, unknown>) =>
          (read['secrets'] as [string, string][]).filter(([one]) => one !== name);
        expect(after['secrets']).toContainEqual([name, 'new']);
        expect(others(after)).toEqual(others(before));
      }),
      { numRuns: 300 },
    );
  });

  it('passes on what the source itself refuses, under the names that were asked for', async () => {
    const memory = { ...memorySource(), checkWrite: vi.fn(() => [{ key: 'A', message: 'no' }]) };
    const source = transformSource(memory, { rename: { A: 'X' } });
    expect(await source.checkWrite?.({}, [change('X', '1')], call())).toEqual([{ key: 'X', message: 'no' }]);
  });

  it('shows no value in what it refuses', async () => {
    const canaries = createCanaries();
    const [random] = canaries.values;
    const source = transformSource(memorySource({ A: random?.text ?? '' }), { drop: ['A'] });
    const error = await errorOf(source.write?.({}, [change('A', random?.text ?? '')], call()));
    canaries.assertAbsent('the error', error);
  });
});

describe('transformSource, otherwise', () => {
  it('can do what its source can, and no more', () => {
    const silent: SecretSource = { name: 'silent', read: () => ({}) };
    expect(Object.keys(transformSource(silent, {}))).toEqual(['name', 'read']);
    const able: SecretSource = { ...memorySource(), describe: () => ({}) };
    expect(Object.keys(transformSource(able, {})).sort()).toEqual([
      'checkWrite',
      'describe',
      'name',
      'read',
      'watch',
      'write',
    ]);
  });

  it('composes with composed sources', async () => {
    const shared = transformSource(memorySource({ URL: '1', INTERNAL: '2' }), {
      drop: (key) => key === 'INTERNAL',
      rename: (key) => `SHARED_${key}`,
    });
    const source = composeSources([shared, { name: 'app', source: memorySource({ A: '3' }) }]);
    expect(shown(await source.read({}, call()))).toEqual({
      secrets: [
        ['SHARED_URL', '1'],
        ['A', '3'],
      ],
    });
  });
});

it('transformSource refuses an option that it does not know', () => {
  const options: object = { renam: {}, drop: undefined };
  expect(() => transformSource(memorySource(), options)).toThrow(/"renam": it is unknown/);
});

describe('transformSource, when its source has parts', () => {
  it('names them as the source does, with keys renamed and dropped, and passes on unresolved references', async () => {
    const source = transformSource(
      composeSources([
        { name: 'base', source: memorySource({ A: '1', B: '2' }) },
        { name: 'app', source: memorySource({ C: '3' }) },
        {
          name: 'hidden',
          source: { name: 'x', read: () => ({ secrets: { D: '${Z}', E: '' }, unresolved: ['D', 'E'] }) },
        },
      ]),
      { rename: { A: 'RENAMED', D: 'LEFT' }, drop: ['C', 'E'] },
    );
    const { partOf, emptyParts, unresolved } = sourceSnapshot(await source.read({}, call()));
    expect(Object.fromEntries(partOf)).toEqual({ RENAMED: 'base', B: 'base', LEFT: 'hidden' });
    expect(emptyParts).toEqual(['app']);
    expect([...unresolved]).toEqual(['LEFT']);
  });

  it('says nothing of parts where the source does not', async () => {
    const read = await transformSource(memorySource({ A: '1' }), {}).read({}, call());
    expect(read).not.toHaveProperty('parts');
    expect(read).not.toHaveProperty('unresolved');
  });
});
