import { quote, quoteList } from '../../shared/text.js';
import type { StoredSync, TakenKeys } from './stored-sync.js';

/** How many keys a record names for each sync that took some of them. */
const MOST_KEYS = 20;

/** A record of whose keys another sync has written its own values. The next sync of it that succeeds clears that. */
export function withTakenKeys(
  stored: StoredSync,
  by: { readonly id: string; readonly name: string },
  keys: readonly string[],
): StoredSync {
  const before = stored.takenKeys.find(({ syncId }) => syncId === by.id);
  const all = [...new Set([...(before?.keys ?? []), ...keys])].sort();
  const taken: TakenKeys = {
    syncId: by.id,
    name: by.name,
    keys: all.slice(0, MOST_KEYS),
    hasMore: all.length > MOST_KEYS || before?.hasMore === true,
  };
  return { ...stored, takenKeys: [...stored.takenKeys.filter((other) => other !== before), taken] };
}

/** Why a record is not in sync although its last sync succeeded; `undefined` where no other sync took keys of it. */
export function takenMessage({ takenKeys }: Pick<StoredSync, 'takenKeys'>): string | undefined {
  if (takenKeys.length === 0) return undefined;
  const wrote = takenKeys.map(
    ({ name, keys, hasMore }) =>
      `the sync ${quote(name)} wrote its own value of ${quoteList(keys)}${hasMore ? ' and others' : ''}`,
  );
  return `Not in sync: ${wrote.join('; ')}. Give the syncs key schemas that do not overlap, or the same values, and sync again; it is not tried again by itself.`;
}
