import { randomUUID } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { checkCall } from '../../shared/arguments/check.js';
import { aName, aTime, optional, type Rule } from '../../shared/arguments/rules.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { StateStore, StoredEntry, VersionedDocument } from '../../contracts/state-store.js';
import { quote } from '../../shared/text.js';
import { assertStoreKey, stateConflict } from '../store-key.js';
import { createFileAges, type FileAges } from './age.js';
import {
  checkDirectories,
  listDocuments,
  readDocument,
  renderDocument,
  type FileDocument,
} from './document.js';
import { errorCode, makeDirectory, syncDirectory, unlinkIfThere, writeNewFile } from './file-system.js';
import { acquireLock, sweepLocks } from './lock.js';

/** Options of {@link fileStore}. */
export interface FileStoreOptions {
  /** How long a write waits for another process that is writing the same document, in ms. Default: 10,000. */
  readonly lockWait?: number | undefined;
}

/** How many documents are read together. */
const CONCURRENCY = 16;

/** What the methods of a file store share. */
interface FileStore {
  readonly root: string;
  readonly lockWait: number;
  readonly ages: FileAges;
  /** The folders that were cleared of what dead processes left. */
  readonly swept: Set<string>;
}

interface Change {
  readonly key: string;
  /** Whether the directory is flushed too. */
  readonly flush: boolean;
  /** Throws where the document is not what is to be changed. */
  readonly check: () => Promise<void>;
  /** `confirm` throws where the lock was lost, or the directory is no longer the store's. */
  readonly change: (path: string, confirm: () => Promise<void>) => Promise<void>;
}

function pathOf({ root }: FileStore, key: string): string {
  assertStoreKey(key);
  return join(root, `${key}.json`);
}

const notWritten = (path: string, code: string): SecretSyncError =>
  new SecretSyncError(
    'STATE_NOT_SAVED',
    `${quote(path)} could not be written (${code}): check that this user may write there, that the disk has ` +
      'room and that its file system has hard links.',
  );

/** Makes a directory of the store, through no symbolic link. */
async function prepareFolder({ root, swept }: FileStore, folder: string): Promise<void> {
  // What exists already is looked at first: the missing part must not be made elsewhere.
  if (!(await checkDirectories(root, folder))) {
    await makeDirectory(folder);
    await checkDirectories(root, folder);
  }
  if (swept.has(folder)) return;
  swept.add(folder);
  await sweepLocks(folder);
}

/** Makes a change while no other writer can touch the document, if the document is what is to be changed. */
async function exclusively(store: FileStore, { key, flush, check, change }: Change): Promise<void> {
  const { root, lockWait, ages } = store;
  const path = pathOf(store, key);
  const folder = dirname(path);
  try {
    // Spares a race that is lost already the lock, and a write that can't succeed the directory.
    await check();
    await prepareFolder(store, folder);
    const lock = await acquireLock(`${path}.lock`, Date.now() + lockWait);
    try {
      await check();
      await change(path, async () => {
        if (!(await lock.isHeld())) throw stateConflict(key);
        await checkDirectories(root, folder);
      });
      if (flush) await syncDirectory(folder);
    } finally {
      await lock.release();
    }
  } catch (error) {
    // Who was refused asks next how old the document is.
    if (isSecretSyncError(error, 'STATE_CONFLICT')) await ages.look(folder);
    const code = errorCode(error);
    throw code === undefined ? error : notWritten(path, code);
  }
}

/** Refuses a document that is not of a version; `null`: that exists. */
async function checkVersion(store: FileStore, key: string, version: string | null): Promise<void> {
  if (((await readDocument(store.root, pathOf(store, key)))?.version ?? null) !== version)
    throw stateConflict(key);
}

async function replaceFile(
  path: string,
  { text, intact }: { readonly text: string; readonly intact: boolean },
  confirm: () => Promise<void>,
): Promise<number> {
  // One name, not a new one each time: what a crash leaves is replaced by the next write.
  const temporary = `${path}.tmp`;
  try {
    const writtenAt = await writeNewFile(temporary, text, intact);
    await confirm();
    await rename(temporary, path);
    return writtenAt;
  } catch (error) {
    await unlinkIfThere(temporary);
    throw error;
  }
}

async function removeFile(path: string, confirm: () => Promise<void>): Promise<void> {
  await confirm();
  await unlinkIfThere(`${path}.tmp`);
  await unlinkIfThere(path);
}

/** Whether there is a document that no one can read. Throws `STATE_CONFLICT` for one that can be read. */
async function isDamaged(store: FileStore, key: string): Promise<boolean> {
  let found: FileDocument | undefined;
  try {
    found = await readDocument(store.root, pathOf(store, key));
  } catch (error) {
    if (isSecretSyncError(error, 'STATE_UNREADABLE') && !error.retryable) return true;
    throw error;
  }
  if (found === undefined) return false;
  throw stateConflict(key);
}

async function get(store: FileStore, key: string): Promise<VersionedDocument | undefined> {
  const found = await readDocument(store.root, pathOf(store, key));
  if (found === undefined) return undefined;
  const { document, version, writtenAt } = found;
  const age = store.ages.ageOf(writtenAt);
  return { document, version, ...(age === undefined ? {} : { age }) };
}

async function list({ root }: FileStore, prefix: string): Promise<readonly string[]> {
  // Only complete segments name a folder: what follows the last slash may be cut off.
  const [, folder] = /^([a-z0-9-]+(?:\/[a-z0-9-]+)*)\/[a-z0-9-]*$/.exec(prefix) ?? [];
  const keys = await listDocuments(root, folder === undefined ? root : join(root, folder));
  return keys.filter((key) => key.startsWith(prefix)).sort();
}

async function entries(store: FileStore, prefix: string): Promise<readonly StoredEntry[]> {
  const keys = await list(store, prefix);
  const found: StoredEntry[] = [];
  for (let start = 0; start < keys.length; start += CONCURRENCY) {
    const batch = keys.slice(start, start + CONCURRENCY);
    const documents = await Promise.all(
      batch.map(async (key) => {
        const document = await get(store, key);
        return document === undefined ? [] : [{ key, ...document }];
      }),
    );
    found.push(...documents.flat());
  }
  return found;
}

const aDirectory: Rule = ['the path of a directory', aName[1]];

/**
 * A store of one JSON file a document below `directory`, which is created, with those above it, by the first write.
 *
 * Files can be read by their owner only. A document is written to a temporary file, flushed and renamed: a crash or
 * a power cut leaves the old document or the new one. Writers in several processes on one machine exclude each other
 * by a lock file, and that of a process that was killed is cleared away. Where containers or machines share the
 * directory, that holds as long as no writer is stopped for 30 seconds in the middle of a write. The file system
 * must have hard links. Symbolic links are refused, and files of more than 64 MiB. The age of a document is that of its
 * file, by the clock of the file system.
 *
 * Throws `INVALID_OPTION` for a `directory` that is not a string, is empty, or is a symbolic link or a file, and for a
 * `lockWait` below 0; its methods `STATE_UNREADABLE` for a document that exists but can't be read, and `STATE_NOT_SAVED`, without a
 * result, for one that can't be written.
 */
export function fileStore(directory: string, options: FileStoreOptions = {}): StateStore {
  checkCall('fileStore', { directory }, { directory: aDirectory }, options, { lockWait: optional(aTime) });
  const { lockWait = 10_000 } = options;
  const store: FileStore = { root: resolve(directory), lockWait, ages: createFileAges(), swept: new Set() };

  return {
    get: (key) => get(store, key),
    async put(key, document, { ifVersion, flush = true, intact = true }) {
      const version = randomUUID();
      const text = renderDocument(document, version);
      await exclusively(store, {
        key,
        flush,
        check: () => checkVersion(store, key, ifVersion),
        change: async (path, confirm) => store.ages.learn(await replaceFile(path, { text, intact }, confirm)),
      });
      return { version };
    },
    async delete(key, { ifVersion, flush = true }) {
      await exclusively(store, {
        key,
        flush,
        check: () => checkVersion(store, key, ifVersion),
        change: removeFile,
      });
    },
    list: (prefix) => list(store, prefix),
    entries: (prefix) => entries(store, prefix),
    async discard(key) {
      if (!(await isDamaged(store, key))) return;
      await exclusively(store, {
        key,
        flush: true,
        check: async () => void (await isDamaged(store, key)),
        change: removeFile,
      });
    },
  };
}
