import type { DestinationEntry, WriteChange } from '../../contracts/destination.js';
import type { SecretSyncError } from '../../contracts/errors.js';
import { isInherited } from '../../core/inputs/destination-index.js';
import { holds } from '../../core/key-decision.js';
import { retell } from '../../shared/problems.js';

/** What becomes of a write after the place was read again. */
export type SecondLook =
  /** It is there, or gone, as it was to be. */
  | { readonly end: 'applied'; readonly entry?: DestinationEntry }
  | { readonly end: 'failed'; readonly error: SecretSyncError }
  /** It is written once more. `open`: should that fail, whether the first write was carried out can't be seen. */
  | { readonly end: 'again'; readonly change: WriteChange; readonly open: boolean };

const isSameEntry = (entry: DestinationEntry, before: DestinationEntry): boolean =>
  entry.kind === before.kind && (entry.id === undefined || before.id === undefined || entry.id === before.id);

/** What is in the way of a key, as a sentence. */
function obstacle(entries: readonly DestinationEntry[]): string | undefined {
  const [here] = entries.filter((entry) => !isInherited(entry));
  if (here !== undefined) {
    const what =
      here.fixed === 'foreign-owner'
        ? 'and belongs to another system'
        : `as ${here.fixed ?? here.kind ?? 'another kind'}`;
    return `An entry of that key exists here ${what}; remove it there, or rename the key.`;
  }
  const blocks = entries.find((entry) => entry.blocks !== undefined)?.blocks;
  return blocks === undefined ? undefined : `${blocks}; remove it there, or rename the key.`;
}

/**
 * Decides about a write of which its driver could not say how it ended, from what is found under its key afterward.
 * "Ours": of the kind that was to be written and plain, or the entry that was decided on; after a write that may have
 * been carried out, also one that another system's mark or being an override would make someone else's, where nothing
 * was before.
 *
 * | change | found | |
 * |---|---|---|
 * | delete | the entry is gone | applied |
 * | delete, replace | the entry is still there; surely not written | failed |
 * | delete, replace | the entry is still there | again |
 * | create, update, replace | ours, readable, with the wanted value | applied |
 * | update | ours and the same as before; surely not written | failed |
 * | create, update, replace | ours | again, as an update of it |
 * | create, update, replace | another entry at this scope | failed, saying what |
 * | create | a key of a higher scope that blocks it | failed, saying where |
 * | create | a key of a higher scope that does not | again: the driver knows of it now |
 * | create | nothing; surely not written | failed |
 * | create, update, replace | nothing | again, as a create |
 */
export function secondLook(
  change: WriteChange,
  error: SecretSyncError,
  entries: readonly DestinationEntry[],
): SecondLook {
  const { action, kind, value, entry: before } = change;
  const isOpen = error.maybeWritten === true;
  const failed = (after?: string): SecondLook => ({
    end: 'failed',
    error: after === undefined ? error : retell(error, { after, maybeWritten: false }),
  });
  const here = entries.filter((entry) => !isInherited(entry));
  const same = before === undefined ? undefined : here.find((entry) => isSameEntry(entry, before));
  if (action === 'delete' || (action === 'replace' && same !== undefined)) {
    if (same === undefined) return { end: 'applied' };
    return isOpen ? { end: 'again', change: { ...change, entry: same }, open: false } : failed();
  }
  const { entry: _, ...rest } = change;
  const ours =
    same ??
    here.find(({ kind: found, fixed }) => {
      const isMade = isOpen && action !== 'update' && (fixed === 'foreign-owner' || fixed === 'override');
      return found === kind && (fixed === undefined || isMade);
    });
  if (ours !== undefined) {
    if (value !== undefined && holds(ours, value)) return { end: 'applied', entry: ours };
    if (ours === same && !isOpen) return failed();
    const open = isOpen && ours.value === undefined;
    return { end: 'again', change: { ...rest, action: 'update', entry: ours }, open };
  }
  const inTheWay = obstacle(entries);
  if (inTheWay !== undefined) return failed(inTheWay);
  const isRefusedForNothing = action === 'create' && !isOpen && entries.length === 0;
  return isRefusedForNothing
    ? failed()
    : { end: 'again', change: { ...rest, action: 'create' }, open: false };
}
