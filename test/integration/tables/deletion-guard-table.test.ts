import { describe, expect, it } from 'vitest';
import type { SyncOptionsInput } from '../../../src/contracts/definition.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { changesOf, createEngine, failure, memoryDefinition } from '../../support/engine.js';
import { secret, twoKinds, variable } from '../../support/two-kinds.js';

describe('the deletion guard', () => {
  const keySchema = 'APP_{{secretKey}}';
  /** What becomes of the entry APP_OLD, which the source does not hold. */
  async function fate(
    destination: ReturnType<typeof twoKinds>,
    options: SyncOptionsInput = {},
    read: () => { secrets: Record<string, string>; complete?: boolean; unreadable?: string[] } = () => ({
      secrets: { A: '1' },
    }),
    store = memoryStore(),
  ) {
    const { engine } = createEngine({ source: { name: 'source', read }, drivers: [destination], store });
    const { plan } = await engine.sync(secret({ keySchema, deletionScope: 'matching', ...options }));
    return changesOf(plan).filter((line) => !line.startsWith('APP_A '));
  }

  it.each<[string, object, string]>([
    ['1. reserved', { reserved: true }, 'reserved'],
    ['1. fixed: an alias', { fixed: 'alias' }, 'fixed'],
    ['1. fixed: a built-in', { fixed: 'built-in' }, 'fixed'],
    ['1. fixed: of another system', { fixed: 'foreign-owner' }, 'fixed'],
    ['1. of another scope', { fixed: 'inherited' }, 'other-scope'],
    ['1. of another kind', { kind: 'variable' }, 'other-kind'],
    ['6. with dependents', { hasDependents: true }, 'has-dependents'],
  ])('%s: kept', async (_step, setup, reason) => {
    const destination = twoKinds();
    destination.set('APP_OLD', '0', setup);
    const kind = 'kind' in setup ? 'variable' : 'secret';
    expect(await fate(destination)).toEqual([`APP_OLD (${kind}) keep, ${reason}`]);
    expect(destination.entries().map(({ key }) => key)).toContain('APP_OLD');
  });

  it('1. of another kind that this sync wrote: deleted', async () => {
    const destination = twoKinds();
    const store = memoryStore();
    const { engine } = createEngine({ source: memorySource({ OLD: '0' }), drivers: [destination], store });
    await engine.sync(variable({ keySchema }));
    expect(await fate(destination, {}, undefined, store)).toEqual([
      'APP_OLD (variable) delete, absent-from-source',
    ]);
    expect(destination.entries().map(({ key }) => key)).toEqual(['APP_A']);
  });

  it('2. outside the schema: kept', async () => {
    const destination = twoKinds();
    destination.set('OTHER', '0');
    expect(await fate(destination)).toEqual(['OTHER (secret) keep, outside-schema']);
  });

  it('3. disableSecretDeletion: kept, and deleted once it is off', async () => {
    const destination = twoKinds();
    destination.set('APP_OLD', '0');
    expect(await fate(destination, { disableSecretDeletion: true })).toEqual([
      'APP_OLD (secret) keep, deletion-disabled',
    ]);
    expect(await fate(destination)).toEqual(['APP_OLD (secret) delete, absent-from-source']);
  });

  it.each([
    ['incomplete', { secrets: { A: '1' }, complete: false }],
    ['with an unreadable key', { secrets: { A: '1' }, unreadable: ['B'] }],
  ])('4. the source read was %s: every deletion is kept', async (_what, read) => {
    const destination = twoKinds();
    destination.set('APP_OLD', '0');
    destination.set('APP_OLDER', '0');
    expect(await fate(destination, {}, () => read)).toEqual([
      'APP_OLD (secret) keep, source-partial',
      'APP_OLDER (secret) keep, source-partial',
    ]);
  });

  it('5. another sync wrote it: kept', async () => {
    const destination = twoKinds();
    const store = memoryStore();
    const { engine } = createEngine({ source: memorySource({ OLD: '0' }), drivers: [destination], store });
    await engine.sync(secret({ keySchema }, { name: 'other' }));
    expect(await fate(destination, {}, undefined, store)).toEqual([
      'APP_OLD (secret) keep, owned-by-other-sync',
    ]);
  });

  it("7. deletionScope: 'owned' and not ours: kept; ours: deleted", async () => {
    const destination = twoKinds();
    destination.set('APP_OLD', '0');
    expect(await fate(destination, { deletionScope: 'owned' })).toEqual(['APP_OLD (secret) keep, not-owned']);
    const store = memoryStore();
    await fate(destination, { deletionScope: 'owned' }, () => ({ secrets: { A: '1', B: '2' } }), store);
    expect(await fate(destination, { deletionScope: 'owned' }, undefined, store)).toEqual([
      'APP_B (secret) delete, absent-from-source',
      'APP_OLD (secret) keep, not-owned',
    ]);
  });

  /** Syncs and is refused: nothing may have been written. */
  async function refused(
    destination: ReturnType<typeof memoryDestination>,
    secrets: Record<string, string>,
    options: SyncOptionsInput,
    confirmDeletions?: number,
  ) {
    const before = destination.values();
    const { engine } = createEngine({ source: memorySource(secrets), drivers: [destination] });
    const error = await failure(
      engine.sync(
        memoryDefinition({ syncOptions: options }),
        confirmDeletions === undefined ? {} : { confirmDeletions },
      ),
      'DELETION_REFUSED',
    );
    expect(destination.values()).toEqual(before);
    expect(error.plan.applicable).toBe(false);
    return error;
  }
  const filled = (count: number, prefix = 'APP_') => {
    const destination = memoryDestination();
    for (let index = 0; index < count; index += 1) destination.set(`${prefix}OLD_${index}`, '0');
    return destination;
  };
  const sync = (
    destination: ReturnType<typeof memoryDestination>,
    secrets: Record<string, string>,
    options: SyncOptionsInput,
    call = {},
  ) =>
    createEngine({ source: memorySource(secrets), drivers: [destination] }).engine.sync(
      memoryDefinition({ syncOptions: options }),
      call,
    );

  it('8. the source is empty: refused, also when confirmed, unless allowEmptySource', async () => {
    const destination = filled(2);
    for (const confirmed of [undefined, 2]) {
      const error = await refused(destination, {}, { keySchema, deletionScope: 'matching' }, confirmed);
      expect(error.plan.problems.map(({ reason }) => reason)).toEqual(['source-empty']);
      expect(error.message).toContain('"APP_OLD_0", "APP_OLD_1"');
    }
    await sync(destination, {}, { keySchema, allowEmptySource: true });
    expect(destination.values().size).toBe(0);
  });

  it('9. no key schema, and not ours: refused, unless confirmed or in scope', async () => {
    const destination = filled(2);
    const error = await refused(destination, { A: '1' }, {});
    expect(error.plan.problems.map(({ reason }) => reason)).toEqual(['unowned-without-schema']);
    expect(error.message).toContain('2 deletions');
    await refused(destination, { A: '1' }, {}, 1);
    await refused(destination, { A: '1' }, {}, 3);
    await sync(destination, { A: '1' }, {}, { confirmDeletions: 2 });
    expect([...destination.values().keys()]).toEqual(['A']);
    const other = filled(2);
    await sync(other, { A: '1' }, { deletionScope: 'matching' });
    expect([...other.values().keys()]).toEqual(['A']);
  });

  it('9. no key schema, but all ours: deleted without a question', async () => {
    const destination = memoryDestination();
    const source = memorySource({ A: '1', B: '2' });
    const { engine } = createEngine({ source, drivers: [destination] });
    await engine.sync(memoryDefinition());
    source.delete('B');
    await engine.sync(memoryDefinition());
    expect([...destination.values().keys()]).toEqual(['A']);
  });

  it('10. more than maxDeletions.count: refused, unless confirmed', async () => {
    const destination = filled(3);
    const options = { keySchema, maxDeletions: { count: 2 } };
    const error = await refused(destination, { A: '1' }, options);
    expect(error.plan.problems.map(({ reason }) => reason)).toEqual(['too-many']);
    await sync(destination, { A: '1' }, options, { confirmDeletions: 3 });
    expect([...destination.values().keys()]).toEqual(['APP_A']);
  });

  it('10. more than maxDeletions.ratio of the matching keys and at least 4: refused, unless confirmed', async () => {
    const keep = { OLD_0: '0', OLD_1: '0', OLD_2: '0' };
    const destination = filled(7);
    destination.set('OTHER', 'outside the schema, so it does not count');
    const error = await refused(destination, keep, { keySchema });
    expect(error.plan.problems.map(({ reason }) => reason)).toEqual(['too-many']);
    await sync(destination, keep, { keySchema }, { confirmDeletions: 4 });
    expect(destination.values().size).toBe(4);
  });

  it('10. just the ratio, or fewer than 4: deleted', async () => {
    const half = filled(8);
    await sync(half, { OLD_0: '0', OLD_1: '0', OLD_2: '0', OLD_3: '0' }, { keySchema });
    expect(half.values().size).toBe(4);
    const three = filled(3);
    await sync(three, { A: '1' }, { keySchema });
    expect([...three.values().keys()]).toEqual(['APP_A']);
  });
});
