/**
 * Time, as the engine sees it. Pass your own in tests: every wait of the engine, its http client and its lease
 * goes through `sleep`, and every timestamp comes from `now`.
 */
export interface Clock {
  /** The current time in ms since the Unix epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with `signal.reason` as soon as `signal` is aborted, and leaves no timer. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
