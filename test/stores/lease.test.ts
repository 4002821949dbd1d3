import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/contracts/clock.js';
import { SecretSyncError } from '../../src/contracts/errors.js';
import type { JsonValue } from '../../src/contracts/json.js';
import type { StateStore, VersionedDocument } from '../../src/contracts/state-store.js';
import { decideLease, takeLease, type LeaseRequest } from '../../src/stores/lease.js';
import { memoryStore } from '../../src/stores/memory.js';
import { createVirtualClock } from '../support/virtual-clock.js';

const KEY = 'leases/place';
const SECOND = 1_000;

type Method = 'get' | 'put' | 'delete' | 'discard';

/** A store whose calls are counted, and that can lose what it responds. */
function setUp(inner: StateStore = memoryStore()) {
  const clock = createVirtualClock();
  const calls: Method[] = [];
  let hook: (method: Method) => 'before' | 'after' | undefined = () => undefined;
  const call = async <Result>(method: Method, work: () => Promise<Result>): Promise<Result> => {
    calls.push(method);
    const fault = hook(method);
    if (fault === 'before') throw new Error('The connection was refused.');
    const result = await work();
    if (fault === 'after') throw new Error('The connection was reset.');
    return result;
  };
  const discard = inner.discard?.bind(inner);
  const store: StateStore = {
    get: (key) => call('get', () => inner.get(key)),
    put: (...given) => call('put', () => inner.put(...given)),
    delete: (...given) => call('delete', () => inner.delete(...given)),
    list: (prefix) => inner.list(prefix),
    ...(discard && { discard: (key) => call('discard', () => discard(key)) }),
  };
  const take = (more: Partial<LeaseRequest> = {}) =>
    takeLease({
      store,
      clock,
      key: KEY,
      holder: 'me',
      wait: 0,
      random: () => 0.5,
      signal: new AbortController().signal,
      ...more,
    });
  const stored = async () => (await inner.get(KEY))?.document;
  const replace = async (document: JsonValue) =>
    inner.put(KEY, document, { ifVersion: (await inner.get(KEY))?.version ?? null });
  return {
    clock,
    calls,
    store,
    inner,
    take,
    stored,
    replace,
    onCall: (next: typeof hook) => void (hook = next),
  };
}

/** A store with one damaged document, which it gives up only to `discard`. */
function damagedStore(canDiscard = true): StateStore {
  const inner = memoryStore();
  let isDamaged = true;
  const damage = () => {
    if (isDamaged) throw new SecretSyncError('STATE_UNREADABLE', 'The document was cut off.');
  };
  return {
    async get(key) {
      damage();
      return inner.get(key);
    },
    async put(key, document, options) {
      damage();
      return inner.put(key, document, options);
    },
    delete: (key, options) => inner.delete(key, options),
    list: (prefix) => inner.list(prefix),
    ...(canDiscard && {
      async discard() {
        if (!isDamaged) throw new SecretSyncError('STATE_CONFLICT', 'It can be read.');
        isDamaged = false;
      },
    }),
  };
}

describe('what is decided about a lease', () => {
  const other = { holder: 'other', watchedFor: 0 };
  const damaged = { watchedFor: 0 };
  it.each([
    ['there is none', undefined, 'create'],
    ['it names this holder', { holder: 'me', watchedFor: 0, age: 0 }, 'adopt'],
    ['it names this holder, long ago', { holder: 'me', watchedFor: 99_000, age: 99_000 }, 'adopt'],
    ['it is of another holder', other, 'wait'],
    ['it is nearly too old', { ...other, age: 29_999 }, 'wait'],
    ['it is too old', { ...other, age: 30_000 }, 'replace'],
    ['it was nearly watched for its length', { ...other, watchedFor: 29_999 }, 'wait'],
    ['it was watched for its length', { ...other, watchedFor: 30_000, age: 0 }, 'replace'],
    ['it is damaged', damaged, 'wait'],
    ['it is damaged and old', { ...damaged, age: 30_000 }, 'replace'],
    ['it is damaged and was watched', { ...damaged, watchedFor: 30_000 }, 'replace'],
  ] as const)('when %s', (_title, found, decision) => {
    expect(decideLease(found, 'me')).toBe(decision);
  });
});

describe('a lease', () => {
  it('costs one call to take and one to give back', async () => {
    const { take, calls, stored } = setUp();
    const lease = await take();
    expect(await stored()).toEqual({ holder: 'me' });
    expect(lease?.isHeld()).toBe(true);
    await lease?.release();
    expect(calls).toEqual(['put', 'delete']);
    expect(await stored()).toBeUndefined();
  });

  it('is read only where it could not be put', async () => {
    const { take, calls, replace } = setUp();
    await replace({ holder: 'other' });
    expect(await take()).toBeUndefined();
    expect(calls).toEqual(['put', 'get']);
  });

  it('whose response to taking it was lost is held all the same, and given back', async () => {
    const { take, onCall, stored } = setUp();
    onCall((method) => (method === 'put' ? 'after' : undefined));
    const lease = await take();
    expect(lease?.isHeld()).toBe(true);
    await lease?.release();
    expect(await stored()).toBeUndefined();
  });

  it('is not taken where the store fails, and what the store threw comes out', async () => {
    const { take, onCall } = setUp();
    onCall(() => 'before');
    await expect(take()).rejects.toThrow('refused');
  });

  it('stays held through lost responses to every renewal', async () => {
    const { take, clock, onCall, stored } = setUp();
    let lost = false;
    const lease = await take({ onLost: () => (lost = true) });
    onCall((method) => (method === 'put' ? 'after' : undefined));
    for (let renewal = 1; renewal <= 12; renewal += 1) {
      await clock.advance(10 * SECOND);
      expect(await stored()).toEqual({ holder: 'me', renewal });
      expect(lease?.isHeld()).toBe(true);
    }
    expect(lost).toBe(false);
    await lease?.release();
    expect(await stored()).toBeUndefined();
  });

  it('counts from the renewal that arrived, not from one that was refused later', async () => {
    const { take, clock, onCall } = setUp();
    const lease = await take();
    // The first renewal arrives and its response is lost, and so is the look at it; nothing arrives from then on.
    const faults = ['after', 'before'] as const;
    let call = 0;
    onCall(() => faults[Math.min(call++, 1)]);
    await clock.advance(39 * SECOND);
    expect(lease?.isHeld()).toBe(false);
    onCall(() => undefined);
    await clock.advance(SECOND);
    expect(lease?.isHeld()).toBe(true);
    await lease?.release();
  });

  it('is not held any more once it could not be renewed for its length', async () => {
    const { take, clock, onCall } = setUp();
    const lease = await take();
    onCall(() => 'before');
    await clock.advance(29_999);
    expect(lease?.isHeld()).toBe(true);
    await clock.advance(1);
    expect(lease?.isHeld()).toBe(false);
    await lease?.release();
  });

  it.each([19, 29, 3_600])('is held no longer because the clock was set back by %d s', async (back) => {
    const { take, clock, onCall } = setUp();
    let setBack = 0;
    const machine: Clock = { now: () => clock.now() - setBack, sleep: clock.sleep.bind(clock) };
    const lease = await take({ clock: machine });
    onCall(() => 'before');
    await clock.advance(20 * SECOND);
    setBack = back * SECOND;
    await clock.advance(10 * SECOND);
    expect(lease?.isHeld()).toBe(false);
    await lease?.release();
  });

  it('is held by the steady clock where there is one, at any moment', async () => {
    const { take, clock, onCall } = setUp();
    let setBack = 0;
    const machine: Clock = {
      now: () => clock.now() - setBack,
      steady: () => clock.now() - 5,
      // No sleep of it ends: the process was busy.
      sleep: (_ms, signal) => clock.sleep(3_600 * SECOND, signal),
    };
    const lease = await take({ clock: machine });
    onCall(() => 'before');
    await clock.advance(29_999);
    setBack = 29 * SECOND;
    expect(lease?.isHeld()).toBe(true);
    await clock.advance(1);
    expect(lease?.isHeld()).toBe(false);
    await lease?.release();
  });

  it('tells when another holder has taken it over, and leaves that one alone', async () => {
    const { take, clock, replace, stored } = setUp();
    let lost = 0;
    const lease = await take({ onLost: () => (lost += 1) });
    await replace({ holder: 'other' });
    await clock.advance(10 * SECOND);
    expect(lost).toBe(1);
    expect(lease?.isHeld()).toBe(false);
    await lease?.release();
    expect(await stored()).toEqual({ holder: 'other' });
    expect(clock.sleepers).toBe(0);
  });

  it('that is gone when it is renewed is lost', async () => {
    const { take, clock, inner } = setUp();
    let lost = 0;
    await take({ onLost: () => (lost += 1) });
    await inner.delete(KEY, { ifVersion: (await inner.get(KEY))?.version ?? '' });
    await clock.advance(10 * SECOND);
    expect(lost).toBe(1);
  });

  it.each(['before', 'after'] as const)('that a failing store keeps harms nothing (%s)', async (fault) => {
    const { take, onCall, clock } = setUp();
    const lease = await take();
    onCall((method) => (method === 'delete' ? fault : undefined));
    await lease?.release();
    onCall(() => undefined);
    const next = take({ holder: 'next', wait: 60 * SECOND });
    await clock.advance(31 * SECOND);
    expect((await next)?.isHeld()).toBe(true);
    await (await next)?.release();
  });

  it.each<[string, JsonValue]>([
    ['0.1.0 wrote, with the time of a clock that is ahead', { holder: 'old', expiresAt: 9e15 }],
    ['0.1.0 wrote, with the time of a clock that is behind', { holder: 'old', expiresAt: 0 }],
    ['is no lease', ['nothing']],
    ['is empty', ''],
  ])('that %s ends by being watched for its length, and not before', async (_title, document) => {
    const { take, replace, clock, stored } = setUp();
    await replace(document);
    const taken = take({ wait: 60 * SECOND });
    await clock.advance(29 * SECOND);
    expect(await stored()).toEqual(document);
    await clock.advance(2 * SECOND);
    expect((await taken)?.isHeld()).toBe(true);
    expect(await stored()).toEqual({ holder: 'me' });
    await (await taken)?.release();
  });

  it("that can't be read ends by being watched for its length, and not before", async () => {
    const { take, clock, calls } = setUp(damagedStore());
    const taken = take({ wait: 60 * SECOND });
    await clock.advance(29 * SECOND);
    expect(calls).not.toContain('discard');
    await clock.advance(2 * SECOND);
    expect((await taken)?.isHeld()).toBe(true);
    await (await taken)?.release();
  });

  it('that cannot be read and not be discarded is an error', async () => {
    await expect(setUp(damagedStore(false)).take()).rejects.toThrow('cut off');
  });

  it('that is watched is renewed meanwhile, and stays its holder’s', async () => {
    const { take, clock } = setUp();
    const first = await take();
    const second = take({ holder: 'second', wait: 120 * SECOND });
    await clock.advance(119 * SECOND);
    expect(first?.isHeld()).toBe(true);
    await first?.release();
    await clock.advance(SECOND);
    const lease = await second;
    expect(lease?.isHeld()).toBe(true);
    await lease?.release();
  });

  it('has ended at the age that the store tells, without having been watched', async () => {
    const aged = (age: number): StateStore => {
      const inner = memoryStore();
      const get = async (key: string): Promise<VersionedDocument | undefined> => {
        const found = await inner.get(key);
        return found && { ...found, age };
      };
      return { ...inner, get };
    };
    const [young, old] = [setUp(aged(29_999)), setUp(aged(30_000))];
    for (const { replace } of [young, old]) await replace({ holder: 'other' });
    expect(await young.take()).toBeUndefined();
    const lease = await old.take();
    expect(lease?.isHeld()).toBe(true);
    await lease?.release();
  });

  it('is watched across requests that do not wait, by the steady clock', async () => {
    const { take, replace, clock } = setUp();
    const steady: Clock = { ...clock, steady: () => clock.now() };
    await replace({ holder: 'dead' });
    expect(await take({ clock: steady })).toBeUndefined();
    await clock.advance(29 * SECOND);
    expect(await take({ clock: steady })).toBeUndefined();
    await clock.advance(SECOND);
    const lease = await take({ clock: steady });
    expect(lease?.isHeld()).toBe(true);
    await lease?.release();
  });

  it('is not taken for unrenewed across requests by a clock that can be set', async () => {
    const { take, replace, clock } = setUp();
    await replace({ holder: 'alive' });
    expect(await take()).toBeUndefined();
    await clock.advance(3_600 * SECOND);
    expect(await take()).toBeUndefined();
  });

  it('is taken by exactly one of many that see it end', async () => {
    const { take, replace, clock } = setUp();
    await replace({ holder: 'dead' });
    const all = Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        take({ holder: `holder-${index}`, wait: 45 * SECOND, random: Math.random }),
      ),
    );
    await clock.advance(50 * SECOND);
    const held = (await all).filter((lease) => lease !== undefined);
    expect(held).toHaveLength(1);
    await held[0]?.release();
  });
});
