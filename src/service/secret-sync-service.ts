// Known also to a project that has neither a newer `lib` nor the types of Node.js.
/// <reference lib="esnext.disposable" preserve="true" />
import type { SyncPlan } from '../contracts/plan.js';
import type { SyncResult } from '../contracts/result.js';
import type {
  AnyDestinationDriver,
  DefinitionArgument,
  DestinationName,
} from '../contracts/typed-definition.js';
import type {
  ImportCallOptions,
  PlanCallOptions,
  RemoveCallOptions,
  SyncCallOptions,
} from '../engine/secret-sync-engine.js';
import { byText } from '../shared/text.js';
import {
  parseIdOrName,
  parseServiceOptions,
  parseSyncCall,
  parseUpdateCall,
  type DeleteOptions,
  type RunRequest,
  type ServiceSyncOptions,
  type StopOptions,
  type SyncFilter,
  type UpdateOptions,
} from './call-options.js';
import { createServiceDestinations, type ServiceDestinations } from './destinations.js';
import { assertSelfDriven, resolveServiceOptions, type ServiceOptions } from './options.js';
import { createParts, type ServiceParts } from './parts.js';
import type { SyncChangesFor } from './records/definition-patch.js';
import { deleteRecord } from './records/deletion.js';
import type { StoredSync } from './records/stored-sync.js';
import { fits, recordOf, type SyncRecordFor } from './records/sync-record.js';
import { performJob } from './runs/perform.js';
import { runNow } from './runs/run-now.js';
import { switchedOff } from './runs/run-end.js';
import { type Performed, type FindDueOptions, type PerformOptions, type SyncJob } from './runs/sync-job.js';

/**
 * Keeps syncs as records, and runs them by itself when their source changes.
 *
 * Records are named by id or name. A record's definition is what an engine takes, and its runs are an engine's: they throw
 * what that throws. One run at a time is in progress at a place, and a limited number through a connection; what waits is in
 * one queue, a record at most once for each operation, since a further call with the same options shares the run that waits.
 * Several services may share a store: what is due, how a run failed and when it is tried again is in the records.
 *
 * @example
 * const service = new SecretSyncService({ engine, store: fileStore('.secret-sync') });
 * await service.start();
 * await service.createSync({ name: 'nightly', destination: 'qovery', destinationConfig });
 */
export class SecretSyncService<
  const Drivers extends readonly AnyDestinationDriver[] = readonly AnyDestinationDriver[],
> implements AsyncDisposable {
  readonly #parts: ServiceParts;

  /**
   * Does no I/O.
   *
   * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
   */
  constructor(options: ServiceOptions<Drivers>) {
    this.#parts = createParts(resolveServiceOptions(options));
  }

  /**
   * Makes a record of a definition. Its id is a new UUID, unless one is given: that of a definition which was synced by
   * an engine (there, by default, its name) keeps the ownership of what it wrote. The first run of an enabled sync begins
   * immediately, which `pending` shows; {@link whenIdle} waits for it.
   *
   * @throws SecretSyncError what an engine throws for a definition; `SYNC_EXISTS` for a name or id that is taken;
   * `CROSS_SYNC_CONFLICT` where `crossSyncCheck` is `refuse`.
   */
  async createSync<Destination extends DestinationName<Drivers>>(
    definition: DefinitionArgument<Drivers, Destination>,
  ): Promise<SyncRecordFor<Drivers>> {
    const stored = await this.#parts.editor.create(definition);
    await this.#parts.requests.lookAfter(stored);
    return this.#show(stored);
  }

  /** @throws SecretSyncError `SYNC_NOT_FOUND`; `STATE_UNREADABLE` for a damaged record. */
  async getSync(idOrName: string): Promise<SyncRecordFor<Drivers>> {
    return this.#show((await this.#parts.records.find(parseIdOrName(idOrName))).stored);
  }

  /** Returns all records, or those that fit, sorted by name. One that is damaged is left out, and reported by `record-unreadable`. */
  async listSyncs(options: SyncFilter = {}): Promise<readonly SyncRecordFor<Drivers>[]> {
    const filter = parseServiceOptions('listSyncs', options);
    return (await this.#parts.records.readable())
      .map(({ stored }) => this.#show(stored))
      .filter((record) => fits(record, filter))
      .sort(byText(({ name }) => name));
  }

  /**
   * Changes a record's definition; `version` then counts one more. Switching it off takes effect immediately: no run begins, and
   * one of auto-sync is ended, in other processes within 10 s. What it wrote to a former place stays there, and its own;
   * what other syncs want there too is theirs after the next sync of it.
   *
   * @throws SecretSyncError as {@link createSync}; `SYNC_NOT_FOUND`; `VERSION_CONFLICT`.
   */
  async updateSync(
    idOrName: string,
    changes: SyncChangesFor<Drivers>,
    options: UpdateOptions = {},
  ): Promise<SyncRecordFor<Drivers>> {
    const stored = await this.#parts.editor.update(...parseUpdateCall(idOrName, changes, options));
    this.#parts.runs.endSwitchedOff(stored.definition);
    await this.#parts.requests.lookAfter(stored);
    return this.#show(stored);
  }

  /**
   * Deletes a record, when runs of it have ended: those of auto-sync are ended. Once it has succeeded, nothing is written for
   * the record any more, by any process. What it wrote stays, and belongs to no sync; with `removeSecrets` it is deleted first,
   * and when that fails, the record stays. A record that is damaged is deleted by its id.
   *
   * @throws SecretSyncError `SYNC_NOT_FOUND`; `SYNC_BUSY` where another run holds the place; what a removal throws.
   */
  async deleteSync(idOrName: string, options: DeleteOptions = {}): Promise<void> {
    const { autoSync, runs, requests } = this.#parts;
    const parts = {
      ...this.#parts,
      letGo: ({ definition: { id, name } }: StoredSync) => {
        autoSync.drop(id);
        runs.queue.abort(id, switchedOff(name));
      },
      takeBack: (stored: StoredSync) => void requests.lookAfter(stored),
    };
    await deleteRecord(parts, ...parseSyncCall('deleteSync', idOrName, options));
  }

  /** What a person chooses from before a sync is created: the drivers, what they can see, and what is taken. */
  get destinations(): ServiceDestinations {
    return createServiceDestinations(this.#parts);
  }

  /** The dry run of a record's sync, import or removal, as an engine's `plan`. */
  async plan(idOrName: string, options: PlanCallOptions = {}): Promise<SyncPlan> {
    const [sync, call] = parseSyncCall('plan', idOrName, options);
    const { definition } = (await this.#parts.records.find(sync)).stored;
    return this.#parts.options.engine.plan(definition, call);
  }

  /** Runs a record's sync now, or when the run at its place has ended. Throws as an engine's `sync`. */
  async sync(idOrName: string, options: ServiceSyncOptions = {}): Promise<SyncResult> {
    return runNow(this.#parts, 'sync', ...parseSyncCall('sync', idOrName, options));
  }

  /** Imports the secrets of a record's destination into its source. Throws as an engine's `importSecrets`. */
  async importSecrets(idOrName: string, options: ImportCallOptions = {}): Promise<SyncResult> {
    return runNow(this.#parts, 'import', ...parseSyncCall('importSecrets', idOrName, options));
  }

  /**
   * Deletes what a record's sync wrote. Switch the sync off first: otherwise its next run writes it again. Throws as an
   * engine's `removeSecrets`.
   */
  async removeSecrets(idOrName: string, options: RemoveCallOptions = {}): Promise<SyncResult> {
    return runNow(this.#parts, 'remove', ...parseSyncCall('removeSecrets', idOrName, options));
  }

  /**
   * Asks for a sync of a record and returns the record, `pending`, with its job id, without waiting for the run. The record
   * keeps what is asked for until it is done, so that a job which a queue loses is found by {@link findDue}.
   *
   * @throws SecretSyncError `SYNC_NOT_FOUND`, `SYNC_DISABLED`.
   */
  async requestSync(
    idOrName: string,
    options: RunRequest<SyncCallOptions> = {},
  ): Promise<SyncRecordFor<Drivers>> {
    const call = parseSyncCall('requestSync', idOrName, options);
    return this.#show(await this.#parts.requests.ask('sync', ...call));
  }

  /** Asks for an import, as {@link requestSync}. */
  async requestImport(
    idOrName: string,
    options: RunRequest<ImportCallOptions> = {},
  ): Promise<SyncRecordFor<Drivers>> {
    const call = parseSyncCall('requestImport', idOrName, options);
    return this.#show(await this.#parts.requests.ask('import', ...call));
  }

  /** Asks for a removal, as {@link requestSync}; also for a sync that is disabled. */
  async requestRemoval(
    idOrName: string,
    options: RunRequest<RemoveCallOptions> = {},
  ): Promise<SyncRecordFor<Drivers>> {
    const call = parseSyncCall('requestRemoval', idOrName, options);
    return this.#show(await this.#parts.requests.ask('remove', ...call));
  }

  /**
   * Finds the jobs that are due, with one digest for each location of the source: what has changed since it was last synced,
   * what never succeeded, what is to be tried again, what was asked for. Never what runs, is switched off, is being deleted, or
   * failed on the same digest before its `retryAt`. Writes nothing, but that a source is out of reach.
   */
  async findDue(options: FindDueOptions = {}): Promise<readonly SyncJob[]> {
    return this.#parts.finder.findDue(parseServiceOptions('findDue', options));
  }

  /**
   * Does a job, in this process, and notes in its record how it ended. Never rejects. A job may come late or twice: then it is
   * `unwanted`, at the cost of one read of the source and no request to the destination. Imports and removals are done only
   * while their record asks for them.
   */
  async perform(job: SyncJob, options: PerformOptions = {}): Promise<Performed> {
    return performJob(this.#parts, job, options);
  }

  /**
   * Begins to run records when their source changes, and those that have to catch up. Resolves when they are read.
   *
   * @throws SecretSyncError when the store can't be read; `INVALID_OPTION` for a service with a `queue`.
   */
  async start(): Promise<void> {
    assertSelfDriven(this.#parts.options);
    await this.#parts.autoSync.start();
  }

  /**
   * Ends auto-sync: nothing new is begun, calls that wait for their turn reject with `SYNC_BUSY`, runs in progress may end,
   * and are aborted after `timeout`. The service can be started again.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const { timeout = 30_000 } = parseServiceOptions('stop', options);
    this.#parts.autoSync.stop();
    await this.#parts.runs.queue.drain(timeout);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #show(stored: StoredSync): SyncRecordFor<Drivers> {
    return structuredClone(recordOf(stored)) as SyncRecordFor<Drivers>;
  }

  /** Resolves when no run waits or is in progress, and no change is being examined. Retries that are due later don't count. */
  whenIdle(): Promise<void> {
    return this.#parts.activity.whenIdle();
  }
}
