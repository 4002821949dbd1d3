import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import type { StateStore, VersionedDocument } from '../../contracts/state-store.js';

/** The service's view of a store: what it throws that is not ours comes out as one of our errors. */
export interface DocumentStore {
  get(key: string): Promise<VersionedDocument | undefined>;
  /** `undefined` when the stored version is another one. */
  put(
    key: string,
    document: JsonValue,
    ifVersion: string | null,
    flush?: boolean,
  ): Promise<string | undefined>;
  /** False when the stored version is another one. */
  delete(key: string, ifVersion: string): Promise<boolean>;
  list(prefix: string): Promise<readonly string[]>;
}

export function createDocumentStore(store: StateStore): DocumentStore {
  async function guarded<Result>(code: 'STATE_UNREADABLE' | 'STATE_NOT_SAVED', call: () => Promise<Result>) {
    try {
      return await call();
    } catch (error) {
      if (isSecretSyncError(error)) throw error;
      const what = code === 'STATE_UNREADABLE' ? 'read' : 'saved';
      const message = `The records of the service could not be ${what}: the store failed. Check the store, and try again.`;
      throw new SecretSyncError(code, message, { retryable: true });
    }
  }

  async function unlessMoved<Result>(call: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await guarded('STATE_NOT_SAVED', call);
    } catch (error) {
      if (isSecretSyncError(error, 'STATE_CONFLICT')) return undefined;
      throw error;
    }
  }

  return {
    get: (key) => guarded('STATE_UNREADABLE', () => store.get(key)),
    put: (key, document, ifVersion, flush = true) =>
      unlessMoved(async () => (await store.put(key, document, { ifVersion, flush })).version),
    delete: async (key, ifVersion) =>
      (await unlessMoved(async () => {
        await store.delete(key, { ifVersion });
        return true;
      })) === true,
    list: (prefix) => guarded('STATE_UNREADABLE', () => store.list(prefix)),
  };
}
