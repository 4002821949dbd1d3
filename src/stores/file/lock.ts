import { randomUUID } from 'node:crypto';
import { link, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import { errorCode, readFileIfThere, unlinkIfThere } from './file-system.js';
import { currentOwner, ownerLiveness, parseOwner } from './lock-owner.js';

/** How old the lock of an owner must be, of whom it can't be told whether he runs, to be taken for left behind. */
const STALE_AFTER = 30_000;
const LOCK = '.lock';
const CLAIM = '.claim';

/** An exclusive lock, held. */
export interface FileLock {
  /** False when somebody took the lock for left behind, which can only happen to an owner who was out of sight. */
  isHeld(): Promise<boolean>;
  release(): Promise<void>;
}

interface Holder {
  /** Never the same for two locks. */
  readonly token: string;
  readonly pid?: number;
  readonly isStale: boolean;
}

/**
 * Takes the lock that is the file at `path`, waiting up to `deadline` (ms since the epoch), else throws
 * `STATE_NOT_SAVED`, retryable.
 *
 * A lock file comes into being by a hard link to a file that already names its owner, so it is never empty or half
 * written, and only one process can succeed. It goes away in two ways only: its owner removes it, or, once the owner
 * is known to be dead, a process that holds the lock on *that owner's token*, after it has looked again that the
 * token still stands there. So two processes that find the same dead owner can't remove each other's new lock, and a
 * process that dies while it clears up is cleared up after in the same way. A process that runs is never robbed.
 */
export async function acquireLock(path: string, deadline: number): Promise<FileLock> {
  for (;;) {
    const token = randomUUID();
    const holder = await tryLock(path, token);
    if (holder === undefined) {
      const isHeld = async () => (await readHolder(path))?.token === token;
      return {
        isHeld,
        release: async () => {
          if (await isHeld()) await unlinkIfThere(path);
        },
      };
    }
    if (holder.isStale) {
      await clearStaleLock(path, holder.token, deadline);
    } else if (Date.now() >= deadline) {
      throw lockTimeout(path, holder.pid);
    } else {
      await sleep(1 + Math.random() * 15);
    }
  }
}

/** Removes what dead processes left in a directory of locks. */
export async function sweepLocks(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (!name.endsWith(LOCK) && !name.endsWith(CLAIM)) continue;
    const holder = await readHolder(path);
    if (!holder?.isStale) continue;
    if (name.endsWith(CLAIM)) {
      await unlinkIfThere(path);
      continue;
    }
    try {
      await clearStaleLock(path, holder.token, Date.now());
    } catch (error) {
      // Somebody else is at it.
      if (!isSecretSyncError(error, 'STATE_NOT_SAVED')) throw error;
    }
  }
}

/** `undefined` when the lock is ours now, else who holds it. */
async function tryLock(path: string, token: string): Promise<Holder | undefined> {
  const claim = join(dirname(path), `${token}${CLAIM}`);
  await writeFile(claim, JSON.stringify(currentOwner(token)), { flag: 'wx', mode: 0o600 });
  try {
    for (;;) {
      try {
        await link(claim, path);
        return undefined;
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
      }
      const holder = await readHolder(path, claim);
      // Released in the meantime: the way is free again.
      if (holder !== undefined) return holder;
    }
  } finally {
    await unlinkIfThere(claim);
  }
}

async function clearStaleLock(path: string, token: string, deadline: number): Promise<void> {
  const guard = await acquireLock(join(dirname(path), `${token}${LOCK}`), deadline);
  try {
    if ((await readHolder(path))?.token === token) await unlinkIfThere(path);
  } finally {
    await guard.release();
  }
}

/** Who holds the lock at `path`; its age is measured by the file system's own clock, from a file made just now. */
async function readHolder(path: string, madeJustNow?: string): Promise<Holder | undefined> {
  // One read of one file: the age of a lock must not be taken for that of the next one.
  const file = await readFileIfThere(path);
  if (file === undefined) return undefined;
  const now = madeJustNow === undefined ? Date.now() : (await stat(madeJustNow)).mtimeMs;
  const isOld = now - file.mtimeMs > STALE_AFTER;
  const owner = parseOwner(new TextDecoder().decode(file.bytes));
  // A power cut can leave a lock without its content.
  if (owner === undefined) return { token: `${file.ino}-${Math.round(file.mtimeMs)}`, isStale: isOld };
  const liveness = ownerLiveness(owner);
  const isStale = liveness === 'dead' || (liveness === 'unknown' && isOld);
  return { token: owner.token, pid: owner.pid, isStale };
}

function lockTimeout(path: string, pid: number | undefined): SecretSyncError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new SecretSyncError(
    'STATE_NOT_SAVED',
    `The state was not saved, because ${who} holds the lock ${quote(path)}. Try again; if nothing uses ` +
      `${quote(basename(path))} any more, delete it.`,
    { retryable: true },
  );
}
