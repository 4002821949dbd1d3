import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { QOVERY_DEFAULTS } from '../../src/testing/emulators/qovery/switches.js';
import { changesOf, createEngine, failure, qoveryTarget, warningsOf } from '../support/engine.js';

describe('a change of kind at Qovery', () => {
  let emulator: QoveryEmulator;
  beforeAll(async () => {
    emulator = await startQoveryEmulator();
  });
  afterEach(() => {
    emulator.setIntercept(undefined);
    emulator.configure(QOVERY_DEFAULTS);
  });
  afterAll(() => emulator.close());

  function setUp(secrets: Record<string, string> = { K: '1' }) {
    const target = qoveryTarget(emulator);
    const source = memorySource(secrets);
    const store = memoryStore();
    const engine = () => createEngine({ source, store, drivers: [target.driver] }).engine;
    const run = async (...definition: Parameters<typeof target.definition>) => {
      emulator.clearRequests();
      const result = await engine().sync(target.definition(...definition));
      return { result, operations: emulator.requests.map(({ operation }) => operation) };
    };
    return { target, source, run, engine };
  }

  it('of a key of ours deletes and creates, right after one another, and says what is exposed', async () => {
    for (const bothKinds of ['allowed', 'conflict'] as const) {
      emulator.configure({ bothKinds });
      const { target, run } = setUp();
      await run();
      const { result, operations } = await run({}, 'variable');
      expect(changesOf(result.plan).filter((line) => line.startsWith('K'))).toEqual([
        'K (variable) replace, kind-differs',
      ]);
      expect(warningsOf(result.plan)).toEqual(['EXPOSES_VALUE K']);
      expect(operations).toEqual(['GET /variable', 'DELETE /variable/{id}', 'POST /variable']);
      expect(Object.fromEntries(target.values())).toEqual({ 'K (variable)': '1' });
      expect((await run({}, 'variable')).operations).toEqual(['GET /variable']);
      await run({}, 'secret');
      expect(Object.fromEntries(target.values())).toEqual({ K: '1' });
      expect((await run({}, 'secret')).operations).toEqual(['GET /variable']);
    }
  });

  it('of a variable that a person made is done where it has the wanted value, else with allowReplace', async () => {
    const { target, run } = setUp();
    const { id } = target.add({ key: 'K', value: 'theirs', is_secret: false });
    await failure(run(), 'PLAN_BLOCKED');
    expect(Object.fromEntries(target.values())).toEqual({ 'K (variable)': 'theirs' });
    emulator.editVariable(id, { value: '1' });
    const { result } = await run();
    expect(warningsOf(result.plan)).toEqual(['OVERWRITES_UNOWNED K']);
    expect(Object.fromEntries(target.values())).toEqual({ K: '1' });
  });

  it("of somebody's secret is blocked, unless allowReplace", async () => {
    const { target, run } = setUp();
    target.add({ key: 'K', value: 'theirs' });
    const error = await failure(run({}, 'variable'), 'PLAN_BLOCKED');
    expect(error.problems?.map(({ key }) => key)).toEqual(['K']);
    expect(Object.fromEntries(target.values())).toEqual({ K: 'theirs' });
    await run({ syncOptions: { allowReplace: true } }, 'variable');
    expect(Object.fromEntries(target.values())).toEqual({ 'K (variable)': '1' });
  });

  it('of an entry on which an alias hangs is blocked, unless allowReplace, which says what is deleted', async () => {
    const { target, run } = setUp();
    const base = target.add({ key: 'K', value: '1', is_secret: false });
    target.add({ key: 'ALIAS', aliased_variable_id: base.id });
    await failure(run(), 'PLAN_BLOCKED');
    expect(target.find('ALIAS')).toBeDefined();
    const { result } = await run({ syncOptions: { allowReplace: true } });
    expect(warningsOf(result.plan)).toContain('DELETE_CASCADES K');
    expect(target.find('K')?.value).toBe('1');
  });

  it('puts back the variable that stood there when the create fails', async () => {
    const { target, run } = setUp();
    target.add({ key: 'K', value: 'theirs', is_secret: false });
    emulator.setIntercept(({ method, body }) =>
      method === 'POST' && JSON.stringify(body).includes('"is_secret":true') ? { status: 400 } : undefined,
    );
    const allowed = { syncOptions: { allowReplace: true } };
    const error = await failure(run(allowed), 'SYNC_FAILED');
    expect(error.result.outcomes).toMatchObject([{ key: 'K', action: 'replace', status: 'failed' }]);
    expect(error.message).toContain('put back');
    expect(Object.fromEntries(target.values())).toEqual({ 'K (variable)': 'theirs' });
    emulator.setIntercept(undefined);
    await run(allowed);
    expect(Object.fromEntries(target.values())).toEqual({ K: '1' });
    expect((await run()).operations).toEqual(['GET /variable']);
  });

  it('of a secret, which cannot be put back, leaves a gap that the next run closes', async () => {
    const { target, run } = setUp();
    await run();
    emulator.setIntercept(({ method }) => (method === 'POST' ? { status: 400 } : undefined));
    const error = await failure(run({}, 'variable'), 'SYNC_FAILED');
    expect(error.message).toContain("can't be put back");
    expect(target.values().size).toBe(0);
    emulator.setIntercept(undefined);
    const { result } = await run({}, 'variable');
    expect(changesOf(result.plan)).toContain('K (variable) create, missing');
    expect(Object.fromEntries(target.values())).toEqual({ 'K (variable)': '1' });
  });

  it('that was put back is still owned, and removed with the sync', async () => {
    const { target, run, engine } = setUp();
    await run({}, 'variable');
    emulator.setIntercept(({ method, body }) =>
      method === 'POST' && JSON.stringify(body).includes('"is_secret":true') ? { status: 400 } : undefined,
    );
    await failure(run({}, 'secret'), 'SYNC_FAILED');
    emulator.setIntercept(undefined);
    expect(Object.fromEntries(target.values())).toEqual({ 'K (variable)': '1' });
    await engine().removeSecrets(target.definition());
    expect(target.values().size).toBe(0);
  });

  it('whose answer is lost ends as planned, with one entry', async () => {
    for (const method of ['DELETE', 'POST'] as const) {
      for (const fault of ['reset-before', 'reset-after', 'html-after', 'truncate'] as const) {
        const { target, run } = setUp();
        await run();
        let faults = 1;
        emulator.setIntercept((request) => (request.method === method && faults-- > 0 ? fault : undefined));
        const { result } = await run({}, 'variable');
        emulator.setIntercept(undefined);
        expect(result.outcomes, `${method} ${fault}`).toMatchObject([{ key: 'K', status: 'applied' }]);
        expect(Object.fromEntries(target.values())).toEqual({ 'K (variable)': '1' });
        expect((await run({}, 'variable')).operations).toEqual(['GET /variable']);
      }
    }
  });

  it('leaves the other kind alone where both stand, also when the source drops the key', async () => {
    emulator.configure({ bothKinds: 'allowed' });
    const { target, source, run } = setUp({ K: '1', L: '2' });
    await run();
    target.add({ key: 'K', value: 'theirs', is_secret: false });
    source.set('K', 'one');
    const { result } = await run();
    expect(warningsOf(result.plan)).toEqual(['BOTH_KINDS K']);
    source.delete('K');
    await run({ syncOptions: { deletionScope: 'matching' } });
    expect(Object.fromEntries(target.values())).toEqual({ 'K (variable)': 'theirs', L: '2' });
  });
});
