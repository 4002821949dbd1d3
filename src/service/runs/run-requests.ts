import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { Operation } from '../../contracts/plan.js';
import { withTimeLimit } from '../../shared/async.js';
import { contextOfSync } from '../../shared/problems.js';
import { quote } from '../../shared/text.js';
import { failureText } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import { syncNotFound, type RecordStore } from '../records/record-store.js';
import { askedRun, type StoredSync } from '../records/stored-sync.js';
import { withAsked, withRun } from '../records/sync-record.js';
import { dueJobs, dueOptions } from './due.js';
import type { LocalRuns } from './local-runs.js';
import { jobOf, type RunOptions, type SyncJob, type SyncQueue } from './sync-job.js';

/** Hands runs that no caller waits for to what does them: a queue, auto-sync, or this process. */
export class RunRequests {
  readonly #options: ResolvedServiceOptions;
  readonly #records: RecordStore;
  readonly #runs: LocalRuns;
  /** Takes a record up; false where it does not. */
  readonly #autoSync: { take(stored: StoredSync): boolean };

  constructor(
    options: ResolvedServiceOptions,
    records: RecordStore,
    runs: LocalRuns,
    autoSync: { take(stored: StoredSync): boolean },
  ) {
    this.#options = options;
    this.#records = records;
    this.#runs = runs;
    this.#autoSync = autoSync;
  }

  /** Asks for a run; its record keeps that until it is done. */
  async ask(operation: Operation, idOrName: string, options: RunOptions): Promise<StoredSync> {
    const known = await this.#records.find(idOrName);
    const { id, name, isEnabled } = known.stored.definition;
    if (!isEnabled && operation !== 'remove') {
      const message = `The sync ${quote(name)} is disabled; set isEnabled, or plan it.`;
      throw new SecretSyncError('SYNC_DISABLED', message, contextOfSync(known.stored));
    }
    const { queue } = this.#options;
    const job = jobOf(id, operation, 'manual', { options });
    const asked = askedRun(
      'manual',
      queue === undefined ? globalThis.crypto.randomUUID() : null,
      job.options,
    );
    const change = (current: StoredSync) => withAsked(current, operation, asked);
    const stored = (await this.#records.change(id, change, { known }))?.stored;
    if (stored === undefined) throw syncNotFound(idOrName);
    if (queue !== undefined) return this.#enqueue(stored, job, asked.id);
    this.#begin(job, stored);
    return stored;
  }

  /** Sees to it that what a record asks for is done. */
  async lookAfter(stored: StoredSync): Promise<void> {
    const { queue } = this.#options;
    if (queue === undefined && this.#autoSync.take(stored)) return;
    for (const job of dueJobs(stored, undefined, dueOptions(this.#options))) {
      const asked = stored.runs[job.operation]?.asked;
      if (asked == null || asked.isTaken) continue;
      if (queue === undefined) this.#begin(job, stored);
      else await this.#enqueue(stored, job, asked.id);
    }
  }

  /** The id that a queue gave a job; `null` where it did not take it, which a look makes up for: the record asks for the run. */
  async #jobIdOf(queue: SyncQueue, job: SyncJob): Promise<string | null> {
    const { clock, emit, port } = this.#options;
    const failed = (why: string) =>
      new SecretSyncError(
        'STATE_NOT_SAVED',
        `The queue ${why} a job; the next look for changes finds it. Check the queue.`,
      );
    const enqueuing = async (): Promise<unknown> => queue.enqueue(job);
    const limit = { ms: port.callLimit, clock };
    try {
      const jobId = await withTimeLimit(enqueuing, limit, () =>
        failed(`took longer than ${limit.ms} ms for`),
      );
      if (typeof jobId === 'string') return jobId;
      throw failed('returned no string as the id of');
    } catch (error) {
      emit({
        type: 'service-failed',
        ...failureText(isSecretSyncError(error) ? error : failed('did not take')),
      });
      return null;
    }
  }

  /** Puts a job into the queue, and its id into the record, where that still asks for it. */
  async #enqueue(stored: StoredSync, job: SyncJob, askedId: string): Promise<StoredSync> {
    const { queue } = this.#options;
    const jobId = queue === undefined ? null : await this.#jobIdOf(queue, job);
    if (jobId === null) return stored;
    const change = (current: StoredSync) => {
      const run = current.runs[job.operation];
      if (run?.asked?.id !== askedId || run.asked.isTaken) return undefined;
      const shown = run.status === 'pending' && { jobId };
      return withRun(current, job.operation, { ...shown, asked: { ...run.asked, jobId } });
    };
    return (await this.#records.change(job.syncId, change))?.stored ?? stored;
  }

  /** Begins a run in this process: its record and the events tell how it ends. */
  #begin(job: SyncJob, stored: StoredSync): void {
    if (!this.#autoSync.take(stored)) void this.#runs.run(job).catch(() => undefined);
  }
}
