import type { DestinationEntry, Facts } from '../../contracts/destination.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type {
  PlaceDocument,
  PlaceState,
  RememberedEntry,
  RememberedSync,
} from '../../contracts/state-store.js';
import { entryId } from '../../core/inputs/ownership.js';
import { byText } from '../../shared/text.js';

const MAX_FACTS = 32;
const MAX_FACT_LENGTH = 1024;

/** What is remembered of a place while a run works on it. Nothing here does I/O; `state.ts` loads and saves it. */
export interface PlaceMemory {
  readonly facts: Facts;
  /** For the decisions. */
  state(): PlaceState;
  find(key: string, kind: string | undefined): RememberedEntry | undefined;
  remember(entry: RememberedEntry): void;
  forget(key: string, kind: string | undefined): void;
  /** Forgets all of a sync: its entries, its begun writes, and that it was ever here. */
  forgetSync(syncId: string): void;
  /** Remembers that the first sync was done; keeps an earlier time. */
  markImported(syncId: string, at: string): void;
  /** Forgets what a sync remembers of keys that do not stand at the place any more. */
  prune(syncId: string, entries: readonly DestinationEntry[]): void;
  /** For the document, in an order that does not depend on history. */
  contents(): Pick<PlaceDocument, 'syncs' | 'entries' | 'facts'>;
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

/** `facts` is shared with the engine, so that what was looked up for a plan is known to the apply that follows. */
export function createPlaceMemory(
  remembered: Pick<PlaceDocument, 'syncs' | 'entries'>,
  facts: Map<string, string>,
): PlaceMemory {
  const syncs = new Map<string, RememberedSync>(remembered.syncs.map((sync) => [sync.syncId, sync]));
  const entries = new Map(remembered.entries.map((entry) => [entryId(entry.key, entry.kind), entry]));
  const remember = (entry: RememberedEntry) => void entries.set(entryId(entry.key, entry.kind), entry);
  const contents = () => ({
    syncs: [...syncs.values()].sort(byText((sync) => sync.syncId)),
    entries: [...entries].sort(byText(([id]) => id)).map(([, entry]) => entry),
    facts: [...facts].sort(byText(([name]) => name)),
  });
  return {
    facts: createFacts(facts),
    state: () => ({ syncs: [...syncs.values()], entries: [...entries.values()] }),
    find: (key, kind) => entries.get(entryId(key, kind)),
    remember,
    forget: (key, kind) => void entries.delete(entryId(key, kind)),
    forgetSync(syncId) {
      syncs.delete(syncId);
      for (const [id, entry] of entries) {
        const { pending, ...settled } = entry;
        const isBegunByOther = pending !== undefined && pending.syncId !== syncId;
        if (entry.syncId !== syncId) {
          if (pending?.syncId === syncId) entries.set(id, settled);
        } else if (isBegunByOther) {
          // What another sync may have written since is that one's.
          entries.set(id, { ...entry, syncId: pending.syncId });
        } else entries.delete(id);
      }
    },
    markImported(syncId, at) {
      if (!syncs.has(syncId)) syncs.set(syncId, { syncId, importedAt: at });
    },
    prune(syncId, present) {
      const ids = new Set(
        present.filter((entry) => entry.fixed !== 'inherited').map((entry) => entryId(entry.key, entry.kind)),
      );
      for (const [id, entry] of entries) {
        if (entry.syncId === syncId && !ids.has(id)) entries.delete(id);
      }
    },
    contents,
  };
}
