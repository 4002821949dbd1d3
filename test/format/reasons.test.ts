import { describe, expect, it } from 'vitest';
import { CHANGE_REASON_WORDS, IMPORT_REASON_WORDS } from '../../src/format/reasons.js';

describe('the words of a reason', () => {
  it.each([
    ['a change', CHANGE_REASON_WORDS],
    ['an import', IMPORT_REASON_WORDS],
  ])('tell every reason of %s from every other', (_, words) => {
    const all = Object.values(words);
    expect(new Set(all).size).toBe(all.length);
    for (const one of all) expect(one).toMatch(/^[a-z][a-z ',]+[a-z]$/);
  });
});
