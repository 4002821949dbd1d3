/**
 * Time, as the engine sees it. Pass your own in tests: every wait of the engine, its http client and its lease
 * goes through `sleep`, and every timestamp comes from `now`.
 */
export interface Clock {
  /** The current time in ms since the Unix epoch. */
  now(): number;
  /**
   * Time in ms that no one can set, since any fixed moment. Tells how long a lease was held or watched, and when auto-sync
   * looks again, where `now` was set back in between. Default: what `now` and the waits tell.
   */
  steady?(): number;
  /** Resolves after `ms`; rejects with `signal.reason` as soon as `signal` is aborted, and leaves no timer. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
