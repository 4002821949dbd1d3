import { describe, expect, it } from 'vitest';
import type { PlannedChange } from '../../src/contracts/plan.js';
import { formatPlan } from '../../src/format/format-plan.js';
import { formatResult } from '../../src/format/format-result.js';
import { planOf, resultOf } from './fixtures.js';

const COUNT = 3_000;
const keys = Array.from({ length: COUNT }, (_, index) => `A_RATHER_LONG_NAME_OF_A_KEY_${index}`);
const change = (key: string, index: number): PlannedChange =>
  index % 3 === 0
    ? { key, action: 'delete', reason: 'absent-from-source' }
    : { key, sourceKey: key, action: 'create', reason: 'missing' };
const long = planOf({
  changes: keys.map(change),
  warnings: keys.map((key) => ({ code: 'LEFT_BEHIND', message: `what is said of ${key} alone`, key })),
});
const outcomes = long.changes.map(({ key, action }) => ({
  key,
  action: action === 'delete' ? ('delete' as const) : ('create' as const),
  status: 'applied' as const,
}));

/** How many rows of an action are listed, and how many are said to be left out. */
function rowsOf(text: string, symbol: string) {
  const rows = text.split('\n').filter((line) => line.startsWith(`${symbol} `));
  const left = rows.flatMap((line) => /(\d+)(?: more)? keys: not listed/.exec(line)?.[1] ?? []);
  return { listed: rows.length - left.length, left: Number(left[0] ?? 0) };
}

describe('a report that is longer than it may be', () => {
  it('fits a comment as Markdown, and says of each action how many keys it leaves out', () => {
    for (const text of [
      formatPlan(long, { format: 'markdown', verbose: true }),
      formatResult(resultOf(long, outcomes), { format: 'markdown' }),
    ]) {
      expect(text.length).toBeLessThanOrEqual(65_536);
      expect(text.length).toBeGreaterThan(60_000);
      for (const [symbol, total] of [
        ['-', COUNT / 3],
        ['+', (2 * COUNT) / 3],
      ] as const) {
        const { listed, left } = rowsOf(text.split('**Warnings**')[0] ?? '', symbol);
        expect(listed).toBeGreaterThan(100);
        expect(listed + left).toBe(total);
      }
      expect(text).toMatch(/- `\d+ more`: not listed, to keep this short/);
      expect(text.match(/^```/gm)?.length).toBe(2);
    }
  });

  it('is folded to its numbers where no row fits', () => {
    const text = formatPlan(long, { format: 'markdown', maxLength: 2_000, verbose: true });
    expect(text.length).toBeLessThanOrEqual(2_000);
    const { listed, left } = rowsOf(text.split('**Warnings**')[0] ?? '', '-');
    expect(listed + left).toBe(COUNT / 3);
    expect(text).toContain('Plan: 2000 to create, 1000 to delete');
  });

  it('fits also with the longest names, each of which is escaped', () => {
    const name = '`'.repeat(256);
    const definition = { ...long.definition, name, destination: name };
    const text = formatPlan({ ...long, definition, place: name }, { format: 'markdown', maxLength: 2_000 });
    expect(text.length).toBeLessThanOrEqual(2_000);
  });

  it('cuts no character in two, and says of one key that it is one', () => {
    const definition = { ...long.definition, destination: `${'x'.repeat(58)}${'\u{1f511}'.repeat(40_000)}` };
    const huge = `A${'\u{1f511}'.repeat(40_000)}`;
    const plan = planOf({ changes: [{ key: huge, sourceKey: huge, action: 'create', reason: 'missing' }] });
    const text = formatPlan({ ...plan, definition }, { format: 'markdown' });
    expect(text).toContain('x…`');
    expect(text).toContain('+ 1 key: not listed');
  });

  it('has no limit as text, unless one is given', () => {
    expect(formatPlan(long).split('\n').length).toBeGreaterThan(COUNT);
    expect(formatPlan(long, { maxLength: 10_000 }).length).toBeLessThanOrEqual(10_000);
  });

  it('refuses a limit into which no report fits', () => {
    for (const maxLength of [0, 1_999, Number.NaN, -1])
      expect(() => formatPlan(long, { maxLength })).toThrow('maxLength is not valid');
  });
});
