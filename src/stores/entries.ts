import type { StateStore, StoredEntry } from '../contracts/state-store.js';

/** How many documents are read together. */
const CONCURRENCY = 16;

/** What a store holds below a prefix. */
export interface ReadEntries {
  /** Sorted by key. */
  readonly entries: readonly StoredEntry[];
  /** The documents that exist and can't be read, each with what its read threw. */
  readonly damaged: readonly { readonly key: string; readonly error: unknown }[];
}

/** Reads keys one by one, so many together. */
async function readEach(store: Pick<StateStore, 'get'>, keys: readonly string[]): Promise<ReadEntries> {
  const entries: StoredEntry[] = [];
  const damaged: { key: string; error: unknown }[] = [];
  for (let start = 0; start < keys.length; start += CONCURRENCY) {
    const batch = keys.slice(start, start + CONCURRENCY);
    const reads = await Promise.all(
      batch.map(async (key) => {
        try {
          return { key, found: await store.get(key), failure: undefined };
        } catch (error) {
          return { key, found: undefined, failure: { error: error } };
        }
      }),
    );
    for (const { key, found, failure } of reads) {
      if (failure !== undefined) damaged.push({ key, ...failure });
      else if (found !== undefined) entries.push({ key, ...found });
    }
  }
  return { entries, damaged };
}

/**
 * Reads all documents below a prefix: in one call where the store has `entries`, else one by one, 16 together. One that
 * is damaged never makes the others unreadable.
 *
 * Throws what `list` throws.
 */
export async function readEntries(
  store: Pick<StateStore, 'get' | 'list' | 'entries'>,
  prefix: string,
): Promise<ReadEntries> {
  if (store.entries !== undefined) {
    try {
      return { entries: await store.entries(prefix), damaged: [] };
    } catch {
      // One of them is damaged, or the store can't be reached, which is told below.
    }
  }
  return readEach(store, await store.list(prefix));
}
