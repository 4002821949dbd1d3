import { SecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import type { VersionedDocument } from '../../contracts/state-store.js';
import type { IsKnown } from '../../engine/state/sealed-store.js';
import { checksum } from '../../shared/canonical-json.js';
import { quote } from '../../shared/text.js';
import { valueAt } from '../../shared/validation.js';
import type { ServiceEvent } from '../events.js';
import { failureText } from '../failure.js';
import { persist, type DocumentStore } from './document-store.js';
import type { Liveness } from './liveness.js';
import { isDamage, readHandle } from './name-document.js';
import { parseSync, renderDocument, sameRecord, type StoredSync } from './stored-sync.js';
import { lapsed } from './sync-record.js';

/** A record, and the version of its document: not of its definition. */
export interface LoadedSync {
  readonly stored: StoredSync;
  readonly documentVersion: string;
}

/** A record that can't be read, as far as it can be named. */
export interface UnreadableRecord {
  readonly key: string;
  readonly syncId: string | undefined;
  readonly error: unknown;
}

export interface AllRecords {
  readonly loaded: readonly LoadedSync[];
  readonly unreadable: readonly UnreadableRecord[];
}

/** What a change makes of a record; `undefined` leaves it as it is. */
export type Change = (stored: StoredSync) => StoredSync | undefined;

export interface ChangeOptions {
  /** `false` for what need not survive a power cut. */
  readonly flush?: boolean;
  /** The record as it was read: it is read again only where it is another one by now. */
  readonly known?: LoadedSync | undefined;
}

export const SYNC_PREFIX = 'syncs/';

/** Names and ids can hold what a key of a store can't. */
const hash = (text: string): string => checksum(text).slice(0, 40);
const recordKey = (id: string): string => SYNC_PREFIX + hash(id);
export const handleKey = (text: string): string => `sync-names/${hash(text)}`;

export function syncNotFound(idOrName: string): SecretSyncError {
  const message = `There is no sync with the id or name ${quote(idOrName)}; listSyncs shows those that exist.`;
  return new SecretSyncError('SYNC_NOT_FOUND', message);
}

/** The id that a damaged record still shows. */
function idIn(document: JsonValue | undefined): string | undefined {
  const id = valueAt(document, ['definition', 'id']);
  return typeof id === 'string' ? id : undefined;
}

/**
 * Loads and changes records, each a document of its own. What is returned is settled: a run whose process ended counts as
 * failed.
 */
export class RecordStore {
  readonly #documents: DocumentStore;
  readonly #liveness: Liveness;
  readonly #emit: (event: ServiceEvent) => void;
  /** Documents that were read before and have not changed since are not parsed again. */
  readonly #parsed = new Map<string, LoadedSync>();

  constructor(documents: DocumentStore, liveness: Liveness, emit: (event: ServiceEvent) => void) {
    this.#documents = documents;
    this.#liveness = liveness;
    this.#emit = emit;
  }

  #parse(key: string, found: VersionedDocument, before = this.#parsed.get(key)): LoadedSync {
    const isKnown = before?.documentVersion === found.version;
    const loaded = isKnown
      ? before
      : { stored: parseSync(found.document, key), documentVersion: found.version };
    this.#parsed.set(key, loaded);
    return this.#liveness.hasLapsed(key, found) ? { ...loaded, stored: lapsed(loaded.stored) } : loaded;
  }

  #forget(key: string): void {
    this.#parsed.delete(key);
    this.#liveness.forget(key);
  }

  /** `undefined` where there is none. Throws `STATE_UNREADABLE` for one that is damaged. */
  async read(id: string): Promise<LoadedSync | undefined> {
    const key = recordKey(id);
    const found = await this.#documents.get(key);
    if (found !== undefined) return this.#parse(key, found);
    this.#forget(key);
    return undefined;
  }

  /** By id, else by name. Throws `SYNC_NOT_FOUND`. */
  async find(idOrName: string): Promise<LoadedSync> {
    const byId = await this.read(idOrName);
    if (byId !== undefined) return byId;
    const found = await readHandle(this.#documents, handleKey(idOrName));
    const byName = found?.holder
      ? await this.read(found.holder.id)
      : found && (await this.search(idOrName, found.damage));
    if (byName?.stored.definition.name !== idOrName) throw syncNotFound(idOrName);
    return byName;
  }

  /**
   * The record of this name or id, whose document of the name is damaged. Throws that damage where a record that can't be
   * read may be the one.
   */
  async search(idOrName: string, damage: unknown): Promise<LoadedSync | undefined> {
    const { loaded, unreadable } = await this.all();
    const found = loaded.find(({ stored: { definition } }) =>
      [definition.name, definition.id].includes(idOrName),
    );
    if (found === undefined && unreadable.length > 0) throw damage;
    return found;
  }

  /** All records, and those that can't be read. */
  async all(): Promise<AllRecords> {
    const loaded: LoadedSync[] = [];
    const unreadable: UnreadableRecord[] = [];
    const keys = new Set<string>();
    // Kept here: what is forgotten while the others are read must not be parsed with its seal.
    const known = new Map<string, LoadedSync>();
    const isKnown: IsKnown = ({ key, version }) => {
      const before = this.#parsed.get(key);
      if (before?.documentVersion !== version) return false;
      known.set(key, before);
      return true;
    };
    for (const entry of await this.#documents.entries(SYNC_PREFIX, isKnown)) {
      const { key } = entry;
      keys.add(key);
      try {
        if ('error' in entry) throw entry.error;
        loaded.push(this.#parse(key, entry, known.get(key)));
      } catch (error) {
        const syncId = 'document' in entry ? idIn(entry.document) : undefined;
        unreadable.push({ key, syncId, error });
      }
    }
    for (const key of this.#parsed.keys()) if (!keys.has(key)) this.#forget(key);
    return { loaded, unreadable };
  }

  /** All records that can be read; of each other one an event tells. */
  async readable(): Promise<readonly LoadedSync[]> {
    const { loaded, unreadable } = await this.all();
    for (const { key, syncId, error } of unreadable)
      this.#emit({
        type: 'record-unreadable',
        key,
        ...(syncId !== undefined && { syncId }),
        ...failureText(error),
      });
    return loaded;
  }

  /** All records; throws where one of them can't be read. */
  async undamaged(): Promise<readonly LoadedSync[]> {
    const { loaded, unreadable } = await this.all();
    for (const { error } of unreadable) throw error;
    return loaded;
  }

  /** The document's version; `undefined` where a record with this id exists. */
  create(stored: StoredSync): Promise<string | undefined> {
    return this.#documents.put(recordKey(stored.definition.id), renderDocument(stored), null);
  }

  /**
   * Changes the record as it is then, once more where another process was faster. Returns it as it is after that, `undefined`
   * where there is none.
   */
  async change(
    id: string,
    change: Change,
    { flush, known }: ChangeOptions = {},
  ): Promise<LoadedSync | undefined> {
    const key = recordKey(id);
    const first = { loaded: known };
    return persist<LoadedSync | undefined>(id, async () => {
      const loaded = first.loaded ?? (await this.read(id));
      first.loaded = undefined;
      const next = loaded && change(loaded.stored);
      if (loaded === undefined || next === undefined) return { done: loaded };
      const version = await this.#documents.put(key, renderDocument(next), loaded.documentVersion, flush);
      return version === undefined ? undefined : { done: { stored: next, documentVersion: version } };
    });
  }

  /** Removes a record. */
  async remove(id: string): Promise<void> {
    const key = recordKey(id);
    await persist<true>(id, async () => {
      const found = await this.#documents.get(key);
      if (found !== undefined && !(await this.#documents.delete(key, found.version))) return undefined;
      return { done: true };
    });
    this.#forget(key);
  }

  /**
   * Removes a record that was just created, and no other one with its id. False where it stays, since it was changed in the
   * meantime; `anyhow`: it goes all the same.
   */
  async takeBack(created: StoredSync, anyhow: boolean): Promise<boolean> {
    const { id } = created.definition;
    return persist<boolean>(id, async () => {
      const { stored, documentVersion } = (await this.read(id)) ?? {};
      if (documentVersion === undefined || stored?.createdAt !== created.createdAt) return { done: true };
      if (!anyhow && !sameRecord(stored, created)) return { done: false };
      return (await this.#documents.delete(recordKey(id), documentVersion)) ? { done: true } : undefined;
    });
  }

  /** Whether the record with this id exists and can't be used: it can be removed by its id all the same. */
  async isDamaged(id: string): Promise<boolean> {
    try {
      await this.read(id);
      return false;
    } catch (error) {
      if (isDamage(error)) return true;
      throw error;
    }
  }

  /** Removes a record that can't be used. */
  async discard(id: string): Promise<void> {
    const key = recordKey(id);
    const isSealed = await this.#documents.get(key).then(
      () => true,
      () => false,
    );
    await (isSealed ? this.remove(id) : this.#documents.discard(key));
  }
}
