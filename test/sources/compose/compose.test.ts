import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { SecretValue } from '../../../src/contracts/secret.js';
import type {
  SecretSource,
  SourceChange,
  SourceLocation,
  SourceRead,
} from '../../../src/contracts/source.js';
import { sourceSnapshot } from '../../../src/core/inputs/source-snapshot.js';
import { composeSources } from '../../../src/sources/compose/index.js';
import { memorySource } from '../../../src/sources/memory.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import { sourceConformance } from '../../../src/testing/conformance/source/index.js';
import { call, change, errorOf, shown } from '../infisical/support.js';

const named = (name: string, source: SecretSource) => ({ name, source });
const partial = (read: Partial<SourceRead>, source = memorySource()): SecretSource => ({
  ...source,
  read: () => ({ secrets: source.entries(), ...read }),
});

sourceConformance(
  {
    name: 'composeSources',
    create: (secrets) => {
      const half = Math.ceil(secrets.length / 2);
      const lower = memorySource(secrets.slice(0, half));
      // Shadows the last one of the other, so that both are needed.
      const upper = {
        ...memorySource([...secrets.slice(half - 1, half), ...secrets.slice(half)]),
        describe: () => ({ folder: { id: 'folder-1', path: '/upper' } }),
      };
      const ordered = composeSources([named('lower', lower), named('upper', upper)], { writeTo: 'upper' });
      return ordered;
    },
    createBroken: (secrets) => {
      const broken = { ...memorySource(), read: () => Promise.reject(new Error('down')) };
      return composeSources([named('fine', memorySource(secrets)), named('broken', broken)]);
    },
    createWithParts: (parts) =>
      composeSources(parts.map((secrets, index) => named(`part ${index}`, memorySource(secrets)))),
    createUnresolved: (key) =>
      composeSources([
        named('plain', memorySource({ A: '1' })),
        named('left', partial({ unresolved: [key] }, memorySource({ [key]: '${NONE}' }))),
      ]),
    writable: true,
    watchable: true,
    describable: true,
  },
  { describe, it },
);

describe('composeSources, when it reads', () => {
  it.each([0, null, 'false'])(
    'is partial where a part says %j of whether it is complete',
    async (complete) => {
      const read = { complete } as unknown as Partial<SourceRead>;
      const source = composeSources([named('base', partial(read)), named('app', memorySource({ A: '1' }))]);
      expect(await source.read({}, call())).toMatchObject({ complete: false });
    },
  );

  it('lets a later part win, and lists who else held a key', async () => {
    const source = composeSources([
      named('base', memorySource({ A: '1', B: '2', C: '3' })),
      named('team', memorySource({ B: '4' })),
      named('app', memorySource({ B: '5', C: '6', __proto__x: '7' })),
    ]);
    expect(source.name).toBe('base + team + app');
    const read = (await source.read({}, call())) as SourceRead;
    expect(shown(read)).toEqual({
      secrets: [
        ['A', '1'],
        ['B', '5'],
        ['C', '6'],
        ['__proto__x', '7'],
      ],
    });
    expect(read.clashes).toEqual([
      { key: 'B', parts: ['base', 'team', 'app'] },
      { key: 'C', parts: ['base', 'app'] },
    ]);
  });

  it('is what writing the parts over one another gives, for any parts', async () => {
    const key = fc.constantFrom('A', 'B', 'C', '__proto__', 'constructor');
    const parts = fc.array(fc.array(fc.tuple(key, fc.string())), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(parts, async (lists) => {
        const maps = lists.map((list) => new Map(list));
        const read = (await composeSources(maps.map((map) => memorySource(map))).read(
          {},
          call(),
        )) as SourceRead;
        const expected = new Map(maps.flatMap((map) => [...map]));
        expect(shown(read)).toEqual({ secrets: [...expected] });
        const shared = [...expected.keys()].filter((name) => maps.filter((map) => map.has(name)).length > 1);
        expect([...(read.clashes ?? [])].map((clash) => clash.key)).toEqual(shared);
      }),
      { numRuns: 100 },
    );
  });

  it('hands each part the location, with what the part says in place of it', async () => {
    const seen: SourceLocation[] = [];
    const spy: SecretSource = { name: 'spy', read: (location) => (seen.push(location), {}) };
    const location = { projectId: 'p', environment: 'dev', secretPath: '/' };
    await composeSources([spy, { name: 'shared', source: spy, location: { secretPath: '/shared' } }]).read(
      location,
      call(),
    );
    expect(seen).toEqual([location, { ...location, secretPath: '/shared' }]);
  });

  it('calls a key unreadable that the strongest part could not read, and not one that a weaker could not', async () => {
    const source = composeSources([
      named('lower', partial({ unreadable: ['B'] }, memorySource({ A: '1' }))),
      named('upper', partial({ unreadable: ['A'] }, memorySource({ B: '2', C: '3' }))),
    ]);
    const read = (await source.read({}, call())) as SourceRead;
    expect(shown(read)).toEqual({
      secrets: [
        ['B', '2'],
        ['C', '3'],
      ],
      unreadable: ['A'],
    });
  });

  it('calls what may be overridden by a key that could not be named unreadable', async () => {
    const source = composeSources([
      named('lower', memorySource({ A: '1', B: '2' })),
      named('middle', partial({ complete: false }, memorySource({ B: '3' }))),
      named('upper', memorySource({ C: '4' })),
    ]);
    expect(shown(await source.read({}, call()))).toEqual({
      secrets: [
        ['B', '3'],
        ['C', '4'],
      ],
      unreadable: ['A'],
      incomplete: true,
    });
  });

  it('hands a key on twice that the winning part holds twice, and passes on the clashes within a part', async () => {
    const inner = composeSources([
      named('x', memorySource({ A: '1', B: '1' })),
      named('y', memorySource({ A: '2', B: '2' })),
    ]);
    const twice = memorySource([
      ['B', '3'],
      ['B', '4'],
    ]);
    const read = (await composeSources([inner, named('twice', twice)]).read({}, call())) as SourceRead;
    expect(shown(read)).toMatchObject({ duplicates: ['B'] });
    expect(read.clashes).toEqual([
      { key: 'B', parts: ['x + y', 'twice'] },
      { key: 'A', parts: ['x', 'y'] },
    ]);
  });

  it('fails with the error of the part that fails, after all have ended', async () => {
    let ended = false;
    const slow: SecretSource = {
      name: 'slow',
      read: () => new Promise((resolve) => setImmediate(() => ((ended = true), resolve({})))),
    };
    const broken: SecretSource = {
      name: 'broken',
      read: () => {
        throw new Error('down');
      },
    };
    await expect(composeSources([broken, slow]).read({}, call())).rejects.toThrow('down');
    expect(ended).toBe(true);
  });
});

describe('composeSources, when it writes', () => {
  const lower = () => memorySource({ LOW: '1', BOTH: '2' });
  const upper = () => memorySource({ HIGH: '3', BOTH: '4' });

  it('cannot where no part is named', () => {
    expect(composeSources([lower(), upper()])).not.toHaveProperty('write');
    expect(composeSources([lower(), upper()])).not.toHaveProperty('checkWrite');
  });

  it('creates in the named part, over what a weaker one holds, and updates what it holds', async () => {
    const [low, high] = [lower(), upper()];
    const write = vi.fn((...[location, changes, options]: Parameters<typeof high.write>) =>
      high.write(location, changes, options),
    );
    const source = composeSources([named('low', low), named('high', { ...high, write })], {
      writeTo: 'high',
    });
    const changes = [change('LOW', 'a', 'update'), change('BOTH', 'b', 'update'), change('NEW', 'c')];
    expect(await source.checkWrite?.({}, changes, call())).toEqual([]);
    await source.write?.({}, changes, call());
    const got = write.mock.calls[0]?.[1].map(({ key, action }: SourceChange) => `${action} ${key}`);
    expect(got).toEqual(['create LOW', 'update BOTH', 'create NEW']);
    expect(low.entries()).toEqual(lower().entries());
    expect(shown(await source.read({}, call()))).toMatchObject({
      secrets: [
        ['LOW', 'a'],
        ['BOTH', 'b'],
        ['HIGH', '3'],
        ['NEW', 'c'],
      ],
    });
  });

  it('refuses what a stronger part holds, and asks the named part of the rest', async () => {
    const low = { ...lower(), checkWrite: vi.fn(() => [{ key: 'NEW', message: 'too new' }]) };
    const source = composeSources([named('low', low), named('high', upper())], { writeTo: 'low' });
    const changes = [change('LOW', 'a', 'update'), change('BOTH', 'b', 'update'), change('NEW', 'c')];
    expect(await source.checkWrite?.({}, changes, call())).toEqual([
      { key: 'BOTH', message: '"high" holds it, and wins over "low"; change it there' },
      { key: 'NEW', message: 'too new' },
    ]);
    const error = await errorOf(source.write?.({}, changes, call()));
    expect(error).toMatchObject({ code: 'SOURCE_NOT_WRITABLE', problems: [{ key: 'BOTH' }] });
    expect(low.entries()).toEqual(lower().entries());
  });

  it('refuses what a stronger part that could not be read in full may hold', async () => {
    const high = partial({ complete: false, unreadable: ['SECRET'] });
    const source = composeSources([named('low', lower()), named('high', high)], { writeTo: 'low' });
    const changes = [change('NEW', 'a'), change('SECRET', 'b')];
    expect(await source.checkWrite?.({}, changes, call())).toEqual([
      {
        key: 'NEW',
        message: '"high" was not read in full and may hold it, and wins over "low"; change it there',
      },
      { key: 'SECRET', message: '"high" holds it, and wins over "low"; change it there' },
    ]);
  });

  it('writes at the location of the part', async () => {
    const write = vi.fn();
    const source = composeSources(
      [{ name: 'a', source: { ...memorySource(), write }, location: { secretPath: '/a' } }],
      { writeTo: 'a' },
    );
    await source.write?.({ environment: 'dev' }, [change('A', '1')], call());
    expect(write.mock.calls[0]?.[0]).toEqual({ environment: 'dev', secretPath: '/a' });
  });

  it('shows no value in what it refuses', async () => {
    const canaries = createCanaries();
    const [random] = canaries.values;
    const text = random?.text ?? '';
    const source = composeSources([named('low', lower()), named('high', memorySource({ A: text }))], {
      writeTo: 'low',
    });
    canaries.assertAbsent(
      'the error',
      await errorOf(source.write?.({}, [change('A', text, 'update')], call())),
    );
    canaries.assertAbsent('the read', await source.read({}, call()));
  });
});

describe('composeSources, otherwise', () => {
  it('watches all parts, where all can be watched', async () => {
    const [one, two] = [memorySource(), memorySource()];
    const source = composeSources([one, two]);
    const controller = new AbortController();
    const onChange = vi.fn();
    await source.watch?.({}, onChange, { signal: controller.signal });
    one.set('A', '1');
    two.set('A', '2');
    expect(onChange).toHaveBeenCalledTimes(2);
    controller.abort();
    one.set('A', '3');
    expect(onChange).toHaveBeenCalledTimes(2);
    const silent: SecretSource = { name: 'silent', read: () => ({}) };
    expect(composeSources([one, silent])).not.toHaveProperty('watch');
  });

  it('stops watching the others when one part fails to begin', async () => {
    const one = memorySource();
    const broken = { ...memorySource(), watch: () => Promise.reject(new Error('down')) };
    const onChange = vi.fn();
    await expect(composeSources([one, broken]).watch?.({}, onChange, call())).rejects.toThrow('down');
    one.set('A', '1');
    expect(onChange).not.toHaveBeenCalled();
  });

  it('is described by the part that is written, else by the last one', async () => {
    const describing = (id: string): SecretSource => ({
      ...memorySource(),
      describe: ({ secretPath = '' }) => ({ folder: { id, path: secretPath } }),
    });
    const parts = [
      { name: 'a', source: describing('a'), location: { secretPath: '/a' } },
      { name: 'b', source: describing('b') },
    ];
    expect(await composeSources(parts).describe?.({}, call())).toEqual({ folder: { id: 'b', path: '' } });
    expect(await composeSources(parts, { writeTo: 'a' }).describe?.({}, call())).toEqual({
      folder: { id: 'a', path: '/a' },
    });
    expect(composeSources([memorySource()])).not.toHaveProperty('describe');
  });

  it('numbers sources that have one name', () => {
    expect(composeSources([memorySource(), memorySource()]).name).toBe('memory 1 + memory 2');
  });

  it('refuses what cannot be', () => {
    const silent: SecretSource = { name: 'silent', read: () => ({}) };
    const cases: [() => unknown, RegExp][] = [
      [() => composeSources([]), /at least one/],
      [() => composeSources([named('a', silent), named('a', silent)]), /change "a"/],
      [() => composeSources([named('', silent)]), /change ""/],
      [() => composeSources([silent], { writeTo: 'x' }), /no composed source "x".*only "silent"/],
      [() => composeSources([silent], { writeTo: 'silent' }), /"silent" can't be written/],
    ];
    for (const [make, message] of cases) {
      expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
      expect(make).toThrow(message);
    }
  });

  it('leaves what a part holds closed', async () => {
    const source = composeSources([memorySource({ A: new SecretValue('hunter2') })]);
    expect(JSON.stringify(await source.read({}, call()))).not.toContain('hunter2');
  });
});

it('composeSources refuses an option that it does not know', () => {
  const options = { writeto: 'a' };
  expect(() => composeSources([memorySource()], options as object)).toThrow(/"writeto": it is unknown/);
});

describe('composeSources, when it names its parts', () => {
  const partsOf = async (source: SecretSource) => {
    const { partOf, emptyParts } = sourceSnapshot(await source.read({}, call()));
    return { partOf: Object.fromEntries(partOf), emptyParts };
  };

  it('gives each key to the source that won it, and lists a source that holds nothing', async () => {
    const source = composeSources([
      named('base', memorySource({ A: '1', B: '2' })),
      named('gone', memorySource()),
      named('app', memorySource({ B: '3' })),
    ]);
    expect(await partsOf(source)).toEqual({ partOf: { A: 'base', B: 'app' }, emptyParts: ['gone'] });
  });

  it('takes no source for empty whose keys are all won by another, or cannot be read', async () => {
    const source = composeSources([
      named('base', memorySource({ A: '1' })),
      named('app', memorySource({ A: '2' })),
      named('hidden', partial({ unreadable: ['H'] })),
    ]);
    expect(await partsOf(source)).toEqual({ partOf: { A: 'app', H: 'hidden' }, emptyParts: [] });
  });

  it('tells the parts of a part apart, however deep, and what none of them lists', async () => {
    const inner = composeSources([named('x', memorySource({ A: '1' })), named('y', memorySource())]);
    const listing = partial({ parts: [{ name: 'some', keys: ['L'] }] }, memorySource({ L: '1', M: '2' }));
    const source = composeSources([
      named('deep', composeSources([named('inner', inner)])),
      named('listing', listing),
    ]);
    expect(await partsOf(source)).toEqual({
      partOf: { A: 'deep > inner > x', L: 'listing > some', M: 'listing' },
      emptyParts: ['deep > inner > y'],
    });
  });

  it('passes on which references were left unresolved, of the source that won', async () => {
    const source = composeSources([
      named('base', partial({ unresolved: ['A', 'B'] }, memorySource({ A: '${X}', B: '${X}' }))),
      named('app', memorySource({ A: 'fine' })),
    ]);
    expect([...sourceSnapshot(await source.read({}, call())).unresolved]).toEqual(['B']);
  });
});
