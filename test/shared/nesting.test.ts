import { describe, expect, it } from 'vitest';
import { nestingProblem, nestingProblemInTurns } from '../../src/shared/nesting.js';
import { inOneGo } from '../../src/shared/turns/turns.js';

/** So many objects, one in the other. */
function nested(levels: number): object {
  let data = {};
  for (let level = 1; level < levels; level += 1) data = { data };
  return data;
}

const itself: Record<string, unknown> = {};
itself['itself'] = itself;
const rows = Array.from({ length: 10_000 }, (_, index) => ({ key: `K${index}` }));
const TOO_DEEP = 'is nested deeper than 200 levels, or contains itself';

describe('data from outside', () => {
  it.each<[string, unknown, string | undefined]>([
    ['is no object', 'text', undefined],
    ['is as deep as it may be', nested(200), undefined],
    ['is deeper', nested(201), TOO_DEEP],
    ['contains itself', itself, TOO_DEEP],
    ['holds a long list', { rows }, undefined],
    ['holds a row as deep as it may be', { rows: [...rows, nested(198)] }, undefined],
    ['holds a row that is deeper', { rows: [...rows, nested(199)] }, TOO_DEEP],
  ])('that %s is judged alike in one go and in turns', (_title, data, expected) => {
    expect(nestingProblem(data)).toBe(expected);
    expect(inOneGo(nestingProblemInTurns(data))).toBe(expected);
  });

  it('is walked in turns where a list of it is long', () => {
    expect(nestingProblemInTurns({ rows }).next().done).toBe(false);
    expect(nestingProblemInTurns({ rows: rows.slice(0, 9) }).next().done).toBe(true);
  });
});
