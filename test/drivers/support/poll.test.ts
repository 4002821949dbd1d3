import { describe, expect, it } from 'vitest';
import { poll } from '../../../src/drivers/support/poll.js';

describe('poll', () => {
  it('looks until something is found, with pauses that grow by half up to the longest', async () => {
    const slept: number[] = [];
    const sleep = async (ms: number) => void slept.push(ms);
    const found = await poll({ sleep }, { first: 1_000, most: 3_000 }, async () =>
      slept.length === 6 ? 'it' : undefined,
    );
    expect(found).toBe('it');
    expect(slept).toEqual([1_000, 1_500, 2_250, 3_000, 3_000, 3_000]);
  });

  it('ends with what sleep rejects with', async () => {
    const reason = new Error('stopped');
    const sleep = async () => {
      throw reason;
    };
    await expect(poll({ sleep }, { first: 1, most: 1 }, async () => undefined)).rejects.toBe(reason);
  });
});
