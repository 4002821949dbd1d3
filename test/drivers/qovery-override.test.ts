import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { QOVERY_DEFAULTS } from '../../src/testing/emulators/qovery/switches.js';
import type { QoveryVariableType } from '../../src/drivers/qovery/index.js';
import { changesOf, createEngine, failure, qoveryTarget, warningsOf } from '../support/engine.js';

describe('a key that the project has too', () => {
  let emulator: QoveryEmulator;
  beforeAll(async () => {
    emulator = await startQoveryEmulator();
  });
  afterEach(() => {
    emulator.setIntercept(undefined);
    emulator.configure(QOVERY_DEFAULTS);
  });
  afterAll(() => emulator.close());

  /** A project that has API_KEY, and an engine that syncs it to the environment. */
  function setUp(above: { is_secret?: boolean; mount_path?: string } = {}) {
    const target = qoveryTarget(emulator);
    const parent = emulator.addVariable({
      key: 'API_KEY',
      value: 'of the project',
      is_secret: true,
      parent_id: target.projectId,
      ...above,
    });
    const source = memorySource({ API_KEY: 'of the environment' });
    const store = memoryStore();
    const engineWith = (kept = store) =>
      createEngine({ source, store: kept, drivers: [target.driver] }).engine;
    const run = async (...definition: Parameters<typeof target.definition>) => {
      emulator.clearRequests();
      const result = await engineWith().sync(target.definition(...definition));
      return { ...result, operations: emulator.requests.map(({ operation }) => operation) };
    };
    const here = () => emulator.findAll('API_KEY', { parent_id: target.environmentId });
    return { target, parent, source, store, engineWith, run, here };
  }

  it.each<QoveryVariableType>(['secret', 'variable'])(
    'gets an override of a %s, which is ours from then on',
    async (kind) => {
      const { target, parent, source, run, here, engineWith } = setUp({ is_secret: kind === 'secret' });
      const first = await run({}, kind);
      expect(warningsOf(first.plan)).toEqual(['SHADOWS_INHERITED API_KEY']);
      expect(first.outcomes).toMatchObject([{ key: 'API_KEY', action: 'create', status: 'applied' }]);
      expect(first.operations).toEqual(['GET /variable', 'POST /variable/{id}/override']);
      expect(here()).toMatchObject([
        { value: 'of the environment', variable_type: 'OVERRIDE', overridden_variable_id: parent.id },
      ]);

      const second = await run({}, kind);
      expect(second.operations).toEqual(['GET /variable']);
      expect(second.plan.summary).toMatchObject({ unchanged: 1, create: 0 });

      source.set('API_KEY', 'changed');
      const third = await run({}, kind);
      expect(third.operations).toEqual(['GET /variable', 'PUT /variable/{id}']);
      expect(here()).toMatchObject([{ value: 'changed', variable_type: 'OVERRIDE' }]);

      const [made] = here();
      if (made) emulator.editVariable(made.id, { value: 'by hand' });
      await run({}, kind);
      expect(here()).toMatchObject([{ value: 'changed' }]);

      await engineWith().removeSecrets(target.definition({}, kind));
      expect(here()).toEqual([]);
      expect(emulator.find('API_KEY', { parent_id: target.projectId })?.value).toBe('of the project');
    },
  );

  it('is deleted as any other of ours when the source drops it', async () => {
    const { source, run, here } = setUp();
    source.set('OTHER', '1');
    await run();
    source.delete('API_KEY');
    const { plan } = await run({ syncOptions: { deletionScope: 'owned' } });
    expect(changesOf(plan)).toContain('API_KEY (secret) delete, absent-from-source');
    expect(here()).toEqual([]);
  });

  it.each(['reset-after', 'html-after', 'truncate', 'cut'] as const)(
    'has one override, ours, when the response to its creation is lost by %s',
    async (fault) => {
      const { run, here, target, engineWith } = setUp();
      let left = 1;
      emulator.setIntercept(({ method }) => (method === 'POST' && left-- > 0 ? fault : undefined));
      expect((await run()).outcomes).toMatchObject([{ status: 'applied' }]);
      emulator.setIntercept(undefined);
      expect(here()).toMatchObject([{ variable_type: 'OVERRIDE', value: 'of the environment' }]);
      expect((await run()).operations).toEqual(['GET /variable']);
      await engineWith().removeSecrets(target.definition());
      expect(here()).toEqual([]);
    },
  );

  it('is known as ours to other syncs once the one that made it has run again, even where that keeps it', async () => {
    const { target, source, store, engineWith, here } = setUp();
    let isDown = false;
    const failing: typeof store = {
      ...store,
      put: (...put) => (isDown ? Promise.reject(new Error('gone')) : store.put(...put)),
    };
    emulator.setIntercept(({ method }) => {
      isDown ||= method === 'POST';
      return undefined;
    });
    await failure(engineWith(failing).sync(target.definition()), 'STATE_NOT_SAVED');
    emulator.setIntercept(undefined);

    const other = createEngine({
      source: memorySource({ API_KEY: 'of another sync' }),
      store,
      drivers: [target.driver],
    });
    const definition = target.definition({ id: 'another', name: 'another' });
    await failure(other.engine.sync(definition), 'PLAN_BLOCKED');
    source.delete('API_KEY');
    source.set('OTHER', '1');
    await engineWith().sync(target.definition({ syncOptions: { disableSecretDeletion: true } }));
    await other.engine.sync(definition);
    expect(here()).toMatchObject([{ value: 'of another sync', variable_type: 'OVERRIDE' }]);
  });

  it('that appears at the project between read and write is overridden', async () => {
    const target = qoveryTarget(emulator);
    const { engine } = createEngine({ source: memorySource({ K: '1' }), drivers: [target.driver] });
    let isOver = false;
    emulator.setIntercept(({ method }) => {
      if (method === 'POST' && !isOver) {
        isOver = true;
        emulator.addVariable({ key: 'K', value: 'above', is_secret: true, parent_id: target.projectId });
      }
      return undefined;
    });
    expect((await engine.sync(target.definition())).outcomes).toMatchObject([
      { key: 'K', status: 'applied' },
    ]);
    expect(target.find('K')).toMatchObject({ variable_type: 'OVERRIDE', value: '1' });
  });

  it.each(['404', '403'] as const)(
    'that vanishes from the project between read and write (%s) is created',
    async (missing) => {
      const { run, here, parent } = setUp();
      emulator.configure({ missing });
      emulator.setIntercept(({ path }) => {
        if (path.endsWith('/override')) emulator.deleteVariable(parent.id);
        return undefined;
      });
      const { outcomes } = await run();
      expect(outcomes).toMatchObject([{ key: 'API_KEY', action: 'create', status: 'applied' }]);
      expect(here()).toMatchObject([{ value: 'of the environment', variable_type: 'VALUE' }]);
    },
  );

  it('says that an override is forbidden where the key still exists at the project', async () => {
    const { run, here } = setUp();
    emulator.setIntercept(({ path }) => (path.endsWith('/override') ? { status: 403 } : undefined));
    const error = await failure(run(), 'SYNC_FAILED');
    expect(error.result?.outcomes).toMatchObject([{ status: 'failed', error: { code: 'FORBIDDEN' } }]);
    expect(here()).toEqual([]);
  });

  it('changes its kind where the project does: the override is replaced, else the plan blocks it', async () => {
    const { run, here, parent } = setUp();
    await run({}, 'secret');
    const error = await failure(run({}, 'variable'), 'PLAN_BLOCKED');
    expect(error.problems).toMatchObject([{ key: 'API_KEY', reason: 'occupied' }]);
    expect(here()).toMatchObject([{ value: 'of the environment', is_secret: true }]);

    emulator.deleteVariable(parent.id);
    emulator.addVariable({
      key: 'API_KEY',
      value: 'of the project',
      is_secret: false,
      parent_id: parent.parent_id,
    });
    expect((await run({}, 'variable')).plan.applicable).toBe(true);
    expect(here()).toMatchObject([{ variable_type: 'OVERRIDE', is_secret: false }]);
  });

  it.each([
    ['in the other kind', { is_secret: false }, 'as variable'],
    ['as a file', { mount_path: '/etc/key' }, 'as file'],
  ])('%s is blocked in the plan, which says where it is', async (_what, above, words) => {
    const { run, here, target, engineWith } = setUp(above);
    const plan = await engineWith().plan(target.definition());
    expect(plan.applicable).toBe(false);
    expect(changesOf(plan)).toContain('API_KEY (secret) blocked, occupied');
    expect(plan.problems[0]?.message).toContain(`the project has this key ${words}`);
    await failure(run(), 'PLAN_BLOCKED');
    await failure(run({ syncOptions: { invalidKeys: 'skip' } }), 'PLAN_BLOCKED');
    expect(here()).toEqual([]);
    expect(emulator.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('is not ours without the state: an override stays untouched, and the plan says so', async () => {
    const { run, here, target, engineWith } = setUp();
    await run();
    const plan = await engineWith(memoryStore()).plan(target.definition());
    expect(changesOf(plan)).toContain('API_KEY (secret) blocked, occupied');
    expect(plan.problems[0]?.message).toContain('override');
    expect(here()).toMatchObject([{ value: 'of the environment' }]);
  });

  it("leaves another's override alone, and takes none over by its key", async () => {
    const { run, here, target, parent } = setUp();
    await run();
    const [ours] = here();
    emulator.deleteVariable(ours?.id ?? '');
    target.add({ key: 'API_KEY', value: 'theirs', overridden_variable_id: parent.id });
    await failure(run(), 'PLAN_BLOCKED');
    expect(here()).toMatchObject([{ value: 'theirs' }]);
  });

  it('is a plain variable again once the project no longer has it', async () => {
    const { run, here, parent } = setUp();
    await run();
    emulator.deleteVariable(parent.id);
    expect(here()).toEqual([]);
    expect((await run()).operations).toEqual(['GET /variable', 'POST /variable']);
    expect(here()).toMatchObject([{ variable_type: 'VALUE', value: 'of the environment' }]);
  });
});
