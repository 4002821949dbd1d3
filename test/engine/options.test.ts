import { describe, expect, it, vi } from 'vitest';
import { hasuraCloud } from '../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../src/drivers/qovery/index.js';
import type { EngineOptions } from '../../src/engine/options.js';
import { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createEngine, failure, memoryDefinition, subjectsOf } from '../support/engine.js';
import type { AnyDestinationDriver } from '../../src/contracts/typed-definition.js';
import { generateFingerprintKey } from '../../src/core/fingerprint/keyring.js';

const good = () => ({ source: memorySource({ A: '1' }), drivers: [memoryDestination()] });

/** Makes an engine as JavaScript would, where no compiler looks at the options. */
const construct = (options: object) => () =>
  new SecretSyncEngine(options as EngineOptions<readonly AnyDestinationDriver[]>);

describe('the options of an engine', () => {
  it.each<[string, unknown, string]>([
    ['source', undefined, 'set it'],
    ['source', {}, 'read()'],
    ['drivers', [], 'at least one driver'],
    ['drivers', undefined, 'drivers'],
    ['drivers[0]', [{ name: 'half' }], 'connect()'],
    ['store', { get: () => undefined }, 'put()'],
    ['fingerprintKey', 'short', 'generateFingerprintKey()'],
    ['fingerprintKey', new Uint8Array(31), 'at least 32'],
    ['fingerprintKey', [], 'empty'],
    ['fingerprintKey[1]', [generateFingerprintKey(), 'short'], 'at least 32'],
    ['fingerprintKey', 32, 'a string or bytes'],
    ['connections', 'mine', 'a record or a function'],
    ['concurrency', 0, 'at least 1'],
    ['concurrency', Number.NaN, 'whole number'],
    ['concurrency', 1.5, 'whole number'],
    ['timeout', -1, 'at least 1'],
    ['timeout', Infinity, 'ms'],
    ['retry.retries', -1, 'at least 0'],
    ['retry.minTimeout', -5, 'at least 1'],
    ['retry.maxTimeout', 'long', 'ms'],
    ['retry.maxWait', Number.NaN, 'ms'],
    ['runTimeout', 0, 'at least 1'],
    ['leaseWait', -1, 'at least 0'],
    ['acceptUnverifiedState', 'yes', 'true or false'],
    ['allowPrivateNetwork', 'yes', 'true or false'],
    ['fetch', {}, 'a function'],
    ['onEvent', 'log', 'a function'],
    ['clock', { now: () => 0 }, 'sleep()'],
    ['random', 0.5, 'a function'],
  ])('are refused with the name of the field and the remedy: %s', async (path, value, remedy) => {
    const name = path.replace(/[.[].*$/, '');
    const field = path.startsWith('retry.') ? { [path.slice('retry.'.length)]: value } : value;
    const error = await failure(construct({ ...good(), [name]: field }), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual([path]);
    expect(error.message).toContain(remedy);
  });

  it('are refused all at once', async () => {
    const options = {
      ...good(),
      concurrency: 0,
      timeout: -1,
      fingerprintKey: 'short',
      leaseWait: Number.NaN,
    };
    const error = await failure(construct(options), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(['concurrency', 'fingerprintKey', 'leaseWait', 'timeout']);
  });

  it('that do not exist are refused by name', async () => {
    const error = await failure(construct({ ...good(), timeuot: 5 }), 'INVALID_OPTION');
    expect(error.message).toContain('timeuot');
  });

  it('never show a fingerprint key that is too short', async () => {
    const error = await failure(construct({ ...good(), fingerprintKey: 'hunter2' }), 'INVALID_OPTION');
    expect(JSON.stringify(error) + error.message).not.toContain('hunter2');
  });

  it('take each driver name once', async () => {
    const drivers = [memoryDestination(), memoryDestination()];
    const error = await failure(construct({ ...good(), drivers }), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(['drivers[1]']);
    expect(error.message).toContain('"memory"');
  });

  it('take no driver of another version of the contract', async () => {
    const drivers = [{ ...memoryDestination(), specVersion: 2 }];
    const error = await failure(construct({ ...good(), drivers }), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(['drivers[0]']);
  });

  it('are not altered, and neither a request nor a store access is made of them', () => {
    const store = memoryStore();
    const get = vi.spyOn(store, 'get');
    const fetch = vi.fn<typeof globalThis.fetch>();
    const options = Object.freeze({
      source: memorySource(),
      drivers: Object.freeze([hasuraCloud({ accessToken: 'x' }), qovery()] as const),
      store,
      fetch,
      retry: Object.freeze({ retries: 1 }),
    });
    new SecretSyncEngine(options);
    expect(get).not.toHaveBeenCalled();
    expect(fetch).not.toHaveBeenCalled();
  });

  it('take a fingerprint key as a string, as bytes, or the current one before its predecessors', () => {
    const key = generateFingerprintKey();
    for (const fingerprintKey of [key, new Uint8Array(32), [key, new Uint8Array(40)] as const]) {
      expect(construct({ ...good(), fingerprintKey })).not.toThrow();
    }
  });
});

describe('the store that an engine has by default', () => {
  it('is told of by one event an engine', async () => {
    const { engine, events } = createEngine({ ...good(), store: null });
    await engine.sync(memoryDefinition());
    await engine.sync(memoryDefinition());
    expect(events.filter(({ type }) => type === 'store-not-durable')).toHaveLength(1);
  });

  it('is no event where a store was passed', async () => {
    const { engine, events } = createEngine(good());
    await engine.sync(memoryDefinition());
    expect(events.map(({ type }) => type)).not.toContain('store-not-durable');
  });
});

describe('a store without a fingerprint key', () => {
  it('is told of by one event an engine, and nothing with a key', async () => {
    const { engine, events } = createEngine({ ...good(), fingerprintKey: null });
    await engine.sync(memoryDefinition());
    await engine.sync(memoryDefinition());
    const isTold = ({ type }: { type: string }) => type === 'fingerprints-not-durable';
    expect(events.filter(isTold)).toMatchObject([
      { message: expect.stringContaining('Pass a fingerprintKey') as string },
    ]);
    const sealed = createEngine(good());
    await sealed.engine.sync(memoryDefinition());
    expect(sealed.events.filter(isTold)).toEqual([]);
  });
});

describe('the event of a run that has finished', () => {
  it('holds the counts of its result, and neither the plan nor the keys', async () => {
    const { engine, events } = createEngine(good());
    const { summary, requestCount } = await engine.sync(memoryDefinition());
    const { runId, operation, definitionId, type, ...rest } = events.find(
      (event) => event.type === 'run-finished',
    ) ?? { type: 'none' };
    expect([operation, definitionId, type]).toEqual(['sync', memoryDefinition().name, 'run-finished']);
    expect(runId).toEqual(expect.any(String));
    expect(rest).toEqual({ status: 'succeeded', summary, requestCount });
  });
});

describe('an observer of events', () => {
  it('that throws changes nothing', async () => {
    const destination = memoryDestination();
    const { engine } = createEngine({
      source: memorySource({ A: '1' }),
      drivers: [destination],
      onEvent() {
        throw new Error('the log is full');
      },
    });
    await engine.sync(memoryDefinition());
    expect(destination.get('A')).toBe('1');
  });

  it('is told of a run from its start to its end, under one id, with progress', async () => {
    const { engine, events } = createEngine({
      source: memorySource({ A: '1', B: '2' }),
      drivers: [memoryDestination()],
    });
    await engine.sync(memoryDefinition());
    expect(events.map(({ type }) => type)).toEqual([
      'run-started',
      'source-read',
      'destination-read',
      'planned',
      'progress',
      'progress',
      'run-finished',
      'run-ended',
    ]);
    expect(new Set(events.map((event) => ('runId' in event ? event.runId : ''))).size).toBe(1);
    expect(events.filter((event) => event.type === 'progress')).toMatchObject([
      { done: 1, total: 2, key: 'A', action: 'create', status: 'applied' },
      { done: 2, total: 2, key: 'B', action: 'create', status: 'applied' },
    ]);
  });

  it('is told when a run fails, with its code', async () => {
    const destination = memoryDestination();
    destination.failNext('forbidden', { method: 'read' });
    const { engine, events } = createEngine({ source: memorySource(), drivers: [destination] });
    await failure(engine.plan(memoryDefinition()), 'FORBIDDEN');
    expect(events.at(-2)).toMatchObject({ type: 'run-failed', code: 'FORBIDDEN' });
    expect(events.at(-1)).toMatchObject({ type: 'run-ended', durationMs: expect.any(Number) as number });
  });
});
