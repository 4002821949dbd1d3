import { crossSyncConflict } from '../../core/definition/key-schema-overlap.js';
import type { InspectedSync } from '../../engine/port.js';
import { contextOfSync, errorFromProblems } from '../../shared/problems.js';
import { quote } from '../../shared/text.js';
import type { ServiceEvent } from '../events.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { RecordStore } from './record-store.js';
import type { StoredSync } from './stored-sync.js';

export type CrossSyncConflict = Extract<ServiceEvent, { readonly type: 'cross-sync-conflict' }>;

/** The other records, as far as they must be known: where a conflict is only warned of, a damaged one is reported. */
async function otherRecords(
  { crossSyncCheck }: ResolvedServiceOptions,
  records: RecordStore,
  id: string,
): Promise<readonly StoredSync[]> {
  const loaded = await (crossSyncCheck === 'refuse' ? records.undamaged() : records.readable());
  return loaded.map(({ stored }) => stored).filter(({ definition }) => definition.id !== id);
}

/**
 * Checks that no other record can match the same keys at the same place. Returns the conflicts to warn of, once the record
 * is saved.
 *
 * @throws SecretSyncError `CROSS_SYNC_CONFLICT` where `crossSyncCheck` is `refuse`.
 */
export async function checkOthers(
  options: ResolvedServiceOptions,
  records: RecordStore,
  { definition, place }: InspectedSync,
): Promise<readonly CrossSyncConflict[]> {
  if (options.crossSyncCheck === 'off') return [];
  const { id: syncId, name } = definition;
  const conflicts = (await otherRecords(options, records, syncId)).flatMap((other): CrossSyncConflict[] => {
    if (other.place !== place) return [];
    const { id: otherId, name: otherName, environment, syncOptions } = other.definition;
    const key = crossSyncConflict(
      { keySchema: definition.syncOptions.keySchema, environment: definition.environment },
      { keySchema: syncOptions.keySchema, environment },
    );
    if (key === undefined) return [];
    const message = `the sync ${quote(otherName)} writes to ${quote(place)} too, and both can match keys such as ${quote(key)}; give both key schemas that do not overlap`;
    return [{ type: 'cross-sync-conflict', syncId, name, otherId, otherName, place, key, message }];
  });
  if (options.crossSyncCheck === 'warn' || conflicts.length === 0) return conflicts;
  const problems = conflicts.map(
    ({ message }) => ({ code: 'CROSS_SYNC_CONFLICT', path: 'syncOptions.keySchema', message }) as const,
  );
  throw errorFromProblems(
    'CROSS_SYNC_CONFLICT',
    'Syncs would write the same keys',
    problems,
    contextOfSync({ definition, place }),
  );
}
