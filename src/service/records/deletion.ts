import { isSecretSyncError } from '../../contracts/errors.js';
import { renewing } from '../../shared/async.js';
import type { DeleteOptions } from '../call-options.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { LocalRuns } from '../runs/local-runs.js';
import { assertSucceeded } from '../runs/run-end.js';
import { TakenKeysNotes } from '../runs/note-taken-keys.js';
import { jobOf } from '../runs/sync-job.js';
import { RENEW_MS } from './liveness.js';
import type { RecordEditor } from './record-editor.js';
import type { RecordStore } from './record-store.js';
import type { StoredSync } from './stored-sync.js';

interface DeletionParts {
  readonly options: ResolvedServiceOptions;
  readonly records: RecordStore;
  readonly editor: RecordEditor;
  readonly runs: LocalRuns;
  /** Ends what is done by itself for the record. */
  readonly letGo: (stored: StoredSync) => void;
  /** Takes a record up again whose deletion failed. */
  readonly takeBack: (stored: StoredSync) => void;
  /** Called with a record that the deletion has made due. */
  readonly onDue: (stored: StoredSync) => void;
}

/**
 * Deletes a record. It shows that it is being deleted, so that no process begins a run of it; what it owns is released, and it is
 * removed, while the lease on its place is held: what waits for that lease finds no record any more.
 */
export async function deleteRecord(
  parts: DeletionParts,
  idOrName: string,
  { removeSecrets = false, ...call }: DeleteOptions,
): Promise<void> {
  const { options, records, runs, letGo, takeBack } = parts;
  const { stored } = await findToDelete(parts, idOrName);
  if (stored === undefined) return;
  const { id } = stored.definition;
  const deletion = { id: globalThis.crypto.randomUUID(), status: 'running' } as const;
  const hold = () =>
    records.change(id, (current) =>
      current.createdAt === stored.createdAt ? { ...current, deletion } : undefined,
    );
  await hold();
  letGo(stored);
  const job = jobOf(id, 'remove', 'deleted', { options: { confirmDeletions: call.confirmDeletions } });
  const former = createFormerPlaces(parts, id);
  const onSucceeded = async (place: string) => {
    await former.releaseRest(place, call.signal);
    await parts.editor.remove(stored);
  };
  const work = async () => {
    if (removeSecrets) {
      const { signal } = call;
      const end = await runs.run(job, { isAwaited: true, signal, before: former.release, onSucceeded });
      assertSucceeded(end, id);
      return;
    }
    await runs.inTurn(job, call.signal, async (signal, current) => {
      const { place } = current;
      await former.release(signal, current);
      const onReleased = async () => {
        await leaveTaken(parts, id);
        await onSucceeded(place);
      };
      await options.port.release({ syncId: id, place }, { signal, onReleased });
    });
  };
  try {
    await renewing(options.clock, RENEW_MS, hold, work);
  } catch (error) {
    const kept = await records
      .change(id, (current) =>
        current.deletion?.id === deletion.id ? { ...current, deletion: null } : undefined,
      )
      // It is kept from running for the length of a lease then, and no longer.
      .catch(() => undefined);
    if (kept !== undefined) takeBack(kept.stored);
    throw error;
  }
}

/** Finds a record; one that can't be read is removed as it is. */
async function findToDelete(
  { records, editor }: DeletionParts,
  idOrName: string,
): Promise<{ readonly stored?: StoredSync }> {
  try {
    return await records.find(idOrName);
  } catch (error) {
    if (!isSecretSyncError(error, 'STATE_UNREADABLE') || !(await editor.removeDamaged(idOrName))) throw error;
    return {};
  }
}

/** Makes the records due whose keys this one has written: it wants them no longer. */
async function leaveTaken({ options, records, onDue }: DeletionParts, id: string): Promise<void> {
  const own = (await records.read(id))?.stored;
  if (own !== undefined) await new TakenKeysNotes({ options, records, own, onDue }).leave(undefined);
}

/** Forgets what a sync owns at the places that it pointed to before, each once. */
function createFormerPlaces({ options, records }: DeletionParts, syncId: string) {
  const released = new Set<string>();
  const release = async (signal: AbortSignal | undefined, { formerPlaces }: StoredSync): Promise<void> => {
    for (const place of formerPlaces) {
      if (released.has(place)) continue;
      await options.port.release({ syncId, place }, { signal });
      released.add(place);
    }
  };
  return {
    /** Those of the record as it is when it has its turn. */
    release,
    /** Those that the record was moved from since, by a person or by its connection; but for the one in hand. */
    async releaseRest(inHand: string, signal: AbortSignal | undefined): Promise<void> {
      released.add(inHand);
      const current = (await records.read(syncId))?.stored;
      if (current !== undefined) await release(signal, current);
    },
  };
}
