import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import type { SecretSource, SourceReadResult } from '../../../src/contracts/source.js';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import type { ConformanceRunner } from '../../../src/testing/conformance/runner.js';
import { sourceConformance } from '../../../src/testing/conformance/source/index.js';
import { storeConformance } from '../../../src/testing/conformance/store/index.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { type SourceConformanceOptions } from '../../../src/testing/conformance/source/options.js';

/** Runs a suite by itself and answers the titles of the tests that fail, with their messages. */
async function failures(suite: (runner: ConformanceRunner) => void): Promise<ReadonlyMap<string, string>> {
  const tests: (readonly [string, () => Promise<void>])[] = [];
  suite({ describe: (_, body) => body(), it: (title, body) => tests.push([title, body]) });
  expect(tests.length).toBeGreaterThan(5);
  const failed = new Map<string, string>();
  for (const [title, body] of tests) {
    await body().catch((error: unknown) => failed.set(title, String(error)));
  }
  return failed;
}

const failingStore = (change: (store: StateStore) => Partial<StateStore>) =>
  failures((runner) => {
    const create = () => {
      const store = memoryStore();
      return { ...store, ...change(store) };
    };
    storeConformance({ name: 'faulty', create }, runner);
  });

describe('storeConformance', () => {
  it('passes a store that is right', async () => {
    expect([...(await failingStore(() => ({})))]).toEqual([]);
  });

  it.each<[string, (store: StateStore) => Partial<StateStore>, string]>([
    [
      'never sees a conflict',
      (store) => ({
        put: async (key, document) =>
          store.put(key, document, { ifVersion: (await store.get(key))?.version ?? null }),
      }),
      'refuses to create a document that exists, and leaves it alone',
    ],
    [
      'looks and then writes, with time between',
      (store) => {
        const documents = new Map<string, { document: unknown; version: string }>();
        let version = 0;
        return {
          get: (key) => Promise.resolve(documents.get(key) as Awaited<ReturnType<StateStore['get']>>),
          put: async (key, document, { ifVersion }) => {
            if ((documents.get(key)?.version ?? null) !== ifVersion)
              return store.put('x', 0, { ifVersion: 'x' });
            await Promise.resolve();
            documents.set(key, { document, version: String(++version) });
            return { version: String(version) };
          },
        };
      },
      'lets exactly one of many concurrent puts win',
    ],
    [
      'numbers the versions of each document from 1',
      (store) => {
        const numbers = new Map<string, string>();
        return {
          get: async (key) => {
            const found = await store.get(key);
            return found && { ...found, version: JSON.stringify(found.document) };
          },
          put: async (key, document, { ifVersion }) => {
            const real = ifVersion === null ? null : (numbers.get(`${key} ${ifVersion}`) ?? 'none');
            const { version } = await store.put(key, document, { ifVersion: real });
            numbers.set(`${key} ${JSON.stringify(document)}`, version);
            return { version: JSON.stringify(document) };
          },
        };
      },
      'never gives a version a second time, also after deletions',
    ],
    [
      'deletes whatever stands there',
      (store) => ({
        delete: async (key) => {
          const found = await store.get(key);
          if (found !== undefined) await store.delete(key, { ifVersion: found.version });
        },
      }),
      'deletes the version that was named, and no other',
    ],
    [
      'lists all keys',
      (store) => ({ list: () => store.list('') }),
      'lists the keys that start with a prefix, sorted',
    ],
    [
      'lists in reverse',
      (store) => ({ list: async (prefix) => [...(await store.list(prefix))].reverse() }),
      'lists the keys that start with a prefix, sorted',
    ],
    [
      'loses __proto__',
      (store) => ({
        put: (key, document, options) =>
          store.put(
            key,
            typeof document === 'object' && document !== null && !Array.isArray(document)
              ? Object.assign({}, document)
              : document,
            options,
          ),
      }),
      'takes __proto__ and its like for names as any other',
    ],
    [
      'takes an empty document for none',
      (store) => ({
        get: async (key) => {
          const found = await store.get(key);
          return found?.document ? found : undefined;
        },
      }),
      'tells a document that is null from none',
    ],
  ])('fails a store that %s', async (_, change, title) => {
    expect([...(await failingStore(change)).keys()]).toContain(title);
  });

  it('fails a store that hands out what it keeps', async () => {
    const failed = await failures((runner) => {
      const create = (): StateStore => {
        const documents = new Map<string, { document: never; version: string }>();
        return {
          ...memoryStore(),
          get: (key) => Promise.resolve(documents.get(key)),
          put: (key, document) => {
            documents.set(key, { document: document as never, version: '1' });
            return Promise.resolve({ version: '1' });
          },
        };
      };
      storeConformance({ name: 'faulty', create }, runner);
    });
    expect([...failed.keys()]).toContain('is not changed by what is done to a document after put or get');
  });

  it('cleans up after each test, failed ones included', async () => {
    let [made, disposed] = [0, 0];
    const create = () => {
      made += 1;
      return { ...memoryStore(), list: () => Promise.reject(new Error('broken')) };
    };
    const dispose = () => void (disposed += 1);
    await failures((runner) => storeConformance({ name: 'faulty', create, dispose }, runner));
    expect(made).toBeGreaterThan(10);
    expect(disposed).toBe(made);
  });
});

const failingSource = (
  change: (source: ReturnType<typeof memorySource>) => Partial<SecretSource>,
  options: Partial<SourceConformanceOptions> = {},
) =>
  failures((runner) => {
    const create: SourceConformanceOptions['create'] = (secrets) => {
      const source = memorySource(secrets);
      return { ...source, ...change(source) };
    };
    sourceConformance({ name: 'faulty', create, writable: true, ...options }, runner);
  });

describe('sourceConformance, of parts and references', () => {
  const reading = (read: () => SourceReadResult): SecretSource => ({ name: 'parts', read });
  const parts = 'names its parts the same at every read, and lists each key in one, if it has parts';
  const split = 'says which part each key came from, and which parts hold nothing';
  const unresolved = 'lists a key whose value holds a reference that it left unresolved, and no other';

  it('fails a source whose parts have other names at each read, or do not list a key', async () => {
    let reads = 0;
    const renamed = await failingSource((source) => ({
      read: (_location, { signal }) => {
        signal.throwIfAborted();
        return {
          secrets: source.entries(),
          parts: [{ name: `part ${++reads}`, keys: source.entries().map(([key]) => key) }],
        };
      },
    }));
    expect([...renamed.keys()]).toEqual([parts]);
    const unlisted = await failingSource((source) => ({
      read: () => ({ secrets: source.entries(), parts: [{ name: 'part', keys: ['A'] }] }),
    }));
    expect(unlisted.get(parts)).toContain('no part lists these keys');
  });

  it('passes a source that names its parts and references, and fails one that does not', async () => {
    const right: Partial<SourceConformanceOptions> = {
      createWithParts: (given) =>
        reading(() => ({
          secrets: new Map(given.flat()),
          parts: given.map((secrets, index) => ({ name: `${index}`, keys: secrets.map(([key]) => key) })),
        })),
      createUnresolved: (key) => reading(() => ({ secrets: { [key]: '${X}', A: '1' }, unresolved: [key] })),
    };
    expect([...(await failingSource(() => ({}), right)).keys()]).toEqual([]);
    const wrong: readonly Partial<SourceConformanceOptions>[] = [
      { createWithParts: (given) => reading(() => new Map(given.flat())) },
      {
        createWithParts: (given) =>
          reading(() => ({
            secrets: new Map(given.flat()),
            parts: given.map((secrets, index) => ({
              name: `${index}`,
              keys: secrets.length > 0 ? ['A', 'B', 'C'] : [],
            })),
          })),
      },
    ];
    for (const options of wrong)
      expect([...(await failingSource(() => ({}), options)).keys()]).toEqual([split]);
    const silent = { createUnresolved: (key: string) => reading(() => ({ [key]: '${X}' })) };
    expect([...(await failingSource(() => ({}), silent)).keys()]).toEqual([unresolved]);
  });

  it('names a test that the fixture lacks something for as skipped, where the runner can', () => {
    const skipped: string[] = [];
    const runIt = Object.assign((_title: string, _body: () => Promise<void>) => undefined, {
      skip: (title: string) => void skipped.push(title),
    });
    const create: SourceConformanceOptions['create'] = (secrets) => memorySource(secrets);
    sourceConformance({ name: 'bare', create }, { describe: (_title, body) => body(), it: runIt });
    expect(skipped.map((title) => / \(not tested: the fixture has no (\w+)\)$/.exec(title)?.[1])).toEqual([
      'createBroken',
      'createWithParts',
      'createUnresolved',
    ]);
  });
});

describe('sourceConformance', () => {
  it('passes a source that is right', async () => {
    expect([...(await failingSource(() => ({})))]).toEqual([]);
  });

  it.each<[string, (source: ReturnType<typeof memorySource>) => Partial<SecretSource>, string]>([
    [
      'ignores its signal',
      (source) => ({ read: () => source.entries() }),
      'rejects a read whose signal was aborted, with its reason',
    ],
    [
      'rejects with an error of its own when aborted',
      (source) => ({
        read: (_, { signal }) => {
          if (signal.aborted) throw new Error('aborted');
          return source.entries();
        },
      }),
      'rejects a read whose signal was aborted, with its reason',
    ],
    [
      'loses __proto__',
      (source) => ({
        read: (_, { signal }) => {
          signal.throwIfAborted();
          const record: Record<string, never> = {};
          for (const [key, value] of source.entries()) record[key] = value as never;
          return record;
        },
      }),
      'takes __proto__ and its like for keys as any other',
    ],
    [
      'leaves empty values out',
      (source) => ({ read: () => source.entries().filter(([, value]) => !value.isEmpty) }),
      'reads every secret, an empty one too',
    ],
    [
      'trims values',
      (source) => ({
        read: () => source.entries().map(([key, value]) => [key, value.reveal().trim()] as const),
      }),
      'returns any string as it was',
    ],
    [
      'reads one page',
      (source) => ({ read: () => source.entries().slice(0, 100) }),
      'reads a large number of secrets',
    ],
    [
      'writes the first change alone',
      (source) => ({ write: (location, changes, call) => source.write(location, changes.slice(0, 1), call) }),
      'reads back what it wrote, and keeps the rest',
    ],
    [
      'replaces all with what it is given',
      (source) => ({
        write: (location, changes, call) => {
          for (const [key] of source.entries()) source.delete(key);
          return source.write(location, changes, call);
        },
      }),
      'reads back what it wrote, and keeps the rest',
    ],
    [
      'writes after an abort',
      (source) => ({
        write: (location, changes) =>
          source.write(location, changes, { signal: new AbortController().signal }),
      }),
      'writes nothing when its signal was aborted, and rejects with the reason',
    ],
    [
      'writes when it is asked what it would refuse',
      (source) => ({
        checkWrite: async (location, changes, call) => {
          await source.write(location, changes, call);
          return [];
        },
      }),
      'says before a write which keys it would refuse, and writes nothing by it',
    ],
  ])('fails a source that %s, and shows no value then', async (_, change, title) => {
    const failed = await failingSource(change);
    expect([...failed.keys()]).toContain(title);
    expect([...failed.values()].join('\n')).not.toContain('a value with spaces');
  });

  it('fails a source that can be written although it was not said to be', async () => {
    const failed = await failingSource(() => ({}), { writable: false });
    expect([...failed.keys()]).toEqual(['has no write, so that an import is refused before it begins']);
  });

  type Faulty = (source: ReturnType<typeof memorySource>) => Partial<SecretSource>;
  /** Fails soon: what is waited for does not come. */
  const watchTimeout = 20;
  const tells = 'calls those who watch for each change, as soon as it can be read';
  const stops = 'no longer calls those who stopped watching, and goes on calling the others';
  const begins = 'begins no watch whose signal was aborted';

  it.each<[string, Faulty, string[]]>([
    ['never tells', () => ({ watch: () => undefined }), [tells, stops, begins]],
    [
      'tells once',
      (source) => ({
        watch(location, onChange, call) {
          let isTold = false;
          return source.watch(location, () => void (isTold || (onChange(), (isTold = true))), call);
        },
      }),
      [tells],
    ],
    [
      'tells before the change can be read',
      (source) => {
        const watchers = new Set<() => void>();
        return {
          async write(location, changes, call) {
            for (const onChange of watchers) onChange();
            await new Promise((resolve) => setImmediate(resolve));
            return source.write(location, changes, call);
          },
          watch(_location, onChange, { signal }) {
            if (signal.aborted) return;
            watchers.add(onChange);
            signal.addEventListener('abort', () => watchers.delete(onChange));
          },
        };
      },
      [tells, stops, begins],
    ],
    [
      'tells after the abort',
      (source) => ({
        watch(location, onChange, { signal }) {
          if (!signal.aborted)
            void source.watch(location, onChange, { signal: new AbortController().signal });
        },
      }),
      [stops],
    ],
    [
      'stops telling all when one stops',
      (source) => {
        const all = new AbortController();
        return {
          watch(location, onChange, { signal }) {
            if (signal.aborted) return;
            signal.addEventListener('abort', () => all.abort());
            return source.watch(location, onChange, { signal: all.signal });
          },
        };
      },
      [stops],
    ],
    [
      'begins although it is too late',
      (source) => ({
        watch: (location, onChange) =>
          source.watch(location, onChange, { signal: new AbortController().signal }),
      }),
      [stops, begins],
    ],
    [
      'rejects with an error of its own at the abort',
      (source) => ({
        async watch(location, onChange, { signal }) {
          await source.watch(location, onChange, { signal });
          await new Promise((_resolve, reject) =>
            signal.addEventListener('abort', () => reject(new Error('aborted'))),
          );
        },
      }),
      [tells, stops, begins],
    ],
  ])('fails a source whose watch %s', async (_, change, titles) => {
    expect([...(await failingSource(change, { watchTimeout })).keys()]).toEqual(titles);
  });

  it('passes a source whose watch ends with the abort alone', async () => {
    const failed = await failingSource(
      (source) => ({
        async watch(location, onChange, { signal }) {
          await source.watch(location, onChange, { signal });
          if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
          signal.throwIfAborted();
        },
      }),
      { watchTimeout },
    );
    expect([...failed]).toEqual([]);
  });

  it('fails a source whose watch leaves a timer behind', async () => {
    const clock = createVirtualClock();
    const failed = await failingSource(
      (source) => ({
        watch(location, onChange, call) {
          void clock.sleep(1_000);
          return source.watch(location, onChange, call);
        },
      }),
      { watchTimeout, held: () => clock.sleepers },
    );
    expect([...failed.keys()]).toEqual(['holds no timer and no connection for those who stopped watching']);
  });

  const describes = 'describes a location by names and ids, and by nothing else';
  it.each<[string, Faulty, string]>([
    ['answers null', () => ({ describe: () => null as never }), describes],
    ['says more', () => ({ describe: () => ({ folder: { id: '1', path: '/', owner: 'me' } }) }), describes],
    ['says too little', () => ({ describe: () => ({ environment: { id: '1' } as never }) }), describes],
    [
      'shows a value',
      (source) => ({
        describe: () => ({ folder: { id: source.entries()[0]?.[1].reveal() ?? '', path: '/' } }),
      }),
      describes,
    ],
    [
      'hangs on an aborted signal',
      () => ({ describe: (_, { signal }) => (signal.aborted ? new Promise(() => undefined) : {}) }),
      'does not go on with a describe whose signal was aborted',
    ],
    [
      'rejects with an error of its own when aborted',
      () => ({
        describe(_, { signal }) {
          if (signal.aborted) throw new Error('aborted');
          return {};
        },
      }),
      'does not go on with a describe whose signal was aborted',
    ],
  ])('fails a source whose description %s', async (_, change, title) => {
    expect([...(await failingSource(change, { watchTimeout })).keys()]).toEqual([title]);
  });

  it('passes a source that describes what it knows, or nothing', async () => {
    for (const description of [{}, { folder: { id: '1', path: '/' } }]) {
      expect([...(await failingSource(() => ({ describe: () => description })))]).toEqual([]);
    }
  });

  it('fails a source that lacks what it was said to have, and one that has what it was said to lack', async () => {
    const all = { watchable: true, describable: true, watchTimeout };
    const lacking = await failingSource(() => ({ watch: undefined }) as never, all);
    expect([...lacking.keys()]).toContain(describes);
    expect(lacking.get(tells)).toContain('the source has no watch');
    const none = { watchable: false, describable: false };
    expect([...(await failingSource(() => ({ describe: () => ({}) }), none)).keys()]).toEqual([
      'has no watch, so that it is read every so often',
      'has no describe',
    ]);
  });

  it('asks for a way to change a source that is watched and cannot be written', async () => {
    const failed = await failingSource((source) => ({ write: source.write }), {
      watchable: true,
      writable: false,
    });
    expect(failed.get(tells)).toContain('pass `change`');
  });

  const broken = (read: (value: string) => SecretSource['read']) =>
    failingSource(() => ({}), {
      createBroken: (secrets) => ({ name: 'broken', read: read(secrets[0]?.[1] ?? '') }),
    });

  it('passes a source that fails without a word about a value', async () => {
    const failed = await broken(() => () => {
      throw new SecretSyncError('SOURCE_READ_FAILED', 'line 3 is not right');
    });
    expect([...failed]).toEqual([]);
  });

  it('fails a source whose error holds a value, and one that answers nothing in place of failing', async () => {
    const title = 'fails, rather than return less, when it cannot read, and shows no value then';
    const leaking = await broken((value) => () => {
      throw new Error('broken', { cause: { line: Buffer.from(value).toString('base64') } });
    });
    expect([...leaking.keys()]).toEqual([title]);
    expect(leaking.get(title)).toContain('"random" (base64)');
    expect([...(await broken(() => () => ({}))).keys()]).toEqual([title]);
  });
});
