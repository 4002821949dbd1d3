import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { beginJointWork } from '../../../src/shared/joint/joint-work.js';

describe('work that is done for several', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tells all that wait what came of it, and those that come later', async () => {
    let end: ((result: string) => void) | undefined;
    const joint = beginJointWork(() => new Promise<string>((resolve) => (end = resolve)));
    const waiting = [joint.wait(), joint.wait()];
    await vi.advanceTimersByTimeAsync(3_600_000);
    end?.('done');
    expect(await Promise.all([...waiting, joint.wait()])).toEqual(Array(3).fill({ result: 'done' }));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects for all that wait with what it rejects with', async () => {
    const joint = beginJointWork(() => Promise.reject(new Error('refused')));
    await expect(joint.wait()).rejects.toThrow('refused');
    await expect(joint.wait()).rejects.toThrow('refused');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not waited for by a call that is given up', async () => {
    const joint = beginJointWork(() => new Promise(() => {}));
    const controller = new AbortController();
    const waiting = joint.wait(controller.signal);
    controller.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    expect(vi.getTimerCount()).toBe(1);
  });

  it('ends without a result some seconds after whoever does it is gone', async () => {
    const joint = beginJointWork(() => new Promise(() => {}));
    // What a Cloudflare worker does when a request ends: its timers are gone, and nothing else is told.
    vi.clearAllTimers();
    const waiting = joint.wait();
    await vi.advanceTimersByTimeAsync(7_000);
    expect(await waiting).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});
