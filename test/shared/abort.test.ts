import { ENGINE_PORT } from '../../src/engine/port.js';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { memoryStore, SecretSyncEngine, type SecretSource } from '../../src/index.js';
import { followSignals, onAbort, untilAborted } from '../../src/shared/abort.js';
import { both, settlesWithin } from '../../src/shared/async.js';
import { systemClock } from '../../src/shared/clock.js';
import { createHttpClient } from '../../src/drivers/index.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('who waits for an abort', () => {
  it('is called with the reason, once, each function by itself', () => {
    const abort = new AbortController();
    const seen: unknown[] = [];
    const listener = (reason: unknown) => void seen.push(reason);
    onAbort(abort.signal, listener);
    onAbort(abort.signal, listener);
    abort.abort('enough');
    expect(seen).toEqual(['enough', 'enough']);
    expect(listenersOf(abort.signal)).toBe(0);
  });

  it('is called immediately where the signal is aborted already', () => {
    const seen: unknown[] = [];
    onAbort(AbortSignal.abort('before'), (reason) => void seen.push(reason));
    expect(seen).toEqual(['before']);
  });

  it('shares one listener with all others, which goes with the last of them', () => {
    const { signal } = new AbortController();
    const releases = Array.from({ length: 100 }, () => onAbort(signal, () => undefined));
    expect(listenersOf(signal)).toBe(1);
    releases.slice(1).forEach((release) => release());
    expect(listenersOf(signal)).toBe(1);
    releases.forEach((release) => release());
    expect(listenersOf(signal)).toBe(0);
  });

  it('is not called after it was taken back, and taking it back twice takes back no other', () => {
    const abort = new AbortController();
    const seen: unknown[] = [];
    const release = onAbort(abort.signal, () => void seen.push('first'));
    onAbort(abort.signal, () => void seen.push('second'));
    release();
    release();
    abort.abort();
    expect(seen).toEqual(['second']);
  });
});

describe('nothing is left on a signal by', () => {
  it.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
    ['a wait that ended', (signal) => systemClock.sleep(1, signal)],
    ['work that ended', (signal) => untilAborted(Promise.resolve(1), signal)],
    ['work that failed', (signal) => untilAborted(Promise.reject(new Error('no')), signal).catch(() => 0)],
    [
      'two things that ended',
      (signal) =>
        both(
          signal,
          async () => 1,
          async () => 2,
        ),
    ],
    ['work that settled in time', (signal) => settlesWithin(Promise.resolve(1), 1_000, systemClock, signal)],
    ['a signal that followed it', async (signal) => followSignals(signal).release()],
    [
      'a request that failed',
      (signal) =>
        createHttpClient({
          endpoint: 'https://api.example.com',
          retry: { retries: 0 },
          fetch: () => Promise.reject(new Error('down')),
        })
          .forRun({ signal })
          .request({ operation: 'ask', method: 'GET' })
          .catch(() => 0),
    ],
  ])('%s', async (_title, call) => {
    const { signal } = new AbortController();
    await call(signal);
    expect(listenersOf(signal)).toBe(0);
  });
});

describe('a hundred runs in parallel under one signal', () => {
  it('have few listeners on it meanwhile, leave none, and make the process warn of nothing', async () => {
    const warnings: string[] = [];
    const warn = ({ name }: Error) => void warnings.push(name);
    process.on('warning', warn);
    const { signal } = new AbortController();
    let most = 0;
    const source: SecretSource = {
      name: 'vault',
      async read(_location, options) {
        most = Math.max(most, listenersOf(signal), listenersOf(options.signal));
        return { A: '1' };
      },
    };
    const engine = new SecretSyncEngine({ source, drivers: [memoryDestination()], store: memoryStore() });
    const call = (index: number) => {
      const sync = { name: `sync-${index}`, destination: 'memory', destinationConfig: { place: `${index}` } };
      if (index % 4 === 0) return engine.plan(sync, { signal });
      if (index % 4 === 1) return engine[ENGINE_PORT].digestSource({}, { signal });
      return engine.sync(sync, { signal });
    };
    await Promise.all(Array.from({ length: 100 }, (_, index) => call(index)));
    // A warning comes in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warn);
    expect(most).toBe(1);
    expect(listenersOf(signal)).toBe(0);
    expect(warnings).toEqual([]);
  });
});
