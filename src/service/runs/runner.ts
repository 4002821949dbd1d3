import { isSecretSyncError } from '../../contracts/errors.js';
import type { SyncResult } from '../../contracts/result.js';
import type { LeasedRun, Wanted } from '../../engine/port.js';
import { followSignals } from '../../shared/abort.js';
import { renewing } from '../../shared/async.js';
import { failureOf, failureText, type FailureText } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import { RENEW_MS } from '../records/liveness.js';
import { syncNotFound, type Change, type LoadedSync, type RecordStore } from '../records/record-store.js';
import type { RunFailure, RunState, StoredSync } from '../records/stored-sync.js';
import { decide, dueOptions, isSwitchedOff, isTriedAgain, type Decision } from './due.js';
import { refusalOf, switchedOff, type RunCall, type RunEnd } from './run-end.js';
import { TakenKeysNotes } from './note-taken-keys.js';
import { leaveFormerPlaces } from '../records/former-places.js';
import { begunRecord, failedRecord, succeededRecord, unneededRecord } from './run-notes.js';
import { optionsOf, type SyncJob } from './sync-job.js';

/** One run, from its turn to its end. */
interface Attempt {
  readonly job: SyncJob;
  readonly call: RunCall;
  readonly loaded: LoadedSync;
  /** The record as it was last saved: its next change needs no read. */
  latest: LoadedSync | undefined;
  due: Extract<Decision, { readonly status: 'due' }>;
  jobId: string;
  /** Set once the record shows it as in progress. */
  begun?: {
    readonly runId: string;
    readonly place: string;
    readonly before: { readonly run: RunState | null; readonly version: number };
  };
  /** Of the keys of others that it takes over. Set once it has begun. */
  taken?: TakenKeysNotes;
  /** Set where it must not begin. */
  refusal?: RunEnd | undefined;
  digest: string | null;
  isTold: boolean;
}

/** Does the jobs of records: each as long as its record says that it is due, and so that the record tells how it ended. */
export class Runner {
  readonly #options: ResolvedServiceOptions;
  readonly #records: RecordStore;
  readonly #onDue: (stored: StoredSync) => void;

  /** `onDue`: called with a record that another one's run has made due. */
  constructor(options: ResolvedServiceOptions, records: RecordStore, onDue: (stored: StoredSync) => void) {
    this.#options = options;
    this.#records = records;
    this.#onDue = onDue;
  }

  /** Never rejects for what the run does; rejects where the record can't be read. */
  async run(job: SyncJob, loaded: LoadedSync, call: RunCall): Promise<RunEnd> {
    const due = this.#decide(loaded.stored, job, call);
    if (due.status === 'busy') return { status: 'busy', error: undefined };
    if (due.status === 'unwanted') return due;
    const jobId = call.jobId ?? globalThis.crypto.randomUUID();
    const attempt: Attempt = { job, call, loaded, latest: loaded, due, jobId, digest: null, isTold: false };
    const ended = new AbortController();
    const { signal, release } = followSignals(call.signal, ended.signal);
    try {
      const renew = async () => {
        if (!(await this.#renew(attempt))) ended.abort(switchedOff(loaded.stored.definition.name));
      };
      const work = () => this.#carryOut(attempt, signal);
      const result = await renewing(this.#options.clock, RENEW_MS, renew, work);
      const record = attempt.latest?.stored;
      if (job.operation === 'sync' && record !== undefined)
        await leaveFormerPlaces(this.#options, this.#records, record, signal);
      if (attempt.refusal !== undefined) return attempt.refusal;
      return result === undefined ? await this.#noteUnneeded(attempt) : this.#tellSuccess(attempt, result);
    } catch (error) {
      const end = await this.#noteFailure(attempt, error, signal.aborted);
      return ended.signal.aborted && !call.isAwaited ? { status: 'unwanted' } : end;
    } finally {
      release();
    }
  }

  #decide(stored: StoredSync, job: SyncJob, { isAwaited }: RunCall): Decision {
    if (!isAwaited) return decide(stored, job, dueOptions(this.#options));
    return { status: 'due', cause: job.cause, options: job.options ?? {} };
  }

  #fields({ job, jobId, loaded, due, begun }: Attempt) {
    const { id: syncId, name } = loaded.stored.definition;
    const { operation } = job;
    return { syncId, name, jobId, runId: begun?.runId ?? null, operation, cause: due.cause };
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
      // What can't be noted yet is noted when the run has ended.
      beforeWrites: async (plan, digest) => attempt.taken?.beforeWrites(plan, digest).catch(() => undefined),
      onResult: (result) => this.#noteResult(attempt, result),
    });
  }

  /**
   * Begins a run that has the lease on its place, in the same step in which the record is looked at again: what was deleted,
   * switched off, changed or done elsewhere in the meantime is not begun.
   */
  async #begin(attempt: Attempt, { runId, place }: LeasedRun): Promise<Wanted> {
    const { job, call, loaded, jobId } = attempt;
    let before: { readonly run: RunState | null; readonly version: number } = { run: null, version: 0 };
    const change = (current: StoredSync) => {
      const decision = this.#decide(current, job, call);
      attempt.refusal = refusalOf(current, decision, attempt);
      if (decision.status !== 'due' || attempt.refusal !== undefined) return undefined;
      attempt.due = decision;
      before = { run: current.runs[job.operation], version: current.version };
      const ids = { runId, place, jobId, ownJobId: call.jobId };
      return begunRecord(current, job.operation, ids, decision.options);
    };
    attempt.latest = await this.#records.change(job.syncId, change, { flush: false, known: loaded });
    const { latest } = attempt;
    if (latest === undefined)
      attempt.refusal = call.isAwaited
        ? { status: 'failed', error: syncNotFound(job.syncId), retryAt: null }
        : { status: 'unwanted' };
    if (latest === undefined || attempt.refusal !== undefined) return false;
    attempt.jobId = latest.stored.runs[job.operation]?.jobId ?? jobId;
    attempt.begun = { runId, place, before };
    const context = { options: this.#options, records: this.#records, onDue: this.#onDue };
    attempt.taken = new TakenKeysNotes({ ...context, own: latest.stored });
    const { unlessDigest } = attempt.due;
    if (unlessDigest === undefined) this.#tellStart(attempt);
    return { unlessDigest };
  }

  #tellStart(attempt: Attempt): void {
    if (attempt.isTold || attempt.begun === undefined) return;
    attempt.isTold = true;
    this.#options.emit({ ...this.#fields(attempt), type: 'run-started', place: attempt.begun.place });
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
    const change = (stored: StoredSync) => {
      const run = stored.runs[job.operation];
      // A run that never began says nothing of one that did.
      const isOwn = begun === undefined ? run?.status !== 'running' : run?.runId === begun.runId;
      return isOwn ? note(stored) : undefined;
    };
    await this.#records.change(job.syncId, change, { known: latest });
  }

  async #noteUnneeded(attempt: Attempt): Promise<RunEnd> {
    const { job, begun } = attempt;
    const note = (stored: StoredSync) =>
      begun === undefined ? undefined : unneededRecord(stored, job.operation, begun.before);
    await this.#noteEnd(attempt, note);
    return { status: 'unwanted' };
  }

  /**
   * Notes what a run wrote while it still holds the place: of two records that want a key there, the one that wrote last says
   * that it is in sync. The others first: a run that ends before its own note is made again.
   */
  async #noteResult(attempt: Attempt, result: SyncResult): Promise<void> {
    const { job, call, loaded } = attempt;
    const taken = await attempt.taken?.end(result);
    if (result.status !== 'succeeded') return;
    const { definition } = loaded.stored;
    await call.onSucceeded?.(result.plan.place);
    const succeededAt = new Date(this.#options.clock.now()).toISOString();
    await this.#noteEnd(attempt, (stored) => ({
      ...succeededRecord(stored, job.operation, result, definition, succeededAt),
      ...taken,
    }));
  }

  #tellSuccess(attempt: Attempt, result: SyncResult): RunEnd {
    const { summary, requestCount } = result;
    this.#options.emit({ ...this.#fields(attempt), type: 'run-succeeded', summary, requestCount });
    return { status: 'succeeded', result };
  }

  async #noteFailure(attempt: Attempt, error: unknown, isAborted: boolean): Promise<RunEnd> {
    const { job, call, begun, jobId } = attempt;
    if (begun === undefined && isAborted) return { status: 'aborted', error };
    if (begun === undefined && isSecretSyncError(error, 'SYNC_BUSY')) return { status: 'busy', error };
    this.#tellStart(attempt);
    const text = failureText(error, call.signal);
    const noted: { failure: RunFailure | null; isRetried: boolean } = { failure: null, isRetried: false };
    const saving = this.#noteEnd(attempt, (stored) => {
      const failure = isAborted ? null : this.#failureOf(attempt, error, stored.runs[job.operation]);
      const { definition, runs } = attempt.loaded.stored;
      const askedId = begun === undefined ? runs[job.operation]?.asked?.id : undefined;
      const { message } = text;
      const next = failedRecord(stored, job.operation, { message, failure, definition, askedId });
      const run = next.runs[job.operation];
      [noted.failure, noted.isRetried] = [run?.failure ?? null, isTriedAgain(next, job.operation)];
      if (begun !== undefined || run === null) return next;
      return { ...next, runs: { ...next.runs, [job.operation]: { ...run, jobId, runId: null } } };
    });
    // Where the end of a run can't be noted, the record lapses, which says the same.
    await (begun === undefined ? saving : saving.catch(() => undefined));
    this.#options.emit({ ...this.#fields(attempt), type: 'run-failed', ...text });
    const { failure, isRetried } = noted;
    if (failure !== null && (isRetried || failure.retryAt === null)) this.#tellRetry(attempt, failure, text);
    return isAborted
      ? { status: 'aborted', error }
      : { status: 'failed', error, retryAt: failure?.retryAt ?? null };
  }

  #failureOf({ digest, job }: Attempt, error: unknown, run: RunState | null): RunFailure {
    const { clock, random, autoSync } = this.#options;
    const of = { before: run?.failure ?? null, digest: digest ?? job.sourceDigest ?? null };
    return failureOf(error, of, { now: clock.now(), random: random(), pauses: autoSync });
  }

  #tellRetry({ loaded }: Attempt, { attempts, retryAt }: RunFailure, text: FailureText): void {
    const { emit, clock, autoSync } = this.#options;
    const { id: syncId, name } = loaded.stored.definition;
    const waitMs = Date.parse(retryAt ?? '') - clock.now();
    if (retryAt !== null) emit({ type: 'retry-scheduled', syncId, name, attempt: attempts, waitMs });
    if (retryAt === null || attempts === autoSync.retries + 1)
      emit({ type: 'sync-left', syncId, name, attempts, retryAt, ...text });
  }
}
