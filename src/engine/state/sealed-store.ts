import { SecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import type {
  DeleteOptions,
  PutOptions,
  StateStore,
  StoredEntry,
  VersionedDocument,
} from '../../contracts/state-store.js';
import type { Keyring } from '../../core/fingerprint/keyring.js';
import { quote } from '../../shared/text.js';
import { inTurns } from '../../shared/turns/turns.js';
import { stateConflict } from '../../stores/store-key.js';
import { seal, unseal, type DocumentFields, type SealWorth, type Unsealed } from './seal.js';

/** Options of {@link createSealedStore}. */
export interface SealOptions {
  /** Takes documents whose seal can't be checked for true. Default: false. */
  readonly acceptUnverifiedState?: boolean;
  /** Called with the key of each document that was taken for true without a seal that could be checked. */
  readonly onUnverified?: (key: string) => void;
}

/** A document without its seal, as read from the store. */
export interface SealedDocument extends VersionedDocument, Omit<Unsealed, 'document'> {}

/** Whether a document was read before at this version: its seal was checked then, so that it may come as it is stored. */
export type IsKnown = (entry: Pick<StoredEntry, 'key' | 'version'>) => boolean;

/** A store that seals each document when it is put, and checks the seal when it is read. */
export interface SealedStore extends StateStore {
  entries?(prefix: string, isKnown?: IsKnown): Promise<readonly StoredEntry[]>;
  /** Reads a document, whatever its seal is worth: for who names in an error what could not be used. */
  read(key: string): Promise<SealedDocument | undefined>;
  /**
   * Throws `STATE_UNREADABLE` for a seal that does not hold; `what` begins the sentence, as `The record "x"`.
   *
   * @returns whether the seal vouches for the document.
   */
  assertUsable(what: string, read: Pick<SealedDocument, 'worth'>): boolean;
  /** The same documents, for leases: one whose seal does not vouch for it is `null`, and ends by being watched. */
  readonly leases: StateStore;
}

const ASK_AGAIN = 'restore it from a backup, or delete it and let the next run ask again';
const ACCEPT =
  'If the key was replaced, pass the previous one as well, in fingerprintKey; if it was lost, or an earlier version or ' +
  'an engine without a key wrote the document, and you trust the store, pass acceptUnverifiedState: true once';

const REASONS: Readonly<Record<Exclude<SealWorth, 'valid'>, string>> = {
  altered: `it was altered or damaged; ${ASK_AGAIN}`,
  unsealed: `it carries no MAC, so that anyone who can write to the store can have made it. ${ACCEPT}`,
  keyless: `it carries a checksum and no MAC, so that anyone who can write to the store can have made it. ${ACCEPT}`,
  'unknown-key': `its MAC is of a fingerprint key that this engine does not have. ${ACCEPT}`,
};

/** The error about a document that can't be used. */
export function unusable(what: string, why: string): SecretSyncError {
  return new SecretSyncError('STATE_UNREADABLE', `${what} can't be used: ${why}. Nothing was written.`);
}

function asFields(document: JsonValue): DocumentFields {
  if (typeof document === 'object' && document !== null && !Array.isArray(document))
    return document as DocumentFields;
  throw new TypeError('Only documents that are objects are sealed.');
}

/**
 * Wraps a store so that everything that this library keeps in it is sealed: `{ …document, keyId, mac }`, the MAC being
 * over the key of the document and its fields. Without a fingerprint key a checksum takes its place.
 *
 * Its methods throw `STATE_UNREADABLE` for a document whose seal does not hold.
 */
export function createSealedStore(
  store: StateStore,
  keyring: Keyring,
  { acceptUnverifiedState = false, onUnverified }: SealOptions = {},
): SealedStore {
  const open = async <Stored extends VersionedDocument>(key: string, stored: Stored) => ({
    ...stored,
    ...(await inTurns(unseal(keyring, key, stored.document))),
  });
  const read = async (key: string) => {
    const stored = await store.get(key);
    return stored && open(key, stored);
  };
  // What a foreign store throws before it returns a promise comes out as any other failure.
  const put = async (key: string, document: JsonValue, options: PutOptions) =>
    store.put(key, await inTurns(seal(keyring, key, asFields(document))), options);

  const isUsable = (worth: SealWorth) => worth === 'valid' || (acceptUnverifiedState && worth !== 'altered');
  const assertUsable: SealedStore['assertUsable'] = (what, { worth }) => {
    if (worth === 'valid') return true;
    if (!isUsable(worth)) throw unusable(what, REASONS[worth]);
    return false;
  };
  const used = <Document extends SealedDocument>(key: string, found: Document): VersionedDocument => {
    if (!assertUsable(`The document ${quote(key)}`, found)) onUnverified?.(key);
    const { document, version, age } = found;
    return { document, version, ...(age === undefined ? {} : { age }) };
  };

  const rest = {
    put,
    delete: async (key: string, options: DeleteOptions) => store.delete(key, options),
    list: async (prefix: string) => store.list(prefix),
  };
  const discardDamaged = (key: string) => store.discard?.(key);

  return {
    ...rest,
    read,
    assertUsable,
    async get(key) {
      const found = await read(key);
      return found && used(key, found);
    },
    ...(store.entries !== undefined && {
      async entries(prefix: string, isKnown: IsKnown = () => false): Promise<readonly StoredEntry[]> {
        const openOne = async (stored: StoredEntry) => used(stored.key, await open(stored.key, stored));
        const found = (await store.entries?.(prefix)) ?? [];
        return Promise.all(
          found.map(async (entry) =>
            isKnown(entry) ? entry : { key: entry.key, ...(await openOne(entry)) },
          ),
        );
      },
    }),
    async discard(key) {
      let found: SealedDocument | undefined;
      try {
        found = await read(key);
      } catch (error) {
        if (store.discard === undefined) throw error;
        return store.discard(key);
      }
      if (found === undefined) return;
      if (isUsable(found.worth)) throw stateConflict(key);
      await store.delete(key, { ifVersion: found.version });
    },
    leases: {
      ...rest,
      async get(key) {
        const found = await read(key);
        return found && { ...found, document: found.worth === 'valid' ? found.document : null };
      },
      ...(store.discard !== undefined && { discard: async (key: string) => discardDamaged(key) }),
    },
  };
}
