import type { DestinationEntry } from '../../contracts/destination.js';
import type { PlaceState, RememberedEntry } from '../../contracts/state-store.js';

/** What is remembered of a place, by key and kind. */
export interface Remembered {
  /** True when this sync was synced or imported here before. */
  knows(syncId: string): boolean;
  find(key: string, kind: string | undefined): RememberedEntry | undefined;
}

/** One text for a key and a kind: two never give the same. */
export const entryId = (key: string, kind: string | undefined): string => `${kind ?? ''}\u0000${key}`;

/** `canonical`: how the destination compares keys. */
export function indexState(state: PlaceState = {}, canonical = (key: string) => key): Remembered {
  const kinds = new Map<string | undefined, Map<string, RememberedEntry>>();
  for (const entry of state.entries ?? []) {
    let entries = kinds.get(entry.kind);
    if (entries === undefined) kinds.set(entry.kind, (entries = new Map<string, RememberedEntry>()));
    const id = canonical(entry.key);
    const known = entries.get(id);
    // Of two spellings of one key it must be the same one in any order.
    if (known === undefined || known.key <= entry.key) entries.set(id, entry);
  }
  const syncs = new Set((state.syncs ?? []).map((sync) => sync.syncId));
  return {
    knows: (syncId) => syncs.has(syncId),
    find: (key, kind) => kinds.get(kind)?.get(canonical(key)),
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
 * Whether an entry at this scope is something else than a value of ours. Another system's mark, or being an override,
 * does not count on an entry whose id is remembered, nor on one whose creation was begun and its end not recorded: we
 * made it.
 */
export function isFixed(entry: DestinationEntry, remembered: RememberedEntry | undefined): boolean {
  if (entry.fixed === undefined || entry.fixed === 'inherited') return false;
  const canBeOurs = entry.fixed === 'foreign-owner' || entry.fixed === 'override';
  if (!canBeOurs || remembered === undefined) return true;
  const isTheOne = entry.id !== undefined && remembered.id === entry.id;
  const isBegunByUs = remembered.id === undefined && remembered.pending !== undefined;
  return !isTheOne && !isBegunByUs;
}
