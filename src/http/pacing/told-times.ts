import type { FetchHeaders } from '../../contracts/http.js';
import { END_OF_TIME } from '../../shared/timestamps.js';

/** What a server says of how much it will still take. */
export interface Quota {
  readonly limit: number | undefined;
  readonly remaining: number;
  /** When there is more again, in ms since the epoch. */
  readonly resetAt: number;
}

const NUMBER = /^\d+(\.\d+)?$/;

function readCount(headers: FetchHeaders, name: string): number | undefined {
  const text = headers.get(name)?.trim();
  return text !== undefined && NUMBER.test(text) ? Number(text) : undefined;
}

/** No quota runs for longer, in ms: a header that says so means something else. */
const LONGEST_QUOTA = 86_400_000;

/** What so large a number of `X-RateLimit-Reset` counts since 1970, in ms. Smaller ones are seconds from now. */
const UNITS = [
  { from: 1e17, ms: 1e-6 },
  { from: 1e14, ms: 1e-3 },
  { from: 1e11, ms: 1 },
  { from: 1e9, ms: 1_000 },
];

/**
 * `X-RateLimit-Reset` as a moment: below a billion seconds from now, from there on Unix seconds, from a hundred
 * billion on Unix milliseconds, then micro- and nanoseconds. Servers use them all, and no specification says which.
 * `undefined`: absent, garbage, or past.
 */
function readReset(headers: FetchHeaders, now: number): number | undefined {
  const reset = readCount(headers, 'x-ratelimit-reset');
  if (reset === undefined) return undefined;
  const unit = UNITS.find(({ from }) => reset >= from);
  const at = unit ? reset * unit.ms : now + reset * 1_000;
  return at > now ? Math.min(Math.ceil(at), END_OF_TIME) : undefined;
}

/** What `X-RateLimit-Remaining`, `-Reset` and `-Limit` say; `undefined` where the first two do not say it. */
export function readQuota(headers: FetchHeaders, now: number): Quota | undefined {
  const remaining = readCount(headers, 'x-ratelimit-remaining');
  const resetAt = readReset(headers, now);
  if (remaining === undefined || resetAt === undefined || resetAt - now > LONGEST_QUOTA) return undefined;
  return { limit: readCount(headers, 'x-ratelimit-limit'), remaining, resetAt };
}

/**
 * When a server says that it may be asked again, in ms since the epoch.
 *
 * | Retry-After                   | X-RateLimit-Remaining | X-RateLimit-Reset | told       |
 * |-------------------------------|-----------------------|-------------------|------------|
 * | seconds above 0               | any                   | any               | now + them |
 * | an HTTP date to come          | any                   | any               | the date   |
 * | several of these              | any                   | any               | the latest |
 * | absent, garbage, 0, or a past date | 0, absent, garbage | to come          | the reset  |
 * | absent, garbage, 0, or a past date | 0, absent, garbage | absent, garbage, past | nothing |
 * | absent, garbage, 0, or a past date | above 0             | any              | nothing    |
 *
 * `wait`, in ms, is what the body told; the later moment of both counts. Told nothing, the caller waits for
 * {@link backoff}.
 */
export function readToldTime(headers: FetchHeaders, now: number, wait?: number): number | undefined {
  const told = readToldByHeaders(headers, now) ?? 0;
  const latest = wait !== undefined && wait > 0 ? Math.max(told, Math.min(now + wait, END_OF_TIME)) : told;
  return latest > 0 ? Math.ceil(latest) : undefined;
}

/** `Retry-After` in ms since the epoch. Where it came more than once the latest counts; `NaN`: garbage or absent. */
function readRetryAfter(headers: FetchHeaders, now: number): number {
  // Headers of one name are joined by commas, and a date has one of its own, after the weekday.
  const values = (headers.get('retry-after') ?? '').match(/\s*(?:[A-Za-z]+,(?= *\d\d[ -]))?[^,]+/g) ?? [];
  const times = values.map((value) => {
    const text = value.trim();
    if (NUMBER.test(text)) return now + Number(text) * 1_000;
    // Only what looks like an HTTP date: Date.parse takes "1 hour" for the year 2001, and "-5" for a month.
    if (!/^[A-Za-z]+,? .*\d{2}:\d{2}:\d{2}/.test(text)) return NaN;
    // The oldest of the three spellings names no zone, and Date.parse would take that of the machine.
    return Date.parse(/\d$/.test(text) && !/[+-]\d{4}$/.test(text) ? `${text} GMT` : text);
  });
  return times.reduce((latest, at) => (at > latest || Number.isNaN(latest) ? at : latest), NaN);
}

function readToldByHeaders(headers: FetchHeaders, now: number): number | undefined {
  const told = Math.min(readRetryAfter(headers, now), END_OF_TIME);
  if (told > now) return told;
  return readCount(headers, 'x-ratelimit-remaining') ? undefined : readReset(headers, now);
}
