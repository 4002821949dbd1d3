import type { DestinationEntry } from '../contracts/destination.js';
import type { PlaceState, RememberedEntry } from '../contracts/state-store.js';

/** What is remembered of a place, by key and kind. */
export interface Remembered {
  /** True when this sync was synced or imported here before. */
  knows(syncId: string): boolean;
  find(key: string, kind: string | undefined): RememberedEntry | undefined;
}

/** One text for a key and a kind: two never give the same. */
export const entryId = (key: string, kind: string | undefined): string => `${kind ?? ''}\u0000${key}`;

export function indexState(state: PlaceState = {}): Remembered {
  const entries = new Map((state.entries ?? []).map((entry) => [entryId(entry.key, entry.kind), entry]));
  const syncs = new Set((state.syncs ?? []).map((sync) => sync.syncId));
  return {
    knows: (syncId) => syncs.has(syncId),
    find: (key, kind) => entries.get(entryId(key, kind)),
  };
}

/**
 * Whether a sync wrote or adopted an entry, nobody else did, and it is still the entry that is remembered. A write
 * whose end is unknown counts for both: who began it, and who owned the key before.
 */
export function ownedBy(
  remembered: RememberedEntry | undefined,
  syncId: string,
  entry?: DestinationEntry,
): boolean {
  if (remembered === undefined || ownedByOther(remembered, syncId)) return false;
  return remembered.id === undefined || entry?.id === undefined || remembered.id === entry.id;
}

/** Whether a sync other than this one wrote or adopted it, or may have. */
export function ownedByOther(remembered: RememberedEntry | undefined, syncId: string): boolean {
  if (remembered === undefined) return false;
  return remembered.syncId !== syncId || (remembered.pending?.syncId ?? syncId) !== syncId;
}

/**
 * Whether an entry at this scope is something else than a plain value of ours. Another system's mark does not count
 * on an entry whose id is remembered: we made it.
 */
export function isFixed(entry: DestinationEntry, remembered: RememberedEntry | undefined): boolean {
  if (entry.fixed === undefined || entry.fixed === 'inherited') return false;
  return !(entry.fixed === 'foreign-owner' && entry.id !== undefined && remembered?.id === entry.id);
}
