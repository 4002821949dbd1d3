import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SyncEvent } from '../../src/contracts/events.js';
import { memorySource } from '../../src/sources/memory.js';
import type { Fault } from '../../src/testing/emulators/server/types.js';
import { eventually } from '../support/eventually.js';
import { propertyRuns } from '../support/properties/property.js';
import { bodyOf, during, expectConvergence, failAll, SITES, type Site } from './sites.js';
import { faultyStore } from './stores.js';

const BEFORE = { CHANGED: 'old', GONE: 'gone', SAME: 'same' };
const AFTER = { CHANGED: 'new', NEW: 'new', OTHER: 'new', SAME: 'same' };
const REASON = { toString: () => 'a reason that is no Error' };

interface Watch {
  /** Called before each thing that a run does to the world: requests, waits, store accesses, events. */
  onStep?: () => void;
  onEvent?: (event: SyncEvent) => void;
}

/** A sync with updates, creates and a deletion to do, that is watched and can be ended. */
function startable(
  site: Site,
  { onStep = () => undefined, onEvent }: Watch,
  options: { runTimeout?: number } = {},
  secrets: Readonly<Record<string, string>> = AFTER,
  // Over a socket, unless a test says otherwise: what is closed is to be seen.
  fetch: typeof globalThis.fetch = globalThis.fetch,
) {
  const controller = new AbortController();
  const started: string[] = [];
  const tracked = site.clock.track(fetch);
  let startedAtEnd: number | undefined;
  const { engine, events } = site.engine({
    source: memorySource(secrets),
    concurrency: 2,
    store: faultyStore(site.store, () => void onStep()),
    fetch(input, init) {
      started.push(`${init?.method} ${bodyOf(init)}`);
      onStep();
      return tracked(input, init);
    },
    clock: {
      now: () => site.clock.now(),
      sleep(ms, signal) {
        onStep();
        return site.clock.sleep(ms, signal);
      },
    },
    onEvent(event) {
      onStep();
      onEvent?.(event);
    },
    ...options,
  });
  return {
    engine,
    events,
    started,
    controller,
    abort() {
      startedAtEnd ??= started.length;
      controller.abort(REASON);
    },
    /** Runs to the end, and checks what holds for every run that was ended, whenever that was. */
    async run() {
      const definition = site.definition();
      const end = await engine.sync(definition, { signal: controller.signal }).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      const { length } = started;
      if (startedAtEnd !== undefined) expect(started.slice(startedAtEnd)).toEqual([]);
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(started).toHaveLength(length);
      expect(site.clock.sleepers).toBe(0);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      expect(await site.store.list('leases/')).toEqual([]);
      return end;
    },
  };
}

/** No request is under way at the server any more: its connection was given back or closed. */
async function expectNoSockets(site: Site) {
  await eventually(() => {
    site.emulator.clearRequests();
    expect(site.emulator.peakInFlight).toBe(0);
  });
}

async function prepared(opening: Promise<Site>) {
  const site = await during(opening);
  await site.engine({ source: memorySource(BEFORE) }).engine.sync(site.definition());
  return site;
}

const isWriteRequest = (text: string) => /^(PUT|DELETE)|"(key|currentHash)"/.test(text);

describe.each(SITES)('%s', (name, open) => {
  // Reading, then for Hasura Cloud one mutation for each phase; for Qovery three upserts and a deletion.
  const requests = name === 'Qovery' ? 5 : 3;
  const indexes = Array.from({ length: requests }, (_, index) => index);

  describe.each([
    ['an abort', undefined],
    ['the deadline', 5_000],
  ] as const)('%s', (_title, runTimeout) => {
    it.each(indexes)(
      'while request %i is under way ends the run at once, and a rerun converges',
      async (at) => {
        const site = await prepared(open());
        site.emulator.clearRequests();
        let arrived = 0;
        const work = startable(site, {}, runTimeout === undefined ? {} : { runTimeout });
        site.emulator.setIntercept(async () => {
          if (arrived++ !== at) return undefined;
          if (runTimeout === undefined) work.abort();
          else await site.clock.advance(runTimeout);
          return 'hang-before';
        });
        const end = await work.run();
        if (runTimeout === undefined) expect(end).toEqual({ error: REASON });
        else expect(end).toMatchObject({ error: { code: 'TIMEOUT', retryable: true } });
        await expectNoSockets(site);

        const finished = work.events.filter((event) => event.type === 'run-finished');
        const failed = work.events.filter((event) => event.type === 'run-failed');
        expect(failed).toMatchObject([{ code: runTimeout === undefined ? 'ABORTED' : 'TIMEOUT' }]);
        const hasBegun = work.started.some(isWriteRequest);
        expect(hasBegun).toBe(at > 0);
        expect(finished).toHaveLength(hasBegun ? 1 : 0);
        const outcomes = finished[0]?.outcomes ?? [];
        if (hasBegun) {
          expect(outcomes.map(({ key }) => key)).toEqual(['CHANGED', 'GONE', 'NEW', 'OTHER']);
          expect(outcomes.some(({ status }) => status === 'indeterminate')).toBe(true);
        }
        for (const { key, action, status } of outcomes) {
          const stands = site.values().get(key);
          if (status === 'applied')
            expect([key, stands]).toEqual([key, action === 'delete' ? undefined : 'new']);
          if (status === 'withheld') expect([key, stands]).toEqual([key, Reflect.get(BEFORE, key)]);
        }
        // The state was saved: what was applied is known to the next run, which has no need to write it again.
        site.emulator.setIntercept(undefined);
        const { engine } = site.engine({ source: memorySource(AFTER) });
        const plan = await engine.plan(site.definition());
        for (const { key, action, status } of outcomes) {
          if (status === 'applied' && action !== 'delete')
            expect(plan.changes.find((change) => change.key === key)?.action).toBe('unchanged');
        }
        await expectConvergence(site, engine, site.definition(), AFTER);
      },
    );
  });

  it('an abort that came before the call sends nothing, and touches no store', async () => {
    const site = await during(open());
    const work = startable(site, {});
    work.abort();
    expect(await work.run()).toEqual({ error: REASON });
    expect(work.started).toEqual([]);
    expect(work.events).toEqual([]);
  });

  it.each<[string, (site: Site) => void | Promise<void>, (event: SyncEvent) => boolean]>([
    [
      'for the lease of another run',
      async ({ store, clock }) => {
        const [key = ''] = await store.list('places/');
        const document = { holder: 'another', expiresAt: clock.now() + 1_000_000 };
        await store.put(key.replace('places/', 'leases/'), document, { ifVersion: null });
      },
      ({ type }) => type === 'lease-waiting',
    ],
    ['to try again', (site) => failAll(site, 'upsert', { status: 503 }), ({ type }) => type === 'retry'],
    [
      'as a 429 tells it to',
      (site) => failAll(site, 'upsert', { status: 429, headers: { 'retry-after': '20' } }),
      ({ type }) => type === 'retry',
    ],
  ])('an abort while it waits %s ends the run at once', async (_title, arrange, isWaiting) => {
    const site = await prepared(open());
    await arrange(site);
    const work = startable(site, {
      onEvent(event) {
        // The wait begins when this event has been told.
        if (isWaiting(event)) setImmediate(() => work.abort());
      },
    });
    const isLeased = (await site.store.list('leases/'))[0];
    if (isLeased !== undefined) {
      const end = await work.engine
        .sync(site.definition(), { signal: work.controller.signal })
        .catch((error: unknown) => error);
      expect(end).toBe(REASON);
      expect(work.started).toEqual([]);
    } else {
      expect(await work.run()).toEqual({ error: REASON });
      expect(work.events.filter(({ type }) => type === 'run-finished')).toHaveLength(1);
    }
    expect(site.clock.sleepers).toBe(0);
    await expectNoSockets(site);
  });

  it('an abort at any step of a troubled run ends it, sends nothing more, and a rerun converges', async () => {
    const anyFault: fc.Arbitrary<Fault> = fc.constantFrom(
      'reset-before' as const,
      'reset-after' as const,
      { status: 503 },
      { status: 429, headers: { 'retry-after': '3' } },
      'html-after' as const,
    );
    const anyScript = fc.array(fc.option(anyFault, { freq: 2, nil: undefined }), { maxLength: 10 });
    const anyEnd = fc.oneof(
      fc.record({ step: fc.nat(60) }),
      fc.record({ runTimeout: fc.integer({ min: 1, max: 5_000 }) }),
    );
    const site = await prepared(open());
    // There and back again: what one case leaves behind is where the next one starts.
    let isThere = false;
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(anyScript, anyEnd, async (script, how) => {
        isThere = !isThere;
        const wanted = isThere ? AFTER : BEFORE;
        const left = [...script];
        site.emulator.setIntercept(() => left.shift());
        let steps = 0;
        const work = startable(
          site,
          { onStep: () => ('step' in how && steps++ === how.step ? work.abort() : undefined) },
          'runTimeout' in how ? how : {},
          wanted,
          site.emulator.fetch,
        );
        const end = await work.run();
        if ('error' in end) {
          if (end.error === REASON) ended += 1;
          else expect(end.error).toMatchObject({ name: 'SecretSyncError' });
        } else expect(Object.fromEntries(site.values())).toEqual(wanted);
        const { engine } = site.engine({ source: memorySource(wanted) });
        await expectConvergence(site, engine, site.definition(), wanted);
      }),
      { ...propertyRuns, endOnFailure: true },
    );
    expect(ended).toBeGreaterThan(0);
  });
});
