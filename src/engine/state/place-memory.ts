import type { DestinationEntry, Facts } from '../../contracts/destination.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { PlaceDocument, RememberedEntry, RememberedSync } from '../../contracts/state-store.js';
import { createKeyIndex } from '../../core/inputs/key-index.js';
import { asHolders, isInvolved, partsBySync, type Ownership } from '../../core/inputs/ownership.js';
import { isInherited } from '../../core/inputs/destination-index.js';
import type { Step } from '../../core/step.js';
import { forEachInTurns, sortInTurns, type Turns } from '../../shared/turns/turns.js';
import { byText, compareText } from '../../shared/text.js';

const MAX_FACTS = 32;
const MAX_FACT_LENGTH = 1024;

/** What a sync's run found and decided, by which its memory is pruned. */
export interface PruningRun {
  /** What exists at the place. */
  readonly entries: readonly DestinationEntry[];
  readonly steps: readonly Step[];
  /** Whether a key that came from this part of the source, and of which nothing was decided, is certainly not wanted. */
  readonly isSourceCertain: (part: string | undefined) => boolean;
}

/** What is remembered of a place while a run works on it. Nothing here does I/O; the repository loads and saves it. */
export interface PlaceMemory extends Ownership {
  readonly facts: Facts;
  /**
   * Forgets all of a sync: its entries, its begun writes, and that it was ever here. A key that another sync wants
   * is that sync's from then on.
   */
  forgetSync(syncId: string): void;
  /** Hands over what other syncs want too, of a sync that writes elsewhere by now; what it alone wrote stays its own. */
  handOver(syncId: string): void;
  /** Remembers that the first sync was done; keeps an earlier time. */
  markImported(syncId: string, at: string): void;
  /**
   * Forgets what a sync remembers of keys that do not exist at the place any more, but not that another sync wants such a
   * key. A key of another sync that does not exist and that this one does not want any more, it holds no longer.
   */
  prune(syncId: string, run: PruningRun): Turns;
  /** Remembers what an earlier run left as begun. */
  recallBegun(entries: readonly RememberedEntry[]): void;
  /**
   * The writes that are marked as begun, with what came of those that were recalled: until the place is saved nothing
   * else says so. And which syncs were here.
   */
  begun(): Pick<PlaceDocument, 'syncs' | 'entries'>;
  /** For the document, in an order that does not depend on history. */
  contents(): Turns<Pick<PlaceDocument, 'syncs' | 'entries' | 'facts'>>;
}

/** Facts of a driver, within their limits. */
function createFacts(facts: Map<string, string>): Facts {
  return {
    get: (name) => facts.get(name),
    set(name, value) {
      if (name.length + value.length > MAX_FACT_LENGTH || (facts.size >= MAX_FACTS && !facts.has(name))) {
        const message = `A driver may remember ${MAX_FACTS} facts of ${MAX_FACT_LENGTH} characters for a place; make them fewer or shorter.`;
        throw new SecretSyncError('INVALID_OPTION', message);
      }
      facts.set(name, value);
    },
    delete: (name) => void facts.delete(name),
  };
}

const byKindAndKey = (first: RememberedEntry, second: RememberedEntry): number =>
  compareText(first.kind ?? '', second.kind ?? '') || compareText(first.key, second.key);

/** Returns an entry without a sync: handed to a sync that wants it, or `undefined` where none does. */
export function withoutSync(entry: RememberedEntry, syncId: string): RememberedEntry | undefined {
  const { pending, holders = [], holderParts: _, adopted, part: __, ...rest } = entry;
  const begun = pending === undefined || pending.syncId === syncId ? undefined : pending;
  const others = holders.filter((holder) => holder !== syncId);
  const isOwner = entry.syncId === syncId;
  // What another sync may have written since belongs to that sync.
  const owner = isOwner ? (begun?.syncId ?? others[0]) : entry.syncId;
  if (owner === undefined) return undefined;
  const parts = partsBySync(entry);
  const part = parts.get(owner);
  const left = others.filter((holder) => holder !== owner);
  return {
    ...rest,
    syncId: owner,
    ...(adopted === true && !isOwner ? { adopted } : {}),
    ...(part === undefined ? {} : { part }),
    ...asHolders(left, parts),
    ...(begun === undefined ? {} : { pending: begun }),
  };
}

/**
 * Makes the memory of a place.
 *
 * @param facts Shared with the engine, so that what was looked up for a plan is known to the apply that follows.
 * @param canonical How the destination compares keys.
 */
export function createPlaceMemory(
  remembered: Pick<PlaceDocument, 'syncs' | 'entries'>,
  facts: Map<string, string>,
  canonical: (key: string) => string = (key) => key,
): PlaceMemory {
  const syncs = new Map<string, RememberedSync>(remembered.syncs.map((sync) => [sync.syncId, sync]));
  const index = createKeyIndex(canonical, remembered.entries);
  const recalled = createKeyIndex<RememberedEntry>(canonical);
  const replaceWith = ({ key, kind }: RememberedEntry, left: RememberedEntry | undefined) =>
    left === undefined ? index.delete(key, kind) : index.set(left);
  return {
    facts: createFacts(facts),
    knows: (syncId) => syncs.has(syncId),
    find: index.get,
    entries: index.values,
    remember: index.set,
    forget: index.delete,
    forgetSync(syncId) {
      syncs.delete(syncId);
      for (const entry of index.values()) {
        const isTheirs = entry.syncId !== syncId && entry.pending?.syncId !== syncId;
        if (isTheirs && entry.holders?.includes(syncId) !== true) continue;
        replaceWith(entry, withoutSync(entry, syncId));
      }
    },
    handOver(syncId) {
      for (const entry of index.values()) {
        const left = isInvolved(entry, syncId) ? withoutSync(entry, syncId) : undefined;
        if (left !== undefined) replaceWith(entry, left);
      }
    },
    markImported(syncId, at) {
      if (!syncs.has(syncId)) syncs.set(syncId, { syncId, importedAt: at });
    },
    *prune(syncId, { entries: present, steps, isSourceCertain }) {
      const existing = createKeyIndex<DestinationEntry>(canonical);
      yield* forEachInTurns(present, (entry) => {
        if (!isInherited(entry)) existing.set(entry);
      });
      const held: RememberedEntry[] = [];
      yield* forEachInTurns(index.values(), (entry) => {
        if (!isInvolved(entry, syncId) || existing.get(entry.key, entry.kind) !== undefined) return;
        if (entry.syncId === syncId) {
          const { id: _id, revision: _revision, fingerprint: _fingerprint, ...gone } = entry;
          replaceWith(entry, withoutSync(gone, syncId));
        } else if (entry.holders?.includes(syncId) === true) held.push(entry);
      });
      const unwanted = held.filter((entry) => isSourceCertain(partsBySync(entry).get(syncId)));
      if (unwanted.length === 0) return;
      const decided = new Set<string>();
      yield* forEachInTurns(steps, ({ change }) => void decided.add(canonical(change.key)));
      for (const entry of unwanted)
        if (!decided.has(canonical(entry.key))) replaceWith(entry, withoutSync(entry, syncId));
    },
    recallBegun(entries) {
      for (const entry of entries) {
        index.set(entry);
        recalled.set(entry);
      }
    },
    begun: () => ({
      syncs: [...syncs.values()],
      entries: index
        .values()
        .filter(({ key, kind, pending }) => pending !== undefined || recalled.get(key, kind) !== undefined),
    }),
    *contents() {
      return {
        syncs: [...syncs.values()].sort(byText((sync) => sync.syncId)),
        entries: yield* sortInTurns(index.values(), byKindAndKey),
        facts: [...facts].sort(byText(([name]) => name)),
      };
    },
  };
}
