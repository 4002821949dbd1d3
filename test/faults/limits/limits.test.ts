import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SyncEvent } from '../../../src/contracts/events.js';
import { memorySource } from '../../../src/sources/memory.js';
import type { Fault, RequestLogEntry } from '../../../src/testing/emulators/server/types.js';
import { failure, hasuraTarget, qoveryTarget } from '../../support/engine.js';
import { gather } from '../../support/gather.js';
import { propertyRuns } from '../../support/properties/property.js';
import {
  during,
  failAll,
  hasuraSite,
  qoverySite,
  requestsOf,
  resultOf,
  type Site,
  SITES,
  someSecrets,
} from '../sites.js';

/** Long enough for everything that a client could send meanwhile to arrive. */
async function slowly(): Promise<undefined> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return undefined;
}

/** Holds the first writes until so many are under way together, and lets nothing go on fast. */
function gatherWrites(site: Site, count: number): void {
  const together = gather(count);
  site.emulator.setIntercept(async (request) => {
    if (site.phaseOf(request) === 'upsert') await together();
    return slowly();
  });
}

const countRetries = (events: readonly SyncEvent[]) => events.filter(({ type }) => type === 'retry').length;

describe('requests in flight', () => {
  it.each([1, 3])(
    'of several syncs to Qovery over one connection are never more than %i',
    async (concurrency) => {
      const site = await during(qoverySite());
      gatherWrites(site, concurrency);
      const { engine } = site.engine({ source: memorySource(someSecrets(8)), concurrency });
      const definitions = [site.definition(), ...[1, 2].map(() => qoveryTarget(site.emulator).definition())];
      await Promise.all(definitions.map((definition) => engine.sync(definition)));
      expect(site.emulator.peakInFlight).toBe(concurrency);
      expect(requestsOf(site, 'upsert')).toHaveLength(24);
    },
  );

  it.each([1, 3])(
    'of several syncs to Hasura Cloud over one connection are never more than %i',
    async (concurrency) => {
      const site = await during(hasuraSite());
      gatherWrites(site, concurrency);
      const { engine } = site.engine({ source: memorySource(someSecrets(8)), concurrency });
      const definitions = [
        site.definition(),
        ...[1, 2, 3].map(() => hasuraTarget(site.emulator).definition()),
      ];
      await Promise.all(definitions.map((definition) => engine.sync(definition)));
      expect(site.emulator.peakInFlight).toBe(concurrency);
    },
  );

  it('of two connections to one server are counted apart', async () => {
    const site = await during(qoverySite());
    gatherWrites(site, 4);
    const engines = [1, 2].map(() => site.engine({ source: memorySource(someSecrets(8)), concurrency: 2 }));
    const definitions = [site.definition(), qoveryTarget(site.emulator).definition()];
    await Promise.all(
      engines.map(({ engine }, index) => engine.sync(definitions[index] ?? site.definition())),
    );
    expect(site.emulator.peakInFlight).toBe(4);
  });
});

describe('requests in flight, whatever the server answers,', () => {
  const anyFault = fc.constantFrom<Fault | undefined>(
    undefined,
    undefined,
    { status: 429 },
    { status: 429, headers: { 'retry-after': '3' } },
    { status: 503 },
    { status: 503, headers: { 'retry-after': '2' } },
    { status: 500 },
    'reset-before',
    'reset-after',
  );

  it('are never more than allowed, and none is sent before the time that a server told', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFault, { maxLength: 20 }),
        fc.integer({ min: 2, max: 5 }),
        async (script, concurrency) => {
          const left = [...script];
          await using site = await qoverySite({
            intercept: async () => {
              await slowly();
              return left.shift();
            },
          });
          const { engine } = site.engine({ source: memorySource(someSecrets(8)), concurrency });
          const definitions = [site.definition(), qoveryTarget(site.emulator).definition()];
          await Promise.allSettled(definitions.map((definition) => engine.sync(definition)));
          expect(site.emulator.peakInFlight).toBeLessThanOrEqual(concurrency);
          const { requests } = site.emulator;
          for (const { at, status, fault } of requests) {
            if (status === undefined || typeof fault !== 'object') continue;
            const until = at + 1_000 * Number(fault.headers?.['retry-after'] ?? 0);
            // Time stands still while requests are under way: those of the same time were.
            for (const later of requests) {
              if (later.at > at) expect(later.at).toBeGreaterThanOrEqual(until);
            }
          }
          expect(site.clock.sleepers).toBe(0);
        },
      ),
      { numRuns: 30, endOnFailure: true },
    );
  });
});

describe('parallel writers that meet a 429', () => {
  it('wait once, together', async () => {
    const site = await during(qoverySite());
    let left = 1;
    site.emulator.setIntercept((request) =>
      site.phaseOf(request) === 'upsert' && left-- > 0
        ? { status: 429, headers: { 'retry-after': '20' } }
        : undefined,
    );
    const { engine, events } = site.engine({ source: memorySource(someSecrets(30)), concurrency: 3 });
    const start = site.clock.now();
    expect((await engine.sync(site.definition())).summary).toMatchObject({ applied: 30 });
    expect(countRetries(events)).toBe(1);
    const early = requestsOf(site, 'upsert').filter(({ at }) => at < start + 20_000);
    expect(early.length).toBeLessThanOrEqual(3);
  });

  it('fail together, with one request, when the wait is pointless', async () => {
    const site = await during(qoverySite());
    failAll(site, 'upsert', { status: 429, headers: { 'retry-after': '3600' } });
    const { engine } = site.engine({ source: memorySource(someSecrets(30)), concurrency: 1 });
    const { result } = await failure(engine.sync(site.definition()), 'SYNC_FAILED');
    expect(requestsOf(site, 'upsert')).toHaveLength(1);
    expect(result.summary).toMatchObject({ failed: 30 });
    const retryAt = new Date(site.clock.now() + 3_600_000).toISOString();
    for (const { error } of result.outcomes) expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAt });
  });
});

describe('the budget of a run', () => {
  it('bounds the retries of all its writes together', async () => {
    const site = await during(qoverySite());
    failAll(site, 'upsert', { status: 503 });
    const { engine, events } = site.engine({
      source: memorySource(someSecrets(12)),
      retry: { retries: 4, budget: 5 },
    });
    await failure(engine.sync(site.definition()), 'SYNC_FAILED');
    expect(countRetries(events)).toBe(5);
    expect(requestsOf(site, 'upsert')).toHaveLength(12 + 5);
  });

  it('holds also where writes are refused for their rate, and nobody says until when', async () => {
    const site = await during(qoverySite());
    failAll(site, 'upsert', { status: 429 });
    const { engine, events } = site.engine({
      source: memorySource(someSecrets(12)),
      concurrency: 3,
      retry: { retries: 4, budget: 5 },
    });
    await failure(engine.sync(site.definition()), 'SYNC_FAILED');
    expect(countRetries(events)).toBe(5);
  });

  it('is another one for each run', async () => {
    const site = await during(hasuraSite());
    failAll(site, 'read', { status: 503 });
    const { engine, events } = site.engine({ source: memorySource({ A: '1' }), retry: { budget: 2 } });
    for (const retries of [2, 4]) {
      await failure(engine.sync(site.definition()), 'DESTINATION_UNAVAILABLE');
      expect(countRetries(events)).toBe(retries);
    }
  });
});

describe.each(SITES)('%s: whatever the server answers', (_name, open) => {
  const told = fc.integer({ min: 1, max: 90 }).map((seconds) => ({
    status: 429,
    headers: { 'retry-after': String(seconds) },
  }));
  const anyFault: fc.Arbitrary<Fault> = fc.oneof(
    told,
    fc.constantFrom<Fault>({ status: 429 }, { status: 503 }, { status: 500 }, 'reset-before', 'reset-after'),
  );
  const anyRules = fc.record({
    retries: fc.nat(5),
    minTimeout: fc.integer({ min: 1, max: 2_000 }),
    maxTimeout: fc.integer({ min: 1, max: 5_000 }),
    maxWait: fc.integer({ min: 1, max: 100_000 }),
    budget: fc.nat(10),
  });

  it('attempts and waits keep their bounds, no request is earlier than Retry-After, none after the deadline', async () => {
    const site = await during(open());
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(anyFault, { freq: 3, nil: undefined }), { maxLength: 12 }),
        anyRules,
        fc.option(fc.integer({ min: 1, max: 200_000 }), { nil: undefined }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        async (script, retry, runTimeout, random) => {
          const left = [...script];
          site.emulator.clearRequests();
          site.emulator.setIntercept(() => left.shift());
          round += 1;
          const { engine, events } = site.engine({
            source: memorySource({ A: String(round), B: String(round) }),
            concurrency: 1,
            retry,
            random: () => random,
            ...(runTimeout === undefined ? {} : { runTimeout }),
          });
          const start = site.clock.now();
          const end = await resultOf(engine.sync(site.definition())).catch((error: unknown) => error);
          if (end instanceof Error) expect(end.name).toBe('SecretSyncError');
          const requests: readonly RequestLogEntry[] = site.emulator.requests;

          let retries = 0;
          for (const event of events) {
            if (event.type === 'request') expect(event.attempt).toBeLessThanOrEqual(1 + retry.retries);
            if (event.type !== 'retry') continue;
            expect(event.waitMs).toBeLessThanOrEqual(Math.max(retry.maxTimeout, retry.maxWait));
            retries += 1;
          }
          const told = requests.filter(
            ({ status, fault }) => status === 429 && typeof fault === 'object' && fault.headers,
          );
          expect(retries).toBeLessThanOrEqual(retry.budget + told.length);
          requests.forEach(({ status, fault, at }, index) => {
            if (status !== 429 || typeof fault !== 'object') return;
            const until = at + 1_000 * Number(fault.headers?.['retry-after'] ?? 0);
            for (const later of requests.slice(index + 1)) expect(later.at).toBeGreaterThanOrEqual(until);
          });
          if (runTimeout !== undefined) expect(site.clock.now()).toBeLessThanOrEqual(start + runTimeout);
          for (const { at } of requests) expect(at).toBeLessThanOrEqual(start + (runTimeout ?? Infinity));
          expect(site.clock.sleepers).toBe(0);
        },
      ),
      { ...propertyRuns, endOnFailure: true },
    );
  });
});
