import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { inTurn } from '../../../src/http/pacing/in-turn.js';
import { Semaphore } from '../../../src/shared/joint/semaphore.js';

describe('work in turn', () => {
  it('is started by its caller, never by the end of other work', async () => {
    // What a Cloudflare worker calls a request, followed as Node.js follows its own.
    const request = new AsyncLocalStorage<string>();
    const semaphore = new Semaphore(1);
    const names = ['a', 'b', 'c'];
    const seen = await Promise.all(
      names.map((name) => request.run(name, () => inTurn(semaphore, {}, async () => request.getStore()))),
    );
    expect(seen).toEqual(names);
  });

  it('is done by as many as the queue allows, those of a higher priority first', async () => {
    const semaphore = new Semaphore(2);
    const order: number[] = [];
    let most = 0;
    let active = 0;
    await Promise.all(
      [0, 1, 2, 3, 9].map((priority) =>
        inTurn(semaphore, { priority }, async () => {
          order.push(priority);
          most = Math.max(most, (active += 1));
          await new Promise((resolve) => setImmediate(resolve));
          active -= 1;
        }),
      ),
    );
    expect(order).toEqual([0, 1, 9, 3, 2]);
    expect(most).toBe(2);
  });

  it('leaves its turn to others when it fails', async () => {
    const semaphore = new Semaphore(1);
    await expect(inTurn(semaphore, {}, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await expect(inTurn(semaphore, {}, () => Promise.resolve('next'))).resolves.toBe('next');
  });

  it('is not started when its signal is aborted while it waits', async () => {
    const semaphore = new Semaphore(1);
    const controller = new AbortController();
    let end: (() => void) | undefined;
    const first = inTurn(semaphore, {}, () => new Promise<void>((resolve) => (end = resolve)));
    const started: string[] = [];
    const second = inTurn(semaphore, { signal: controller.signal }, async () => started.push('second'));
    controller.abort(new Error('no longer wanted'));
    await expect(second).rejects.toThrow('no longer wanted');
    end?.();
    await first;
    expect(semaphore.isUnused).toBe(true);
    expect(started).toEqual([]);
  });
});
