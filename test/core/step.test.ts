import { describe, expect, it } from 'vitest';
import { compareSteps, isWrite, plannedChange } from '../../src/core/step.js';

describe('a planned change', () => {
  it.each([
    ['create', undefined, 'S', '{"key":"A","sourceKey":"S","action":"create","reason":"missing"}'],
    [
      'create',
      'secret',
      'S',
      '{"key":"A","sourceKey":"S","kind":"secret","action":"create","reason":"missing"}',
    ],
    ['keep', undefined, undefined, '{"key":"A","action":"keep","reason":"missing"}'],
    ['keep', 'secret', undefined, '{"key":"A","kind":"secret","action":"keep","reason":"missing"}'],
  ] as const)(
    '%s of the kind %s from %s holds its fields in one order, and no empty ones',
    (action, kind, sourceKey, json) => {
      const change = plannedChange('A', kind, action, 'missing', sourceKey);
      expect(JSON.stringify(change)).toBe(json);
      expect(change).toStrictEqual(JSON.parse(json));
    },
  );

  it('is a write where the destination is to hold something else after it', () => {
    const all = ['create', 'update', 'replace', 'delete', 'unchanged', 'keep', 'blocked'] as const;
    expect(all.filter(isWrite)).toEqual(['create', 'update', 'replace', 'delete']);
  });

  it('stands by key, then kind, first without one, then action', () => {
    const sorted = [
      plannedChange('A', undefined, 'keep', 'fixed'),
      plannedChange('A', 'secret', 'create', 'missing'),
      plannedChange('A', 'secret', 'keep', 'other-scope'),
      plannedChange('A', 'variable', 'delete', 'absent-from-source'),
      plannedChange('a', undefined, 'create', 'missing'),
    ];
    const shuffled = [3, 1, 4, 0, 2].flatMap((index) => sorted.slice(index, index + 1));
    for (const changes of [shuffled, [...sorted].reverse(), sorted]) {
      expect(
        changes
          .map((change) => ({ change }))
          .sort(compareSteps)
          .map(({ change }) => change),
      ).toEqual(sorted);
    }
  });
});
