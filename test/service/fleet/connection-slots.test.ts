import { describe, expect, it } from 'vitest';
import { ConnectionSlots } from '../../../src/service/fleet/connection-slots.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { MINUTE } from '../support.js';

const request = (limit = 2) => ({
  connection: 'connection:one',
  limit,
  signal: new AbortController().signal,
  onLost: () => undefined,
});

function openSlots() {
  const clock = createVirtualClock();
  const store = memoryStore({ clock });
  const open = () => new ConnectionSlots(store, { clock, random: () => 0.5 });
  return { clock, store, open };
}

describe('the slots of a connection', () => {
  it('are taken by as many as there may be, and again when one was given back', async () => {
    const { open, store } = openSlots();
    const [first, second] = [open(), open()];
    const held = [await first.take(request()), await second.take(request())];
    expect(held.every((slot) => slot?.isHeld())).toBe(true);
    expect(await first.take(request())).toBeUndefined();
    expect(await second.take(request())).toBeUndefined();
    await held[0]?.release();
    const next = await second.take(request());
    expect(next?.isHeld()).toBe(true);
    await held[1]?.release();
    await next?.release();
    expect(await store.list('slots/')).toEqual([]);
  });

  it('are those of one connection only', async () => {
    const { open } = openSlots();
    const slots = open();
    const one = await slots.take(request(1));
    const other = await slots.take({ ...request(1), connection: 'connection:two' });
    expect(await slots.take(request(1))).toBeUndefined();
    await one?.release();
    await other?.release();
  });

  it('come free when the leases of a process have ended that was killed', async () => {
    const { open, clock, store } = openSlots();
    const held = await open().take(request(1));
    const [key = ''] = await store.list('slots/');
    const left = await store.get(key);
    await held?.release();
    await store.put(key, left?.document ?? null, { ifVersion: null });
    const alive = open();
    expect(await alive.take(request(1))).toBeUndefined();
    await clock.advance(MINUTE / 2);
    const taken = await alive.take(request(1));
    expect(taken?.isHeld()).toBe(true);
    await taken?.release();
  });
});
