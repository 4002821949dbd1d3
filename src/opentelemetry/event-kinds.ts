import type { SyncEvent } from '../contracts/events.js';

/** Any event of an engine or a service. */
export interface TelemetryEvent {
  readonly type: string;
}

/** An event of one run of an engine. */
export type RunEvent = Extract<SyncEvent, { readonly runId: string }>;

/** An event of a service about one run of a record. */
export interface JobEvent extends TelemetryEvent {
  readonly type: 'run-succeeded' | 'run-failed';
  readonly syncId: string;
  readonly operation: string;
  readonly cause: string;
  readonly code?: string;
}

/** True for what an engine tells of a run. Events of a service name a record in place of a definition. */
export const isRunEvent = (event: TelemetryEvent): event is RunEvent => 'definitionId' in event;

/** True for what a service tells of the end of a run. */
export const isJobEvent = (event: TelemetryEvent): event is JobEvent =>
  'syncId' in event && 'cause' in event && (event.type === 'run-succeeded' || event.type === 'run-failed');

/** How a run ended, in a word that fits a metric. */
export type RunOutcome = 'succeeded' | 'planned' | 'unneeded' | 'failed' | 'aborted';

/** What the end of a run depends on. */
export interface RunEnd {
  isPlanned: boolean;
  isFinished: boolean;
  isUnneeded: boolean;
  /** The code of the failure. */
  code?: string;
}

/** How a run starts, as far as its end is concerned. */
export const notEnded = (): RunEnd => ({ isPlanned: false, isFinished: false, isUnneeded: false });

/*
 * | failed with | unneeded | decided | written | outcome     |
 * |-------------|----------|---------|---------|-------------|
 * | ABORTED     |          |         |         | `aborted`   |
 * | any other   |          |         |         | `failed`    |
 * | -           | yes      |         |         | `unneeded`  |
 * | -           | no       | yes     | no      | `planned`   |
 * | -           | no       | else    |         | `succeeded` |
 */
export function outcomeOf({ code, isPlanned, isFinished, isUnneeded }: RunEnd): RunOutcome {
  if (code !== undefined) return code === 'ABORTED' ? 'aborted' : 'failed';
  if (isUnneeded) return 'unneeded';
  return isPlanned && !isFinished ? 'planned' : 'succeeded';
}

/** Adds what an event says of the end of its run. */
export function noteEnd(end: RunEnd, event: RunEvent): void {
  if (event.type === 'planned') end.isPlanned = true;
  if (event.type === 'run-finished') end.isFinished = true;
  if (event.type === 'run-unneeded') end.isUnneeded = true;
  if (event.type === 'run-failed') end.code = event.code;
}
