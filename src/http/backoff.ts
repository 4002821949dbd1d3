/** How often and how patiently requests are repeated. */
export interface RetryOptions {
  /** How often one request is sent again. Default: 4. */
  readonly retries: number;
  /** The upper end of the first backoff, in ms; it doubles with each attempt. Default: 500. */
  readonly minTimeout: number;
  /** The longest backoff, in ms. Default: 30,000. */
  readonly maxTimeout: number;
  /** The longest single wait that a server may ask for, in ms; a longer one fails immediately. Default: 60,000. */
  readonly maxWait: number;
  /**
   * How many retries all requests of a run have together, so that a server that is down does not cost `retries`
   * times the run. Those after a 429 that says until when are not counted: the throttle bounds them. Default: 100.
   */
  readonly budget: number;
}

/** {@link RetryOptions} as a user types them: all have a default. */
export type RetryOptionsInput = { readonly [Name in keyof RetryOptions]?: RetryOptions[Name] | undefined };

export const RETRY_DEFAULTS: RetryOptions = {
  retries: 4,
  minTimeout: 500,
  maxTimeout: 30_000,
  maxWait: 60_000,
  budget: 100,
};

/** Fills in the defaults, also of what is given as `undefined`. */
export const resolveRetry = (input: RetryOptionsInput = {}): RetryOptions => ({
  ...RETRY_DEFAULTS,
  ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)),
});

/**
 * Returns an exponential backoff with full jitter: between 0 and `minTimeout · 2^(attempt − 1)`, at most `maxTimeout`, in ms.
 * `attempt` counts from 1: the attempt that has failed.
 */
export function backoff(
  attempt: number,
  random: number,
  options: Pick<RetryOptions, 'minTimeout' | 'maxTimeout'>,
): number {
  return random * Math.min(options.minTimeout * 2 ** (attempt - 1), options.maxTimeout);
}

/** Returns true when waiting until then is pointless: longer than `maxWait` from now, or past the run's deadline. */
export function isTooLate(until: number, now: number, maxWait: number, deadline = Infinity): boolean {
  return until - now > maxWait || until >= deadline;
}
