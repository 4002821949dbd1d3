import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncOptionsInput } from '../../src/contracts/definition.js';
import type {
  SecretSource,
  SourceChange,
  SourceLocation,
  SourceReadResult,
} from '../../src/contracts/source.js';
import type { SyncCallOptions } from '../../src/engine/secret-sync-engine.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
} from '../../src/testing/emulators/hasura-cloud/index.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import {
  changesOf,
  createEngine,
  failure,
  hasuraTarget,
  memoryDefinition,
  sourceValues,
  warningsOf,
} from '../support/engine.js';
import { eventually } from '../support/eventually.js';
import { createVirtualClock } from '../support/virtual-clock.js';

let emulator: HasuraCloudEmulator;
beforeAll(async () => {
  emulator = await startHasuraCloudEmulator();
});
afterAll(() => emulator.close());

describe('a key schema without a literal tells nothing apart', () => {
  it.each([
    ['no schema', undefined],
    ['the key alone', '{{secretKey}}'],
    ['the key alone, with blanks around it', '  {{secretKey}} '],
  ])('%s: the first sync warns, and refuses to delete what others made', async (_title, keySchema) => {
    const destination = memoryDestination();
    destination.set('THEIRS', 'x');
    const { engine } = createEngine({ source: memorySource({ MINE: '1' }), drivers: [destination] });
    const definition = memoryDefinition(keySchema === undefined ? {} : { syncOptions: { keySchema } });
    const plan = await engine.plan(definition);
    expect(plan.warnings.map(({ code }) => code)).toContain('NO_KEY_SCHEMA');
    expect(plan.problems).toMatchObject([{ code: 'DELETION_REFUSED', reason: 'unowned-without-schema' }]);
    await failure(engine.sync(definition), 'DELETION_REFUSED');
    expect([...destination.values().keys()]).toEqual(['THEIRS']);
  });

  it('an environment alone is a literal once it is filled in', async () => {
    const destination = memoryDestination();
    destination.set('devOLD', 'x');
    const { engine } = createEngine({ source: memorySource({ MINE: '1' }), drivers: [destination] });
    const definition = memoryDefinition({
      environment: 'dev',
      syncOptions: { keySchema: '{{environment}}{{secretKey}}' },
    });
    const { plan } = await engine.sync(definition);
    expect(plan.warnings.map(({ code }) => code)).not.toContain('NO_KEY_SCHEMA');
    expect([...destination.values().keys()]).toEqual(['devMINE']);
  });
});

const whereChanged = (unlessDigest: string | undefined): SyncCallOptions => ({ unlessDigest });

describe('a part of a source that turned empty', () => {
  /** A source of two parts, of which one can be emptied. */
  function setUp(syncOptions: SyncOptionsInput = {}) {
    const parts: Record<string, Record<string, string>> = { base: { A: '1', B: '2' }, own: { C: '3' } };
    const read = (): SourceReadResult => ({
      secrets: Object.assign({}, ...Object.values(parts)) as Record<string, string>,
      parts: Object.entries(parts).map(([name, held]) => ({ name, keys: Object.keys(held) })),
    });
    const write = (_: SourceLocation, changes: readonly SourceChange[]) => {
      for (const { key, value } of changes) (parts['own'] ??= {})[key] = value.reveal();
    };
    const destination = memoryDestination();
    const { engine } = createEngine({ source: { name: 'parts', read, write }, drivers: [destination] });
    const definition = memoryDefinition({ syncOptions: { maxDeletions: { ratio: 1 }, ...syncOptions } });
    return {
      parts,
      destination,
      importSecrets: () => engine.importSecrets(definition),
      keys: () => [...destination.values().keys()].sort(),
      plan: () => engine.plan(definition),
      sync: () => engine.sync(definition),
      syncUnless: (unlessDigest: string | undefined) => engine.sync(definition, whereChanged(unlessDigest)),
    };
  }

  it('deletes none of its keys, as an empty source does not', async () => {
    const { parts, keys, sync, plan } = setUp();
    await sync();
    parts['base'] = {};
    const refused = await plan();
    expect(refused.problems).toMatchObject([{ code: 'DELETION_REFUSED', reason: 'part-empty' }]);
    expect(warningsOf(refused)).toEqual(['PART_EMPTY']);
    expect((await failure(sync(), 'DELETION_REFUSED')).message).toContain('"base"');
    expect(keys()).toEqual(['A', 'B', 'C']);
  });

  it('deletes none of its keys where it is gone altogether', async () => {
    const { parts, keys, sync } = setUp();
    await sync();
    delete parts['base'];
    await failure(sync(), 'DELETION_REFUSED');
    expect(keys()).toEqual(['A', 'B', 'C']);
  });

  it('deletes none of its keys after an import into it, whether they came from it before or not', async () => {
    for (const isKnown of [true, false]) {
      const { parts, destination, keys, sync, importSecrets } = setUp();
      if (isKnown) await sync();
      else for (const key of ['A', 'B', 'C']) destination.set(key, key);
      parts['own'] = {};
      await importSecrets();
      expect(parts['own']).toHaveProperty('C');
      parts['own'] = {};
      const error = await failure(sync(), 'DELETION_REFUSED');
      expect(error.problems).toMatchObject([{ reason: 'part-empty' }]);
      expect(keys()).toEqual(['A', 'B', 'C']);
    }
  });

  it('deletes them where an empty source may', async () => {
    const { parts, keys, sync } = setUp({ allowEmptySource: true });
    await sync();
    parts['base'] = {};
    expect(warningsOf((await sync()).plan)).toEqual(['PART_EMPTY']);
    expect(keys()).toEqual(['C']);
  });

  it('is no reason to refuse where it never held a key of this sync, or still holds one', async () => {
    const { parts, keys, sync } = setUp();
    parts['new'] = {};
    await sync();
    delete parts['base']?.['A'];
    await sync();
    expect(keys()).toEqual(['B', 'C']);
  });

  it('is remembered for keys that were right already, and follows a key to another part', async () => {
    const { parts, keys, sync } = setUp();
    await sync();
    parts['own'] = { C: '3', A: '1' };
    parts['base'] = { B: '2' };
    await sync();
    parts['base'] = { B: '2' };
    parts['own'] = {};
    const error = await failure(sync(), 'DELETION_REFUSED');
    expect(error.problems?.[0]?.message).toContain('"A", "C"');
    expect(keys()).toEqual(['A', 'B', 'C']);
  });

  it('is known of a key that moved to it unchanged, also to a sync that runs only where its source has changed', async () => {
    const { parts, keys, sync, syncUnless } = setUp();
    const { sourceDigest } = await sync();
    parts['base'] = { B: '2' };
    parts['extra'] = { A: '1' };
    const moved = await syncUnless(sourceDigest);
    expect(moved.status).toBe('succeeded');
    parts['extra'] = {};
    const error = await failure(syncUnless(moved.sourceDigest), 'DELETION_REFUSED');
    expect(error.message).toContain('"extra"');
    expect(keys()).toEqual(['A', 'B', 'C']);
  });
});

describe('apply does what its plan showed, and nothing else', () => {
  const syncOptions = { keySchema: 'APP_{{secretKey}}' };

  it.each([
    ['a new value', (id: string) => emulator.setVariable(id, 'APP_OLD', 'by hand')],
    ['another key that would be deleted, too', (id: string) => emulator.setVariable(id, 'APP_MORE', 'x')],
  ])('a deletion that meets %s between the phases is not made', async (_title, edit) => {
    const target = hasuraTarget(emulator, { environment: { APP_OLD: 'planned', APP_KEEP: '1' } });
    const source = memorySource({ KEEP: '1', NEW: '2' });
    const { engine } = createEngine({ source, drivers: [target.driver] });
    const plan = await engine.plan(target.definition({ syncOptions }));
    let edited = false;
    emulator.setIntercept(({ operation }) => {
      if (operation === 'mutation deleteTenantEnv' && !edited) {
        edited = true;
        edit(target.projectId);
      }
      return undefined;
    });
    const { result } = await failure(engine.apply(plan), 'SYNC_FAILED');
    emulator.setIntercept(undefined);
    expect(edited).toBe(true);
    expect(target.values().has('APP_OLD')).toBe(true);
    expect(result.outcomes).toMatchObject([
      { key: 'APP_NEW', status: 'applied' },
      { key: 'APP_OLD', status: 'failed', error: { code: 'CONFLICT' } },
    ]);
  });

  it('a deletion that meets a change which touches nothing of it is made', async () => {
    const target = hasuraTarget(emulator, { environment: { APP_OLD: 'planned' } });
    const { engine } = createEngine({ source: memorySource({ NEW: '2' }), drivers: [target.driver] });
    const plan = await engine.plan(target.definition({ syncOptions }));
    let edited = false;
    emulator.setIntercept(({ operation }) => {
      if (operation === 'mutation deleteTenantEnv' && !edited) {
        edited = true;
        emulator.setVariable(target.projectId, 'OTHER', 'x');
      }
      return undefined;
    });
    await engine.apply(plan);
    emulator.setIntercept(undefined);
    expect([...target.values().keys()]).toEqual(['APP_NEW', 'OTHER']);
  });
});

describe('a first sync that meets a conflict is still a first sync', () => {
  it.each(['import-prioritize-source', 'import-prioritize-destination'] as const)(
    '%s: what appeared meanwhile is imported, and not deleted',
    async (initialSyncBehavior) => {
      const target = hasuraTarget(emulator, { environment: { APP_A: 'a' } });
      const source = memorySource({ C: 'c' });
      const { engine } = createEngine({ source, drivers: [target.driver] });
      const definition = target.definition({
        syncOptions: { keySchema: 'APP_{{secretKey}}', initialSyncBehavior },
      });
      let added = false;
      emulator.setIntercept(({ operation }) => {
        if (operation.startsWith('mutation') && !added) {
          added = true;
          emulator.setVariable(target.projectId, 'APP_NEW', 'only here');
        }
        return undefined;
      });
      await engine.sync(definition);
      emulator.setIntercept(undefined);
      expect(added).toBe(true);
      expect(sourceValues(source)).toEqual(new Map(Object.entries({ C: 'c', A: 'a', NEW: 'only here' })));
      expect([...target.values().keys()]).toEqual(['APP_A', 'APP_C', 'APP_NEW']);
      source.delete('NEW');
      await engine.sync(definition);
      expect(target.values().has('APP_NEW')).toBe(false);
    },
  );
});

describe('an import whose response the source lost', () => {
  it.each(['import-prioritize-source', 'import-prioritize-destination'] as const)(
    '%s: is done all the same, so that the next sync undoes no edit of the source',
    async (initialSyncBehavior) => {
      const target = hasuraTarget(emulator, { environment: { A: 'a', B: 'b', C: 'c' } });
      const held = memorySource();
      const source: SecretSource = {
        name: 'losing',
        read: (location, options) => held.read(location, options),
        async write(location, changes, options) {
          await held.write?.(location, changes, options);
          throw new Error('the response was lost');
        },
      };
      const { engine } = createEngine({ source, drivers: [target.driver] });
      const definition = target.definition({ syncOptions: { initialSyncBehavior } });
      await engine.sync(definition);
      held.set('B', 'edited');
      held.delete('C');
      await engine.sync(definition);
      expect(target.values()).toEqual(new Map(Object.entries({ A: 'a', B: 'edited' })));
    },
  );

  it('is not done where the source does not hold all of it', async () => {
    const target = hasuraTarget(emulator, { environment: { A: 'a', B: 'b' } });
    const held = memorySource();
    let isFailing = true;
    const source: SecretSource = {
      name: 'failing',
      read: (location, options) => held.read(location, options),
      async write(location, changes, options) {
        await held.write?.(location, isFailing ? changes.slice(1) : changes, options);
        if (isFailing) throw new Error('after one of two');
      },
    };
    const { engine } = createEngine({ source, drivers: [target.driver] });
    const definition = target.definition({
      syncOptions: { initialSyncBehavior: 'import-prioritize-source', deletionScope: 'matching' },
    });
    await failure(engine.sync(definition), 'SOURCE_WRITE_FAILED');
    isFailing = false;
    await engine.sync(definition);
    expect(sourceValues(held)).toEqual(target.values());
  });
});

describe('a create that was begun and never sent', () => {
  /** A sync that dies as it begins to write K, and what comes after it. */
  async function crashed(syncOptions: SyncOptionsInput) {
    const destination = memoryDestination();
    const store = memoryStore();
    const source = memorySource({ K: 'v', L: 'l' });
    const definition = memoryDefinition({ syncOptions });
    // What the dying run is told to give up has its grace by this clock.
    const clock = createVirtualClock({ auto: true });
    const make = () => createEngine({ source, drivers: [destination], store, clock }).engine;
    destination.setIntercept(({ method }) => (method === 'write' ? 'unavailable' : undefined));
    const before = await store.list('');
    expect(before).toEqual([]);
    const engine = make();
    const put = store.put.bind(store);
    // The intent is the last that is saved.
    let saves = 0;
    store.put = (key, document, options) => {
      if (/^(places|intents)\//.test(key)) saves += 1;
      return saves > 1 ? new Promise(() => undefined) : put(key, document, options);
    };
    const controller = new AbortController();
    const dying = engine.sync(definition, { signal: controller.signal }).catch(() => undefined);
    await eventually(() => expect(saves).toBe(2));
    store.put = put;
    controller.abort();
    await dying;
    destination.setIntercept(undefined);
    return { destination, source, definition, make };
  }

  it.each(['owned', 'ask'] as const)(
    'owns nothing that a person created meanwhile, with the deletion scope %s',
    async (deletionScope) => {
      const { destination, source, definition, make } = await crashed({ deletionScope });
      destination.set('K', 'by hand');
      source.delete('K');
      const plan = await make().plan(definition);
      expect(changesOf(plan)).toContain(
        deletionScope === 'owned' ? 'K keep, not-owned' : 'K delete, absent-from-source',
      );
      expect(plan.applicable).toBe(deletionScope === 'owned');
      expect(destination.values().get('K')).toBe('by hand');
    },
  );

  it('owns what holds the very value that it was to write', async () => {
    const { destination, source, definition, make } = await crashed({ deletionScope: 'owned' });
    destination.set('K', 'v');
    source.delete('K');
    expect(changesOf(await make().plan(definition))).toContain('K delete, absent-from-source');
  });

  it('writes over what a person created only with a warning', async () => {
    const { destination, definition, make } = await crashed({});
    destination.set('K', 'by hand');
    expect(warningsOf(await make().plan(definition))).toContain('OVERWRITES_UNOWNED K');
  });
});

describe('a changed key schema leaves keys of the sync behind', () => {
  async function changed(more: SyncOptionsInput = {}) {
    const destination = memoryDestination();
    const { engine } = createEngine({ source: memorySource({ A: '1', B: '2' }), drivers: [destination] });
    await engine.sync(memoryDefinition({ syncOptions: { keySchema: 'OLD_{{secretKey}}' } }));
    destination.set('OLD_THEIRS', 'x');
    const definition = memoryDefinition({ syncOptions: { keySchema: 'NEW_{{secretKey}}', ...more } });
    return {
      destination,
      plan: () => engine.plan(definition),
      sync: () => engine.sync(definition),
      keys: () => [...destination.values().keys()].sort(),
    };
  }

  it('that are named at every run, and kept', async () => {
    const { sync, keys } = await changed();
    for (let run = 0; run < 2; run += 1) {
      expect(warningsOf((await sync()).plan)).toEqual(['LEFT_BEHIND OLD_A', 'LEFT_BEHIND OLD_B']);
    }
    expect(keys()).toEqual(['NEW_A', 'NEW_B', 'OLD_A', 'OLD_B', 'OLD_THEIRS']);
  });

  it('that are deleted where that is asked for, and nothing of others with them', async () => {
    const { sync, keys } = await changed({ deleteLeftBehind: true });
    await sync();
    expect(keys()).toEqual(['NEW_A', 'NEW_B', 'OLD_THEIRS']);
    expect(warningsOf((await sync()).plan)).toEqual([]);
  });

  it('that the guard holds back as it does any other deletion', async () => {
    const { sync, keys } = await changed({ deleteLeftBehind: true, maxDeletions: { count: 1 } });
    await failure(sync(), 'DELETION_REFUSED');
    const disabled = await changed({ deleteLeftBehind: true, disableSecretDeletion: true });
    await disabled.sync();
    expect(disabled.keys()).toContain('OLD_A');
    expect(keys()).toEqual(['OLD_A', 'OLD_B', 'OLD_THEIRS']);
  });
});

describe('a destination that takes two spellings for one key', () => {
  it('is quiet from the second run on after a key was respelled', async () => {
    const destination = memoryDestination({
      canonicalKey: (key: string) => key.toLowerCase(),
      readable: false,
    });
    const source = memorySource({ Key: '1' });
    const { engine } = createEngine({ source, drivers: [destination] });
    await engine.sync(memoryDefinition());
    source.delete('Key');
    source.set('KEY', '1');
    await engine.sync(memoryDefinition());
    expect(changesOf((await engine.sync(memoryDefinition())).plan)).toEqual([
      'KEY unchanged, fingerprint-equal',
    ]);
  });
});
