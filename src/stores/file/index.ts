import { randomUUID } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import type { StateStore } from '../../contracts/state-store.js';
import { checkDirectories, listDocuments, readDocument, renderDocument } from './document.js';
import { acquireLock, sweepLocks } from './lock.js';
import { errorCode, makeDirectory, syncDirectory, unlinkIfThere, writeNewFile } from './file-system.js';
import { assertStoreKey, stateConflict } from '../store-key.js';

/** Options of {@link fileStore}. */
export interface FileStoreOptions {
  /** How long a write waits for another process that is writing the same document, in ms. Default: 10,000. */
  readonly lockWait?: number;
}

/**
 * A store of one JSON file a document below `directory`, which is created, with those above it, by the first write.
 *
 * Files can be read by their owner only. A document is written to a temporary file, flushed and renamed: a crash or
 * a power cut leaves the old document or the new one. Writers in several processes on one machine exclude each other
 * by a lock file, and that of a process that was killed is cleared away. Where containers or machines share the
 * directory, that holds as long as no writer stands still for 30 seconds in the middle of a write. The file system
 * must have hard links. Symbolic links are refused.
 *
 * Throws `INVALID_OPTION` for a `directory` that is empty, a symbolic link or a file and for a `lockWait` below 0;
 * its methods `STATE_UNREADABLE` for a document that is there but can't be read, and `STATE_NOT_SAVED`, without a
 * result, for one that can't be written.
 */
export function fileStore(directory: string, options: FileStoreOptions = {}): StateStore {
  const { lockWait = 10_000 } = options;
  if (directory === '')
    throw new SecretSyncError('INVALID_OPTION', 'fileStore needs the path of a directory.');
  if (!(lockWait >= 0)) throw new SecretSyncError('INVALID_OPTION', 'lockWait must be 0 or more, in ms.');
  const root = resolve(directory);
  const swept = new Set<string>();

  function pathOf(key: string): string {
    assertStoreKey(key);
    return join(root, `${key}.json`);
  }

  /** Runs `change` while no other writer can touch the document, if that stands at `version`. */
  async function exclusively(
    key: string,
    version: string | null,
    flush: boolean,
    change: (path: string, stillHeld: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const path = pathOf(key);
    const checkVersion = async () => {
      if (((await readDocument(root, path))?.version ?? null) !== version) throw stateConflict(key);
    };
    // Spares a race that is lost already the lock, and a write that can't succeed the directory.
    await checkVersion();
    try {
      const folder = dirname(path);
      await makeDirectory(folder, flush);
      await checkDirectories(root, folder);
      if (!swept.has(folder)) {
        swept.add(folder);
        await sweepLocks(folder);
      }
      const lock = await acquireLock(`${path}.lock`, Date.now() + lockWait);
      try {
        await checkVersion();
        await change(path, async () => {
          if (!(await lock.isHeld())) throw stateConflict(key);
        });
        if (flush) await syncDirectory(folder);
      } finally {
        await lock.release();
      }
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      throw new SecretSyncError(
        'STATE_NOT_SAVED',
        `${quote(path)} could not be written (${code}): check that this user may write there, that the disk has ` +
          'room and that its file system has hard links.',
      );
    }
  }

  return {
    get: async (key) => readDocument(root, pathOf(key)),

    async put(key, document, { ifVersion, flush = true }) {
      const version = randomUUID();
      const text = renderDocument(document, version);
      await exclusively(key, ifVersion, flush, async (path, stillHeld) => {
        // One name, not a new one each time: what a crash leaves is replaced by the next write.
        const temporary = `${path}.tmp`;
        try {
          await writeNewFile(temporary, text, flush);
          await stillHeld();
          await rename(temporary, path);
        } catch (error) {
          await unlinkIfThere(temporary);
          throw error;
        }
      });
      return { version };
    },

    async delete(key, { ifVersion }) {
      await exclusively(key, ifVersion, true, async (path, stillHeld) => {
        await unlinkIfThere(`${path}.tmp`);
        await stillHeld();
        await unlinkIfThere(path);
      });
    },

    list: async (prefix) => (await listDocuments(root)).filter((key) => key.startsWith(prefix)).sort(),
  };
}
