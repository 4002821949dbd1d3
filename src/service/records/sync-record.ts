import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { SyncOptions } from '../../contracts/definition.js';
import type { Operation } from '../../contracts/plan.js';
import type { AnyDestinationDriver } from '../../contracts/typed-definition.js';
import type { SyncFilter } from '../call-options.js';
import { isTriedAgain } from '../runs/due.js';
import type { AskedRun, Deletion, RunState, RunStatus, StoredSync } from './stored-sync.js';
import { NO_RUN } from './stored-sync.js';
import { takenMessage } from './taken-keys.js';

/** A sync, as the service shows it: its definition, and how its last runs went. It holds no credentials. */
export interface SyncRecord<Destination extends string = string, Config = unknown> {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly isEnabled: boolean;
  /** Counts the changes of the definition, from 1. */
  readonly version: number;
  readonly folderId: string | null;
  readonly connectionId: string | null;
  /** ISO 8601, as all times here. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /**
   * `null` before the first run; `pending` where a run was asked for that has not begun; `failed` also where another sync has
   * written its own values of keys of this one since.
   */
  readonly syncStatus: RunStatus | null;
  /** The job that a run was asked for or begun with. */
  readonly lastSyncJobId: string | null;
  /** The `runId` of the last run in the events of the engine. */
  readonly lastSyncRunId: string | null;
  /** Why the last run failed, or what another sync has written since; `null` after one that succeeded. */
  readonly lastSyncMessage: string | null;
  /** When a run last succeeded. */
  readonly lastSyncedAt: string | null;
  /** When the last run, which failed, is tried again by itself; `null` where it is not. */
  readonly syncRetryAt: string | null;
  readonly importStatus: RunStatus | null;
  readonly lastImportJobId: string | null;
  readonly lastImportRunId: string | null;
  readonly lastImportMessage: string | null;
  readonly lastImportedAt: string | null;
  readonly removeStatus: RunStatus | null;
  readonly lastRemoveJobId: string | null;
  readonly lastRemoveRunId: string | null;
  readonly lastRemoveMessage: string | null;
  readonly lastRemovedAt: string | null;
  /** `running` while the record is being deleted; `failed` where the process that did so ended before: delete it again. */
  readonly deletionStatus: Deletion['status'] | null;
  readonly syncOptions: SyncOptions;
  readonly projectId: string | null;
  /** `null` where the driver's own credentials are used. `name` is that of the engine's connection
   *  when the definition was last changed. */
  readonly connection: { readonly app: string; readonly name: string | null; readonly id: string } | null;
  readonly environment: {
    readonly slug: string;
    readonly name: string | null;
    readonly id: string | null;
  } | null;
  readonly folder: { readonly id: string | null; readonly path: string } | null;
  readonly destination: Destination;
  readonly destinationConfig: Config;
}

type RecordOfDriver<Driver> = Driver extends AnyDestinationDriver
  ? SyncRecord<Driver['name'], StandardSchemaV1.InferOutput<Driver['configSchema']>>
  : never;

/**
 * A record of a service whose engine has these drivers: `destination` tells the type of `destinationConfig`. A record that
 * another service has saved, in the same store and for a driver that this one lacks, is shown as it is, too.
 */
export type SyncRecordFor<Drivers extends readonly AnyDestinationDriver[]> = RecordOfDriver<Drivers[number]>;

const LAPSED =
  'The run did not end: its process was stopped, or lost its connection to the store. What it had written is remembered; run again.';

const released = (asked: AskedRun | null): AskedRun | null => asked && { ...asked, isTaken: false };

function lapsedRun(run: RunState | null): RunState | null {
  if (run?.status !== 'running') return run;
  return { ...run, status: 'failed', message: LAPSED, failure: null, asked: released(run.asked) };
}

/** A record whose process has not renewed it for the length of a lease: its run, or its deletion, failed. */
export function lapsed(stored: StoredSync): StoredSync {
  const { sync, import: imported, remove } = stored.runs;
  const isUnderWay = [sync, imported, remove].some((run) => run?.status === 'running');
  if (!isUnderWay && stored.deletion?.status !== 'running') return stored;
  return {
    ...stored,
    deletion: stored.deletion && { ...stored.deletion, status: 'failed' },
    runs: { sync: lapsedRun(sync), import: lapsedRun(imported), remove: lapsedRun(remove) },
  };
}

/** Where a record is, once it is at this place, and where it was before. */
export function atPlace(
  stored: StoredSync,
  place: string,
): Pick<StoredSync, 'place' | 'formerPlaces' | 'heldPlaces'> {
  const { formerPlaces, heldPlaces } = stored;
  if (stored.place === place) return { place, formerPlaces, heldPlaces };
  const left = (places: readonly string[]) =>
    [...new Set([...places, stored.place])].filter((other) => other !== place);
  return { place, formerPlaces: left(formerPlaces), heldPlaces: left(heldPlaces) };
}

/** Whether what a record's sync wrote was deleted after it was last synced. */
export function wasRemoved({ runs: { sync, remove } }: StoredSync): boolean {
  // Of what never succeeded it is NaN, to which nothing compares.
  const endOf = (run: typeof sync): number => Date.parse(run?.succeededAt ?? '');
  return endOf(remove) >= endOf(sync);
}

/** A record with something new about a run of it. */
export const withRun = (stored: StoredSync, operation: Operation, run: Partial<RunState>): StoredSync => ({
  ...stored,
  runs: { ...stored.runs, [operation]: { ...(stored.runs[operation] ?? NO_RUN), ...run } },
});

/**
 * A record that a run is asked for. One that is in progress is shown until it has ended. What was asked for before and has not
 * begun is done with it; of two imports, only the one that was asked for last.
 */
export function withAsked(stored: StoredSync, operation: Operation, asked: AskedRun): StoredSync {
  const run = stored.runs[operation];
  const isRunning = run?.status === 'running';
  const before = operation === 'import' || run?.asked?.isTaken !== false ? {} : run.asked.options;
  return withRun(stored, operation, {
    asked: { ...asked, options: { ...before, ...asked.options } },
    failure: null,
    ...(!isRunning && { status: 'pending', jobId: asked.jobId, message: null }),
  });
}

/** What is still asked for after a run; it is `isDone` where what it was begun for is not to be tried again. */
export function afterRun(run: RunState | null, isDone: boolean): Pick<RunState, 'asked'> {
  const asked = run?.asked ?? null;
  return { asked: asked?.isTaken === true && isDone ? null : released(asked) };
}

/** A record that says that its source is out of reach; `undefined` where it does already, or a run will say more. */
export function withOutage(stored: StoredSync, message: string): StoredSync | undefined {
  const { sync } = stored.runs;
  if (sync?.status === 'running' || (sync?.status === 'failed' && sync.message === message)) return undefined;
  // It is run as soon as the source can be read.
  const failure = { digest: null, attempts: 0, retryAt: null };
  return withRun(stored, 'sync', { status: 'failed', message, failure });
}

function shownRun(run: RunState | null) {
  const isAskedAgain = run?.status === 'running' && run.asked?.isTaken === false;
  return {
    status: isAskedAgain ? ('pending' as const) : (run?.status ?? null),
    jobId: (isAskedAgain ? run.asked?.jobId : run?.jobId) ?? null,
    runId: run?.runId ?? null,
    message: run?.message ?? null,
    succeededAt: run?.succeededAt ?? null,
  };
}

/** What is shown of the last sync: it failed, too, where what it wrote is there no longer. */
function shownSync(stored: StoredSync) {
  const shown = shownRun(stored.runs.sync);
  const message = takenMessage(stored);
  if (message === undefined || shown.status !== 'succeeded') return shown;
  return { ...shown, status: 'failed' as const, message };
}

/** What is shown of a stored record. */
export function recordOf(stored: StoredSync): SyncRecord {
  const { definition, described, runs, version, createdAt, updatedAt } = stored;
  const { connectionId, environment, secretPath } = definition;
  const [sync, imported, remove] = [shownSync(stored), shownRun(runs.import), shownRun(runs.remove)];
  return {
    id: definition.id,
    name: definition.name,
    description: definition.description ?? null,
    isEnabled: definition.isEnabled,
    version,
    folderId: described?.folder?.id ?? null,
    connectionId: connectionId ?? null,
    createdAt,
    updatedAt,
    syncStatus: sync.status,
    lastSyncJobId: sync.jobId,
    lastSyncRunId: sync.runId,
    lastSyncMessage: sync.message,
    lastSyncedAt: sync.succeededAt,
    syncRetryAt: isTriedAgain(stored, 'sync') ? (runs.sync?.failure?.retryAt ?? null) : null,
    importStatus: imported.status,
    lastImportJobId: imported.jobId,
    lastImportRunId: imported.runId,
    lastImportMessage: imported.message,
    lastImportedAt: imported.succeededAt,
    removeStatus: remove.status,
    lastRemoveJobId: remove.jobId,
    lastRemoveRunId: remove.runId,
    lastRemoveMessage: remove.message,
    lastRemovedAt: remove.succeededAt,
    deletionStatus: stored.deletion?.status ?? null,
    syncOptions: definition.syncOptions,
    projectId: definition.projectId ?? null,
    connection:
      connectionId === undefined
        ? null
        : { app: definition.destination, name: stored.connectionName, id: connectionId },
    environment:
      described?.environment ??
      (environment === undefined ? null : { slug: environment, name: null, id: null }),
    folder: described?.folder ?? (secretPath === undefined ? null : { id: null, path: secretPath }),
    destination: definition.destination,
    destinationConfig: definition.destinationConfig,
  };
}

/** Whether a record fits a filter; what the filter leaves out fits. */
export const fits = ({ projectId, destination, connectionId }: SyncRecord, filter: SyncFilter): boolean =>
  (filter.projectId ?? projectId) === projectId &&
  (filter.destination ?? destination) === destination &&
  (filter.connectionId ?? connectionId) === connectionId;
