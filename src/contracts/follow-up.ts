/** What makes a destination's services take changed values over: it is told to deploy, or restarts by itself. */
export type FollowUpAction = 'redeploy' | 'restart';

/**
 * What can follow the writes at a place, as a driver declares it: what it is called, or why nothing can, as a sentence
 * without a period. Where it is an action, `connect()` returns `finish`.
 */
export type FollowUp =
  | {
      readonly action: FollowUpAction;
      /** The codes of those `writeWarnings` that do not hold where it follows. */
      readonly settles?: readonly string[];
    }
  | { readonly unavailable: string };

/** What follows the writes of a plan. */
export interface PlannedFollowUp {
  readonly action: FollowUpAction;
  /** Whether the call returns only when it has ended. */
  readonly wait: boolean;
}

/**
 * How what followed the writes went. `started`: it is in progress and was not waited for; `timed-out`: it had not ended
 * when the time was up.
 */
export interface FollowUpOutcome {
  readonly status: 'started' | 'succeeded' | 'failed' | 'timed-out';
  /** In words, without a value. */
  readonly message: string;
}

/** What `finish` gets. */
export interface FinishOptions {
  /** The keys that this run wrote or may have written; empty where it makes up for an earlier run. */
  readonly changed: readonly string[];
  /** Whether to return only when it has ended; else as soon as it is certain to be in progress. */
  readonly wait: boolean;
  /** Aborted when the run is, and when the time is up. */
  readonly signal: AbortSignal;
  /** Waits by the clock of the engine. Rejects with the reason of `signal` once that is aborted. */
  readonly sleep: (ms: number) => Promise<void>;
}
