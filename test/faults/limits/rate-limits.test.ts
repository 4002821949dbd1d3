import { describe, expect, it } from 'vitest';
import type { SyncEvent } from '../../../src/contracts/events.js';
import { memorySource } from '../../../src/sources/memory.js';
import { failure } from '../../support/engine.js';
import { DEFAULT_RETRY, during, failAll, requestsOf, SITES } from '../sites.js';

const retriesOf = (events: readonly SyncEvent[]) => events.filter((event) => event.type === 'retry');

type Told = (now: number) => Readonly<Record<string, string>>;
const HOPELESS = { 'retry-after': '61' };

describe.each(SITES)('%s answers 429', (_name, open) => {
  const rows: readonly (readonly [title: string, told: Told, waitMs: number])[] = [
    ['with seconds', () => ({ 'retry-after': '7' }), 7_000],
    // Virtual time starts at a quarter of a second, and a date has whole ones.
    ['with an HTTP date', (now) => ({ 'retry-after': new Date(now + 9_000).toUTCString() }), 8_750],
    [
      'with X-RateLimit-Reset as Unix seconds',
      (now) => ({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(now / 1_000) + 4) }),
      4_750,
    ],
    [
      'with X-RateLimit-Reset as seconds from now',
      () => ({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '4' }),
      4_000,
    ],
    ['with a date in the past', (now) => ({ 'retry-after': new Date(now - 60_000).toUTCString() }), 250],
    ['with garbage', () => ({ 'retry-after': 'soon, or later' }), 250],
    ['with nothing more', () => ({}), 250],
  ];

  describe.each(rows)('%s', (_title, told, waitMs) => {
    it.each(['read', 'upsert'] as const)('to a %s: it waits so long, and is applied', async (phase) => {
      const site = await during(open());
      let left = 1;
      site.emulator.setIntercept((request) =>
        site.phaseOf(request) === phase && left-- > 0
          ? { status: 429, headers: told(site.clock.now()) }
          : undefined,
      );
      const { engine, events } = site.engine({ source: memorySource({ A: '1' }) });
      const result = await engine.sync(site.definition());
      expect(result.outcomes).toMatchObject([{ key: 'A', status: 'applied' }]);
      expect(Object.fromEntries(site.values())).toEqual({ A: '1' });
      expect(retriesOf(events)).toMatchObject([{ attempt: 1, code: 'RATE_LIMITED', waitMs }]);
      const index = site.emulator.requests.findIndex(({ status }) => status === 429);
      const [refused, repeated] = site.emulator.requests.slice(index);
      expect((repeated?.at ?? 0) - (refused?.at ?? 0)).toBe(waitMs);
      expect(site.clock.sleepers).toBe(0);
    });
  });

  it('with garbage, for ever: the waits are jittered, double, and end with the last attempt', async () => {
    const site = await during(open());
    failAll(site, 'read', { status: 429, headers: { 'retry-after': '-5' } });
    const { engine, events } = site.engine({ source: memorySource({ A: '1' }), random: () => 0.25 });
    await failure(engine.sync(site.definition()), 'RATE_LIMITED');
    expect(retriesOf(events).map(({ waitMs }) => waitMs)).toEqual([125, 250, 500, 1_000]);
    expect(site.emulator.requests).toHaveLength(1 + DEFAULT_RETRY.retries);
  });

  describe.each([
    ['longer than maxWait', {}, HOPELESS],
    ['past the deadline of the run', { runTimeout: 5_000 }, { 'retry-after': '7' }],
  ] as const)('and asks for a wait %s', (_title, options, headers) => {
    const waitMs = Number(headers['retry-after']) * 1_000;

    it('to a read: it fails at once, and says until when', async () => {
      const site = await during(open());
      const start = site.clock.now();
      failAll(site, 'read', { status: 429, headers });
      const { engine, events } = site.engine({ source: memorySource({ A: '1' }), ...options });
      const error = await failure(engine.sync(site.definition()), 'RATE_LIMITED');
      const retryAt = new Date(start + waitMs).toISOString();
      expect(error).toMatchObject({ retryAt, retryable: true, status: 429 });
      expect(error.message).toContain(retryAt);
      expect(site.emulator.requests).toHaveLength(1);
      expect(retriesOf(events)).toEqual([]);
      expect(site.clock.now()).toBe(start);
      expect(site.clock.sleepers).toBe(0);
    });

    it('to a write: the key fails at once, and says until when', async () => {
      const site = await during(open());
      const start = site.clock.now();
      failAll(site, 'upsert', { status: 429, headers });
      const { engine } = site.engine({ source: memorySource({ A: '1' }), ...options });
      const error = await failure(engine.sync(site.definition()), 'SYNC_FAILED');
      expect(error.retryable).toBe(true);
      expect(error.result.outcomes).toMatchObject([
        {
          key: 'A',
          status: 'failed',
          error: { code: 'RATE_LIMITED', retryAt: new Date(start + waitMs).toISOString() },
        },
      ]);
      expect(requestsOf(site, 'upsert')).toHaveLength(1);
      expect(site.clock.now()).toBe(start);
      expect(site.values().size).toBe(0);
    });
  });
});
