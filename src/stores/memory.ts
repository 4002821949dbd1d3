import type { JsonValue } from '../contracts/json.js';
import type { StateStore } from '../contracts/state-store.js';
import { assertStoreKey, stateConflict } from './store-key.js';

/**
 * A store that lives as long as the process: for tests, and for runs that need no memory of the last one. Documents
 * are kept as JSON text, so nobody can alter one from outside.
 */
export function memoryStore(): StateStore {
  const stored = new Map<string, { readonly text: string; readonly version: string }>();
  // Never starts again, so that a document which was deleted and made anew can't be taken for the old one.
  let puts = 0;

  function checkVersion(key: string, version: string | null): void {
    assertStoreKey(key);
    if ((stored.get(key)?.version ?? null) !== version) throw stateConflict(key);
  }

  return {
    async get(key) {
      assertStoreKey(key);
      const found = stored.get(key);
      return found && { document: JSON.parse(found.text) as JsonValue, version: found.version };
    },
    async put(key, document, { ifVersion }) {
      checkVersion(key, ifVersion);
      const version = String(++puts);
      stored.set(key, { text: JSON.stringify(document), version });
      return { version };
    },
    async delete(key, { ifVersion }) {
      checkVersion(key, ifVersion);
      stored.delete(key);
    },
    async list(prefix) {
      return [...stored.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
  };
}
