import { isSecretSyncError } from '../contracts/errors.js';
import type { NamedResource } from '../contracts/destination.js';
import type { SyncPlan } from '../contracts/plan.js';
import type { DestinationInfo, DiscoveryRequest } from '../engine/destinations.js';
import type {
  CallSignal,
  ImportCallOptions,
  PlanCallOptions,
  RemoveCallOptions,
  SyncCallOptions,
} from '../engine/secret-sync-engine.js';
import { createActivity, type Activity } from './runs/idle-tracker.js';
import { createAutoSync, type AutoSync } from './auto-sync/auto-sync.js';
import { createCatalog, type Catalog } from './records/record-editor.js';
import { checkDestination, type DestinationCheck, type DestinationQuery } from './destination-check.js';
import { parseCallOptions } from '../engine/call-options.js';
import {
  parseIdOrName,
  parseServiceOptions,
  type DeleteOptions,
  type StopOptions,
  type SyncFilter,
  type UpdateOptions,
} from './call-options.js';
import type { SyncChanges } from './records/definition-patch.js';
import { createDocumentStore } from './records/documents-store.js';
import type { StoredSync } from './records/stored-sync.js';
import type { RunCause } from './events.js';
import { failureText } from './failure.js';
import { createNames } from './records/name-index.js';
import { resolveServiceOptions, type ResolvedServiceOptions, type ServiceOptions } from './options.js';
import { recordOf, type SyncRecord } from './records/sync-record.js';
import { createRecordStore, syncNotFound, type RecordStore } from './records/record-store.js';
import { createRuns, switchedOff, type RunRequest, type Runs } from './runs/runner.js';
import { renewing } from '../shared/async.js';
import type { SyncResult } from '../contracts/result.js';
import type { AnyDestinationDriver, DefinitionArgument } from '../contracts/typed-definition.js';

/** How long a deletion may take before runs can begin again, in ms. */
const DELETION_MS = 300_000;

/** Whether a run with this cause was auto-sync's idea. */
const isOfAutoSync = (cause: RunCause): boolean => cause !== 'created';

/**
 * Keeps syncs as records, and runs them by itself when their source changes.
 *
 * Records are named by id or name. A record's definition is what an engine takes, and its runs are an engine's: they
 * throw what that throws. One run at a time is under way at a place, and a limited number through a connection; what waits
 * stands in one queue, a record at most once for each operation, since a further call with the same options shares the
 * run that waits. Several services, in several processes, may share a store.
 *
 * @example
 * const service = new SecretSyncService({ engine, store: fileStore('.secret-sync') });
 * await service.start();
 * await service.createSync({ name: 'nightly', destination: 'qovery', destinationConfig });
 */
export class SecretSyncService<
  const Drivers extends readonly AnyDestinationDriver[] = readonly AnyDestinationDriver[],
> implements AsyncDisposable {
  readonly #options: ResolvedServiceOptions;
  readonly #records: RecordStore;
  readonly #catalog: Catalog;
  readonly #activity: Activity = createActivity();
  readonly #runs: Runs;
  readonly #autoSync: AutoSync;

  /**
   * Does no I/O.
   *
   * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
   */
  constructor(options: ServiceOptions<Drivers>) {
    this.#options = resolveServiceOptions(options);
    const documents = createDocumentStore(this.#options.store);
    this.#records = createRecordStore(documents);
    const names = createNames(documents, this.#records, this.#options.clock);
    this.#catalog = createCatalog(this.#options, this.#records, names);
    this.#runs = createRuns(this.#options, this.#records, this.#activity);
    this.#autoSync = createAutoSync(this.#options, this.#records, this.#runs, this.#activity);
  }

  /**
   * Makes a record of a definition. Its id is a new UUID, unless one is given: that of a definition which was synced by
   * an engine (there, by default, its name) keeps the ownership of what it wrote. An enabled sync starts its first run
   * at once, and `pending` tells of it; {@link whenIdle} waits for it.
   *
   * @throws SecretSyncError what an engine throws for a definition; `SYNC_EXISTS` for a name or id that is taken;
   * `CROSS_SYNC_CONFLICT` where `crossSyncCheck` is `refuse`.
   */
  async createSync<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
  ): Promise<SyncRecord> {
    const stored = await this.#catalog.create(definition);
    this.#lookAfter(stored);
    return this.#show(stored);
  }

  /** @throws SecretSyncError `SYNC_NOT_FOUND`. */
  async getSync(idOrName: string): Promise<SyncRecord> {
    return this.#show((await this.#records.find(parseIdOrName(idOrName))).stored);
  }

  /** All records, or those that fit, sorted by name. */
  async listSyncs(options: SyncFilter = {}): Promise<readonly SyncRecord[]> {
    const filter = parseServiceOptions('listSyncs', options);
    const listed = await this.#records.list();
    const loaded = await Promise.all(listed.map(({ load }) => load()));
    return loaded
      .flatMap((found) => (found === undefined ? [] : [this.#show(found.stored)]))
      .filter(
        ({ projectId, destination, connectionId }) =>
          (filter.projectId ?? projectId) === projectId &&
          (filter.destination ?? destination) === destination &&
          (filter.connectionId ?? connectionId) === connectionId,
      )
      .sort((first, second) => (first.name < second.name ? -1 : 1));
  }

  /**
   * Changes a record's definition; `version` then counts one more. Switching it off takes effect at once: no run of it
   * begins, and one that auto-sync has begun is ended. What was written to a place that it no longer points at stays
   * there, and stays this sync's own.
   *
   * @throws SecretSyncError as {@link createSync}; `SYNC_NOT_FOUND`; `VERSION_CONFLICT`.
   */
  async updateSync(idOrName: string, changes: SyncChanges, options: UpdateOptions = {}): Promise<SyncRecord> {
    const { version } = parseServiceOptions('updateSync', options);
    const stored = await this.#catalog.update(parseIdOrName(idOrName), changes, version);
    const { id, name, isEnabled, syncOptions } = stored.definition;
    // A first run is not auto-sync's: it was asked for by who made the record.
    if (!isEnabled) this.#runs.abort(id, switchedOff(name));
    else if (!syncOptions.autoSyncEnabled) this.#runs.abort(id, switchedOff(name), isOfAutoSync);
    this.#lookAfter(stored);
    return this.#show(stored);
  }

  /**
   * Deletes a record, when runs of it have ended: those of auto-sync are ended. With `removeSecrets`, what it wrote is
   * deleted first; when that fails, the record stays.
   *
   * @throws SecretSyncError `SYNC_NOT_FOUND`; what a removal throws.
   */
  async deleteSync(idOrName: string, given: DeleteOptions = {}): Promise<void> {
    const { removeSecrets = false, ...options } = parseServiceOptions('deleteSync', given);
    const { stored } = await this.#records.find(parseIdOrName(idOrName));
    const { id, name } = stored.definition;
    const hold = () => {
      const deletingUntil = this.#options.clock.now() + DELETION_MS;
      return this.#records.change(id, (current) =>
        current.createdAt === stored.createdAt ? { ...current, deletingUntil } : undefined,
      );
    };
    await hold();
    this.#autoSync.drop(id);
    this.#runs.abort(id, switchedOff(name));
    const onSucceeded = () => this.#catalog.remove(stored);
    const work = async () => {
      if (removeSecrets) await this.#run({ id, operation: 'remove', cause: 'deleted', options, onSucceeded });
      else await this.#releaseAndDelete(stored, options.signal);
    };
    try {
      await renewing(this.#options.clock, DELETION_MS / 3, hold, work);
    } catch (error) {
      const kept = await this.#records
        .change(id, (current) => ({ ...current, deletingUntil: null }))
        // It is kept from running for a time then, and no longer.
        .catch(() => undefined);
      if (kept !== undefined) this.#lookAfter(kept);
      throw error;
    }
  }

  /** Returns the destinations that definitions can name: the drivers of the engine. */
  listDestinations(): readonly DestinationInfo[] {
    return this.#options.engine.destinations.list();
  }

  /**
   * Returns what a connection can see at a destination, for a person to choose from.
   *
   * @throws SecretSyncError `UNKNOWN_DESTINATION`, `INVALID_OPTION`, `UNKNOWN_CONNECTION`, `CONNECTION_MISMATCH`, and what a
   * request can throw.
   */
  async discover(request: DiscoveryRequest, { signal }: CallSignal = {}): Promise<readonly NamedResource[]> {
    return this.#options.engine.destinations.discover(parseServiceOptions('discover', request), signal);
  }

  /**
   * Returns whether a record writes to a destination already. Sends nothing.
   *
   * @throws SecretSyncError what an engine throws for a definition.
   */
  async checkDestination(query: DestinationQuery): Promise<DestinationCheck> {
    const asked = parseServiceOptions('checkDestination', query);
    const listed = await this.#records.list();
    const loaded = await Promise.all(listed.map(({ load }) => load()));
    const stored = loaded.flatMap((found) => (found === undefined ? [] : [found.stored]));
    return checkDestination(this.#options.engine, stored, asked);
  }

  /** The dry run of a record's sync, import or removal, as an engine's `plan`. */
  async plan(idOrName: string, options: PlanCallOptions = {}): Promise<SyncPlan> {
    const call = parseCallOptions('plan', options);
    const { definition } = (await this.#records.find(parseIdOrName(idOrName))).stored;
    return this.#options.engine.plan(definition, call);
  }

  /** Runs a record's sync now, or when the run at its place has ended. Throws as an engine's `sync`. */
  async sync(idOrName: string, options: SyncCallOptions = {}): Promise<SyncResult> {
    const call = parseCallOptions('sync', options);
    return this.#run({ id: await this.#idOf(idOrName), operation: 'sync', cause: 'manual', options: call });
  }

  /** Imports the secrets of a record's destination into its source. Throws as an engine's `importSecrets`. */
  async importSecrets(idOrName: string, options: ImportCallOptions = {}): Promise<SyncResult> {
    const call = parseCallOptions('importSecrets', options);
    return this.#run({ id: await this.#idOf(idOrName), operation: 'import', cause: 'manual', options: call });
  }

  /**
   * Deletes what a record's sync wrote. Switch the sync off first: else its next run writes it again. Throws as an
   * engine's `removeSecrets`.
   */
  async removeSecrets(idOrName: string, options: RemoveCallOptions = {}): Promise<SyncResult> {
    const call = parseCallOptions('removeSecrets', options);
    return this.#run({ id: await this.#idOf(idOrName), operation: 'remove', cause: 'manual', options: call });
  }

  /**
   * Begins to run records when their source changes, and those that have to catch up. Resolves when the records were
   * read.
   *
   * @throws SecretSyncError when the store can't be read.
   */
  async start(): Promise<void> {
    if (this.#autoSync.isStarted) return;
    await this.#autoSync.start();
    for (const { load } of await this.#records.list()) {
      const stored = (await load().catch(() => undefined))?.stored;
      if (stored !== undefined) this.#lookAfter(stored);
    }
  }

  /**
   * Ends auto-sync: nothing new is begun, calls that wait for their turn reject with `SYNC_BUSY`, runs under way may end,
   * and are aborted after `timeout`. The service can be started again.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const { timeout = 30_000 } = parseServiceOptions('stop', options);
    this.#autoSync.stop();
    await this.#runs.drain(timeout);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Resolves when no run waits or is under way, and no change is being looked at. Retries that are due later don't count. */
  async whenIdle(): Promise<void> {
    return this.#activity.whenIdle();
  }

  #show(stored: StoredSync): SyncRecord {
    return structuredClone(recordOf(stored, this.#options.clock.now()));
  }

  async #idOf(idOrName: string): Promise<string> {
    return (await this.#records.find(parseIdOrName(idOrName))).stored.definition.id;
  }

  async #run(request: RunRequest): Promise<SyncResult> {
    const result = await this.#runs.run(request);
    if (result === undefined) throw syncNotFound(request.id);
    return result;
  }

  /**
   * Hands a record to auto-sync; where that has no business with it, starts the first run that it still waits for. Nobody
   * waits for that: its record and the events tell how it ends.
   */
  #lookAfter(stored: StoredSync): void {
    const isWanted = ({ definition, deletingUntil, runs }: StoredSync) =>
      definition.isEnabled &&
      runs.sync?.status === 'pending' &&
      (deletingUntil ?? 0) <= this.#options.clock.now();
    if (this.#autoSync.take(stored) || !isWanted(stored)) return;
    const { id } = stored.definition;
    this.#runs.run({ id, operation: 'sync', cause: 'created', isWanted }).catch(() => undefined);
  }

  async #releaseAndDelete(stored: StoredSync, caller: AbortSignal | undefined): Promise<void> {
    const { engine, emit } = this.#options;
    const { definition } = stored;
    const isReachable = await engine.inspect(definition).then(
      () => true,
      (error: unknown) => {
        if (!isSecretSyncError(error)) throw error;
        // A record must not outlive its connection only because that is gone.
        const { id: syncId, name } = definition;
        emit({ type: 'not-released', syncId, name, ...failureText(error) });
        return false;
      },
    );
    if (!isReachable) return this.#catalog.remove(stored);
    await this.#runs.inTurn(stored, caller, async (signal) => {
      await engine.release(definition, { signal });
      await this.#catalog.remove(stored);
    });
  }
}
