import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImportBehavior, SyncOptionsInput } from '../../src/contracts/definition.js';
import type { SecretSource, SourceReadResult } from '../../src/contracts/source.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import {
  changesOf,
  createEngine,
  failure,
  memoryDefinition,
  qoveryTarget,
  warningsOf,
} from '../support/engine.js';

const OPTIONS: SyncOptionsInput = { deletionScope: 'owned', allowEmptySource: true };

/** Syncs with a source each, at one memory destination. */
function setUp(options: { readonly readable?: boolean } = {}) {
  const destination = memoryDestination(options);
  const store = memoryStore();
  const sync = (name: string, secrets: Record<string, string>, syncOptions: SyncOptionsInput = {}) => {
    const source = memorySource(secrets);
    const definition = memoryDefinition({ name, syncOptions: { ...OPTIONS, ...syncOptions } });
    const { engine } = createEngine({ source, store, drivers: [destination] });
    return {
      source,
      run: () => engine.sync(definition),
      remove: () => engine.removeSecrets(definition),
      release: () => engine.release(definition),
      import: (importBehavior: ImportBehavior) => engine.importSecrets(definition, { importBehavior }),
    };
  };
  return { destination, keys: () => [...destination.values().keys()].sort(), sync };
}

describe.each([
  ['values can be read', true],
  ['values cannot be read', false],
])('a key that two syncs want with one value, where %s', (_title, readable) => {
  it('stays when the sync that wrote it stops wanting it, and goes with the last one', async () => {
    const { sync, keys } = setUp({ readable });
    const [web, worker] = [sync('web', { URL: 'u', PORT: '80' }), sync('worker', { URL: 'u' })];
    await web.run();
    expect(warningsOf((await worker.run()).plan)).toEqual(['SHARED_WITH_OTHER_SYNC URL']);
    web.source.delete('URL');
    expect(changesOf((await web.run()).plan)).toContain('URL keep, wanted-by-other-sync');
    expect(keys()).toEqual(['PORT', 'URL']);
    worker.source.delete('URL');
    expect(changesOf((await worker.run()).plan)).toContain('URL delete, absent-from-source');
    expect(keys()).toEqual(['PORT']);
  });

  it('stays when the sync that only holds it stops wanting it', async () => {
    const { sync, keys } = setUp({ readable });
    const [web, worker] = [sync('web', { URL: 'u' }), sync('worker', { URL: 'u' })];
    await web.run();
    await worker.run();
    worker.source.delete('URL');
    expect(changesOf((await worker.run()).plan)).toEqual(['URL keep, owned-by-other-sync']);
    expect(keys()).toEqual(['URL']);
    web.source.delete('URL');
    await web.run();
    expect(keys()).toEqual([]);
  });

  it('stays for the one that has not run since a person deleted it and a third one made it again', async () => {
    const { destination, sync, keys } = setUp({ readable });
    const [web, worker] = [sync('web', { URL: 'u', PORT: '80' }), sync('worker', { URL: 'u' })];
    const third = sync('third', { URL: 'u' });
    await web.run();
    await worker.run();
    destination.delete('URL');
    web.source.delete('URL');
    await web.run();
    await third.run();
    third.source.delete('URL');
    expect(changesOf((await third.run()).plan)).toContain('URL keep, wanted-by-other-sync');
    expect(keys()).toEqual(['PORT', 'URL']);
    worker.source.delete('URL');
    await worker.run();
    expect(keys()).toEqual(['PORT']);
  });

  it('is given up by the one that stopped wanting it while it was gone', async () => {
    const { destination, sync, keys } = setUp({ readable });
    const [web, worker] = [sync('web', { URL: 'u', PORT: '80' }), sync('worker', { URL: 'u' })];
    await web.run();
    await worker.run();
    destination.delete('URL');
    worker.source.delete('URL');
    await worker.run();
    await web.run();
    web.source.delete('URL');
    await web.run();
    expect(keys()).toEqual(['PORT']);
  });

  it('stays when one of the two is removed, whichever it is', async () => {
    for (const first of ['web', 'worker'] as const) {
      const { sync, keys } = setUp({ readable });
      const syncs = { web: sync('web', { URL: 'u' }), worker: sync('worker', { URL: 'u' }) };
      await syncs.web.run();
      await syncs.worker.run();
      const { plan } = await syncs[first].remove();
      expect(warningsOf(plan)).toEqual(['KEYS_REMAIN']);
      expect(keys()).toEqual(['URL']);
      await syncs[first === 'web' ? 'worker' : 'web'].remove();
      expect(keys()).toEqual([]);
    }
  });

  it.each([
    ['prioritize-source', 'imported it', {}],
    ['prioritize-destination', 'imported it', {}],
    ['prioritize-source', 'had it already when it imported', { URL: 'u' }],
    ['prioritize-destination', 'had it already when it imported', { URL: 'u' }],
    ['prioritize-destination', 'had another value when it imported', { URL: 'old' }],
  ] as const)(
    'stays when the sync that wrote it stops wanting it, and the other one (%s) %s',
    async (importBehavior, _title, secrets) => {
      const { sync, keys } = setUp();
      const [web, worker] = [sync('web', { URL: 'u', PORT: '80' }), sync('worker', secrets)];
      await web.run();
      await worker.import(importBehavior);
      web.source.delete('URL');
      await web.run();
      expect(keys()).toEqual(['PORT', 'URL']);
      // The import made it a holder like any other: the last one that wants the key deletes it.
      worker.source.delete('URL');
      worker.source.delete('PORT');
      await worker.run();
      expect(keys()).toEqual(['PORT']);
    },
  );

  it('stays when one sync has it since an import, and the other since a run after that', async () => {
    const { destination, sync, keys } = setUp();
    destination.set('URL', 'u');
    const [web, worker] = [sync('web', { URL: 'u', PORT: '80' }), sync('worker', { URL: 'u' })];
    await worker.import('prioritize-source');
    await web.run();
    web.source.delete('URL');
    await web.run();
    expect(keys()).toEqual(['PORT', 'URL']);
  });

  it('belongs to the other one when its owner is released', async () => {
    const { sync, keys } = setUp({ readable });
    const [web, worker] = [sync('web', { URL: 'u' }), sync('worker', { URL: 'u' })];
    await web.run();
    await worker.run();
    await web.release();
    worker.source.delete('URL');
    await worker.run();
    expect(keys()).toEqual([]);
  });

  it('moves from one source to the other without a gap, where the new one runs first', async () => {
    const { sync, keys } = setUp({ readable });
    const [from, to] = [sync('from', { KEY: 'v' }), sync('to', {})];
    await from.run();
    to.source.set('KEY', 'v');
    from.source.delete('KEY');
    await to.run();
    await from.run();
    expect(keys()).toEqual(['KEY']);
  });
});

describe('a key that two syncs want with different values', () => {
  it('is told at every run that writes over the other, and names the other sync', async () => {
    const { sync } = setUp();
    const [web, worker] = [sync('web', { URL: 'w' }), sync('worker', { URL: 'x' })];
    await web.run();
    for (const [one, other] of [
      [worker, 'web'],
      [web, 'worker'],
      [worker, 'web'],
    ] as const) {
      const { plan } = await one.run();
      const told = plan.warnings.filter(({ code }) => code === 'OWNED_BY_OTHER_SYNC');
      expect(told).toMatchObject([{ key: 'URL', syncId: other }]);
    }
  });

  it('is never deleted by one of them while the other wants it', async () => {
    const { sync, keys } = setUp();
    const [web, worker] = [sync('web', { URL: 'w' }), sync('worker', { URL: 'x' })];
    await web.run();
    await worker.run();
    worker.source.delete('URL');
    await worker.run();
    expect(keys()).toEqual(['URL']);
    expect(changesOf((await web.run()).plan)).toEqual(['URL update, value-differs']);
    web.source.delete('URL');
    await web.run();
    expect(keys()).toEqual([]);
  });

  it('is not replaced by one in another kind while the other wants it, unless that is allowed', async () => {
    const emulator = await startQoveryEmulator();
    try {
      const target = qoveryTarget(emulator);
      const store = memoryStore();
      const run = (name: string, value: string, variableType: 'secret' | 'variable') =>
        createEngine({ source: memorySource({ K: value }), store, drivers: [target.driver] }).engine.plan(
          target.definition({ name }, variableType),
        );
      const sync = (name: string) =>
        createEngine({ source: memorySource({ K: 'v' }), store, drivers: [target.driver] }).engine.sync(
          target.definition({ name }, 'variable'),
        );
      await sync('one');
      await sync('two');
      expect(changesOf(await run('one', 'v', 'secret'))).toContain('K (secret) blocked, kind-differs');
    } finally {
      await emulator.close();
    }
  });
});

describe('a hold on a key of another sync', () => {
  /** `one` wrote K, and `two` holds it; then the source of `two` is read so, and `one` stops wanting K. */
  async function afterRead(read: SourceReadResult, syncOptions: SyncOptionsInput = {}) {
    const destination = memoryDestination();
    const store = memoryStore();
    const one = memorySource({ K: 'v', A: '1' });
    let current: SourceReadResult = { secrets: { K: 'v', B: '2' }, parts: [{ name: 'p', keys: ['K', 'B'] }] };
    const run = (name: string, source: SecretSource, options: SyncOptionsInput) =>
      createEngine({ source, store, drivers: [destination] }).engine.sync(
        memoryDefinition({ name, syncOptions: { deletionScope: 'owned', ...options } }),
      );
    const two: SecretSource = { name: 'two', read: () => current };
    await run('one', one, {});
    await run('two', two, syncOptions);
    current = read;
    await run('two', two, syncOptions).catch(() => undefined);
    one.delete('K');
    await run('one', one, {});
    return destination.values().has('K');
  }

  it.each<[string, SourceReadResult, SyncOptionsInput]>([
    ['was read in part', { secrets: { B: '2' }, complete: false }, {}],
    [
      'was read in part, without deletions',
      { secrets: { B: '2' }, complete: false },
      { disableSecretDeletion: true },
    ],
    ['is empty', {}, {}],
    ['has a part that is empty', { secrets: { B: '2' }, parts: [{ name: 'p', keys: [] }] }, {}],
    ['has its part no longer', { secrets: { B: '2' }, parts: [{ name: 'q', keys: ['B'] }] }, {}],
  ])('is kept while its source %s', async (_title, read, syncOptions) => {
    expect(await afterRead(read, syncOptions)).toBe(true);
  });

  it.each<[string, SourceReadResult, SyncOptionsInput]>([
    ['was read without the key', { secrets: { B: '2' }, parts: [{ name: 'p', keys: ['B'] }] }, {}],
    [
      'has its part no longer, and may be empty',
      { secrets: { B: '2' }, parts: [{ name: 'q', keys: ['B'] }] },
      { allowEmptySource: true },
    ],
    ['is empty, and may be', {}, { allowEmptySource: true }],
  ])('is given up once its source %s', async (_title, read, syncOptions) => {
    expect(await afterRead(read, syncOptions)).toBe(false);
  });
});

describe('a key that was handed over from one sync to the other', () => {
  /** Both read the key from a part of their sources, `shared`; which of them wants it no longer is up to the test. */
  function setUpParts() {
    const destination = memoryDestination();
    const store = memoryStore();
    const sync = (name: string, value = 'v') => {
      const parts: Record<string, Record<string, string>> = { shared: { K: value }, own: { [name]: '1' } };
      const source: SecretSource = {
        name,
        read: () => ({
          secrets: Object.assign({}, ...Object.values(parts)) as Record<string, string>,
          parts: Object.entries(parts).map(([part, held]) => ({ name: part, keys: Object.keys(held) })),
        }),
      };
      const { engine } = createEngine({ source, store, drivers: [destination] });
      const definition = memoryDefinition({ name, syncOptions: { deletionScope: 'owned' } });
      return { parts, run: () => engine.sync(definition), release: () => engine.release(definition) };
    };
    return { sync, has: () => destination.values().has('K') };
  }

  it.each([
    ['with the same value, from its owner', 'v', (one: { run: () => unknown }) => one.run()],
    ['with another value, from its owner', 'w', (one: { run: () => unknown }) => one.run()],
    ['from an owner that is released', 'v', (one: { release: () => unknown }) => one.release()],
  ])('is not deleted where the part that it came from turned empty: %s', async (_title, value, leave) => {
    const { sync, has } = setUpParts();
    const [owner, holder] = [sync('owner'), sync('holder', value)];
    // The one that runs last with a value of its own owns it.
    if (value === 'v') await owner.run();
    await holder.run();
    await owner.run();
    owner.parts['shared'] = { OTHER: '1' };
    await leave(owner);
    holder.parts['shared'] = {};
    await failure(holder.run(), 'DELETION_REFUSED');
    expect(has()).toBe(true);
  });
});

describe('two syncs of Qovery secrets', () => {
  let emulator: QoveryEmulator;
  beforeAll(async () => {
    emulator = await startQoveryEmulator();
  });
  afterAll(() => emulator.close());

  it('share a secret that neither can read, and write it once', async () => {
    const target = qoveryTarget(emulator);
    const store = memoryStore();
    const [one, two] = [memorySource({ K: 'v' }), memorySource({ K: 'v' })];
    const sync = (name: string, source: typeof one) =>
      createEngine({ source, store, drivers: [target.driver] }).engine.sync(
        target.definition({ name, syncOptions: OPTIONS }),
      );
    await sync('one', one);
    emulator.clearRequests();
    await sync('two', two);
    expect(emulator.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    one.delete('K');
    await sync('one', one);
    expect([...target.values().keys()]).toEqual(['K']);
    two.delete('K');
    await sync('two', two);
    expect([...target.values().keys()]).toEqual([]);
  });

  it.each(['in its own kind', 'not at all'])(
    'keep a key whose kind one of them changed, until the other one has it %s',
    async (end) => {
      const target = qoveryTarget(emulator);
      const store = memoryStore();
      const [one, two] = [memorySource({ K: 'v', A: '1' }), memorySource({ K: 'v', B: '2' })];
      const sync = (name: string, source: typeof one, type: 'secret' | 'variable') =>
        createEngine({ source, store, drivers: [target.driver] }).engine.sync(
          target.definition({ name, syncOptions: { ...OPTIONS, allowReplace: name === 'two' } }, type),
        );
      await sync('one', one, 'secret');
      await sync('two', two, 'variable');
      two.delete('K');
      const { plan } = await sync('two', two, 'variable');
      expect(changesOf(plan)).toContain('K (variable) keep, wanted-by-other-sync');
      expect(target.values().get('K (variable)')).toBe('v');
      if (end === 'not at all') one.delete('K');
      await sync('one', one, 'secret');
      expect([...target.values().keys()].filter((key) => key.startsWith('K'))).toEqual(
        end === 'not at all' ? [] : ['K'],
      );
    },
  );
});
