import type { SyncResult } from '../../contracts/result.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { RecordStore } from '../records/record-store.js';
import type { StoredSync } from '../records/stored-sync.js';
import { takenMessage, withTakenKeys } from '../records/taken-keys.js';

/** The keys that a run wrote although another sync wants them with its own values, for each such sync. */
function keysTakenBy({ plan, outcomes }: SyncResult): ReadonlyMap<string, readonly string[]> {
  const applied = new Set(outcomes.filter(({ status }) => status === 'applied').map(({ key }) => key));
  const taken = new Map<string, string[]>();
  for (const { code, key, syncId } of plan.warnings) {
    if (code !== 'OWNED_BY_OTHER_SYNC' || key === undefined || syncId === undefined) continue;
    if (applied.has(key)) taken.set(syncId, [...(taken.get(syncId) ?? []), key]);
  }
  return taken;
}

/**
 * Whether a run may have written what another sync does not want. Not where it restored, for the same content of its source,
 * what was in sync before: of that sync its record says what it said.
 */
const mayDiffer = (own: StoredSync, syncId: string, { sourceDigest }: SyncResult): boolean =>
  own.sourceDigest === null ||
  own.sourceDigest !== sourceDigest ||
  own.takenKeys.some((taken) => taken.syncId === syncId);

/**
 * Notes in the records whose keys a run has taken over that they are no longer in sync, and tells of it. Called while the run
 * holds the lease on its place, so that none of them is synced there at the same time. `own`: the record of the run, as it was
 * when that began.
 */
export async function noteTakenKeys(
  { emit }: ResolvedServiceOptions,
  records: RecordStore,
  own: StoredSync,
  result: SyncResult,
): Promise<void> {
  const { id: otherId, name: otherName } = own.definition;
  const { place } = result.plan;
  for (const [syncId, keys] of keysTakenBy(result)) {
    if (!mayDiffer(own, syncId, result)) continue;
    const change = (current: StoredSync) =>
      current.place === place ? withTakenKeys(current, { id: otherId, name: otherName }, keys) : undefined;
    const stored = (await records.change(syncId, change))?.stored;
    const message = stored?.place === place ? takenMessage(stored) : undefined;
    if (stored === undefined || message === undefined) continue;
    const { name } = stored.definition;
    emit({ type: 'keys-taken-over', syncId, name, otherId, otherName, place, keys, message });
  }
}
