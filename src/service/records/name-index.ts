import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import type { DocumentStore } from './document-store.js';
import type { Liveness } from './liveness.js';
import { readHandle, renderHandle, type FoundHandle } from './name-document.js';
import { handleKey, type RecordStore } from './record-store.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

/** The names that find a record. An id that is a UUID is none: no name can be one. */
export const handlesOf = (id: string, name: string): readonly string[] => [
  ...new Set(isUuid(id) ? [name] : [name, id]),
];

export const syncExists = (text: string): SecretSyncError =>
  new SecretSyncError(
    'SYNC_EXISTS',
    `There is already a sync with the id or name ${quote(text)}; choose another one, or change that sync with updateSync.`,
  );

const tookTooLong = (text: string) =>
  new SecretSyncError(
    'SYNC_EXISTS',
    `Another sync took the name ${quote(text)} while this one was being saved, which took too long; choose another name.`,
  );

/** A change of a record that gives it names. */
export interface NamedChange<Made> {
  /** Saves the record. Where it throws `STATE_NOT_SAVED`, the record may be saved all the same. */
  readonly make: () => Promise<Made>;
  /**
   * Takes back what `make` has saved, where it did. False where the record keeps the names, since others have changed it in
   * the meantime; `isNameLost`: another record has one of them, so that this one can't keep it.
   */
  readonly undo: (isNameLost: boolean) => Promise<boolean>;
}

/** A name that is reserved for one record. */
interface Reservation {
  /** Says that the record was made. False when another one has taken the name, because this one took too long. */
  confirm(): Promise<boolean>;
  /** Gives the name back, if it is still this one's. */
  release(): Promise<void>;
}

/** The id of a record that is to be named after it: reserved for it already, and for ever. */
const OWN: Reservation = { confirm: async () => true, release: async () => undefined };

/**
 * Names as documents of their own, which only one process can create. A reservation is good while its record is being
 * made, and for as long as the record has the name: so what a crash leaves between the two keeps no name for ever.
 */
export class NameIndex {
  readonly #documents: DocumentStore;
  readonly #records: RecordStore;
  readonly #liveness: Liveness;

  constructor(documents: DocumentStore, records: RecordStore, liveness: Liveness) {
    this.#documents = documents;
    this.#records = records;
    this.#liveness = liveness;
  }

  /** The id of the record that has the name. A record that is damaged keeps the name that led to it. */
  async #holderOf(text: string, found: FoundHandle | undefined): Promise<string | undefined> {
    if (found === undefined) return undefined;
    if (found.holder === undefined)
      return (await this.#records.search(text, found.damage))?.stored.definition.id;
    const { id } = found.holder;
    if (await this.#records.isDamaged(id)) return id;
    const definition = (await this.#records.read(id))?.stored.definition;
    return definition?.name === text || definition?.id === text ? id : undefined;
  }

  async #reserve(text: string, id: string): Promise<Reservation> {
    const key = handleKey(text);
    for (;;) {
      const found = await readHandle(this.#documents, key);
      const holder = await this.#holderOf(text, found);
      if (holder !== undefined && holder !== id) throw syncExists(text);
      if (holder === id && found?.damage === undefined) return OWN;
      const { document, holder: reserved } = found ?? {};
      const isBeingMade = document !== undefined && reserved?.isConfirmed === false;
      if (isBeingMade && !this.#liveness.hasLapsed(key, document)) throw syncExists(text);
      if (found !== undefined && document === undefined) await this.#discard(key);
      const own = renderHandle({ id, isConfirmed: false });
      const version = await this.#documents.put(key, own, document?.version ?? null);
      if (version !== undefined) return this.#reservation(key, id, version);
    }
  }

  /** Removes what can't be read, unless another process has replaced it by now. */
  async #discard(key: string): Promise<void> {
    try {
      await this.#documents.discard(key);
    } catch (error) {
      if (!isSecretSyncError(error, 'STATE_CONFLICT')) throw error;
    }
  }

  #reservation(key: string, id: string, version: string): Reservation {
    let current = version;
    return {
      confirm: async () => {
        const confirmed = await this.#documents.put(key, renderHandle({ id, isConfirmed: true }), current);
        current = confirmed ?? current;
        return confirmed !== undefined;
      },
      release: async () => void (await this.#documents.delete(key, current)),
    };
  }

  /**
   * Reserves names for a record while it is made or changed under them; none of them when that fails.
   *
   * | what fails | the record | the names |
   * |---|---|---|
   * | a reservation, or the record was not saved | is as it was | are given back |
   * | whether the record was saved is not known, or a name could not be confirmed | is undone | are given back |
   * | the same, and it can't be undone | stays | stay reserved: they are its own for as long as it has them |
   */
  async during<Made>(texts: readonly string[], id: string, { make, undo }: NamedChange<Made>): Promise<Made> {
    const reservations: (readonly [text: string, reservation: Reservation])[] = [];
    let isMade = false;
    let isNameLost = false;
    try {
      for (const text of texts) reservations.push([text, await this.#reserve(text, id)]);
      // A record that has one of the names already was there before.
      const isNew = reservations.every(([, reservation]) => reservation !== OWN);
      const made = await make().catch((error: unknown) => {
        isMade = isNew && isSecretSyncError(error, 'STATE_NOT_SAVED');
        throw error;
      });
      isMade = true;
      for (const [text, reservation] of reservations) {
        if (await reservation.confirm()) continue;
        isNameLost = true;
        throw tookTooLong(text);
      }
      return made;
    } catch (error) {
      const isUndone = !isMade || (await undo(isNameLost).catch(() => false));
      // What can't be given back ends by itself, since no record has the name.
      if (isUndone)
        for (const [, reservation] of reservations) await reservation.release().catch(() => undefined);
      throw error;
    }
  }

  /** Gives back the names that a record had, where they are still its own. What fails is left: no record has the name. */
  async release(texts: readonly string[], id: string): Promise<void> {
    for (const text of texts) {
      const key = handleKey(text);
      const found = await readHandle(this.#documents, key).catch(() => undefined);
      if (found?.document === undefined || found.holder?.id !== id) continue;
      await this.#documents.delete(key, found.document.version).catch(() => undefined);
    }
  }
}
