import type { QoveryRateLimit } from './switches.js';

/** What the limit says to one request. */
export interface RateLimitVerdict {
  readonly allowed: boolean;
  /** The headers that the response gets. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Counts the requests of one token in windows. */
export function createRateLimiter(limitOf: () => QoveryRateLimit | null, now: () => number) {
  let window = { endsAt: 0, used: 0 };
  return {
    /** Forgets the window that is open. */
    reset(): void {
      window = { endsAt: 0, used: 0 };
    },
    take(): RateLimitVerdict {
      const rule = limitOf();
      if (!rule) return { allowed: true, headers: {} };
      const at = now();
      if (at >= window.endsAt) window = { endsAt: at + rule.windowMs, used: 0 };
      const allowed = window.used < rule.limit;
      if (allowed) window.used += 1;
      const secondsLeft = Math.ceil((window.endsAt - at) / 1000);
      const { headers = 'unix', retryAfter = false } = rule;
      const told =
        headers === 'none'
          ? {}
          : {
              'x-ratelimit-limit': String(rule.limit),
              'x-ratelimit-remaining': String(rule.limit - window.used),
              'x-ratelimit-reset': String(headers === 'unix' ? Math.ceil(window.endsAt / 1000) : secondsLeft),
            };
      return {
        allowed,
        headers: !allowed && retryAfter ? { ...told, 'retry-after': String(secondsLeft) } : told,
      };
    },
  };
}
