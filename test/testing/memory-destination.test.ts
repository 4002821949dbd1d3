import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import type { MemoryDestination } from '../../src/testing/memory-destination/types.js';
import { gather } from '../support/gather.js';
import { leakWarnings } from '../support/complaints/leak-warnings.js';

const SYNC = {
  name: 'test',
  destination: 'memory',
  destinationConfig: {},
  syncOptions: { deletionScope: 'matching' },
} as const;

function engineFor(destination: MemoryDestination<'memory'>, secrets: Record<string, string>) {
  const source = memorySource(secrets);
  const engine = new SecretSyncEngine({ source, drivers: [destination], store: memoryStore() });
  return { engine, source };
}

describe('memoryDestination', () => {
  it('shows what a sync of one’s own did', async () => {
    const destination = memoryDestination();
    destination.set('OLD', 'x');
    await engineFor(destination, { A: '1' }).engine.sync(SYNC);
    expect(destination.values()).toEqual(new Map([['A', '1']]));
    expect(destination.get('A')).toBe('1');
    expect(destination.get('OLD')).toBeUndefined();
    const calls = destination.calls.map(({ method, changes }) =>
      [method, ...changes.map(({ action, key }) => `${action} ${key}`)].join(' '),
    );
    expect(calls).toEqual(['read', 'write create A', 'write delete OLD']);
    destination.clearCalls();
    expect(destination.calls).toEqual([]);
  });

  it('shows no value when it is inspected', async () => {
    const destination = memoryDestination();
    await engineFor(destination, { A: 'very-secret' }).engine.sync(SYNC);
    const shown = inspect([destination, destination.calls, destination.entries()], { depth: Infinity });
    expect(shown + JSON.stringify(destination.calls)).not.toContain('very-secret');
  });

  it('keeps places, kinds and odd keys apart', () => {
    const destination = memoryDestination({ kind: 'secret' });
    destination.set('__proto__', 'a');
    destination.set('__proto__', 'b', { kind: 'variable' });
    destination.set('__proto__', 'c', { place: 'constructor' });
    expect(destination.get('__proto__')).toBe('a');
    expect(destination.get('__proto__', { kind: 'variable' })).toBe('b');
    expect(destination.get('__proto__', { place: 'constructor' })).toBe('c');
    expect(destination.get('toString')).toBeUndefined();
    expect(destination.delete('__proto__')).toBe(true);
    expect(destination.delete('__proto__')).toBe(false);
    expect(destination.values({ kind: 'variable' })).toEqual(new Map([['__proto__', 'b']]));
  });

  it('leaves alone what a test says is fixed, reserved or hung upon', async () => {
    const destination = memoryDestination();
    destination.set('ALIAS', '1', { fixed: 'alias' });
    destination.set('PLATFORM', '2', { reserved: true });
    destination.set('USED', '3', { hasDependents: true });
    destination.set('GONE', '4');
    await engineFor(destination, { A: '1' }).engine.sync(SYNC);
    expect([...destination.values().keys()].sort()).toEqual(['A', 'ALIAS', 'PLATFORM', 'USED']);
  });

  it('is shared by several engines, of which one sees what the other wrote', async () => {
    const destination = memoryDestination();
    await engineFor(destination, { A: '1' }).engine.sync(SYNC);
    const { summary } = await engineFor(destination, { A: '1', B: '2' }).engine.plan(SYNC);
    expect(summary).toMatchObject({ unchanged: 1, create: 1 });
  });

  it('fails one key as told, once, and goes on with the others', async () => {
    const destination = memoryDestination();
    const { engine } = engineFor(destination, { A: '1', B: '2', C: '3' });
    destination.set('OLD', 'x');
    destination.failNext('rejected', { key: 'B' });
    await expect(engine.sync(SYNC)).rejects.toMatchObject({
      code: 'SYNC_FAILED',
      result: { summary: { applied: 2, failed: 1, withheld: 1 } },
    });
    expect([...destination.values().keys()].sort()).toEqual(['A', 'C', 'OLD']);
    await engine.sync(SYNC);
    expect([...destination.values().keys()]).toEqual(['A', 'C', 'B']);
  });

  it('stops all where it is told to refuse the token midway', async () => {
    const destination = memoryDestination();
    destination.failNext('unauthorized', { key: 'B' });
    await expect(engineFor(destination, { A: '1', B: '2', C: '3' }).engine.sync(SYNC)).rejects.toMatchObject({
      result: { outcomes: [{ status: 'applied' }, { status: 'failed' }, { status: 'withheld' }] },
    });
    expect([...destination.values().keys()]).toEqual(['A']);
  });

  it.each(['lost-before', 'lost-after'] as const)(
    'loses one answer (%s), and the engine settles it',
    async (fault) => {
      const destination = memoryDestination({ readable: false });
      destination.failNext(fault);
      const { status } = await engineFor(destination, { A: '1' }).engine.sync(SYNC);
      expect(status).toBe('succeeded');
      expect(destination.values()).toEqual(new Map([['A', '1']]));
    },
  );

  it('conflicts once, or for ever', async () => {
    const destination = memoryDestination({ writes: 'batch' });
    destination.failNext('conflict');
    const { engine, source } = engineFor(destination, { A: '1' });
    await engine.sync(SYNC);
    expect(destination.get('A')).toBe('1');
    source.set('A', '2');
    destination.failNext('conflict', { times: Infinity });
    await expect(engine.sync(SYNC)).rejects.toMatchObject({ code: 'CONFLICT', retryable: true });
    expect(destination.get('A')).toBe('1');
  });

  it('conflicts by itself where a batch meets an edit by hand', async () => {
    const destination = memoryDestination({ writes: 'batch' });
    destination.set('A', 'old');
    let edits = 0;
    destination.setIntercept(({ method }) => {
      if (method === 'write' && (edits += 1) === 1) destination.set('A', 'by hand');
      return undefined;
    });
    await engineFor(destination, { A: '1' }).engine.sync(SYNC);
    expect(destination.calls.map(({ method }) => method)).toEqual(['read', 'write', 'read', 'write']);
    expect(destination.get('A')).toBe('1');
  });

  it('holds a call back at a gate, until it opens or the run is aborted', async () => {
    const destination = memoryDestination();
    let open = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      destination.setIntercept(async ({ method }) => {
        if (method !== 'write') return undefined;
        resolve();
        await new Promise<void>((opened) => (open = opened));
        return undefined;
      });
    });
    const abort = new AbortController();
    const { engine } = engineFor(destination, { A: '1' });
    const first = engine.sync(SYNC, { signal: abort.signal });
    await arrived;
    abort.abort('enough');
    await expect(first).rejects.toBe('enough');
    expect(destination.get('A')).toBeUndefined();
    open();
    destination.setIntercept(undefined);
    await engine.sync(SYNC);
    expect(destination.get('A')).toBe('1');
  });

  it('makes Node warn of no leak when many calls are under way together', async () => {
    const warnings = leakWarnings();
    const destination = memoryDestination({ concurrency: 20 });
    const together = gather(20);
    destination.setIntercept(async ({ method }) => {
      if (method === 'write') await together();
      return undefined;
    });
    const secrets = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`KEY_${index}`, 'x']));
    const [source, drivers] = [memorySource(secrets), [destination]];
    await new SecretSyncEngine({ source, drivers, concurrency: 20 }).sync(SYNC);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });

  it('throws an error of the test as it stands, of which the engine shows no message', async () => {
    const destination = memoryDestination();
    destination.failNext(new Error('the value is 1234'), { method: 'read' });
    await expect(engineFor(destination, { A: '1' }).engine.sync(SYNC)).rejects.toMatchObject({
      code: 'DESTINATION_UNAVAILABLE',
      message: expect.not.stringContaining('1234') as string,
    });
  });

  it('takes its name, limits and way of comparing keys from its options', async () => {
    const destination = memoryDestination({
      name: 'mine',
      limits: { keys: 2 },
      canonicalKey: (key) => key.toLowerCase(),
    });
    const source = memorySource({ a: '1', A: '2', B: '3', C: '4', D: '5' });
    const engine = new SecretSyncEngine({ source, drivers: [destination] });
    const { problems } = await engine.plan({ ...SYNC, destination: 'mine' });
    expect(problems.map(({ key, reason }) => `${key} ${reason}`)).toEqual([
      'A colliding-key',
      'D limit-exceeded',
      'a colliding-key',
    ]);
  });
});

describe('the testing entry', () => {
  it('does not load graphql', async () => {
    vi.doMock('graphql', () => {
      throw new Error('graphql was loaded');
    });
    const testing = await import('../../src/testing/index.js');
    expect(testing.memoryDestination).toBe(memoryDestination);
    await expect(testing.startHasuraCloudEmulator()).rejects.toThrow('graphql');
  });
});
