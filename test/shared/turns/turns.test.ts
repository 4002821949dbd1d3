import { describe, expect, it, vi } from 'vitest';
import { inOneGo, inTurns, mapInTurns, sortInTurns } from '../../../src/shared/turns/turns.js';

function* counting(parts: number, seen: number[] = []): Generator<undefined, number> {
  for (let part = 0; part < parts; part += 1) {
    seen.push(part);
    yield undefined;
  }
  return parts;
}

describe('long work', () => {
  it('lets others have their turn between two parts', async () => {
    const seen: number[] = [];
    const work = inTurns(counting(3, seen));
    const whenOthersRan = await new Promise<number>((resolve) =>
      setImmediate(() => {
        resolve(seen.length);
      }),
    );
    expect(whenOthersRan).toBeLessThan(3);
    expect(await work).toBe(3);
  });

  it('lets sockets have their turn, too, where two works wait for each other', async () => {
    // Longer than the least time of a timer: timers of both would come due by turns, and nothing else would.
    function* slow(): Generator<undefined, void> {
      for (let part = 0; part < 20; part += 1) {
        const end = performance.now() + 2;
        while (performance.now() < end);
        yield undefined;
      }
    }
    let rounds = 0;
    let isOver = false;
    // Between two of these, sockets are looked at.
    const round = () => {
      rounds += 1;
      if (!isOver) setImmediate(round);
    };
    setImmediate(round);
    await Promise.all([inTurns(slow()), inTurns(slow())]);
    isOver = true;
    expect(rounds).toBeGreaterThanOrEqual(19);
  });

  it('goes on by a timer where there is nothing better', async () => {
    vi.stubGlobal('setImmediate', undefined);
    try {
      expect(await inTurns(counting(2))).toBe(2);
    } finally {
      vi.unstubAllGlobals();
    }
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
