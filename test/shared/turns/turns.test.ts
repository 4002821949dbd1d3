import { describe, expect, it } from 'vitest';
import { inOneGo, inTurns, mapInTurns, sortInTurns } from '../../../src/shared/turns/turns.js';

function* counting(parts: number, seen: number[] = []): Generator<undefined, number> {
  for (let part = 0; part < parts; part += 1) {
    seen.push(part);
    yield undefined;
  }
  return parts;
}

describe('long work', () => {
  it('lets a timer have its turn between two parts', async () => {
    const seen: number[] = [];
    const work = inTurns(counting(3, seen));
    const whenOthersRan = await new Promise<number>((resolve) =>
      setTimeout(() => {
        resolve(seen.length);
      }, 0),
    );
    expect(whenOthersRan).toBeLessThan(3);
    expect(await work).toBe(3);
  });

  it('ends between two parts, with the reason, when its signal is aborted', async () => {
    const seen: number[] = [];
    const abort = new AbortController();
    const work = inTurns(counting(3, seen), abort.signal);
    abort.abort('enough');
    await expect(work).rejects.toBe('enough');
    expect(seen).toEqual([0]);
  });

  it('can be done in one go, with the same result', () => {
    expect(inOneGo(counting(3))).toBe(3);
  });
});

describe('a long list', () => {
  const items = Array.from({ length: 20_000 }, (_, index) => ({ rank: (index * 7_919) % 1_000, index }));
  const byRank = (one: { rank: number }, other: { rank: number }) => one.rank - other.rank;

  it('is sorted in turns as in one go, equal items in their order', () => {
    const backwards = [...items].reverse();
    for (const list of [items, backwards, [...items].sort(byRank), items.slice(0, 9)]) {
      expect(inOneGo(sortInTurns(list, byRank))).toEqual([...list].sort(byRank));
    }
  });

  it('is mapped in turns as in one go', () => {
    expect(inOneGo(mapInTurns(items, ({ rank }) => rank))).toEqual(items.map(({ rank }) => rank));
  });
});
