import type { Clock } from '../../contracts/clock.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import type { StoredEntry, VersionedDocument } from '../../contracts/state-store.js';
import type { IsKnown, SealedStore } from '../../engine/state/sealed-store.js';
import { foreignError } from '../../engine/boundary/guard-call.js';
import { withTimeLimit } from '../../shared/async.js';
import { quote } from '../../shared/text.js';
import { readEntries } from '../../stores/entries.js';
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
  entries(prefix: string, isKnown: IsKnown): Promise<readonly (StoredEntry | UnreadableEntry)[]>;
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

/** How often a change is tried while other processes are faster. */
const MOST_ATTEMPTS = 100;

/** A store that never returns must not end what is done by itself, nor hold up a run for ever. */
const createGuard =
  (clock: Clock): Guard =>
  async (code, call) => {
    const failed = () => storeFailure(code, 'failed');
    const tooLate = () => storeFailure(code, `did not return within ${STORE_LIMIT_MS} ms`);
    try {
      return await withTimeLimit(call, { ms: STORE_LIMIT_MS, clock }, tooLate);
    } catch (error) {
      throw isSecretSyncError(error) ? foreignError(error, code, failed().message) : failed();
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

function createDocumentStore(store: SealedStore, guarded: Guard): DocumentStore {
  const get = (key: string) => guarded('STATE_UNREADABLE', () => store.get(key));

  return {
    get,
    async entries(prefix, isKnown) {
      const { entries, damaged } = await readEntries(
        {
          get,
          list: (below) => guarded('STATE_UNREADABLE', () => store.list(below)),
          ...(store.entries !== undefined && {
            entries: (below) =>
              guarded('STATE_UNREADABLE', async () => (await store.entries?.(below, isKnown)) ?? []),
          }),
        },
        prefix,
      );
      const shown = damaged.map(async ({ key, error }): Promise<UnreadableEntry> => {
        const found = await guarded('STATE_UNREADABLE', () => store.read(key)).catch(() => undefined);
        return { key, error, ...(found !== undefined && { document: found.document }) };
      });
      return [...entries, ...(await Promise.all(shown))];
    },
    put: (key, document, ifVersion, flush = true) =>
      unlessMoved(async () => {
        const put = () => store.put(key, document, { ifVersion, flush });
        return (await guarded('STATE_NOT_SAVED', put)).version;
      }),
    delete: async (key, ifVersion) => {
      const remove = () => guarded('STATE_NOT_SAVED', () => store.delete(key, { ifVersion }));
      return (await unlessMoved(() => remove().then(() => true))) === true;
    },
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

/** Changes the record with this id: tries until no other process was faster, of which an attempt tells by `undefined`. */
export async function persist<Result>(
  id: string,
  attempt: () => Promise<{ readonly done: Result } | undefined>,
): Promise<Result> {
  for (let tries = 0; tries < MOST_ATTEMPTS; tries += 1) {
    const ended = await attempt();
    if (ended !== undefined) return ended.done;
  }
  const message = `The record ${quote(id)} could not be saved: other processes change it all the time. Try again.`;
  throw new SecretSyncError('STATE_CONFLICT', message, { retryable: true });
}
