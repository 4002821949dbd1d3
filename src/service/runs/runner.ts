import type { SyncEvent } from '../../contracts/events.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { SyncResult } from '../../contracts/result.js';
import type { LeasedRun, Wanted } from '../../engine/port.js';
import { followSignals } from '../../shared/abort.js';
import { renewing } from '../../shared/async.js';
import { quote } from '../../shared/text.js';
import { failureOf, failureText } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import { needsNoRun } from '../records/definition-patch.js';
import { RENEW_MS } from '../records/liveness.js';
import { syncNotFound, type Change, type LoadedSync, type RecordStore } from '../records/record-store.js';
import type { RunFailure, RunState, StoredSync } from '../records/stored-sync.js';
import { afterRun, withRun } from '../records/sync-record.js';
import { decide, isAutomatic, isSwitchedOff, type Decision } from './due.js';
import type { RunCause, RunOptions, SyncJob } from './sync-job.js';

/** How a run ended. */
export type RunEnd =
  | {
      readonly status: 'succeeded';
      readonly result: SyncResult;
      readonly runId: string;
      readonly digest: string | null;
    }
  | { readonly status: 'unwanted' }
  | { readonly status: 'busy'; readonly error: unknown }
  | { readonly status: 'aborted'; readonly error: unknown }
  | { readonly status: 'failed'; readonly error: unknown; readonly retryAt: string | null }
  /** The record is another one than the run was begun for: decide again. */
  | { readonly status: 'moved' };

/** How a job is done. */
export interface RunCall {
  readonly signal: AbortSignal;
  /** Default: that of the run that was asked for, once, or a new UUID. */
  readonly jobId?: string | undefined;
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
  /** Somebody waits for it, and gets what it throws: it is done whatever the record says. */
  readonly isAwaited: boolean;
  /** Done before the place is given back, once the run has succeeded. */
  readonly onSucceeded?: () => Promise<void>;
}

/** Why a run that is no longer wanted was ended. */
export const switchedOff = (name: string): SecretSyncError =>
  new SecretSyncError(
    'SYNC_DISABLED',
    `The sync ${quote(name)} was switched off while it ran or waited; what it had written is remembered.`,
  );

const beingDeleted = (name: string): SecretSyncError =>
  new SecretSyncError('SYNC_BUSY', `The sync ${quote(name)} is being deleted.`, { retryable: true });

type Due = Extract<Decision, { readonly status: 'due' }>;

/** One run, from its turn to its end. */
interface Attempt {
  readonly job: SyncJob;
  readonly call: RunCall;
  readonly loaded: LoadedSync;
  /** The record as it was last saved: its next change needs no read. */
  latest: LoadedSync | undefined;
  due: Due;
  jobId: string;
  /** Set once the record shows it as under way. */
  begun?: { readonly runId: string; readonly before: RunState | null; readonly place: string };
  /** Set where it must not begin. */
  refusal?: RunEnd | undefined;
  digest: string | null;
  isTold: boolean;
}

/** Does the jobs of records: each as long as its record says that it is due, and so that the record tells how it ended. */
export class Runner {
  readonly #options: ResolvedServiceOptions;
  readonly #records: RecordStore;

  constructor(options: ResolvedServiceOptions, records: RecordStore) {
    this.#options = options;
    this.#records = records;
  }

  /** Never rejects for what the run does; rejects where the record can't be read. */
  async run(job: SyncJob, loaded: LoadedSync, call: RunCall): Promise<RunEnd> {
    const decision = this.#decide(loaded.stored, job, call);
    if (decision.status === 'busy') return { status: 'busy', error: undefined };
    if (decision.status === 'unwanted') return decision;
    const jobId = call.jobId ?? globalThis.crypto.randomUUID();
    const attempt: Attempt = {
      job,
      call,
      loaded,
      latest: loaded,
      due: decision,
      jobId,
      digest: null,
      isTold: false,
    };
    const ended = new AbortController();
    const { signal, release } = followSignals(call.signal, ended.signal);
    try {
      const renew = async () => {
        if (!(await this.#renew(attempt))) ended.abort(switchedOff(loaded.stored.definition.name));
      };
      const work = () => this.#carryOut(attempt, signal);
      const result = await renewing(this.#options.clock, RENEW_MS, renew, work);
      if (attempt.refusal !== undefined) return attempt.refusal;
      if (result === undefined) return await this.#noteUnneeded(attempt);
      return await this.#noteSuccess(attempt, result);
    } catch (error) {
      return await this.#noteFailure(attempt, error, {
        isAborted: signal.aborted,
        isUnwanted: ended.signal.aborted,
      });
    } finally {
      release();
    }
  }

  #decide(stored: StoredSync, job: SyncJob, { isAwaited }: RunCall): Decision {
    const { clock, autoSync } = this.#options;
    if (!isAwaited)
      return decide(stored, job, { now: clock.now(), reconcileInterval: autoSync.reconcileInterval });
    return { status: 'due', cause: job.cause, options: job.options ?? {} };
  }

  #fields({ job, jobId, loaded, due }: Attempt, runId: string | null) {
    const { id: syncId, name } = loaded.stored.definition;
    return { syncId, name, jobId, runId, operation: job.operation, cause: due.cause };
  }

  async #carryOut(attempt: Attempt, signal: AbortSignal): Promise<SyncResult | undefined> {
    const { job, call, loaded } = attempt;
    return this.#options.port.run(job.operation, loaded.stored.definition, {
      ...optionsOf(job, attempt.due.options),
      signal,
      ...(call.onEvent && { onEvent: call.onEvent }),
      assertWanted: (run) => this.#begin(attempt, run),
      onSourceDigest: (digest) => {
        attempt.digest = digest;
        if (digest !== attempt.due.unlessDigest) this.#tellStart(attempt);
      },
      ...(call.onSucceeded && { onSucceeded: call.onSucceeded }),
    });
  }

  /**
   * Begins a run that has the lease on its place, in the same step in which the record is looked at again: what was deleted,
   * switched off, changed or done elsewhere meanwhile is not begun.
   */
  async #begin(attempt: Attempt, { runId, place }: LeasedRun): Promise<Wanted> {
    const { job, call, loaded } = attempt;
    const { version, createdAt } = loaded.stored;
    const taken: { before: RunState | null } = { before: null };
    attempt.latest = await this.#records.change(
      job.syncId,
      (current) => {
        const decision = this.#decide(current, job, call);
        attempt.refusal = refusalOf(current, job, decision, call);
        if (attempt.refusal !== undefined || decision.status !== 'due') return undefined;
        if (current.version !== version || current.createdAt !== createdAt) {
          attempt.refusal = { status: 'moved' };
          return undefined;
        }
        attempt.due = decision;
        const before = current.runs[job.operation];
        taken.before = before;
        if (call.jobId === undefined && before?.failure == null && before?.asked?.isTaken === false)
          attempt.jobId = before.asked.jobId ?? attempt.jobId;
        const asked = before?.asked && { ...before.asked, isTaken: true };
        const running = {
          status: 'running',
          jobId: attempt.jobId,
          runId,
          message: null,
          asked: asked ?? null,
        } as const;
        return withRun({ ...current, place }, job.operation, running);
      },
      { flush: false, known: attempt.latest },
    );
    if (attempt.latest === undefined)
      attempt.refusal = call.isAwaited
        ? { status: 'failed', error: syncNotFound(job.syncId), retryAt: null }
        : { status: 'unwanted' };
    if (attempt.refusal !== undefined) return false;
    attempt.begun = { runId, place, before: taken.before };
    const { unlessDigest } = attempt.due;
    if (unlessDigest === undefined) this.#tellStart(attempt);
    return { unlessDigest };
  }

  #tellStart(attempt: Attempt): void {
    if (attempt.isTold || attempt.begun === undefined) return;
    attempt.isTold = true;
    const { runId, place } = attempt.begun;
    this.#options.emit({ ...this.#fields(attempt, runId), type: 'run-started', place });
  }

  /** Saves the record again, so that it does not lapse; false where the run is to be ended. */
  async #renew(attempt: Attempt): Promise<boolean> {
    const { job, call, begun, due } = attempt;
    if (begun === undefined) return true;
    const isWanted = (stored: StoredSync) =>
      stored.runs[job.operation]?.runId === begun.runId &&
      (call.isAwaited || !isSwitchedOff(stored, { ...job, cause: due.cause }));
    const change = (stored: StoredSync) => (isWanted(stored) ? { ...stored } : undefined);
    attempt.latest = await this.#records.change(job.syncId, change, { flush: false, known: attempt.latest });
    return attempt.latest !== undefined && isWanted(attempt.latest.stored);
  }

  /** Notes the end of a run, unless another one has begun since, or the record is gone. */
  async #noteEnd({ job, begun, latest }: Attempt, note: Change): Promise<void> {
    const change = (stored: StoredSync) =>
      begun !== undefined && stored.runs[job.operation]?.runId === begun.runId ? note(stored) : undefined;
    await this.#records.change(job.syncId, change, { known: latest });
  }

  /** The source holds what it held: the record says what it said before. */
  async #noteUnneeded(attempt: Attempt): Promise<RunEnd> {
    const { operation } = attempt.job;
    const { before = null } = attempt.begun ?? {};
    await this.#noteEnd(attempt, (stored) => {
      const { asked } = afterRun(stored.runs[operation], true);
      return withRun(stored, operation, { ...before, asked });
    });
    return { status: 'unwanted' };
  }

  async #noteSuccess(attempt: Attempt, result: SyncResult): Promise<RunEnd> {
    const { job, loaded, begun, digest } = attempt;
    const succeededAt = new Date(this.#options.clock.now()).toISOString();
    await this.#noteEnd(attempt, (stored) => {
      const { asked } = afterRun(stored.runs[job.operation], true);
      const status = asked === null ? 'succeeded' : 'pending';
      const end = { status, message: null, succeededAt, failure: null, asked } as const;
      const done = withRun(stored, job.operation, end);
      // What was synced for a definition that is no more says nothing of the one that is.
      const counts = job.operation === 'sync' && needsNoRun(loaded.stored.definition, stored.definition);
      return counts ? { ...done, sourceDigest: digest } : done;
    });
    const runId = begun?.runId ?? '';
    const { summary, requestCount } = result;
    this.#options.emit({ ...this.#fields(attempt, runId), type: 'run-succeeded', summary, requestCount });
    return { status: 'succeeded', result, runId, digest };
  }

  async #noteFailure(
    attempt: Attempt,
    error: unknown,
    { isAborted, isUnwanted }: { readonly isAborted: boolean; readonly isUnwanted: boolean },
  ): Promise<RunEnd> {
    const { job, call, begun } = attempt;
    if (begun === undefined && !isAborted && isSecretSyncError(error, 'SYNC_BUSY'))
      return { status: 'busy', error };
    if (begun === undefined && isAborted) return { status: 'aborted', error };
    if (begun !== undefined) this.#tellStart(attempt);
    const text = failureText(error, call.signal);
    const noted: { failure: RunFailure | null; isTriedAgain: boolean } = {
      failure: null,
      isTriedAgain: false,
    };
    const note = (stored: StoredSync) => {
      const run = stored.runs[job.operation];
      // Another run began meanwhile, which says more.
      if (begun === undefined && run?.status === 'running') return undefined;
      const failure = isAborted ? null : this.#failure(attempt, error, run);
      const { asked } = afterRun(run, failure?.retryAt === null);
      noted.failure = failure;
      noted.isTriedAgain = asked !== null || (job.operation === 'sync' && isAutomatic(stored));
      const state = { status: 'failed', message: text.message, failure, asked } as const;
      return withRun(
        stored,
        job.operation,
        begun === undefined ? { ...state, jobId: attempt.jobId, runId: null } : state,
      );
    };
    // Where it can't be noted, the record lapses, which says the same.
    if (begun === undefined) await this.#records.change(job.syncId, note);
    else await this.#noteEnd(attempt, note).catch(() => undefined);
    this.#options.emit({ ...this.#fields(attempt, begun?.runId ?? null), type: 'run-failed', ...text });
    if (noted.isTriedAgain || noted.failure?.retryAt === null) this.#tellRetry(attempt, noted.failure, text);
    if (isUnwanted && !call.isAwaited) return { status: 'unwanted' };
    if (isAborted) return { status: 'aborted', error };
    return { status: 'failed', error, retryAt: noted.failure?.retryAt ?? null };
  }

  #failure({ digest, job }: Attempt, error: unknown, run: RunState | null): RunFailure {
    const { clock, random, autoSync } = this.#options;
    const circumstances = { now: clock.now(), random: random(), pauses: autoSync };
    return failureOf(
      error,
      { before: run?.failure ?? null, digest: digest ?? job.sourceDigest ?? null },
      circumstances,
    );
  }

  #tellRetry(attempt: Attempt, failure: RunFailure | null, text: ReturnType<typeof failureText>): void {
    if (failure === null) return;
    const { emit, clock, autoSync } = this.#options;
    const { id: syncId, name } = attempt.loaded.stored.definition;
    const { attempts, retryAt } = failure;
    if (retryAt !== null)
      emit({
        type: 'retry-scheduled',
        syncId,
        name,
        attempt: attempts,
        waitMs: Date.parse(retryAt) - clock.now(),
      });
    if (retryAt === null || attempts === autoSync.retries + 1)
      emit({ type: 'sync-left', syncId, name, attempts, retryAt, ...text });
  }
}

/** What keeps a run from beginning that has its turn. */
function refusalOf(
  current: StoredSync,
  job: SyncJob,
  decision: Decision,
  { isAwaited }: RunCall,
): RunEnd | undefined {
  if (isAwaited && job.cause !== 'deleted' && current.deletion?.status === 'running')
    return { status: 'busy', error: beingDeleted(current.definition.name) };
  if (decision.status === 'busy') return { status: 'busy', error: undefined };
  return decision.status === 'unwanted' ? decision : undefined;
}

/** The options that an operation takes. */
function optionsOf({ operation }: SyncJob, { force, confirmDeletions, importBehavior }: RunOptions) {
  const confirmation = confirmDeletions === undefined ? {} : { confirmDeletions };
  if (operation === 'import') return importBehavior === undefined ? {} : { importBehavior };
  return operation === 'remove' ? confirmation : { ...confirmation, ...(force === true && { force }) };
}
