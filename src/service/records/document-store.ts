import type { Clock } from '../../contracts/clock.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import type { StoredEntry, VersionedDocument } from '../../contracts/state-store.js';
import type { SealedStore } from '../../engine/state/sealed-store.js';
import { withTimeLimit } from '../../shared/async.js';
import type { ResolvedServiceOptions } from '../options.js';

/** A document that can't be used. */
export interface UnreadableEntry {
  readonly key: string;
  readonly error: unknown;
  /** What it holds all the same, where that can be told. */
  readonly document?: JsonValue;
}

/** The service's view of a store: what it throws that is not ours comes out as one of our errors. */
export interface DocumentStore {
  get(key: string): Promise<VersionedDocument | undefined>;
  /**
   * All documents below a prefix, in as few round trips as the store allows; one that is damaged hides no other. What
   * `isKnown` from an earlier read may come with its seal, unchecked.
   */
  entries(
    prefix: string,
    isKnown: (entry: Pick<StoredEntry, 'key' | 'version'>) => boolean,
  ): Promise<readonly (StoredEntry | UnreadableEntry)[]>;
  /** Returns the new version; `undefined` when the stored version is another one. */
  put(
    key: string,
    document: JsonValue,
    ifVersion: string | null,
    flush?: boolean,
  ): Promise<string | undefined>;
  /** False when the stored version is another one. */
  delete(key: string, ifVersion: string): Promise<boolean>;
  /** Removes a document that can't be used. Throws `STATE_UNREADABLE` where the store can't do that. */
  discard(key: string): Promise<void>;
}

/** How many documents are read at the same time where a store can't give them in one call. */
const READS_TOGETHER = 16;
/** How long one call of a store may take, in ms. */
const STORE_LIMIT_MS = 60_000;

type Failure = 'STATE_UNREADABLE' | 'STATE_NOT_SAVED';

/** Calls a store within a time limit. */
type Guard = <Result>(code: Failure, call: () => Promise<Result>) => Promise<Result>;

function storeFailure(code: Failure, why: string): SecretSyncError {
  const what = code === 'STATE_UNREADABLE' ? 'read' : 'saved';
  const message = `The records of the service could not be ${what}: the store ${why}. Check the store, and try again.`;
  return new SecretSyncError(code, message, { retryable: true });
}

/** A store that never returns must not end what is done by itself, nor hold up a run for ever. */
const createGuard =
  (clock: Clock): Guard =>
  async (code, call) => {
    const tooLate = () => storeFailure(code, `did not return within ${STORE_LIMIT_MS} ms`);
    try {
      return await withTimeLimit(call, { ms: STORE_LIMIT_MS, clock }, tooLate);
    } catch (error) {
      throw isSecretSyncError(error) ? error : storeFailure(code, 'failed');
    }
  };

async function unlessMoved<Result>(call: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isSecretSyncError(error, 'STATE_CONFLICT')) return undefined;
    throw error;
  }
}

/** Does something for each item, some at the same time, and returns the results in the order of the items. */
export async function forEach<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: READS_TOGETHER }, worker));
  return results;
}

function createDocumentStore(store: SealedStore, guarded: Guard): DocumentStore {
  const get = (key: string) => guarded('STATE_UNREADABLE', () => store.get(key));

  async function oneByOne(prefix: string): Promise<(StoredEntry | UnreadableEntry)[]> {
    const keys = await guarded('STATE_UNREADABLE', () => store.list(prefix));
    const read = async (key: string): Promise<StoredEntry | UnreadableEntry | undefined> => {
      try {
        const found = await get(key);
        return found && { key, ...found };
      } catch (error) {
        const document = await guarded('STATE_UNREADABLE', () => store.read(key)).then(
          (found) => found?.document,
          () => undefined,
        );
        return { key, error, ...(document !== undefined && { document }) };
      }
    };
    return (await forEach(keys, read)).filter((entry) => entry !== undefined);
  }

  return {
    get,
    async entries(prefix, isKnown) {
      if (store.entries === undefined) return oneByOne(prefix);
      // A document that a store can't parse must not hide the others.
      return guarded('STATE_UNREADABLE', async () => (await store.entries?.(prefix, isKnown)) ?? []).catch(
        () => oneByOne(prefix),
      );
    },
    put: (key, document, ifVersion, flush = true) =>
      unlessMoved(async () => {
        const put = () => store.put(key, document, { ifVersion, flush });
        return (await guarded('STATE_NOT_SAVED', put)).version;
      }),
    delete: async (key, ifVersion) =>
      (await unlessMoved(async () => {
        await guarded('STATE_NOT_SAVED', () => store.delete(key, { ifVersion }));
        return true;
      })) === true,
    discard: (key) => guarded('STATE_NOT_SAVED', async () => store.discard?.(key)),
  };
}

/**
 * Opens the documents of a service, sealed as those of its engine. Tells once of each that was taken for true without a seal
 * that could be checked.
 */
export function openDocuments({ port, store, emit, clock }: ResolvedServiceOptions): DocumentStore {
  const told = new Set<string>();
  const sealed = port.seal(store, (key) => {
    if (!told.has(key)) emit({ type: 'record-unverified', key });
    told.add(key);
  });
  return createDocumentStore(sealed, createGuard(clock));
}
