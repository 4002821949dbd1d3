import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/shared/clock.js';

describe('systemClock', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('sleeps as long as told, also longer than one timer can hold', async () => {
    const days = 30 * 24 * 3_600_000;
    let isAwake = false;
    const sleeping = systemClock.sleep(days).then(() => (isAwake = true));
    await vi.advanceTimersByTimeAsync(days - 1);
    expect(isAwake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await sleeping;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with the reason of an abort and leaves neither timer nor listener', async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(1_000, controller.signal);
    expect(vi.getTimerCount()).toBe(1);
    controller.abort('reason');
    await expect(sleeping).rejects.toBe('reason');
    await expect(systemClock.sleep(1_000, controller.signal)).rejects.toBe('reason');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no listener after a sleep that ended', async () => {
    const { signal } = new AbortController();
    const sleeping = systemClock.sleep(1_000, signal);
    await vi.advanceTimersByTimeAsync(1_000);
    await sleeping;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
