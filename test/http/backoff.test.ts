import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { backoff, isTooLate, RETRY_DEFAULTS } from '../../src/http/backoff.js';
import { readQuota, readToldTime } from '../../src/http/pacing/told-times.js';

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

describe('a date in Retry-After', () => {
  it('without a zone is one of GMT, whatever the zone of the machine', () => {
    const parse = Date.parse.bind(Date);
    const parseInIndia = (text: string) => parse(/GMT|UTC|[+-]\d{4}$/.test(text) ? text : `${text} +0530`);
    const spy = vi.spyOn(Date, 'parse').mockImplementation(parseInIndia);
    const told = readToldTime(new Headers({ 'retry-after': 'Sun Mar  1 12:00:42 2026' }), now);
    spy.mockRestore();
    expect(told).toBe(Date.parse('2026-03-01T12:00:42Z'));
  });

  it.each(['GMT', 'UTC', '+0000'])('keeps the zone that it names: %s', (zone) => {
    const told = readToldTime(new Headers({ 'retry-after': `Sun, 01 Mar 2026 12:00:42 ${zone}` }), now);
    expect(told).toBe(Date.parse('2026-03-01T12:00:42Z'));
  });
});

describe('a Retry-After that came more than once', () => {
  const date = 'Sun, 01 Mar 2026 12:00:42 GMT';

  it.each<[title: string, values: readonly string[], told: number | undefined]>([
    ['the same seconds twice', ['5', '5'], seconds(5)],
    ['the longer one last', ['5', '7'], seconds(7)],
    ['the longer one first', ['7', '5'], seconds(7)],
    ['garbage and seconds', ['soon', '5'], seconds(5)],
    ['seconds and garbage', ['5', 'soon'], seconds(5)],
    ['seconds and a later date', ['5', date], Date.parse('2026-03-01T12:00:42Z')],
    ['a date and later seconds', [date, '90'], seconds(90)],
    ['a past date and seconds', ['Sun, 01 Mar 2026 11:00:00 GMT', '5'], seconds(5)],
    ['two that are garbage', ['soon', 'later'], undefined],
    ['two that are empty', ['', ''], undefined],
  ])('tells the latest time that is valid: %s', (_title, values, told) => {
    const headers = new Headers();
    for (const value of values) headers.append('retry-after', value);
    expect(readToldTime(headers, now)).toBe(told);
  });
});

describe('X-RateLimit-Reset', () => {
  it.each([
    ['seconds', 1e-3],
    ['milliseconds', 1],
    ['microseconds', 1e3],
    ['nanoseconds', 1e6],
  ])('is read in Unix %s', (_unit, perMs) => {
    const reset = String(Math.ceil((now + 9_500) * perMs));
    const told = readToldTime(new Headers({ 'x-ratelimit-reset': reset }), now);
    expect(told).toBe(now + 9_500);
  });
});
