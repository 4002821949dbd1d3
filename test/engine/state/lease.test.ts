import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { createEngine, failure, memoryDefinition } from '../../support/engine.js';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.js';

const SECOND = 1_000;

/** One place, one store and one clock for engines that want to write there. */
function setUp(clock: VirtualClock = createVirtualClock()) {
  const destination = memoryDestination();
  const store = memoryStore();
  const create = (more: Partial<Parameters<typeof createEngine>[0]> = {}) =>
    createEngine({
      source: memorySource({ A: '1', B: '2' }),
      store,
      clock,
      random: () => 0.5,
      ...more,
      drivers: [destination],
    });
  /** Holds the first write back until it is let go. */
  function freezeFirstWrite() {
    let letGo = (): void => undefined;
    let reached = (): void => undefined;
    const isReached = new Promise<void>((resolve) => (reached = resolve));
    const isFree = new Promise<void>((resolve) => (letGo = resolve));
    let frozen = false;
    destination.setIntercept(async ({ method }) => {
      if (method === 'write' && !frozen) {
        frozen = true;
        reached();
        await isFree;
      }
      return undefined;
    });
    return { isReached, letGo };
  }
  const lease = async () => {
    const [key] = await store.list('leases/');
    return key === undefined ? undefined : (await store.get(key))?.document;
  };
  const writes = () => destination.calls.filter(({ method }) => method === 'write').length;
  return { clock, destination, store, create, freezeFirstWrite, lease, writes };
}

/** The same store, which takes leases and renews none. */
const withoutRenewal = (store: StateStore): StateStore => ({
  ...store,
  put: (...given) =>
    given[0].startsWith('leases/') && given[2].ifVersion !== null
      ? Promise.reject(new Error('down'))
      : store.put(...given),
});

describe('the lease on a place', () => {
  it('is given back at the end, also of a run that failed', async () => {
    const { create, lease, destination, clock } = setUp();
    await create().engine.sync(memoryDefinition());
    expect(await lease()).toBeUndefined();
    destination.failNext('forbidden', { method: 'read' });
    await failure(create().engine.sync(memoryDefinition()), 'FORBIDDEN');
    expect(await lease()).toBeUndefined();
    expect(clock.sleepers).toBe(0);
  });

  it('makes a sync that changes nothing take three round trips to the store', async () => {
    const { create, store } = setUp();
    await create().engine.sync(memoryDefinition());
    // What is asked for before the response to something else has come shares its round trip.
    const trips: string[][] = [];
    let inFlight = 0;
    const traveling = async <Result>(call: string, work: () => Promise<Result>): Promise<Result> => {
      if (inFlight === 0) trips.push([]);
      trips.at(-1)?.push(call);
      inFlight += 1;
      await new Promise((resolve) => setImmediate(resolve));
      inFlight -= 1;
      return work();
    };
    const folder = (key: string) => key.split('/')[0] ?? '';
    const distant: StateStore = {
      get: (key) => traveling(`get ${folder(key)}`, () => store.get(key)),
      put: (key, ...rest) => traveling(`put ${folder(key)}`, () => store.put(key, ...rest)),
      delete: (key, options) => traveling(`delete ${folder(key)}`, () => store.delete(key, options)),
      list: (prefix) => store.list(prefix),
    };
    await create({ store: distant }).engine.sync(memoryDefinition());
    expect(trips).toEqual([['put leases'], ['get places', 'get intents'], ['delete leases']]);
  });

  it('makes a second run wait, and tells it by an event', async () => {
    const { create, freezeFirstWrite, clock, destination } = setUp();
    const { isReached, letGo } = freezeFirstWrite();
    const first = create().engine.sync(memoryDefinition());
    await isReached;
    const { engine, events } = create({ source: memorySource({ A: 'newer' }) });
    const second = engine.sync(memoryDefinition());
    await clock.advance(5 * SECOND);
    expect(events.map(({ type }) => type)).toEqual(['run-started', 'lease-waiting']);
    expect(events[1]).toMatchObject({ place: 'memory:default', waitMs: 60_000 });
    letGo();
    await first;
    await clock.advance(SECOND);
    await second;
    expect(Object.fromEntries(destination.values())).toEqual({ A: 'newer' });
  });

  it('ends the wait with SYNC_BUSY after leaseWait, and nothing is written', async () => {
    const { create, freezeFirstWrite, clock, writes } = setUp();
    const { isReached, letGo } = freezeFirstWrite();
    const first = create().engine.sync(memoryDefinition());
    await isReached;
    const before = writes();
    const second = failure(create().engine.sync(memoryDefinition()), 'SYNC_BUSY');
    await clock.advance(61 * SECOND);
    const error = await second;
    expect(error.retryable).toBe(true);
    expect(error.message).toContain('60000');
    expect(writes()).toBe(before);
    letGo();
    await first;
    expect(clock.sleepers).toBe(0);
  });

  it('is not waited for at all with leaseWait 0', async () => {
    const { create, freezeFirstWrite, clock } = setUp();
    const { isReached, letGo } = freezeFirstWrite();
    const first = create().engine.sync(memoryDefinition());
    await isReached;
    const slept = clock.slept.length;
    await failure(create({ leaseWait: 0 }).engine.sync(memoryDefinition()), 'SYNC_BUSY');
    expect(clock.slept.length).toBe(slept);
    letGo();
    await first;
  });

  it('is not held against a run at another place', async () => {
    const { create, freezeFirstWrite } = setUp();
    const { isReached, letGo } = freezeFirstWrite();
    const first = create().engine.sync(memoryDefinition());
    await isReached;
    const other = memoryDefinition({}, { place: 'other' });
    expect((await create({ leaseWait: 0 }).engine.sync(other)).status).toBe('succeeded');
    letGo();
    await first;
  });

  it('ends by a signal while it is waited for, and leaves no timer', async () => {
    const { create, freezeFirstWrite, clock } = setUp();
    const { isReached, letGo } = freezeFirstWrite();
    const first = create().engine.sync(memoryDefinition());
    await isReached;
    const abort = new AbortController();
    const reason = new Error('the user left');
    const second = create().engine.sync(memoryDefinition(), { signal: abort.signal });
    second.catch(() => undefined);
    await clock.advance(SECOND);
    abort.abort(reason);
    await expect(second).rejects.toBe(reason);
    letGo();
    await first;
    expect(clock.sleepers).toBe(0);
  });

  it('is renewed every 10 s while the run works, so that a long run keeps it', async () => {
    const { create, freezeFirstWrite, clock, lease } = setUp();
    const { isReached, letGo } = freezeFirstWrite();
    const first = create().engine.sync(memoryDefinition());
    await isReached;
    expect(
      Object.keys(
        z
          .object({})
          .loose()
          .parse(await lease()),
      ),
    ).toEqual(['holder', 'keyId', 'mac']);
    for (let renewal = 1; renewal <= 12; renewal += 1) {
      await clock.advance(10 * SECOND);
      expect(await lease()).toMatchObject({ renewal });
    }
    letGo();
    expect((await first).status).toBe('succeeded');
  });

  it('of a run that died is taken over once it has ended, and not before', async () => {
    const clock = createVirtualClock();
    const { create, freezeFirstWrite, destination, store } = setUp(clock);
    const { isReached } = freezeFirstWrite();
    // Its own clock stands still: it renews nothing, and never goes on.
    void create({ clock: createVirtualClock({ start: clock.now() }) }).engine.sync(memoryDefinition());
    await isReached;
    destination.setIntercept(undefined);
    let isDone = false;
    const second = create({ store })
      .engine.sync(memoryDefinition())
      .then(() => (isDone = true));
    await clock.advance(29 * SECOND);
    expect(isDone).toBe(false);
    await clock.advance(2 * SECOND);
    await second;
    expect(destination.values().size).toBe(2);
  });

  it('that is not renewed while it is watched is taken over, even if it seems to last for hours', async () => {
    const { create, store, clock, destination } = setUp();
    await create().engine.sync(memoryDefinition());
    const [place = ''] = await store.list('places/');
    const key = place.replace('places/', 'leases/');
    // Its run died, and then the clock was set back by an hour.
    const dead = { holder: 'a run that died', expiresAt: clock.now() + 3_600 * SECOND };
    await store.put(key, dead, { ifVersion: null });
    let isDone = false;
    const run = create({ source: memorySource({ A: 'newer' }) })
      .engine.sync(memoryDefinition(), { confirmDeletions: 1 })
      .then(() => (isDone = true));
    await clock.advance(29 * SECOND);
    expect(isDone).toBe(false);
    await clock.advance(2 * SECOND);
    await run;
    expect(Object.fromEntries(destination.values())).toEqual({ A: 'newer' });
  });

  it('stops the run before its next write when the clock was set back, since nobody knows how old it is', async () => {
    const { create, clock, store, destination, freezeFirstWrite } = setUp();
    let setBack = 0;
    const machine = { now: () => clock.now() - setBack, sleep: clock.sleep.bind(clock) };
    const stuck = withoutRenewal(store);
    await create({ source: memorySource({ OLD: 'x' }) }).engine.sync(memoryDefinition());
    const { isReached, letGo } = freezeFirstWrite();
    const run = failure(
      create({ store: stuck, clock: machine }).engine.sync(memoryDefinition()),
      'SYNC_BUSY',
    );
    await isReached;
    setBack = 3_600 * SECOND;
    letGo();
    expect((await run).message).toContain('lost');
    expect(destination.get('OLD')).toBe('x');
  });

  it('that another run has taken over stops the run, which writes nothing more', async () => {
    const { create, freezeFirstWrite, clock, store, destination, writes } = setUp();
    const { isReached, letGo } = freezeFirstWrite();
    const first = failure(create().engine.sync(memoryDefinition()), 'SYNC_BUSY');
    await isReached;
    const [key = ''] = await store.list('leases/');
    const taken = { holder: 'another run', expiresAt: clock.now() + 99 * SECOND };
    await store.put(key, taken, { ifVersion: (await store.get(key))?.version ?? null });
    const before = writes();
    await clock.advance(10 * SECOND);
    letGo();
    expect((await first).message).toContain('lost');
    expect(writes()).toBe(before);
    expect(destination.values().size).toBe(0);
    expect((await store.get(key))?.document).toEqual(taken);
  });

  it('that has expired, because it could not be renewed, stops the run before its next write', async () => {
    const { create, clock, destination, store } = setUp();
    let isDown = false;
    const flaky: StateStore = {
      ...store,
      put: (...given) =>
        isDown && given[0].startsWith('leases/') ? Promise.reject(new Error('down')) : store.put(...given),
    };
    const source = memorySource({ A: '1', B: '2' });
    let waiting = (): void => undefined;
    const slow = {
      ...source,
      async read(...given: Parameters<typeof source.read>) {
        isDown = true;
        await new Promise<void>((resolve) => (waiting = resolve));
        return source.read(...given);
      },
    };
    const run = failure(create({ store: flaky, source: slow }).engine.sync(memoryDefinition()), 'SYNC_BUSY');
    await clock.advance(31 * SECOND);
    waiting();
    expect((await run).retryable).toBe(true);
    expect(destination.values().size).toBe(0);
    expect(await store.list('places/')).toEqual([]);
  });

  it('that has expired in the middle stops the run before its deletions', async () => {
    const { create, clock, destination, store, freezeFirstWrite } = setUp();
    await create({ source: memorySource({ A: '1', OLD: 'x' }) }).engine.sync(memoryDefinition());
    const { isReached, letGo } = freezeFirstWrite();
    const stuck = withoutRenewal(store);
    const run = failure(create({ store: stuck }).engine.sync(memoryDefinition()), 'SYNC_BUSY');
    await isReached;
    await clock.advance(31 * SECOND);
    letGo();
    await run;
    expect(destination.get('OLD')).toBe('x');
    destination.setIntercept(undefined);
    await create().engine.sync(memoryDefinition());
    expect([...destination.values().keys()]).toEqual(['A', 'B']);
  });

  it('that took long to be stored is held no longer than others see it', async () => {
    const { create, clock, destination, store } = setUp();
    const slow: StateStore = {
      ...store,
      async put(key, document, options) {
        const answer = await store.put(key, document, options);
        if (key.startsWith('leases/') && options.ifVersion === null) await clock.sleep(25 * SECOND);
        return answer;
      },
    };
    const source = memorySource({ A: '1' });
    const slowSource = {
      ...source,
      async read(...given: Parameters<typeof source.read>) {
        await clock.sleep(6 * SECOND);
        return source.read(...given);
      },
    };
    const run = failure(
      create({ store: slow, source: slowSource }).engine.sync(memoryDefinition()),
      'SYNC_BUSY',
    );
    await clock.advance(40 * SECOND);
    await run;
    expect(destination.values().size).toBe(0);
  });

  it('is shared by removeSecrets, importSecrets, apply and release', async () => {
    const { create, freezeFirstWrite } = setUp();
    const plan = await create().engine.plan(memoryDefinition());
    const { isReached, letGo } = freezeFirstWrite();
    const first = create().engine.sync(memoryDefinition());
    await isReached;
    const { engine } = create({ leaseWait: 0 });
    await failure(engine.removeSecrets(memoryDefinition()), 'SYNC_BUSY');
    await failure(engine.importSecrets(memoryDefinition()), 'SYNC_BUSY');
    await failure(engine.release(memoryDefinition()), 'SYNC_BUSY');
    await failure(engine.apply(plan), 'SYNC_BUSY');
    letGo();
    await first;
  });
});

describe('the end of a run', () => {
  it('at its deadline is TIMEOUT, after what was written is remembered and told', async () => {
    const { create, destination, clock, store } = setUp();
    destination.setIntercept(({ changes }) =>
      changes.some(({ key }) => key === 'B') ? new Promise(() => undefined) : undefined,
    );
    const { engine, events } = create({ runTimeout: 3 * SECOND });
    const run = failure(engine.sync(memoryDefinition()), 'TIMEOUT');
    await clock.advance(4 * SECOND);
    expect((await run).retryable).toBe(true);
    const finished = events.find((event) => event.type === 'run-finished');
    expect(finished).toMatchObject({
      status: 'failed',
      summary: { applied: 1, indeterminate: 1 },
      outcomes: [
        { key: 'A', status: 'applied' },
        { key: 'B', status: 'indeterminate' },
      ],
    });
    expect(clock.sleepers).toBe(0);
    const [key = ''] = await store.list('places/');
    const text = JSON.stringify((await store.get(key))?.document);
    expect(text).toContain('"key":"A"');
    expect(text).toContain('"pending"');
  });

  it('by a signal is its reason, whatever that is, after what was written is remembered', async () => {
    const { create, destination, clock } = setUp();
    const abort = new AbortController();
    destination.setIntercept(({ changes }) => {
      if (changes.some(({ key }) => key === 'B')) abort.abort('enough');
      return undefined;
    });
    const { engine, events } = create();
    await expect(engine.sync(memoryDefinition(), { signal: abort.signal })).rejects.toBe('enough');
    expect(events.at(-2)).toMatchObject({ type: 'run-failed', code: 'ABORTED' });
    expect(clock.sleepers).toBe(0);
    destination.setIntercept(undefined);
    const result = await create().engine.sync(memoryDefinition());
    expect(result.plan.changes.map(({ key, action }) => `${key} ${action}`)).toEqual([
      'A unchanged',
      'B create',
    ]);
  });

  it('by a signal that was aborted before it began touches nothing', async () => {
    const { create, destination, store } = setUp();
    const { engine, events } = create();
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(engine.sync(memoryDefinition(), { signal })).rejects.toThrow('too late');
    await expect(engine.plan(memoryDefinition(), { signal })).rejects.toThrow('too late');
    expect(destination.calls).toEqual([]);
    expect(events).toEqual([]);
    expect(await store.list('')).toEqual([]);
  });
});
