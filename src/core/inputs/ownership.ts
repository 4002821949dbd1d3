import type { DestinationEntry } from '../../contracts/destination.js';
import type { PlaceState, RememberedEntry } from '../../contracts/state-store.js';
import type { KeySchema } from '../definition/key-schema.js';
import { createKeyIndex } from './key-index.js';

/** What is remembered of a place: which syncs were here, and who owns and wants each key. */
export interface Ownership {
  /** True when this sync was synced or imported here before. */
  readonly knows: (syncId: string) => boolean;
  readonly find: (key: string, kind: string | undefined) => RememberedEntry | undefined;
  readonly entries: () => readonly RememberedEntry[];
  readonly remember: (entry: RememberedEntry) => void;
  readonly forget: (key: string, kind: string | undefined) => void;
}

/** One string for a key and a kind: two never give the same. */
export const entryId = (key: string, kind: string | undefined): string => `${kind ?? ''}\u0000${key}`;

/** Indexes a state. `canonical` is how the destination compares keys. */
export function indexState(state: PlaceState = {}, canonical = (key: string) => key): Ownership {
  const index = createKeyIndex(canonical, state.entries);
  const syncs = new Set((state.syncs ?? []).map((sync) => sync.syncId));
  return {
    knows: (syncId) => syncs.has(syncId),
    find: index.get,
    entries: index.values,
    remember: index.set,
    forget: index.delete,
  };
}

/**
 * Whether a sync wrote or adopted an entry, no other sync did, and it is still the entry that is remembered.
 *
 * | remembered | owned |
 * |---|---|
 * | nothing, or another sync's | no |
 * | a write of another sync that was begun | no: it counts for both, and for neither alone |
 * | a create that was begun, of an entry that can be read and that nothing shows to be the one | no: a person can have created it in the meantime |
 * | a create that was begun, of an entry that can't be read | yes: a crash must not leave a key without an owner |
 * | another id than the entry has | no: it was deleted and created again by someone else |
 * | otherwise | yes |
 */
export function ownedBy(
  remembered: RememberedEntry | undefined,
  syncId: string,
  entry?: DestinationEntry,
): boolean {
  if (remembered === undefined || ownedByOther(remembered, syncId)) return false;
  if (remembered.pending?.action === 'create' && entry?.value !== undefined) return false;
  return remembered.id === undefined || entry?.id === undefined || remembered.id === entry.id;
}

/** Whether a sync other than this one wrote or adopted it, or may have. */
export function ownedByOther(remembered: RememberedEntry | undefined, syncId: string): boolean {
  if (remembered === undefined) return false;
  return remembered.syncId !== syncId || (remembered.pending?.syncId ?? syncId) !== syncId;
}

/**
 * Whether a key schema matches an entry, in its own spelling or in the one that is remembered: a destination that compares
 * keys in its own way can show a key in another spelling than the one in which it was written.
 */
export const isMatched = (
  { match }: Pick<KeySchema, 'match'>,
  entry: Pick<DestinationEntry, 'key'>,
  remembered: RememberedEntry | undefined,
): boolean => match(entry.key) || (remembered !== undefined && match(remembered.key));

/** Whether a write of this sync was begun here and its end is not known. */
export const isBegunBy = (remembered: RememberedEntry | undefined, syncId: string): boolean =>
  remembered?.pending?.syncId === syncId;

/** The parts of a source that what exists can have come from: that of what was written last, and of what was begun since. */
export function partsOf(remembered: RememberedEntry | undefined): readonly string[] {
  const parts = new Set([remembered?.part, remembered?.pending?.part]);
  return [...parts].filter((part) => part !== undefined);
}

/** Who holds a key beside its owner, in the form in which that is remembered; without the fields that hold nothing. */
export function asHolders(
  holders: Iterable<string>,
  parts: ReadonlyMap<string, string>,
): Pick<RememberedEntry, 'holders' | 'holderParts'> {
  const sorted = [...new Set(holders)].sort();
  const holderParts = sorted.flatMap((syncId) => {
    const part = parts.get(syncId);
    return part === undefined ? [] : [[syncId, part] as const];
  });
  return {
    ...(sorted.length === 0 ? {} : { holders: sorted }),
    ...(holderParts.length === 0 ? {} : { holderParts }),
  };
}

/** The parts of their sources that the values of an entry's owner and holders came from. */
export const partsBySync = ({ syncId, part, holderParts }: RememberedEntry): Map<string, string> =>
  new Map([...(holderParts ?? []), ...(part === undefined ? [] : [[syncId, part] as const])]);

/** The syncs that want a key beside the one that writes it: the holders, and who owned it before. */
export function holdersBeside(
  syncId: string,
  known: RememberedEntry | undefined,
): Pick<RememberedEntry, 'holders' | 'holderParts'> {
  if (known === undefined) return {};
  const others = [known.syncId, ...(known.holders ?? [])].filter((holder) => holder !== syncId);
  return asHolders(others, partsBySync(known));
}

/** An entry of another sync that this one wants, too, with a value from this part of its source. */
export function heldBy(entry: RememberedEntry, syncId: string, part?: string): RememberedEntry {
  const { holders = [], holderParts: _, ...rest } = entry;
  const parts = partsBySync(entry);
  if (part === undefined) parts.delete(syncId);
  else parts.set(syncId, part);
  return { ...rest, ...asHolders([...holders, syncId], parts) };
}

/** The syncs beside this one that want the key, as of their last runs; the owner is not among them. */
export const otherHolders = (remembered: RememberedEntry | undefined, syncId: string): readonly string[] =>
  remembered?.holders?.filter((holder) => holder !== syncId) ?? [];

/** Whether a sync owns, holds or has begun to write an entry. */
export const isInvolved = (entry: RememberedEntry, syncId: string): boolean =>
  entry.syncId === syncId || isBegunBy(entry, syncId) || entry.holders?.includes(syncId) === true;

/**
 * Whether an entry at this scope is something else than a value of ours. Another system's mark, or being an override,
 * does not count on an entry whose id is remembered, nor, for the sync that began to create it, on one whose creation was
 * not recorded: we made it.
 */
export function isFixed(
  entry: DestinationEntry,
  remembered: RememberedEntry | undefined,
  syncId: string,
): boolean {
  if (entry.fixed === undefined || entry.fixed === 'inherited') return false;
  const canBeOurs = entry.fixed === 'foreign-owner' || entry.fixed === 'override';
  if (!canBeOurs || remembered === undefined) return true;
  const isTheOne = entry.id !== undefined && remembered.id === entry.id;
  const isBegunByUs = remembered.id === undefined && isBegunBy(remembered, syncId);
  return !isTheOne && !isBegunByUs;
}
