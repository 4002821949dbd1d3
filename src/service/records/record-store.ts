import { SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import { parseHandle, parseSync, renderDocument, type StoredSync } from './stored-sync.js';
import type { DocumentStore } from './documents-store.js';
import { checksum } from '../../shared/canonical-json.js';

/** A record, and the version of its document: not of its definition. */
export interface LoadedSync {
  readonly stored: StoredSync;
  readonly documentVersion: string;
}

/** What a change makes of a record; `undefined` leaves it as it is. */
export type Change = (stored: StoredSync) => StoredSync | undefined;

/** Loads and changes records, each a document of its own. */
export interface RecordStore {
  read(id: string): Promise<LoadedSync | undefined>;
  /** By id, else by name. Throws `SYNC_NOT_FOUND`. */
  find(idOrName: string): Promise<LoadedSync>;
  /** The keys of all records' documents, each with a way to load it. A document that went meanwhile is `undefined`. */
  list(): Promise<readonly { readonly key: string; load: () => Promise<LoadedSync | undefined> }[]>;
  /** The document's version; `undefined` where a record with this id exists. */
  create(stored: StoredSync): Promise<string | undefined>;
  /**
   * Changes the record as it is then, once more where another process was faster. Answers it as it stands after that,
   * `undefined` where there is none. `flush: false` for what need not survive a power cut.
   */
  change(id: string, change: Change, flush?: boolean): Promise<StoredSync | undefined>;
  remove(id: string): Promise<void>;
}

const PREFIX = 'syncs/';
const MOST_ATTEMPTS = 100;

/** Names and ids can hold what a key of a store can't. */
const hash = (text: string): string => checksum(text).slice(0, 40);
const recordKey = (id: string): string => PREFIX + hash(id);
export const handleKey = (text: string): string => `sync-names/${hash(text)}`;

export function syncNotFound(idOrName: string): SecretSyncError {
  const message = `There is no sync with the id or name ${quote(idOrName)}; listSyncs shows those that are there.`;
  return new SecretSyncError('SYNC_NOT_FOUND', message);
}

export function createRecordStore(documents: DocumentStore): RecordStore {
  /** Documents that were read before and have not changed since are not parsed again. */
  const known = new Map<string, LoadedSync>();

  async function load(key: string): Promise<LoadedSync | undefined> {
    const found = await documents.get(key);
    if (found === undefined) {
      known.delete(key);
      return undefined;
    }
    const before = known.get(key);
    if (before?.documentVersion === found.version) return before;
    const loaded = { stored: parseSync(found.document, key), documentVersion: found.version };
    known.set(key, loaded);
    return loaded;
  }

  const read = (id: string) => load(recordKey(id));

  /** Tries until nobody else was faster. */
  async function persist<Result>(
    id: string,
    attempt: (loaded: LoadedSync | undefined) => Promise<{ readonly done: Result } | undefined>,
  ): Promise<Result> {
    for (let tries = 0; tries < MOST_ATTEMPTS; tries += 1) {
      const ended = await attempt(await read(id));
      if (ended !== undefined) return ended.done;
    }
    const message = `The record ${quote(id)} could not be saved: others change it all the time. Try again.`;
    throw new SecretSyncError('STATE_CONFLICT', message, { retryable: true });
  }

  return {
    read,
    async find(idOrName) {
      const byId = await read(idOrName);
      if (byId !== undefined) return byId;
      const key = handleKey(idOrName);
      const handle = await documents.get(key);
      const byName = handle && (await read(parseHandle(handle.document, key).id));
      if (byName?.stored.definition.name !== idOrName) throw syncNotFound(idOrName);
      return byName;
    },
    async list() {
      const keys = await documents.list(PREFIX);
      return keys.map((key) => ({ key, load: () => load(key) }));
    },
    create: (stored) => documents.put(recordKey(stored.definition.id), renderDocument(stored), null),
    change: (id, change, flush) =>
      persist<StoredSync | undefined>(id, async (loaded) => {
        const next = loaded && change(loaded.stored);
        if (loaded === undefined || next === undefined) return { done: loaded?.stored };
        const version = await documents.put(
          recordKey(id),
          renderDocument(next),
          loaded.documentVersion,
          flush,
        );
        return version === undefined ? undefined : { done: next };
      }),
    remove: (id) =>
      persist<undefined>(id, async (loaded) =>
        loaded === undefined || (await documents.delete(recordKey(id), loaded.documentVersion))
          ? { done: undefined }
          : undefined,
      ),
  };
}
