import type { ResolvedServiceOptions } from '../options.js';
import type { RecordStore } from './record-store.js';
import type { StoredSync } from './stored-sync.js';

/**
 * Hands over, at the places that a record pointed to before, what other syncs want there too: as nothing is run there for it
 * any more, its hold would keep these keys for ever. What fails is tried again after the next run.
 */
export async function leaveFormerPlaces(
  { port }: ResolvedServiceOptions,
  records: RecordStore,
  { definition: { id: syncId }, heldPlaces }: StoredSync,
  signal: AbortSignal,
): Promise<void> {
  for (const place of heldPlaces) {
    const leave = async () => {
      await port.release({ syncId, place }, { signal, keepsOwn: true });
      await records.change(syncId, (stored) => ({
        ...stored,
        heldPlaces: stored.heldPlaces.filter((held) => held !== place),
      }));
    };
    await leave().catch(() => undefined);
  }
}
