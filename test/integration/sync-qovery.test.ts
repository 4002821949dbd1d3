import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StateStore } from '../../src/contracts/state-store.js';
import { memorySource } from '../../src/sources/memory.js';
import { fileStore } from '../../src/stores/file/index.js';
import { memoryStore } from '../../src/stores/memory.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { QOVERY_DEFAULTS, type QoverySwitches } from '../../src/testing/emulators/qovery/switches.js';
import { createEngine, failure, qoveryTarget } from '../support/engine.js';
import { gather } from '../support/gather.js';

describe('a sync to Qovery', () => {
  let emulator: QoveryEmulator;
  beforeAll(async () => {
    emulator = await startQoveryEmulator();
  });
  afterEach(() => emulator.configure(QOVERY_DEFAULTS));
  afterAll(() => emulator.close());

  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'secret-sync-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const hundred = () =>
    Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`KEY_${index}`, `value ${index}`]));

  /** A source and a function that syncs it, each time in a new engine over a file store. */
  function syncing(secrets: Record<string, string>, newStore: () => StateStore = () => fileStore(directory)) {
    const target = qoveryTarget(emulator);
    const source = memorySource(secrets);
    const definition = target.definition({ syncOptions: { deletionScope: 'owned' } });
    const run = async () => {
      emulator.clearRequests();
      const { engine } = createEngine({ source, store: newStore(), drivers: [target.driver] });
      const result = await engine.sync(definition);
      expect(result.requestCount).toBe(emulator.requests.length);
      return emulator.requests.map(({ operation }) => operation);
    };
    return { target, source, run };
  }

  const NO_OP = ['GET /variable'];

  it('of 100 secrets sends one request when nothing changed, in a new engine over a file store', async () => {
    const { run, target } = syncing(hundred());
    expect(await run()).toHaveLength(101);
    expect(target.values().size).toBe(100);
    expect(await run()).toEqual(NO_OP);
  });

  it('of 100 secrets sends two when one has changed, and only that one', async () => {
    const { run, source, target } = syncing(hundred());
    await run();
    source.set('KEY_7', 'another value');
    expect(await run()).toEqual(['GET /variable', 'PUT /variable/{id}']);
    expect(emulator.requests[1]?.body).toMatchObject({ key: 'KEY_7', value: 'another value' });
    expect(target.find('KEY_7')?.value).toBe('another value');
    expect(await run()).toEqual(NO_OP);
  });

  it('finds the secret that was changed by hand by its revision, and repairs that one alone', async () => {
    const { run, target } = syncing(hundred());
    await run();
    const edited = target.find('KEY_42');
    emulator.editVariable(edited?.id ?? '', { value: 'by hand' });
    expect(await run()).toEqual(['GET /variable', 'PUT /variable/{id}']);
    expect(target.find('KEY_42')?.value).toBe('value 42');
    expect(await run()).toEqual(NO_OP);
  });

  it('sends one request more than it creates, updates and deletes', async () => {
    const { run, source, target } = syncing({ A: '1', B: '2', C: '3', D: '4' });
    await run();
    source.set('A', 'one');
    source.delete('B');
    source.delete('C');
    source.set('E', '5');
    expect((await run()).sort()).toEqual([
      'DELETE /variable/{id}',
      'DELETE /variable/{id}',
      'GET /variable',
      'POST /variable',
      'PUT /variable/{id}',
    ]);
    expect(Object.fromEntries(target.values())).toEqual({ A: 'one', D: '4', E: '5' });
    expect(await run()).toEqual(NO_OP);
  });

  it('sends writes in parallel, as many as its concurrency allows', async () => {
    const target = qoveryTarget(emulator);
    emulator.clearRequests();
    const together = gather(7);
    emulator.setIntercept(async ({ method }) => {
      if (method !== 'GET') await together();
      return undefined;
    });
    const { engine } = createEngine({
      source: memorySource(hundred()),
      drivers: [target.driver],
      concurrency: 7,
    });
    await engine.sync(target.definition()).finally(() => emulator.setIntercept(undefined));
    expect(emulator.peakInFlight).toBe(7);
  });

  it('sends upserts before deletions, and withholds deletions when an upsert fails', async () => {
    const { run, source, target } = syncing({ A: '1', B: '2' });
    await run();
    source.delete('A');
    source.set('B', 'two');
    source.set('C', '3');
    emulator.setIntercept(({ method, body }) =>
      method === 'POST' && JSON.stringify(body).includes('"C"') ? { status: 400 } : undefined,
    );
    const error = await failure(run(), 'SYNC_FAILED').finally(() => emulator.setIntercept(undefined));
    expect(error.result.outcomes.map(({ key, status }) => `${key} ${status}`)).toEqual([
      'A withheld',
      'B applied',
      'C failed',
    ]);
    expect(error.result.status).toBe('failed');
    expect(Object.fromEntries(target.values())).toEqual({ A: '1', B: 'two' });
    await run();
    expect(Object.fromEntries(target.values())).toEqual({ B: 'two', C: '3' });
  });

  it('stops at a token that is refused, and says what was withheld', async () => {
    const { run, source, target } = syncing({});
    for (let index = 0; index < 30; index += 1) source.set(`KEY_${index}`, 'x');
    let posts = 0;
    emulator.setIntercept(({ method }) => (method === 'POST' && ++posts > 3 ? { status: 401 } : undefined));
    const error = await failure(run(), 'SYNC_FAILED').finally(() => emulator.setIntercept(undefined));
    expect(error.result.summary.applied).toBe(3);
    expect(error.result.summary.withheld).toBeGreaterThan(0);
    expect(error.result.outcomes).toHaveLength(30);
    expect(emulator.requests.length).toBeLessThan(20);
    await run();
    expect(target.values().size).toBe(30);
  });

  it('neither rewrites for ever nor fails, whatever is told of updated_at', async () => {
    const modes: Partial<QoverySwitches>[] = [];
    for (const updatedAt of ['present', 'absent', 'after-edit'] as const)
      for (const listPrecision of ['s', 'ms', 'us'] as const)
        for (const answerPrecision of ['s', 'ms', 'us'] as const)
          modes.push({ updatedAt, listPrecision, answerPrecision });
    modes.push({ timeZone: '+00:00' }, { updatedAtMoves: false });
    const store = memoryStore();
    const { run, source, target } = syncing({ A: '1', B: '2' }, () => store);
    for (const [index, mode] of modes.entries()) {
      emulator.configure({ ...QOVERY_DEFAULTS, ...mode });
      source.set('A', `value ${index}`);
      source.set(`NEW_${index}`, 'x');
      source.delete(`NEW_${index - 1}`);
      const told = JSON.stringify(mode);
      await run();
      expect(await run(), told).toEqual(NO_OP);
      expect(target.find('A')?.value, told).toBe(`value ${index}`);
      expect(await run(), told).toEqual(NO_OP);
    }
  });

  it('goes on without a rewrite when the precision of updated_at changes', async () => {
    const { run } = syncing({ A: '1', B: '2' });
    await run();
    for (const listPrecision of ['s', 'us', 'ms', 's'] as const) {
      emulator.configure({ listPrecision });
      expect(await run(), listPrecision).toEqual(NO_OP);
    }
    emulator.configure({ updatedAt: 'absent' });
    expect(await run()).toEqual(NO_OP);
  });

  it('keeps what the user set on an entry that it edits', async () => {
    const { run, target } = syncing({ A: '1' });
    target.add({ key: 'A', value: '0', description: 'for the shop', enable_interpolation_in_file: true });
    await run();
    expect(target.find('A')).toMatchObject({
      value: '1',
      description: 'for the shop',
      enable_interpolation_in_file: true,
    });
  });

  it('neither writes nor deletes what is of another scope, kind, type or owner', async () => {
    const { run, target } = syncing({ A: '1' });
    const base = target.add({ key: 'BASE', value: 'x' });
    target.add({ key: 'ALIAS', aliased_variable_id: base.id });
    target.add({ key: 'FILE', mount_path: '/etc/file' });
    target.add({ key: 'DOPPLER', value: 'x', owned_by: 'Doppler' });
    target.add({ key: 'PLAIN', value: 'x', is_secret: false });
    target.add({ key: 'SERVICE', value: 'x', scope: 'APPLICATION' });
    emulator.addVariable({ key: 'ABOVE', value: 'x', is_secret: true, parent_id: target.projectId });
    const before = emulator.variables();
    const { engine } = createEngine({ source: memorySource({ A: '1' }), drivers: [target.driver] });
    await engine.sync(target.definition({ syncOptions: { deletionScope: 'matching' } }));
    const after = new Map(emulator.variables().map((variable) => [variable.id, variable]));
    // An alias hangs on BASE: deleting it would delete both.
    for (const variable of before) expect(after.get(variable.id), variable.key).toEqual(variable);
    expect(after.size).toBe(before.length + 1);
    await run();
  });
});
