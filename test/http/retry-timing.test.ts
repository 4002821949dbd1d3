import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff, isTooLate, readQuota, readToldTime, RETRY_DEFAULTS } from '../../src/http/retry-timing.js';

const now = Date.parse('2026-03-01T12:00:00.500Z');
const seconds = (count: number) => now + count * 1_000;
const unix = (at: string) => String(Date.parse(at) / 1_000);

describe('readToldTime', () => {
  it.each<[title: string, headers: Record<string, string>, told: number | undefined]>([
    ['seconds', { 'retry-after': '7' }, seconds(7)],
    ['seconds with a fraction', { 'retry-after': '1.5' }, seconds(1.5)],
    [
      'seconds, whatever else is said',
      { 'retry-after': '7', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3' },
      seconds(7),
    ],
    [
      'a date to come',
      { 'retry-after': 'Sun, 01 Mar 2026 12:00:42 GMT' },
      Date.parse('2026-03-01T12:00:42Z'),
    ],
    [
      'a date in the old spelling',
      { 'retry-after': 'Sunday, 01-Mar-26 12:00:42 GMT' },
      Date.parse('2026-03-01T12:00:42Z'),
    ],
    ['a date in the past', { 'retry-after': 'Sun, 01 Mar 2026 11:00:00 GMT' }, undefined],
    ['zero seconds', { 'retry-after': '0' }, undefined],
    ['seconds below zero', { 'retry-after': '-5' }, undefined],
    ['garbage', { 'retry-after': 'soon' }, undefined],
    ['words that look like a year', { 'retry-after': '1 hour' }, undefined],
    ['an empty header', { 'retry-after': '' }, undefined],
    ['nothing at all', {}, undefined],
    ['more seconds than there are', { 'retry-after': '9'.repeat(400) }, 8.64e15],
    ['a reset in seconds from now', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' }, seconds(30)],
    [
      'a reset in Unix seconds',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': unix('2026-03-01T12:30:00Z') },
      Date.parse('2026-03-01T12:30:00Z'),
    ],
    ['a reset in Unix milliseconds', { 'x-ratelimit-reset': String(seconds(9)) }, seconds(9)],
    ['a reset without a remainder', { 'x-ratelimit-reset': '30' }, seconds(30)],
    ['a reset behind garbage', { 'retry-after': 'soon', 'x-ratelimit-reset': '30' }, seconds(30)],
    [
      'a reset behind a past date',
      { 'retry-after': 'Sun, 01 Mar 2026 11:00:00 GMT', 'x-ratelimit-reset': '30' },
      seconds(30),
    ],
    [
      'a reset in the past',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': unix('2026-03-01T11:00:00Z') },
      undefined,
    ],
    [
      'a reset of a quota that is not used up',
      { 'x-ratelimit-remaining': '4', 'x-ratelimit-reset': '30' },
      undefined,
    ],
    ['a reset that is garbage', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' }, undefined],
  ])('reads %s', (_title, headers, told) => {
    expect(readToldTime(new Headers(headers), now)).toBe(told);
  });

  it('is never earlier than the seconds that were asked for, nor now or before', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.double({ min: 0, max: 2e12, noNaN: true }), (wait, at) => {
        const told = readToldTime(new Headers({ 'retry-after': String(wait) }), at);
        expect(told ?? at).toBeGreaterThanOrEqual(at + wait * 1_000);
      }),
    );
  });

  it('takes any text for a header without throwing, and says a time to come or nothing', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789.-: ,aeGMTSunMar'), maxLength: 40 });
    fc.assert(
      fc.property(text, text, text, (after, remaining, reset) => {
        const headers = new Headers({
          'retry-after': after,
          'x-ratelimit-remaining': remaining,
          'x-ratelimit-reset': reset,
        });
        const told = readToldTime(headers, now);
        if (told !== undefined) {
          expect(told).toBeGreaterThan(now);
          expect(() => new Date(told).toISOString()).not.toThrow();
        }
        readQuota(headers, now);
      }),
    );
  });
});

describe('readQuota', () => {
  it.each<[title: string, headers: Record<string, string>, quota: ReturnType<typeof readQuota>]>([
    [
      'all three headers',
      { 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '2' },
      { limit: 50, remaining: 3, resetAt: seconds(2) },
    ],
    [
      'no limit',
      { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '2' },
      { limit: undefined, remaining: 3, resetAt: seconds(2) },
    ],
    ['no remainder', { 'x-ratelimit-limit': '50', 'x-ratelimit-reset': '2' }, undefined],
    ['no reset', { 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '0' }, undefined],
    ['a reset that is days away', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '900000' }, undefined],
  ])('reads %s', (_title, headers, quota) => {
    expect(readQuota(new Headers(headers), now)).toEqual(quota);
  });
});

describe('backoff', () => {
  it.each([
    [1, 0, 0],
    [1, 0.5, 250],
    [2, 0.5, 500],
    [4, 0.999, 3_996],
    [7, 0.5, 15_000],
    [2_000, 0.5, 15_000],
  ])('after attempt %i with a draw of %f is %f ms', (attempt, random, wait) => {
    expect(backoff(attempt, random, RETRY_DEFAULTS)).toBe(wait);
  });
});

describe('isTooLate', () => {
  it.each([
    [60_000, undefined, false],
    [60_001, undefined, true],
    [5_000, 5_001, false],
    [5_000, 5_000, true],
  ])('for a wait of %i ms with a deadline in %s ms is %s', (wait, deadline, isLate) => {
    const at = deadline === undefined ? undefined : now + deadline;
    expect(isTooLate(now + wait, now, 60_000, at)).toBe(isLate);
  });
});
