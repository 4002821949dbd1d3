import type { Clock } from '../contracts/clock.js';
import type { JsonValue } from '../contracts/json.js';
import type { StateStore, VersionedDocument } from '../contracts/state-store.js';
import { checkCall } from '../shared/arguments/check.js';
import { optional, withMethods } from '../shared/arguments/rules.js';
import {
  hasLongList,
  parseDocument,
  parseJson,
  renderDocument,
  type DocumentJson,
} from '../shared/turns/document.js';
import { inOneGo, inTurns } from '../shared/turns/turns.js';
import { assertStoreKey, stateConflict } from './store-key.js';

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Tells the age of documents, in ms. Default: none, so that documents have no age. */
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

interface Stored {
  readonly json: DocumentJson;
  readonly version: string;
  readonly putAt: number | undefined;
}

/**
 * A store that lives as long as the process: for tests, and for runs that need no memory of the last one. Documents
 * are kept as JSON, so that no one can change one from outside. Throws `INVALID_OPTION` for options that are not valid.
 */
export function memoryStore(options: MemoryStoreOptions = {}): StateStore {
  checkCall('memoryStore', {}, {}, options, { clock: optional(withMethods('now')) });
  const { clock } = options;
  const stored = new Map<string, Stored>();
  // Never starts again, so that a document which was deleted and created again can't be taken for the old one.
  let puts = 0;

  function checkVersion(key: string, version: string | null): void {
    assertStoreKey(key);
    if ((stored.get(key)?.version ?? null) !== version) throw stateConflict(key);
  }

  function opened({ version, putAt }: Stored, document: JsonValue): VersionedDocument {
    if (clock === undefined || putAt === undefined) return { document, version };
    return { document, version, age: Math.max(0, clock.now() - putAt) };
  }

  const keys = (prefix: string) => [...stored.keys()].filter((key) => key.startsWith(prefix)).sort();

  return {
    async get(key) {
      assertStoreKey(key);
      const found = stored.get(key);
      if (found === undefined) return undefined;
      const { json } = found;
      // What is short is read in one go, without a wait.
      return opened(found, typeof json === 'string' ? parseJson(json) : await inTurns(parseDocument(json)));
    },
    async put(key, document, { ifVersion }) {
      const rendering = renderDocument(document);
      const json = hasLongList(document) ? await inTurns(rendering) : inOneGo(rendering);
      checkVersion(key, ifVersion);
      const version = String(++puts);
      stored.set(key, { json, version, putAt: clock?.now() });
      return { version };
    },
    async delete(key, { ifVersion }) {
      checkVersion(key, ifVersion);
      stored.delete(key);
    },
    async list(prefix) {
      return keys(prefix);
    },
    async entries(prefix) {
      return keys(prefix).flatMap((key) => {
        const found = stored.get(key);
        return found === undefined ? [] : [{ key, ...opened(found, inOneGo(parseDocument(found.json))) }];
      });
    },
  };
}
