import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../src/contracts/errors.js';
import type { JsonValue } from '../../src/contracts/json.js';
import type { StateStore } from '../../src/contracts/state-store.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { failure } from '../support/engine.js';
import {
  during,
  endsOf,
  expectConvergence,
  expectSettled,
  requestsOf,
  SITES,
  someSecrets,
  type Site,
} from './sites.js';
import { faultyStore, isIntent, isLease, isState, type StoreCall, type StoreFault } from './stores.js';

const BEFORE = { CHANGED: 'old', GONE: 'gone' };
const AFTER = { CHANGED: 'new', NEW: 'new' };

/** A place that was synced once, and an engine of another process whose store can fail. */
async function atWork(opening: Promise<Site>, hook: (call: StoreCall) => StoreFault = () => undefined) {
  const site = await during(opening);
  const definition = site.definition();
  await site.engine({ source: memorySource(BEFORE) }).engine.sync(definition);
  site.emulator.clearRequests();
  const source = memorySource(AFTER);
  const store = faultyStore(site.store, hook);
  return { site, source, definition, ...site.engine({ source, store }) };
}

async function rewriteState(store: StateStore, change: (document: Record<string, JsonValue>) => JsonValue) {
  const [key = ''] = await store.list('places/');
  const stored = await store.get(key);
  const text = JSON.stringify(stored?.document);
  const document = change(JSON.parse(text) as Record<string, JsonValue>);
  await store.put(key, document, { ifVersion: stored?.version ?? null });
}

function expectUntouched(site: Site) {
  expect(requestsOf(site, 'upsert', 'delete')).toEqual([]);
  expect(Object.fromEntries(site.values())).toEqual(BEFORE);
}

describe.each(SITES)('%s', (_name, open) => {
  describe('the state cannot be read: nothing is written, and the error says so', () => {
    it.each<[string, (call: StoreCall) => boolean]>([
      ['the store throws', isState],
      ['the store throws when the lease is taken and looked at', isLease],
    ])('because %s', async (_title, fits) => {
      const { site, engine, definition } = await atWork(open(), (call) =>
        call.method !== 'delete' && fits(call) ? 'before' : undefined,
      );
      const error = await failure(engine.sync(definition), 'STATE_UNREADABLE');
      expect(error.message).toContain('Check the store');
      expectUntouched(site);
    });

    it.each<[string, (document: Record<string, JsonValue>) => JsonValue, string]>([
      ['it is from a newer version', (document) => ({ ...document, formatVersion: 3 }), 'newer version'],
      ['it is no document', () => ['nothing'], 'carries no MAC'],
      ['it was cut down', ({ formatVersion }) => ({ formatVersion: formatVersion ?? 1 }), 'carries no MAC'],
      ['it was altered', (document) => ({ ...document, entries: [] }), 'altered or damaged'],
      [
        'it belongs to another place',
        (document) => ({ ...document, place: 'elsewhere' }),
        'altered or damaged',
      ],
    ])('because %s', async (_title, change, why) => {
      const { site, engine, definition } = await atWork(open());
      await rewriteState(site.store, change);
      const error = await failure(engine.sync(definition), 'STATE_UNREADABLE');
      expect(error.message).toContain(why);
      expect(error.message).toContain('Nothing was written');
      expectUntouched(site);
    });

    it('and the same for a plan, an import and a removal', async () => {
      const { site, engine, definition } = await atWork(open());
      await rewriteState(site.store, () => 'nonsense');
      await failure(engine.plan(definition), 'STATE_UNREADABLE');
      await failure(engine.removeSecrets(definition), 'STATE_UNREADABLE');
      await failure(engine.release(definition), 'STATE_UNREADABLE');
      expectUntouched(site);
    });
  });

  describe('the intent cannot be saved: nothing is written, and the result says that all is withheld', () => {
    it.each([
      ['the store throws', (): StoreFault => 'before'],
      ['the store throws after it saved', (): StoreFault => 'after'],
      [
        'another process has saved meanwhile',
        () => {
          throw new SecretSyncError('STATE_CONFLICT', 'The document was changed.');
        },
      ],
    ])('because %s', async (_title, fail) => {
      let isBroken = true;
      const { site, engine, definition } = await atWork(open(), (call) =>
        isBroken && call.method === 'put' && isIntent(call) ? fail() : undefined,
      );
      const error = await failure(engine.sync(definition), 'STATE_NOT_SAVED');
      expect(error.retryable).toBe(true);
      expect(endsOf(error.result)).toEqual(['CHANGED withheld', 'GONE withheld', 'NEW withheld']);
      expect(error.message).toContain('could not be saved');
      expectUntouched(site);
      isBroken = false;
      await expectConvergence(site, engine, definition, AFTER);
    });
  });

  it('the lease cannot be taken: nothing is written, and the error says so', async () => {
    const { site, engine, definition } = await atWork(open(), (call) =>
      call.method === 'put' && isLease(call) ? 'before' : undefined,
    );
    expect((await failure(engine.sync(definition), 'STATE_UNREADABLE')).message).toContain('lease');
    expectUntouched(site);
  });

  describe('the state cannot be confirmed after the writes: the error carries the result', () => {
    it.each(['before', 'after'] as const)(
      'and the next run, of another process, converges (the store throws %s it saves)',
      async (moment) => {
        const { site, engine, definition, source } = await atWork(open(), (call) =>
          call.method === 'put' && isState(call) ? moment : undefined,
        );
        const error = await failure(engine.sync(definition), 'STATE_NOT_SAVED');
        expect(endsOf(error.result)).toEqual(['CHANGED applied', 'GONE applied', 'NEW applied']);
        expect(Object.fromEntries(site.values())).toEqual(AFTER);
        const next = site.engine({ source });
        await expectConvergence(site, next.engine, definition, AFTER);
        await expectSettled(site, next.engine, definition, AFTER);
        // What it wrote is still known as its own.
        await next.engine.removeSecrets(definition);
        expect(site.values().size).toBe(0);
      },
    );
  });

  it('a lease that cannot be given back ends by itself, and changes nothing else', async () => {
    const { site, engine, definition } = await atWork(open(), (call) =>
      call.method === 'delete' && isLease(call) ? 'before' : undefined,
    );
    expect((await engine.sync(definition)).status).toBe('succeeded');
    const start = site.clock.now();
    await engine.sync(definition);
    expect(site.clock.now() - start).toBeLessThanOrEqual(31_000);
  });

  describe('two processes at one place', () => {
    /** Runs the first, and the second from the moment at which the first has read both sides. */
    async function overlapping(leaseWait: number) {
      const site = await during(open());
      const definition = site.definition();
      const first = site.engine({ source: memorySource({ A: 'first', ONE: '1' }) });
      let release: () => void = () => undefined;
      const isWaiting = new Promise<void>((resolve) => (release = resolve));
      const second = site.engine({
        source: memorySource({ A: 'second', TWO: '2' }),
        leaseWait,
        onEvent: ({ type }) => (type === 'lease-waiting' || type === 'run-failed' ? release() : undefined),
      });
      let ofSecond: Promise<unknown> | undefined;
      site.emulator.setIntercept(async (request) => {
        if (site.phaseOf(request) === 'read' || ofSecond !== undefined) return undefined;
        ofSecond = second.engine.sync(definition).catch((error: unknown) => error);
        await isWaiting;
        return undefined;
      });
      const ofFirst = await first.engine.sync(definition);
      return { site, definition, ofFirst, ofSecond: await ofSecond, second };
    }

    it('one waits, and the end state is the newest source', async () => {
      const { site, ofFirst, ofSecond, second, definition } = await overlapping(60_000);
      expect(ofFirst.status).toBe('succeeded');
      expect(ofSecond).toMatchObject({ status: 'succeeded' });
      expect(second.events.map(({ type }) => type)).toContain('lease-waiting');
      expect(Object.fromEntries(site.values())).toEqual({ A: 'second', TWO: '2' });
      await expectConvergence(site, second.engine, definition, { A: 'second', TWO: '2' });
    });

    it('one is refused, having sent nothing, where it must not wait; a rerun brings the newest source', async () => {
      const { site, ofFirst, ofSecond, second, definition } = await overlapping(0);
      expect(ofFirst.status).toBe('succeeded');
      expect(ofSecond).toMatchObject({ code: 'SYNC_BUSY', retryable: true });
      expect(second.events.filter(({ type }) => type === 'request')).toEqual([]);
      expect(Object.fromEntries(site.values())).toEqual({ A: 'first', ONE: '1' });
      await expectConvergence(site, second.engine, definition, { A: 'second', TWO: '2' });
    });

    it('one takes over from another that died, when its lease has ended', async () => {
      const { site, engine, definition } = await atWork(open());
      const key = (await site.store.list('places/'))[0]?.replace('places/', 'leases/') ?? '';
      const expiresAt = site.clock.now() + 30_000;
      await site.store.put(key, { holder: 'dead', expiresAt }, { ifVersion: null });
      await engine.sync(definition);
      expect(site.emulator.requests[0]?.at).toBeGreaterThanOrEqual(expiresAt);
      await expectConvergence(site, engine, definition, AFTER);
    });

    it('one whose lease was taken over while it slept sends nothing more', async () => {
      const { site, definition } = await atWork(open());
      const { engine } = site.engine({ source: memorySource(someSecrets(5)), concurrency: 1 });
      site.emulator.setIntercept(async (request) => {
        if (site.phaseOf(request) === 'read') return undefined;
        const [key = ''] = await site.store.list('leases/');
        const taken = { holder: 'another', expiresAt: site.clock.now() + 60_000 };
        await site.store.put(key, taken, { ifVersion: (await site.store.get(key))?.version ?? null });
        await site.clock.advance(31_000);
        return undefined;
      });
      await failure(engine.sync(definition), 'SYNC_BUSY');
      expect(site.emulator.requests.map((request) => site.phaseOf(request))).toEqual(['read', 'upsert']);
      expect(site.clock.sleepers).toBe(0);
    });

    it('that share no store may overlap, and a rerun converges', async () => {
      const site = await during(open());
      const definition = site.definition();
      const sources = [memorySource({ A: 'first', B: '1' }), memorySource({ A: 'second', B: '1' })];
      const [first, second] = sources.map((source) => site.engine({ source, store: memoryStore() }));
      const ends = await Promise.allSettled([
        first?.engine.sync(definition),
        second?.engine.sync(definition),
      ]);
      for (const end of ends) {
        if (end.status === 'rejected') expect(end.reason).toMatchObject({ name: 'SecretSyncError' });
      }
      if (second === undefined) expect.fail('there is a second engine');
      await expectConvergence(site, second.engine, definition, { A: 'second', B: '1' });
    });
  });
});
