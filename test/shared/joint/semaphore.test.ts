import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Semaphore } from '../../../src/shared/joint/semaphore.js';

describe('permits of a semaphore', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Asks for a permit, and notes when it is there. */
  const ask = (semaphore: Semaphore, came: string[], name: string, priority = 0, signal?: AbortSignal) =>
    semaphore.acquire({ priority, signal }).then((release) => {
      came.push(name);
      return release;
    });

  it('are given at once to who is next, and leave no timer', async () => {
    const semaphore = new Semaphore(1);
    const came: string[] = [];
    const first = await ask(semaphore, came, 'first');
    const [second, third] = [ask(semaphore, came, 'second'), ask(semaphore, came, 'third', 1)];
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(came).toEqual(['first']);
    first();
    (await third)();
    (await second)();
    expect(came).toEqual(['first', 'third', 'second']);
    expect(semaphore.isUnused).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are left once only, however often that is said', async () => {
    const semaphore = new Semaphore(1);
    const came: string[] = [];
    const first = await ask(semaphore, came, 'first');
    void ask(semaphore, came, 'second');
    void ask(semaphore, came, 'third');
    first();
    first();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(came).toEqual(['first', 'second']);
  });

  it('are taken back from a holder, and kept from one in line, who is gone', async () => {
    const semaphore = new Semaphore(1);
    const came: string[] = [];
    await ask(semaphore, came, 'holder');
    void ask(semaphore, came, 'in line');
    // What a Cloudflare worker does when a request ends: its timers are gone, and nothing else is told.
    vi.clearAllTimers();
    const next = ask(semaphore, came, 'next');
    await vi.advanceTimersByTimeAsync(7_000);
    expect(came).toEqual(['holder', 'next']);
    (await next)();
    expect(semaphore.isUnused).toBe(true);
  });

  it('stay with who could not show for a while that it goes on', async () => {
    const semaphore = new Semaphore(1);
    const came: string[] = [];
    const held = await ask(semaphore, came, 'held');
    const waits = ask(semaphore, came, 'waits');
    // The process had other things to do: no timer came, and the first that came saw nobody alive.
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    const late = ask(semaphore, came, 'late');
    await vi.advanceTimersByTimeAsync(2_000);
    held();
    (await late)();
    (await waits)();
    expect(came).toHaveLength(3);
    expect(semaphore.isUnused).toBe(true);
    now.mockRestore();
  });

  it('are not waited for once the signal is aborted', async () => {
    const semaphore = new Semaphore(1);
    const came: string[] = [];
    const held = await ask(semaphore, came, 'held');
    const controller = new AbortController();
    const waits = ask(semaphore, came, 'waits', 0, controller.signal);
    controller.abort(new Error('no longer wanted'));
    await expect(waits).rejects.toThrow('no longer wanted');
    held();
    expect(semaphore.isUnused).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
