import { describe, expect, it } from 'vitest';
import { defineSource } from '../../src/sources/define-source.js';
import { sourceConformance } from '../../src/testing/conformance/source/index.js';

sourceConformance(
  {
    name: 'defineSource',
    create: (secrets) => defineSource('mine', () => secrets),
    createBroken: () => defineSource('mine', () => Promise.reject(new Error('down'))),
    watchable: false,
    describable: false,
  },
  { describe, it },
);

describe('defineSource', () => {
  it('ends a read whose function does not heed the signal, with the reason of the abort', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const source = defineSource('hung', () => new Promise(() => undefined));
    const reading = source.read({}, controller);
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  it('does not call the function once the signal was aborted', async () => {
    const reason = new Error('enough');
    const source = defineSource('never', () => expect.unreachable());
    await expect(source.read({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('rejects with what the function throws at once', async () => {
    const reason = new Error('down');
    const source = defineSource('broken', () => {
      throw reason;
    });
    await expect(source.read({}, { signal: new AbortController().signal })).rejects.toBe(reason);
  });
});
