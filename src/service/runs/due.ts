import type { Operation } from '../../contracts/plan.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { StoredSync } from '../records/stored-sync.js';
import { LONGEST_TOLD_MS } from '../failure.js';
import { hasLeftKeys } from '../records/taken-keys.js';
import { jobOf, type RunCause, type RunOptions, type SyncJob } from './sync-job.js';

/** Whether a job is still to be done. */
export type Decision =
  | { readonly status: 'unwanted' }
  /** Another run of the record is in progress. */
  | { readonly status: 'busy' }
  | {
      readonly status: 'due';
      readonly cause: RunCause;
      readonly options: RunOptions;
      /** Nothing is to be done where the source holds what has this digest. */
      readonly unlessDigest?: string | undefined;
    };

export interface DueOptions {
  /** In ms since the epoch. */
  readonly now: number;
  /** In ms. */
  readonly reconcileInterval?: number | undefined;
  /** The longest pause after a failure, in ms. */
  readonly maxPause?: number | undefined;
}

/** What the options of a service decide. */
export const dueOptions = ({
  clock,
  autoSync,
}: Pick<ResolvedServiceOptions, 'clock' | 'autoSync'>): DueOptions => ({
  now: clock.now(),
  reconcileInterval: autoSync.reconcileInterval,
  maxPause: autoSync.maxPause,
});

/** How far two clocks are believed to differ, in ms: a day. */
const CLOCKS_DIFFER_MS = 86_400_000;

/**
 * Whether the time to try again has come. One that is further ahead than any failure is waited for was written by a clock
 * that was wrong: to wait for it would end auto-sync for good.
 */
function hasCome(retryAt: string, { now, maxPause = 0 }: DueOptions): boolean {
  const at = Date.parse(retryAt);
  return at <= now || at > now + Math.max(LONGEST_TOLD_MS, maxPause) + CLOCKS_DIFFER_MS;
}

const UNWANTED: Decision = { status: 'unwanted' };

/** Whether a record is to be synced by itself. */
export const isAutomatic = ({ definition, deletion }: StoredSync): boolean =>
  definition.isEnabled && definition.syncOptions.autoSyncEnabled && deletion?.status !== 'running';

/** Whether somebody asked for a run, who made the record at least: it is not auto-sync's. */
export const isAskedFor = (cause: RunCause): boolean => cause === 'created' || cause === 'manual';

/** Whether a run that was begun for this cause is no longer wanted; a caller who waits still wants it. */
export function isSwitchedOff({ definition, deletion }: StoredSync, { operation, cause }: SyncJob): boolean {
  if (cause === 'deleted') return false;
  if (deletion?.status === 'running' || (!definition.isEnabled && operation !== 'remove')) return true;
  return !isAskedFor(cause) && operation === 'sync' && !definition.syncOptions.autoSyncEnabled;
}

/** When a record is due although nothing has changed at its source, in ms since the epoch. */
function reconcileAt(
  { runs: { sync }, takenKeys }: StoredSync,
  { now, reconcileInterval }: DueOptions,
): number {
  const last = Date.parse(sync?.succeededAt ?? '');
  // Two syncs that want a key with different values must not write it in turns for ever.
  const isDue = sync?.status === 'succeeded' && takenKeys.length === 0;
  if (reconcileInterval === undefined || !isDue || Number.isNaN(last)) return Infinity;
  // By a clock that was wrong: it says nothing of how long ago it was.
  return last > now + CLOCKS_DIFFER_MS ? now : last + reconcileInterval;
}

/**
 * Decides whether a job is due, of nothing but the record and the job. The first row that fits counts.
 *
 * | the record | the job | decision |
 * |---|---|---|
 * | is being deleted, or is disabled and this is not a removal | any | unwanted |
 * | the operation is in progress | any | busy |
 * | the operation was asked for, and has not failed since | any | due |
 * | the same, and it has failed; `retryAt` has come, or is further ahead than any wait | any | due, `retry` |
 * | the same, and `retryAt` has not come | import, remove | unwanted; for a sync as where it was not asked for |
 * | the operation was not asked for | import, remove | unwanted |
 * | auto-sync is switched off | sync | unwanted |
 * | was never synced, or its last run did not end | sync | due |
 * | failed; `retryAt` has come, or is further ahead than any wait | sync | due, `retry` |
 * | failed otherwise, on a digest | sync | unwanted for that digest, else due unless the source still holds it |
 * | failed otherwise, before the source was read | sync | unwanted without a digest, else due |
 * | succeeded, and no other sync took keys of it; `reconcileInterval` has passed, or it was more than a day ahead | sync | due, `reconcile` |
 * | succeeded, and another sync wants keys no longer that it took | sync | due |
 * | succeeded on the digest of the job | sync | unwanted |
 * | succeeded | sync | due unless it succeeded on the same digest |
 */
export function decide(record: StoredSync, job: SyncJob, options: DueOptions): Decision {
  const run = record.runs[job.operation];
  const { deletion, definition } = record;
  if (deletion?.status === 'running') return UNWANTED;
  if (!definition.isEnabled && job.operation !== 'remove') return UNWANTED;
  if (run?.status === 'running') return { status: 'busy' };
  const asked = run?.asked ?? null;
  if (asked === null && (job.operation !== 'sync' || !isAutomatic(record))) return UNWANTED;
  const due = { status: 'due', cause: asked?.cause ?? job.cause, options: asked?.options ?? {} } as const;
  if (run === null) return { ...due, cause: 'created' };
  const { failure, status } = run;
  if (status === 'failed' && failure !== null) {
    const { retryAt, digest } = failure;
    if (retryAt !== null && hasCome(retryAt, options)) return { ...due, cause: 'retry' };
    if (job.operation !== 'sync') return UNWANTED;
    if (digest === null) return job.sourceDigest === undefined ? UNWANTED : due;
    return digest === job.sourceDigest ? UNWANTED : { ...due, unlessDigest: digest };
  }
  if (asked !== null || status !== 'succeeded') return due;
  if (reconcileAt(record, options) <= options.now) return { ...due, cause: 'reconcile' };
  const synced = record.sourceDigest;
  if (synced === null || hasLeftKeys(record)) return due;
  return synced === job.sourceDigest ? UNWANTED : { ...due, unlessDigest: synced };
}

/**
 * The jobs of a record that are due now. `digest`: of what its source holds; `undefined` where that is not known, and then
 * only what is due whatever it holds.
 */
export function dueJobs(record: StoredSync, digest: string | undefined, options: DueOptions): SyncJob[] {
  const { id } = record.definition;
  return (['sync', 'import', 'remove'] as const).flatMap((operation): SyncJob[] => {
    const job = jobOf(id, operation, 'change', { sourceDigest: digest });
    const decision = decide(record, job, options);
    if (decision.status !== 'due') return [];
    const { cause, unlessDigest } = decision;
    if (unlessDigest !== undefined && digest === undefined) return [];
    return [jobOf(id, operation, cause, { options: decision.options, sourceDigest: digest })];
  });
}

/** What was asked for while a run of the operation is in progress that is not done for it: it is done when that has ended. */
export function askedAnew({ definition, runs }: StoredSync): SyncJob[] {
  return (['sync', 'import', 'remove'] as const).flatMap((operation): SyncJob[] => {
    const run = runs[operation];
    if (run?.status !== 'running' || run.asked === null || run.asked.isTaken) return [];
    const { cause, options } = run.asked;
    return [jobOf(definition.id, operation, cause, { options })];
  });
}

/** Whether what the source holds has to be known to say that a record is due. */
export function needsDigest(record: StoredSync, options: DueOptions): boolean {
  if (!isAutomatic(record) || record.runs.sync?.status === 'running') return false;
  return dueJobs(record, undefined, options).every(({ operation }) => operation !== 'sync');
}

/** Whether a run that failed is made again without a decision of a person, when its time has come. */
export function isTriedAgain(record: StoredSync, operation: Operation): boolean {
  const run = record.runs[operation];
  return run?.status === 'failed' && (run.asked !== null || (operation === 'sync' && isAutomatic(record)));
}

/** The jobs of a record that are due later without a change of its source, and when, in ms since the epoch. */
export function laterJobs(
  record: StoredSync,
  options: DueOptions,
): { readonly job: SyncJob; readonly at: number }[] {
  const { id } = record.definition;
  const retries = (['sync', 'import', 'remove'] as const).flatMap((operation) => {
    const run = record.runs[operation];
    const at = Date.parse((isTriedAgain(record, operation) ? run?.failure?.retryAt : undefined) ?? '');
    return Number.isNaN(at) ? [] : [{ job: jobOf(id, operation, 'retry'), at }];
  });
  const at = isAutomatic(record) ? reconcileAt(record, options) : Infinity;
  return at === Infinity ? retries : [...retries, { job: jobOf(id, 'sync', 'reconcile'), at }];
}
