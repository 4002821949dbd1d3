import { describe, expect, it } from 'vitest';
import { readQuota, readToldTime } from '../../../src/http/pacing/told-times.js';

const now = Date.parse('2026-03-01T12:00:00.500Z');
const told = (headers: Record<string, string>, wait?: number) =>
  readToldTime(new Headers(headers), now, wait);

describe('a number in a header', () => {
  it.each(['7x', 'x7', '7 8', '1.', '.5', '1.5.2', '+7', '0x7', '1e3'])(
    'is no number when it is %j',
    (text) => {
      expect(told({ 'retry-after': text })).toBeUndefined();
    },
  );

  it.each([
    [' 7 ', 7_000],
    ['1.25', 1_250],
    ['0.0005', 1],
  ])('is one when it is %j', (text, wait) => {
    expect(told({ 'retry-after': text })).toBe(now + wait);
  });
});

describe('a reset', () => {
  const at = (reset: string, moment: number) =>
    readToldTime(new Headers({ 'x-ratelimit-reset': reset }), moment);

  it('counts seconds from now below a billion, Unix seconds from there, milliseconds from a hundred billion', () => {
    expect(at('999999999', 1_000)).toBe(999_999_999_000 + 1_000);
    expect(at('1000000000', 1_000)).toBe(1_000_000_000_000);
    expect(at('99999999999', 1_000)).toBe(99_999_999_999_000);
    expect(at('100000000000', 1_000)).toBe(100_000_000_000);
  });

  it('is nothing to wait for when it is now', () => {
    expect(at('0', now)).toBeUndefined();
    expect(at(String(now), now)).toBeUndefined();
    expect(at(String(now + 1), now)).toBe(now + 1);
  });

  it('is that of a quota up to a day from now', () => {
    const quota = (reset: string) =>
      readQuota(new Headers({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }), now)?.resetAt;
    expect(quota('86400')).toBe(now + 86_400_000);
    expect(quota('86401')).toBeUndefined();
  });
});

describe('a date in Retry-After', () => {
  const date = Date.parse('2026-03-02T12:00:42Z');

  it.each(['Mon, 02 Mar 2026 12:00:42 GMT', 'Mon 02 Mar 2026 12:00:42 GMT'])('is read: %s', (text) => {
    expect(told({ 'retry-after': text })).toBe(date);
  });

  it.each([
    '02 Mar 2026 12:00:42 GMT',
    'Mon, 02 Mar 2026 1:00:42 GMT',
    'Mon, 02 Mar 2026 12:00:4 GMT',
    'Mon, 02 Mar 2026 12:00 GMT',
    '2026-03-02T12:00:42Z',
  ])('is not guessed at: %s', (text) => {
    expect(told({ 'retry-after': text })).toBeUndefined();
  });
});

describe('a wait that the body told', () => {
  it.each([
    [42_000, now + 42_000],
    [0.4, now + 1],
    [Infinity, 8.64e15],
    [0, undefined],
    [-5, undefined],
    [undefined, undefined],
  ])('of %s ms counts where the headers say nothing', (wait, until) => {
    expect(told({}, wait)).toBe(until);
  });

  it('and one of the headers: the later one counts', () => {
    expect(told({ 'retry-after': '7' }, 9_000)).toBe(now + 9_000);
    expect(told({ 'retry-after': '7' }, 5_000)).toBe(now + 7_000);
    expect(told({ 'retry-after': '7' }, 0)).toBe(now + 7_000);
  });
});
