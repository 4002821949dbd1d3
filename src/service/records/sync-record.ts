import type { SyncOptions } from '../../contracts/definition.js';
import type { Operation } from '../../contracts/plan.js';
import type { RunState, RunStatus, StoredSync } from './stored-sync.js';

/** A sync, as the service shows it: its definition, and how its last runs went. It holds no credentials. */
export interface SyncRecord {
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
  /** `null` before the first run. */
  readonly syncStatus: RunStatus | null;
  readonly lastSyncJobId: string | null;
  /** Why the last run failed; `null` after one that succeeded. */
  readonly lastSyncMessage: string | null;
  /** When a run last succeeded. */
  readonly lastSyncedAt: string | null;
  readonly importStatus: RunStatus | null;
  readonly lastImportJobId: string | null;
  readonly lastImportMessage: string | null;
  readonly lastImportedAt: string | null;
  readonly removeStatus: RunStatus | null;
  readonly lastRemoveJobId: string | null;
  readonly lastRemoveMessage: string | null;
  readonly lastRemovedAt: string | null;
  readonly syncOptions: SyncOptions;
  readonly projectId: string | null;
  /** `null` where the driver's own credentials are used. `name` is not known to this library. */
  readonly connection: { readonly app: string; readonly name: string | null; readonly id: string } | null;
  readonly environment: {
    readonly slug: string;
    readonly name: string | null;
    readonly id: string | null;
  } | null;
  readonly folder: { readonly id: string | null; readonly path: string } | null;
  readonly destination: string;
  readonly destinationConfig: unknown;
}

const LAPSED =
  'The run did not end: its process was stopped, or lost its connection to the store. What it had written is remembered; run again.';

function settledRun(run: RunState | null, now: number): RunState | null {
  if (run?.status !== 'running' || (run.runningUntil ?? 0) > now) return run;
  return { ...run, status: 'failed', message: LAPSED, runningUntil: null };
}

/** A record in which a run whose lease has ended counts as failed. */
export function settled(stored: StoredSync, now: number): StoredSync {
  const { sync, import: imported, remove } = stored.runs;
  return {
    ...stored,
    runs: {
      sync: settledRun(sync, now),
      import: settledRun(imported, now),
      remove: settledRun(remove, now),
    },
  };
}

/** A record with something new about a run of it. */
export const withRun = (stored: StoredSync, operation: Operation, run: Partial<RunState>): StoredSync => ({
  ...stored,
  runs: {
    ...stored.runs,
    [operation]: {
      ...(stored.runs[operation] ?? { status: 'pending', jobId: null, message: null, succeededAt: null }),
      runningUntil: null,
      ...run,
    },
  },
});

/** A record that says that its source is out of reach; `undefined` where it does already, or a run will say more. */
export function withOutage(stored: StoredSync, message: string): StoredSync | undefined {
  const { sync } = stored.runs;
  if (sync?.status === 'running' || (sync?.status === 'failed' && sync.message === message)) return undefined;
  return withRun(stored, 'sync', { status: 'failed', message });
}

/** What is shown of a stored record. */
export function recordOf(stored: StoredSync, now: number): SyncRecord {
  const { definition, described, runs, version, createdAt, updatedAt } = settled(stored, now);
  const { connectionId, environment, secretPath } = definition;
  const { sync, import: imported, remove } = runs;
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
    syncStatus: sync?.status ?? null,
    lastSyncJobId: sync?.jobId ?? null,
    lastSyncMessage: sync?.message ?? null,
    lastSyncedAt: sync?.succeededAt ?? null,
    importStatus: imported?.status ?? null,
    lastImportJobId: imported?.jobId ?? null,
    lastImportMessage: imported?.message ?? null,
    lastImportedAt: imported?.succeededAt ?? null,
    removeStatus: remove?.status ?? null,
    lastRemoveJobId: remove?.jobId ?? null,
    lastRemoveMessage: remove?.message ?? null,
    lastRemovedAt: remove?.succeededAt ?? null,
    syncOptions: definition.syncOptions,
    projectId: definition.projectId ?? null,
    connection:
      connectionId === undefined ? null : { app: definition.destination, name: null, id: connectionId },
    environment:
      described?.environment ??
      (environment === undefined ? null : { slug: environment, name: null, id: null }),
    folder: described?.folder ?? (secretPath === undefined ? null : { id: null, path: secretPath }),
    destination: definition.destination,
    destinationConfig: definition.destinationConfig,
  };
}
