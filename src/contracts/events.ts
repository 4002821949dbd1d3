import type { Operation, PlanSummary } from './plan.js';
import type { ErrorCode } from './error-codes.js';
import type { FollowUpAction, FollowUpOutcome } from './follow-up.js';
import type { Outcome, ResultSummary, SyncResult } from './result.js';

interface RunFields {
  /** Tells the events of one call apart from those of another. */
  readonly runId: string;
  readonly operation: Operation;
  readonly definitionId: string;
}

/**
 * What happens, as it happens; for logs, progress bars and metrics. No event contains a value or a token.
 *
 * - `run-started`: first of every call.
 * - `store-not-durable`: once per engine that was given no store: what it remembers ends with the process.
 * - `fingerprints-not-durable`: once per engine that was given a store and no fingerprint key: each process writes again what
 *   can't be read back.
 * - `lease-waiting`: another run has the place; this one waits `waitMs` at most.
 * - `source-read`, `destination-read`: what was read, and how long it took.
 * - `planned`: the decision.
 * - `request`: one HTTP request ended; `host` is that of the connection, `attempt` counts from 1, `status` is absent where no
 *   response came.
 * - `retry`: a request will be sent again after `waitMs`.
 * - `progress`: `done` of `total` keys have ended.
 * - `conflict`: the destination changed while it was written; it is read and decided again.
 * - `redeploy-started`: what follows the writes is begun; `wait` says whether its end is waited for.
 * - `redeploy-finished`: how that went, last before `run-finished`.
 * - `run-finished`: with the counts of the result, which is what the call returns. Where the call throws what carries no result,
 *   as on an abort after writes, `outcomes` say how each key ended.
 * - `run-unneeded`: the run ended without asking the destination for anything: the source holds what it held when it was
 *   last synced, or the run was no longer wanted when it had its turn.
 * - `run-failed`: the call throws.
 * - `run-ended`: last of every call, also of a plan; `durationMs` is its time without that before `run-started`.
 */
export type SyncEvent =
  | (RunFields & { readonly type: 'run-started'; readonly place: string })
  | { readonly type: 'store-not-durable' | 'fingerprints-not-durable'; readonly message: string }
  | (RunFields & { readonly type: 'lease-waiting'; readonly place: string; readonly waitMs: number })
  | (RunFields & {
      readonly type: 'source-read';
      readonly keys: number;
      readonly partial: boolean;
      readonly durationMs: number;
    })
  | (RunFields & {
      readonly type: 'destination-read';
      readonly entries: number;
      readonly durationMs: number;
    })
  | (RunFields & { readonly type: 'planned'; readonly applicable: boolean; readonly summary: PlanSummary })
  | (RunFields & {
      readonly type: 'request';
      readonly method: string;
      readonly name: string;
      readonly host: string;
      readonly attempt: number;
      readonly status?: number;
      readonly durationMs: number;
      /** For so many ms the server takes nothing more: it said that nothing is left of its quota. */
      readonly pauseMs?: number;
    })
  | (RunFields & {
      readonly type: 'retry';
      readonly name: string;
      readonly attempt: number;
      readonly code: ErrorCode;
      readonly waitMs: number;
    })
  | (RunFields & {
      readonly type: 'progress';
      readonly done: number;
      readonly total: number;
      readonly key: string;
      readonly action: Outcome['action'];
      readonly status: Outcome['status'];
    })
  | (RunFields & { readonly type: 'conflict'; readonly attempt: number })
  | (RunFields & {
      readonly type: 'redeploy-started';
      readonly action: FollowUpAction;
      readonly wait: boolean;
    })
  | (RunFields & {
      readonly type: 'redeploy-finished';
      readonly action: FollowUpAction;
      readonly status: FollowUpOutcome['status'];
      readonly message: string;
      readonly durationMs: number;
    })
  | (RunFields & {
      readonly type: 'run-finished';
      readonly status: SyncResult['status'];
      readonly summary: ResultSummary;
      readonly requestCount: number;
      readonly outcomes?: readonly Outcome[];
    })
  | (RunFields & { readonly type: 'run-unneeded' })
  | (RunFields & {
      readonly type: 'run-failed';
      readonly code: ErrorCode | 'ABORTED' | 'UNEXPECTED';
      readonly message: string;
    })
  | (RunFields & { readonly type: 'run-ended'; readonly durationMs: number });
