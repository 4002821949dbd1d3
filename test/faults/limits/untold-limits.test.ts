import { describe, expect, it } from 'vitest';
import type { SyncEvent } from '../../../src/contracts/events.js';
import { memorySource } from '../../../src/sources/memory.js';
import { failure, qoveryTarget } from '../../support/engine.js';
import {
  DEFAULT_RETRY,
  during,
  failAll,
  failRequests,
  qoverySite,
  requestsOf,
  someSecrets,
  type Site,
} from '../sites.js';

const retriesOf = (events: readonly SyncEvent[]) => events.filter((event) => event.type === 'retry');
/** Draws that are told apart. */
function draws(...values: readonly number[]) {
  let next = 0;
  return () => values[next++ % values.length] ?? 0;
}
/** When each request of a kind arrived, in ms since the first. */
function arrivals(site: Site): number[] {
  const [first, ...others] = requestsOf(site, 'upsert').map(({ at }) => at);
  return others.map((at) => at - (first ?? at));
}

describe('a server that refuses every write with 429 and never says until when', () => {
  it('costs no more retries than the budget of the run, and no more than minutes', async () => {
    const site = await during(qoverySite());
    failAll(site, 'upsert', { status: 429 });
    const { engine, events } = site.engine({ source: memorySource(someSecrets(200)) });
    const start = site.clock.now();
    const { result } = await failure(engine.sync(site.definition()), 'SYNC_FAILED');
    expect(result.summary).toMatchObject({ failed: 200 });
    expect(retriesOf(events)).toHaveLength(100);
    // When nothing more may be tried, what is left fails without a request.
    expect(requestsOf(site, 'upsert').length).toBeLessThanOrEqual(100 + 40);
    expect(site.clock.now() - start).toBeLessThan(180_000);
    for (const { error } of result.outcomes) {
      expect(error).toMatchObject({ code: 'RATE_LIMITED', retryable: true });
      expect(error).not.toHaveProperty('retryAt');
    }
    expect(site.clock.sleepers).toBe(0);
  });

  it('is not asked again at all by a run without a budget', async () => {
    const site = await during(qoverySite());
    failAll(site, 'upsert', { status: 429 });
    const { engine, events } = site.engine({
      source: memorySource(someSecrets(30)),
      retry: { ...DEFAULT_RETRY, budget: 0, retries: 0 },
      concurrency: 3,
    });
    await failure(engine.sync(site.definition()), 'SYNC_FAILED');
    expect(retriesOf(events)).toEqual([]);
    expect(requestsOf(site, 'upsert').length).toBeLessThanOrEqual(3);
  });
});

describe('a 429 that does not say until when', () => {
  it('is not measured by maxWait, which is for what a server asks', async () => {
    const site = await during(qoverySite());
    failRequests(site, 'upsert', { status: 429 });
    const { engine, events } = site.engine({
      source: memorySource(someSecrets(10)),
      concurrency: 2,
      retry: { ...DEFAULT_RETRY, maxWait: 100 },
      random: draws(0.9, 0.1, 0.5),
    });
    expect((await engine.sync(site.definition())).summary).toMatchObject({ applied: 10 });
    expect(retriesOf(events)).toMatchObject([{ waitMs: 450 }]);
  });

  it('lets the request wait for one backoff, the one that is told by its event', async () => {
    const site = await during(qoverySite());
    failRequests(site, 'upsert', { status: 429 }, { status: 429 }, { status: 429 });
    const { engine, events } = site.engine({
      source: memorySource({ A: '1' }),
      random: draws(0.1, 0.9, 0.5),
    });
    await engine.sync(site.definition());
    expect(retriesOf(events).map(({ waitMs }) => waitMs)).toEqual([50, 900, 1_000]);
    expect(arrivals(site)).toEqual([50, 950, 1_950]);
  });

  it('lets those that were refused with it wait for the same backoff', async () => {
    const site = await during(qoverySite());
    failRequests(site, 'upsert', { status: 429 }, { status: 429 }, { status: 429 });
    const { engine, events } = site.engine({
      source: memorySource(someSecrets(3)),
      concurrency: 3,
      random: draws(0.1, 0.9, 0.5),
    });
    await engine.sync(site.definition());
    expect(retriesOf(events).map(({ waitMs }) => waitMs)).toEqual([50, 50, 50]);
    expect(arrivals(site)).toEqual([0, 0, 50, 50, 50]);
  });

  it('ends at once the requests whose deadline comes before the backoff does', async () => {
    const site = await during(qoverySite());
    failRequests(site, 'upsert', { status: 429 });
    const { engine } = site.engine({
      source: memorySource(someSecrets(30)),
      runTimeout: 250,
      concurrency: 3,
    });
    const start = site.clock.now();
    const { result } = await failure(engine.sync(site.definition()), 'SYNC_FAILED');
    expect(result.summary).toMatchObject({ applied: 2, failed: 28 });
    expect(site.clock.now()).toBe(start);
  });
});

describe('a told time', () => {
  const huge = [
    ['seconds', { 'retry-after': '99999999999' }],
    ['a reset in years', { 'x-ratelimit-reset': '999999999' }],
  ] as const;

  it.each(huge)(
    'that cannot be meant, such as %s, closes the connection for a day at most',
    async (_, headers) => {
      const site = await during(qoverySite());
      failRequests(site, 'upsert', { status: 429, headers });
      const { engine } = site.engine({ source: memorySource({ A: '1' }) });
      await failure(engine.sync(site.definition()), 'SYNC_FAILED');
      await site.clock.advance(12 * 3_600_000);
      const closed = await failure(engine.sync(site.definition()), 'RATE_LIMITED');
      expect(closed.retryAt).toBe(new Date(site.clock.now() + 12 * 3_600_000).toISOString());
      await site.clock.advance(12 * 3_600_000);
      expect((await engine.sync(site.definition())).summary).toMatchObject({ applied: 1 });
    },
  );

  it.each([
    ['seconds', 1e-3],
    ['milliseconds', 1],
    ['microseconds', 1e3],
    ['nanoseconds', 1e6],
  ])('of X-RateLimit-Reset in Unix %s is waited for', async (_unit, perMs) => {
    const site = await during(qoverySite());
    const reset = (Math.ceil(site.clock.now() / 1_000) + 4) * 1_000 * perMs;
    failRequests(site, 'upsert', { status: 429, headers: { 'x-ratelimit-reset': reset.toFixed(0) } });
    const { engine, events } = site.engine({ source: memorySource({ A: '1' }) });
    expect((await engine.sync(site.definition())).summary).toMatchObject({ applied: 1 });
    expect(retriesOf(events)).toMatchObject([{ waitMs: 4_750 }]);
  });

  it('on a 503 lets all requests of the connection wait, and holds none back afterwards', async () => {
    const site = await during(qoverySite());
    failRequests(site, 'upsert', { status: 503, headers: { 'retry-after': '20' } });
    const { engine, events } = site.engine({ source: memorySource(someSecrets(30)), concurrency: 2 });
    expect((await engine.sync(site.definition())).summary).toMatchObject({ applied: 30 });
    expect(retriesOf(events)).toMatchObject([{ code: 'DESTINATION_UNAVAILABLE', waitMs: 20_000 }]);
    expect(arrivals(site).filter((at) => at < 20_000)).toHaveLength(1);
    expect(arrivals(site).filter((at) => at === 20_000)).toHaveLength(29);
  });

  it('on every 503 for ever is waited for within the budget of the run', async () => {
    const site = await during(qoverySite());
    failAll(site, 'upsert', { status: 503, headers: { 'retry-after': '5' } });
    const { engine, events } = site.engine({
      source: memorySource(someSecrets(100)),
      concurrency: 2,
      retry: { ...DEFAULT_RETRY, budget: 10 },
    });
    const start = site.clock.now();
    await failure(engine.sync(site.definition()), 'SYNC_FAILED');
    expect(retriesOf(events)).toHaveLength(10);
    expect(requestsOf(site, 'upsert').length).toBeLessThanOrEqual(20);
    expect(site.clock.now() - start).toBeLessThanOrEqual(60_000);
  });
});

describe('two runs over one connection that meet a 429', () => {
  it('wait once, together', async () => {
    const site = await during(qoverySite());
    failRequests(site, 'upsert', { status: 429, headers: { 'retry-after': '20' } });
    const { engine, events } = site.engine({ source: memorySource(someSecrets(10)), concurrency: 2 });
    const definitions = [site.definition(), qoveryTarget(site.emulator).definition()];
    const results = await Promise.all(definitions.map((definition) => engine.sync(definition)));
    expect(results.map(({ summary }) => summary.applied)).toEqual([10, 10]);
    expect(retriesOf(events)).toHaveLength(1);
    expect(arrivals(site).filter((at) => at < 20_000)).toHaveLength(1);
    expect(arrivals(site).filter((at) => at === 20_000)).toHaveLength(19);
  });
});
