import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Places } from '../../../src/shared/joint/places.js';

describe('places', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Asks for a place, and notes when it is there. */
  const ask = (places: Places, came: string[], name: string, priority = 0, signal?: AbortSignal) =>
    places.take({ priority, signal }).then((leave) => {
      came.push(name);
      return leave;
    });

  it('are given at once to who is next, and leave no timer', async () => {
    const places = new Places(1);
    const came: string[] = [];
    const first = await ask(places, came, 'first');
    const [second, third] = [ask(places, came, 'second'), ask(places, came, 'third', 1)];
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(came).toEqual(['first']);
    first();
    (await third)();
    (await second)();
    expect(came).toEqual(['first', 'third', 'second']);
    expect(places.isUnused).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are left once only, however often that is said', async () => {
    const places = new Places(1);
    const came: string[] = [];
    const first = await ask(places, came, 'first');
    void ask(places, came, 'second');
    void ask(places, came, 'third');
    first();
    first();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(came).toEqual(['first', 'second']);
  });

  it('are taken back from a holder, and kept from one in line, who is gone', async () => {
    const places = new Places(1);
    const came: string[] = [];
    await ask(places, came, 'holder');
    void ask(places, came, 'in line');
    // What a Cloudflare worker does when a request ends: its timers are gone, and nothing else is told.
    vi.clearAllTimers();
    const next = ask(places, came, 'next');
    await vi.advanceTimersByTimeAsync(7_000);
    expect(came).toEqual(['holder', 'next']);
    (await next)();
    expect(places.isUnused).toBe(true);
  });

  it('stay with who could not show for a while that it goes on', async () => {
    const places = new Places(1);
    const came: string[] = [];
    const held = await ask(places, came, 'held');
    const waits = ask(places, came, 'waits');
    // The process had other things to do: no timer came, and the first that came saw nobody alive.
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    const late = ask(places, came, 'late');
    await vi.advanceTimersByTimeAsync(2_000);
    held();
    (await late)();
    (await waits)();
    expect(came).toHaveLength(3);
    expect(places.isUnused).toBe(true);
    now.mockRestore();
  });

  it('are not waited for once the signal is aborted', async () => {
    const places = new Places(1);
    const came: string[] = [];
    const held = await ask(places, came, 'held');
    const controller = new AbortController();
    const waits = ask(places, came, 'waits', 0, controller.signal);
    controller.abort(new Error('no longer wanted'));
    await expect(waits).rejects.toThrow('no longer wanted');
    held();
    expect(places.isUnused).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
