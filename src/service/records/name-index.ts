import type { Clock } from '../../contracts/clock.js';
import { SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import { parseHandle, renderDocument } from './stored-sync.js';
import type { DocumentStore } from './documents-store.js';
import { handleKey, type RecordStore } from './record-store.js';

/** How long a text is kept for a record that is still being made, in ms. */
const CLAIM_MS = 30_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

/** A text that is kept for one record. */
export interface Claim {
  /** Says that the record was made. False when another one has taken the text, because this one took too long. */
  confirm(): Promise<boolean>;
  /** Gives the text free, if it is still this one's. */
  release(): Promise<void>;
}

/** What records are called by: one text means one record, for all processes of a store. */
export interface Names {
  /** Keeps a text for a record. Throws `SYNC_EXISTS` where another one is called by it. */
  claim(text: string, id: string): Promise<Claim>;
  /** Gives a text free that a record was called by, if it is still that one's. */
  release(text: string, id: string): Promise<void>;
}

/** The texts that a record is called by. An id that is a UUID is none: no name can be one. */
export const handlesOf = (id: string, name: string): readonly string[] => [
  ...new Set(isUuid(id) ? [name] : [name, id]),
];

export const syncExists = (text: string): SecretSyncError =>
  new SecretSyncError(
    'SYNC_EXISTS',
    `There is a sync with the id or name ${quote(text)} already; choose another one, or change that sync with updateSync.`,
  );

/**
 * Names as documents of their own, which only one process can create. A claim is good while its record is being made,
 * and for as long as the record is called by it: so what a crash leaves between the two keeps no name for ever.
 */
export function createNames(documents: DocumentStore, records: RecordStore, clock: Clock): Names {
  async function isCalled(id: string, text: string): Promise<boolean> {
    const definition = (await records.read(id))?.stored.definition;
    return definition !== undefined && (definition.name === text || definition.id === text);
  }

  async function release(key: string, version: string): Promise<void> {
    await documents.delete(key, version);
  }

  return {
    async claim(text, id) {
      const key = handleKey(text);
      for (;;) {
        const found = await documents.get(key);
        const holder = found && parseHandle(found.document, key);
        if (holder !== undefined && (await isCalled(holder.id, text))) {
          if (holder.id !== id) throw syncExists(text);
          // The id of a record that is to be named after it: kept for it already, and for ever.
          return { confirm: async () => true, release: async () => undefined };
        }
        if (holder !== undefined && (holder.until ?? 0) > clock.now()) throw syncExists(text);
        const claimed = { id, until: clock.now() + CLAIM_MS };
        const version = await documents.put(key, renderDocument(claimed), found?.version ?? null);
        if (version === undefined) continue;
        let current = version;
        return {
          async confirm() {
            const confirmed = await documents.put(key, renderDocument({ id, until: null }), current);
            current = confirmed ?? current;
            return confirmed !== undefined;
          },
          release: () => release(key, current),
        };
      }
    },
    async release(text, id) {
      const key = handleKey(text);
      const found = await documents.get(key);
      if (found !== undefined && parseHandle(found.document, key).id === id)
        await release(key, found.version);
    },
  };
}
