import { quote, quoteList } from '../../shared/text.js';
import type { StoredSync, TakenKeys } from './stored-sync.js';

/** How many keys a record names for each sync that took some of them. */
const MOST_KEYS = 20;

/** What a record says of a sync that took keys of it. */
export const takenBy = ({ takenKeys }: StoredSync, syncId: string): TakenKeys | undefined =>
  takenKeys.find((taken) => taken.syncId === syncId);

/** A record that says this of a sync that took keys of it; `undefined`: nothing. */
export function withTaken(stored: StoredSync, syncId: string, taken: TakenKeys | undefined): StoredSync {
  const others = stored.takenKeys.filter((other) => other.syncId !== syncId);
  return { ...stored, takenKeys: taken === undefined ? others : [...others, taken] };
}

/** A record of whose keys another sync has written its own values. The next sync of it that succeeds clears that. */
export function withTakenKeys(
  stored: StoredSync,
  by: { readonly id: string; readonly name: string },
  keys: readonly string[],
): StoredSync {
  const before = takenBy(stored, by.id);
  const all = [...new Set([...(before?.keys ?? []), ...keys])].sort();
  return withTaken(stored, by.id, {
    syncId: by.id,
    name: by.name,
    keys: all.slice(0, MOST_KEYS),
    hasMore: all.length > MOST_KEYS || before?.hasMore === true,
    isLeft: before?.isLeft === true,
  });
}

/** Whether a record's keys hold the values of a sync that wants them no longer: only this one can set them right. */
export const hasLeftKeys = ({ takenKeys }: Pick<StoredSync, 'takenKeys'>): boolean =>
  takenKeys.some(({ isLeft }) => isLeft);

/** Why a record is not in sync although its last sync succeeded; `undefined` where no other sync took keys of it. */
export function takenMessage({ takenKeys }: Pick<StoredSync, 'takenKeys'>): string | undefined {
  if (takenKeys.length === 0) return undefined;
  const wrote = takenKeys.map(({ name, keys, hasMore, isLeft }) => {
    const left = isLeft ? ', which it wants no longer' : '';
    return `the sync ${quote(name)} wrote its own value of ${quoteList(keys)}${hasMore ? ' and others' : ''}${left}`;
  });
  const remedy = hasLeftKeys({ takenKeys })
    ? 'Sync again; auto-sync does so by itself.'
    : 'Give the syncs key schemas that do not overlap, or the same values, and sync again; it is not tried again by itself.';
  return `Not in sync: ${wrote.join('; ')}. ${remedy}`;
}
