import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncPlan } from '../../src/contracts/plan.js';
import { memorySource } from '../../src/sources/memory.js';
import { formatPlan } from '../../src/format/format-plan.js';
import { createCanaries } from '../../src/testing/leaks/canaries.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
} from '../../src/testing/emulators/hasura-cloud/index.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import {
  changesOf,
  createEngine,
  failure,
  FINGERPRINT_KEY,
  hasuraTarget,
  memoryDefinition,
  OTHER_KEY,
  qoveryTarget,
  sourceValues,
} from '../support/engine.js';
import { recordingStore } from '../support/recording-store.js';

/** A plan as another process gets it. */
const saved = (plan: SyncPlan): SyncPlan => JSON.parse(JSON.stringify(plan)) as SyncPlan;

describe('planning', () => {
  let hasura: HasuraCloudEmulator;
  let deploys: QoveryEmulator;
  beforeAll(async () => {
    hasura = await startHasuraCloudEmulator();
    deploys = await startQoveryEmulator();
  });
  afterAll(async () => {
    await hasura.close();
    await deploys.close();
  });

  const secrets = { A: '1', B: '2' };

  it.each(['sync', 'remove'] as const)('a %s writes nothing anywhere', async (operation) => {
    const targets = [hasuraTarget(hasura, { environment: { OLD: 'x' } }), qoveryTarget(deploys)] as const;
    const store = recordingStore();
    const source = memorySource(secrets);
    const { engine } = createEngine({ source, store, drivers: [targets[0].driver, targets[1].driver] });
    for (const target of targets)
      await engine.sync(target.definition({ syncOptions: { deletionScope: 'owned' } }));
    source.set('A', 'changed');
    source.delete('B');
    const before = [await store.text(), [...targets[0].values()], [...targets[1].values()]];
    store.changes.length = 0;
    hasura.clearRequests();
    deploys.clearRequests();
    for (const target of targets) {
      const plan = await engine.plan(target.definition(), { operation });
      expect(plan.applicable, JSON.stringify(plan.problems)).toBe(
        operation === 'remove' || target === targets[1],
      );
      expect(plan.summary.update + plan.summary.delete).toBeGreaterThan(0);
    }
    expect(hasura.requests.map(({ operation: asked }) => asked)).toEqual(['query getTenantEnv']);
    expect(deploys.requests.map(({ operation: asked }) => asked)).toEqual(['GET /variable']);
    expect(store.changes).toEqual([]);
    expect([await store.text(), [...targets[0].values()], [...targets[1].values()]]).toEqual(before);
  });

  it('an import writes nothing anywhere, the source included', async () => {
    const target = hasuraTarget(hasura, { environment: { OLD: 'x', A: 'theirs' } });
    const store = recordingStore();
    const source = memorySource(secrets);
    const { engine } = createEngine({ source, store, drivers: [target.driver] });
    const syncOptions = { initialSyncBehavior: 'import-prioritize-destination' } as const;
    const plans = [
      await engine.plan(target.definition(), {
        operation: 'import',
        importBehavior: 'prioritize-destination',
      }),
      await engine.plan(target.definition({ syncOptions })),
    ];
    for (const plan of plans) expect(plan.summary.import).toBe(2);
    expect(Object.fromEntries(sourceValues(source))).toEqual(secrets);
    expect(store.changes).toEqual([]);
  });

  it('takes no lease: it goes on while another run holds the place', async () => {
    const destination = memoryDestination();
    const store = recordingStore();
    const setUp = () => createEngine({ source: memorySource(secrets), store, drivers: [destination] }).engine;
    let plan: SyncPlan | undefined;
    destination.setIntercept(async ({ method }) => {
      if (method === 'read' || plan !== undefined) return undefined;
      plan = await setUp().plan(memoryDefinition());
      return undefined;
    });
    await setUp().sync(memoryDefinition());
    expect(plan?.summary.create).toBe(2);
  });

  it('gives the same bytes for equal input and fingerprint key, in whatever order it comes', async () => {
    const texts: string[] = [];
    const pairs = Object.entries({ A: '1', B: '2', C: '3', D: '4' });
    for (const order of [pairs, [...pairs].reverse()]) {
      const destination = memoryDestination({ readable: false, ids: false, revisions: false });
      const others = [
        ['D', 'x'],
        ['Y', 'y'],
        ['Z', 'z'],
      ] as const;
      for (const [key, value] of order === pairs ? others : [...others].reverse())
        destination.set(key, value);
      const { engine } = createEngine({ source: memorySource(order), drivers: [destination] });
      texts.push(JSON.stringify(await engine.plan(memoryDefinition())));
      texts.push(JSON.stringify(await engine.plan(memoryDefinition())));
    }
    expect(new Set(texts).size).toBe(1);
  });

  it('gives a removal the same bytes too, where it is guessed from the source', async () => {
    const texts: string[] = [];
    const pairs = [
      ['A', '1'],
      ['B', '2'],
      ['C', '3'],
    ] as const;
    for (const order of [pairs, [...pairs].reverse()]) {
      const destination = memoryDestination({ ids: false, revisions: false });
      for (const [key] of pairs) destination.set(key, 'x');
      const { engine } = createEngine({ source: memorySource(order), drivers: [destination] });
      texts.push(JSON.stringify(await engine.plan(memoryDefinition(), { operation: 'remove' })));
    }
    expect(texts[1]).toBe(texts[0]);
  });

  it('shows other digests under another key, so that nobody without it can verify a guess', async () => {
    const digests = new Set<string>();
    for (const fingerprintKey of [FINGERPRINT_KEY, OTHER_KEY, null]) {
      const { engine } = createEngine({
        source: memorySource(secrets),
        drivers: [memoryDestination()],
        fingerprintKey,
      });
      const plan = await engine.plan(memoryDefinition());
      for (const { digest } of plan.changes) if (digest !== undefined) digests.add(digest);
    }
    expect(digests.size).toBe(6);
  });

  it('shows no value and no token, whatever they look like', async () => {
    const canaries = createCanaries();
    const { values, tokens } = canaries;
    const destination = memoryDestination({ accessToken: tokens[0]?.text ?? '' });
    values.forEach(({ text }, index) => destination.set(`OLD_${index}`, text));
    destination.set('KEY_0', values[1]?.text ?? '');
    const source = memorySource(values.map(({ text }, index) => [`KEY_${index}`, text] as const));
    const { engine, events } = createEngine({ source, drivers: [destination] });
    const definition = memoryDefinition({
      syncOptions: { initialSyncBehavior: 'import-prioritize-destination' },
    });
    for (const plan of [
      await engine.plan(memoryDefinition()),
      await engine.plan(definition),
      await engine.plan(definition, { operation: 'import' }),
      await engine.plan(definition, { operation: 'remove' }),
    ]) {
      expect(plan.changes.length + plan.imports.length).toBeGreaterThan(0);
      canaries.assertAbsent('plan', plan);
      canaries.assertAbsent('plan as JSON', JSON.stringify(plan));
      canaries.assertAbsent('plan as text', formatPlan(plan));
      canaries.assertAbsent('plan as Markdown', formatPlan(plan, { format: 'markdown' }));
    }
    canaries.assertAbsent('events', events);
  });
});

describe('a saved plan', () => {
  /** Two changed keys, one to delete, one that is right; planned, and not applied yet. */
  async function planned(options: { confirmDeletions?: number } = {}) {
    const destination = memoryDestination();
    const store = recordingStore();
    const source = memorySource({ A: '1', B: '2', C: '3', OLD: 'x' });
    const setUp = (more: Partial<Parameters<typeof createEngine>[0]> = {}) =>
      createEngine({ source, store, ...more, drivers: [destination] }).engine;
    await setUp().sync(memoryDefinition());
    source.set('A', 'one');
    source.delete('OLD');
    source.set('NEW', 'y');
    const plan = await setUp().plan(memoryDefinition(), options);
    destination.clearCalls();
    store.changes.length = 0;
    /** Applies in another process, and is refused: nothing may be written. */
    const refused = async (
      code: Parameters<typeof failure>[1],
      altered: SyncPlan = saved(plan),
      engine = setUp(),
    ) => {
      const before = [...destination.values()];
      const error = await failure(engine.apply(altered), code);
      expect([...destination.values()]).toEqual(before);
      expect(store.changes.filter((change) => change.includes('places/'))).toEqual([]);
      expect(destination.calls.filter(({ method }) => method === 'write')).toEqual([]);
      return error;
    };
    return { destination, store, source, setUp, plan, refused };
  }

  it('is applied by another engine exactly as it says', async () => {
    const { destination, setUp, plan } = await planned();
    expect(changesOf(plan)).toEqual([
      'A update, value-differs',
      'B unchanged, value-equal',
      'C unchanged, value-equal',
      'NEW create, missing',
      'OLD delete, absent-from-source',
    ]);
    const result = await setUp().apply(saved(plan));
    expect(result.status).toBe('succeeded');
    expect(result.outcomes.map(({ key, action }) => `${action} ${key}`)).toEqual([
      'update A',
      'create NEW',
      'delete OLD',
    ]);
    expect(Object.fromEntries(destination.values())).toEqual({ A: 'one', B: '2', C: '3', NEW: 'y' });
    expect((await setUp().plan(memoryDefinition())).summary).toMatchObject({
      unchanged: 4,
      create: 0,
      update: 0,
      delete: 0,
    });
  });

  it('is not altered by being applied', async () => {
    const { setUp, plan } = await planned();
    const before = JSON.stringify(plan);
    await setUp().apply(plan);
    expect(JSON.stringify(plan)).toBe(before);
  });

  it('cannot be applied twice, where it did something', async () => {
    const { setUp, plan, refused, destination, store } = await planned();
    await setUp().apply(saved(plan));
    destination.clearCalls();
    store.changes.length = 0;
    const error = await refused('PLAN_STALE');
    expect(error.problems?.map(({ key }) => key)).toEqual(['A', 'NEW', 'OLD']);
  });

  type Setting = Awaited<ReturnType<typeof planned>>;
  it.each<[string, (setting: Setting) => void, readonly string[]]>([
    ['a value to be written changed at the source', ({ source }) => source.set('A', 'uno'), ['A']],
    ['a key to be created changed at the source', ({ source }) => source.set('NEW', 'z'), ['NEW']],
    [
      'an entry to be overwritten changed its value',
      ({ destination }) => destination.set('A', 'by hand'),
      ['A'],
    ],
    [
      'an entry to be overwritten moved, with the value it had',
      ({ destination }) => destination.set('A', '1'),
      ['A'],
    ],
    ['an entry to be deleted changed', ({ destination }) => destination.set('OLD', 'by hand'), ['OLD']],
    ['an entry to be overwritten is gone', ({ destination }) => void destination.delete('A'), ['A']],
    ['an entry to be deleted is gone', ({ destination }) => void destination.delete('OLD'), ['OLD']],
    ['an entry to be created is there', ({ destination }) => destination.set('NEW', 'by hand'), ['NEW']],
    [
      'an entry to be created is there, with the right value',
      ({ destination }) => destination.set('NEW', 'y'),
      ['NEW'],
    ],
    ['a key that was right changed at the source', ({ source }) => source.set('B', 'two'), ['B']],
    [
      'a key that was right changed at the destination',
      ({ destination }) => destination.set('B', 'by hand'),
      ['B'],
    ],
    ['a key that was right left the source', ({ source }) => void source.delete('C'), ['C']],
    ['a key came to the source', ({ source }) => source.set('LATE', 'x'), ['LATE']],
    ['a key to be deleted came back to the source', ({ source }) => source.set('OLD', 'x'), ['OLD']],
    ['a key to be created left the source', ({ source }) => void source.delete('NEW'), ['NEW']],
    [
      'several things moved',
      ({ source, destination }) => {
        source.set('A', 'uno');
        destination.delete('OLD');
        source.set('LATE', 'x');
      },
      ['A', 'LATE', 'OLD'],
    ],
  ])('is stale when %s, and the error names the key', async (_what, move, keys) => {
    const setting = await planned();
    move(setting);
    setting.destination.clearCalls();
    const error = await setting.refused('PLAN_STALE');
    expect(error.problems?.map(({ key }) => key)).toEqual(keys);
    for (const key of keys) expect(error.message).toContain(`"${key}"`);
  });

  it('is stale when a write that cannot be read back would be of another value, or over another revision', async () => {
    const destination = memoryDestination({ readable: false });
    const source = memorySource({ A: '1', B: '2' });
    const { engine } = createEngine({ source, drivers: [destination] });
    await engine.sync(memoryDefinition());
    source.set('A', 'one');
    const plan = saved(await engine.plan(memoryDefinition()));
    destination.set('A', 'by hand');
    expect((await failure(engine.apply(plan), 'PLAN_STALE')).problems?.map(({ key }) => key)).toEqual(['A']);
    const second = saved(await engine.plan(memoryDefinition()));
    source.set('A', 'uno');
    expect((await failure(engine.apply(second), 'PLAN_STALE')).problems?.map(({ key }) => key)).toEqual([
      'A',
    ]);
    expect(destination.get('A')).toBe('by hand');
  });

  it('is not stale when only a key moved that it does not touch', async () => {
    const { destination, setUp, plan } = await planned();
    destination.set('B', '2');
    await setUp().apply(saved(plan));
    expect(destination.get('NEW')).toBe('y');
  });

  it('of an import is stale when a value on either side moved, and is else written as planned', async () => {
    const destination = memoryDestination();
    destination.set('K', 'theirs');
    destination.set('L', 'only there');
    const source = memorySource({ K: 'ours' });
    const { engine } = createEngine({ source, drivers: [destination] });
    const options = { operation: 'import', importBehavior: 'prioritize-destination' } as const;
    const plan = saved(await engine.plan(memoryDefinition(), options));
    source.set('K', 'moved');
    expect((await failure(engine.apply(plan), 'PLAN_STALE')).problems?.map(({ key }) => key)).toEqual(['K']);
    source.set('K', 'ours');
    destination.set('L', 'moved');
    expect((await failure(engine.apply(plan), 'PLAN_STALE')).problems?.map(({ key }) => key)).toEqual(['L']);
    expect(Object.fromEntries(sourceValues(source))).toEqual({ K: 'ours' });
    destination.set('L', 'only there');
    const result = await engine.apply(plan);
    expect(result.summary.imported).toBe(2);
    expect(Object.fromEntries(sourceValues(source))).toEqual({ K: 'theirs', L: 'only there' });
  });

  it("is refused when another sync wrote a value that can't be read, although nothing at the place shows it", async () => {
    const destination = memoryDestination({ readable: false, revisions: false });
    const store = memoryStore();
    const create = (value: string) =>
      createEngine({ source: memorySource({ A: value }), drivers: [destination], store }).engine;
    await create('mine').sync(memoryDefinition());
    const plan = saved(await create('mine').plan(memoryDefinition(), { force: true }));
    await create('theirs').sync(memoryDefinition({ name: 'other' }));
    const error = await failure(create('mine').apply(plan), 'PLAN_STALE');
    expect(error.problems?.map(({ key }) => key)).toEqual(['A']);
    expect(destination.get('A')).toBe('theirs');
  });

  it('of a first sync imports and writes as planned', async () => {
    const destination = memoryDestination();
    destination.set('K', 'theirs');
    const source = memorySource({ NEW: 'ours' });
    const store = recordingStore();
    const setUp = () => createEngine({ source, store, drivers: [destination] }).engine;
    const definition = memoryDefinition({
      syncOptions: { initialSyncBehavior: 'import-prioritize-destination' },
    });
    const plan = saved(await setUp().plan(definition));
    expect(plan.isInitialSync).toBe(true);
    await setUp().apply(plan);
    expect(Object.fromEntries(sourceValues(source))).toEqual({ K: 'theirs', NEW: 'ours' });
    expect(Object.fromEntries(destination.values())).toEqual({ K: 'theirs', NEW: 'ours' });
  });

  it('of a removal removes as planned, or is stale', async () => {
    const { destination, setUp } = await planned();
    const plan = saved(await setUp().plan(memoryDefinition(), { operation: 'remove' }));
    destination.set('B', 'by hand');
    expect((await failure(setUp().apply(plan), 'PLAN_STALE')).problems?.map(({ key }) => key)).toEqual(['B']);
    await setUp().apply(saved(await setUp().plan(memoryDefinition(), { operation: 'remove' })));
    expect(destination.values().size).toBe(0);
  });

  it.each<[string, (plan: SyncPlan) => object]>([
    ['a change was taken out', (plan) => ({ ...plan, changes: plan.changes.slice(1) })],
    [
      'an action was changed',
      (plan) => ({ ...plan, changes: plan.changes.map((change) => ({ ...change, action: 'keep' })) }),
    ],
    [
      'a key was changed',
      (plan) => ({ ...plan, changes: plan.changes.map((change) => ({ ...change, key: 'B' })) }),
    ],
    ['it was made applicable', (plan) => ({ ...plan, applicable: !plan.applicable })],
    ['an option was changed', (plan) => ({ ...plan, options: { ...plan.options, force: true } })],
    ['a confirmation was put in', (plan) => ({ ...plan, options: { ...plan.options, confirmDeletions: 1 } })],
    ['the definition was changed', (plan) => ({ ...plan, definition: { ...plan.definition, id: 'other' } })],
    ['the place was changed', (plan) => ({ ...plan, place: 'memory:elsewhere' })],
    ['a warning was taken out', (plan) => ({ ...plan, warnings: [] })],
    ['a field was put in', (plan) => ({ ...plan, comment: 'looks good' })],
    ['it has no preconditions', ({ preconditions: _, ...plan }) => plan],
    ['its preconditions are empty', (plan) => ({ ...plan, preconditions: {} })],
    [
      'a digest was changed',
      (plan) => ({
        ...plan,
        changes: plan.changes.map((row) => ({ ...row, digest: '' })),
      }),
    ],
    ['it is from a newer version', (plan) => ({ ...plan, formatVersion: 3 })],
    ['it is no plan', () => ({ status: 'succeeded' })],
    ['it is a list', () => []],
  ])('is invalid where %s', async (_what, edit) => {
    const { plan, refused, destination } = await planned();
    await refused('PLAN_INVALID', edit(saved(plan)) as SyncPlan);
    expect(destination.calls).toEqual([]);
  });

  it('says that a newer version made it', async () => {
    const { plan, refused } = await planned();
    const newer = { ...saved(plan), formatVersion: 3, changes: 'in another form' } as object as SyncPlan;
    expect((await refused('PLAN_INVALID', newer)).message).toContain('newer version');
  });

  it('is invalid where it does not fit the engine: a driver that is not there, or another place', async () => {
    const { plan } = await planned();
    const source = memorySource();
    const without = createEngine({ source, drivers: [memoryDestination({ name: 'other' })] });
    expect((await failure(without.engine.apply(saved(plan)), 'PLAN_INVALID')).message).toContain('"other"');
    const elsewhere = { ...memoryDestination(), identity: () => 'memory:elsewhere' };
    const moved = createEngine({ source, drivers: [elsewhere] });
    expect((await failure(moved.engine.apply(saved(plan)), 'PLAN_INVALID')).message).toContain(
      'memory:elsewhere',
    );
  });

  it('is invalid where this engine lacks the key that it was made with', async () => {
    const { refused, setUp } = await planned();
    const error = await refused('PLAN_INVALID', undefined, setUp({ fingerprintKey: OTHER_KEY }));
    expect(error.message).toContain('previous');
  });

  it('made without a fingerprint key can be applied by the engine that made it only', async () => {
    const { setUp, refused, destination } = await planned();
    const maker = setUp({ fingerprintKey: null });
    const plan = saved(await maker.plan(memoryDefinition()));
    destination.clearCalls();
    await refused('FINGERPRINT_KEY_REQUIRED', plan, setUp({ fingerprintKey: null }));
    await refused('FINGERPRINT_KEY_REQUIRED', plan, setUp());
    await maker.apply(plan);
    expect(destination.get('A')).toBe('one');
  });

  it('made with a fingerprint key cannot be applied by an engine without one', async () => {
    const { setUp, refused } = await planned();
    await refused('FINGERPRINT_KEY_REQUIRED', undefined, setUp({ fingerprintKey: null }));
  });

  it('is applied after a rotation, while its key is still among the previous ones', async () => {
    const { plan, setUp, destination } = await planned();
    await setUp({ fingerprintKey: [OTHER_KEY, FINGERPRINT_KEY] }).apply(saved(plan));
    expect(destination.get('A')).toBe('one');
    const rotated = await setUp({ fingerprintKey: OTHER_KEY }).plan(memoryDefinition());
    expect(rotated.warnings.map(({ code }) => code)).not.toContain('FINGERPRINTS_VOID');
  });

  it('that is blocked is refused with the plan, before anything is read', async () => {
    const destination = memoryDestination();
    destination.set('A', 'x', { fixed: 'alias' });
    const { engine } = createEngine({ source: memorySource({ A: '1' }), drivers: [destination] });
    const plan = saved(await engine.plan(memoryDefinition()));
    destination.clearCalls();
    const error = await failure(engine.apply(plan, { confirmDeletions: 0 }), 'PLAN_BLOCKED');
    expect(error.plan).toEqual(plan);
    expect(destination.calls).toEqual([]);
  });

  it('that is blocked and also refuses deletions is refused as blocked, with all problems', async () => {
    const destination = memoryDestination();
    destination.set('A', 'x', { fixed: 'alias' });
    destination.set('THEIRS', 'x');
    const { engine } = createEngine({ source: memorySource({ A: '1' }), drivers: [destination] });
    const plan = saved(await engine.plan(memoryDefinition()));
    const error = await failure(engine.apply(plan, { confirmDeletions: 1 }), 'PLAN_BLOCKED');
    expect(error.problems?.map(({ code }) => code).sort()).toEqual(['DELETION_REFUSED', 'PLAN_BLOCKED']);
    expect(destination.values().size).toBe(2);
  });

  describe('whose deletions must be confirmed', () => {
    async function toConfirm() {
      const destination = memoryDestination();
      destination.set('THEIRS', 'x');
      destination.set('THEIRS_TOO', 'x');
      const { engine } = createEngine({ source: memorySource({ A: '1' }), drivers: [destination] });
      return { destination, engine, plan: saved(await engine.plan(memoryDefinition())) };
    }

    it('is refused with the plan, and with a number that is not that of the plan', async () => {
      const { destination, engine, plan } = await toConfirm();
      for (const options of [{}, { confirmDeletions: 1 }, { confirmDeletions: 3 }]) {
        const error = await failure(engine.apply(plan, options), 'DELETION_REFUSED');
        expect(error.plan.summary.delete).toBe(2);
        expect(error.message).toContain('"THEIRS", "THEIRS_TOO"');
      }
      expect(destination.values().size).toBe(2);
    });

    it('is applied with the number that the plan shows, given to apply or planned with', async () => {
      const first = await toConfirm();
      await first.engine.apply(first.plan, { confirmDeletions: 2 });
      expect([...first.destination.values().keys()]).toEqual(['A']);
      const second = await toConfirm();
      const plan = saved(await second.engine.plan(memoryDefinition(), { confirmDeletions: 2 }));
      expect(plan.applicable).toBe(true);
      await second.engine.apply(plan);
      expect([...second.destination.values().keys()]).toEqual(['A']);
    });

    it('follows a number given to apply, which wins over the planned one', async () => {
      const { engine, destination } = await toConfirm();
      const plan = saved(await engine.plan(memoryDefinition(), { confirmDeletions: 2 }));
      await failure(engine.apply(plan, { confirmDeletions: 1 }), 'DELETION_REFUSED');
      expect(destination.values().size).toBe(2);
    });

    it('is stale, and not confirmed, when there is another deletion by now', async () => {
      const { engine, destination, plan } = await toConfirm();
      destination.set('LATE', 'x');
      await failure(engine.apply(plan, { confirmDeletions: 3 }), 'PLAN_STALE');
      expect(destination.values().size).toBe(3);
    });

    it('is refused for an empty source whatever is confirmed', async () => {
      const destination = memoryDestination();
      destination.set('THEIRS', 'x');
      const { engine } = createEngine({ source: memorySource(), drivers: [destination] });
      const plan = saved(await engine.plan(memoryDefinition({ syncOptions: { deletionScope: 'matching' } })));
      await failure(engine.apply(plan, { confirmDeletions: 1 }), 'DELETION_REFUSED');
      expect(destination.values().size).toBe(1);
    });

    it.each([-1, 1.5, Number.NaN])('takes no %s for a number of deletions', async (confirmDeletions) => {
      const { engine, plan } = await toConfirm();
      await failure(engine.plan(memoryDefinition(), { confirmDeletions }), 'INVALID_OPTION');
      await failure(engine.sync(memoryDefinition(), { confirmDeletions }), 'INVALID_OPTION');
      await failure(engine.apply(plan, { confirmDeletions }), 'INVALID_OPTION');
    });
  });
});
