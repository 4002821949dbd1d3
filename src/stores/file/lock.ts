import { randomUUID } from 'node:crypto';
import { link, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import { errorCode, readFileIfThere, unlinkIfThere, type FoundFile } from './file-system.js';
import { currentOwner, ownerLiveness, parseOwner, type LockOwner } from './lock-owner.js';

/** How old the lock of an owner must be, of whom it can't be told whether he runs, to be taken for left behind. */
const STALE_AFTER = 30_000;
/** The largest lock file that is read, in bytes. */
const MAX_BYTES = 4_096;
/** How many locks on the tokens of dead owners can be nested: no more than processes that died while clearing up. */
const MAX_DEPTH = 16;
const LOCK = '.lock';
const CLAIM = '.claim';

/** An exclusive lock, held. */
export interface FileLock {
  /** False when another process took the lock for left behind, which can only happen to an owner out of its sight. */
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
 * token is still there. So two processes that find the same dead owner can't remove each other's new lock, and a
 * process that dies while it clears up is cleared up after in the same way. A process that runs is never robbed.
 */
export async function acquireLock(path: string, deadline: number, depth = 0): Promise<FileLock> {
  for (;;) {
    const token = randomUUID();
    const holder = await tryLock(path, token);
    if (holder === undefined) {
      const isHeld = async () => (await readToken(path)) === token;
      return {
        isHeld,
        release: async () => {
          if (await isHeld()) await unlinkIfThere(path);
        },
      };
    }
    if (holder.isStale && depth < MAX_DEPTH) {
      await clearStaleLock(path, holder.token, deadline, depth);
    } else if (Date.now() >= deadline) {
      throw lockTimeout(path, holder.pid);
    } else {
      await sleep(1 + Math.random() * 15);
    }
  }
}

/** Removes what dead processes left in a directory of locks. */
export async function sweepLocks(directory: string): Promise<void> {
  const names = await readdir(directory);
  const left = names.filter((name) => name.endsWith(LOCK) || name.endsWith(CLAIM));
  if (left.length === 0) return;
  const now = await fileSystemTime(directory);
  for (const name of left) {
    const path = join(directory, name);
    const holder = await readHolder(path, now);
    if (!holder?.isStale) continue;
    if (name.endsWith(CLAIM)) {
      await unlinkIfThere(path);
      continue;
    }
    try {
      await clearStaleLock(path, holder.token, Date.now(), 0);
    } catch (error) {
      // Another process is doing it.
      if (!isSecretSyncError(error, 'STATE_NOT_SAVED')) throw error;
    }
  }
}

/** `undefined` when the lock is ours now, else who holds it. */
async function tryLock(path: string, token: string): Promise<Holder | undefined> {
  const claim = join(dirname(path), `${token}${CLAIM}`);
  try {
    await writeFile(claim, JSON.stringify(currentOwner(token)), { flag: 'wx', mode: 0o600 });
    for (;;) {
      try {
        await link(claim, path);
        return undefined;
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
      }
      const holder = await readHolder(path, (await stat(claim)).mtimeMs);
      // Some network file systems refuse a link that they have just made.
      if (holder?.token === token) return undefined;
      // Released in the meantime: the way is free again.
      if (holder !== undefined) return holder;
    }
  } finally {
    await unlinkIfThere(claim);
  }
}

async function clearStaleLock(path: string, token: string, deadline: number, depth: number): Promise<void> {
  const guard = await acquireLock(join(dirname(path), `${token}${LOCK}`), deadline, depth + 1);
  try {
    if ((await readToken(path)) === token) await unlinkIfThere(path);
  } finally {
    await guard.release();
  }
}

/** Locks of which only time can tell: since when this process has seen them, by its steady clock. */
const seenSince = new Map<string, { readonly token: string; readonly since: number }>();

function watchedFor(path: string, token: string): number {
  const now = performance.now();
  const known = seenSince.get(path);
  if (known?.token === token) return now - known.since;
  seenSince.set(path, { token, since: now });
  return 0;
}

/** The time of the file system of a directory: that of a file that was made there just now. */
export async function fileSystemTime(directory: string): Promise<number> {
  const path = join(directory, `${randomUUID()}${CLAIM}`);
  try {
    await writeFile(path, '', { flag: 'wx', mode: 0o600 });
    return (await stat(path)).mtimeMs;
  } finally {
    await unlinkIfThere(path);
  }
}

/** The token of the lock in a file. A power cut can leave a lock without its content. */
const tokenOf = ({ ino, mtimeMs }: FoundFile, owner: LockOwner | undefined): string =>
  owner?.token ?? `${ino}-${Math.round(mtimeMs)}`;

const ownerOf = ({ bytes }: FoundFile): LockOwner | undefined => parseOwner(new TextDecoder().decode(bytes));

/** The token of the lock at `path`, without a look at its owner; `undefined` where there is none. */
async function readToken(path: string): Promise<string | undefined> {
  const file = await readFileIfThere(path, MAX_BYTES);
  return file && tokenOf(file, ownerOf(file));
}

/** Who holds the lock at `path`. `now`: the time of the file system; a machine's own clock is never compared with it. */
async function readHolder(path: string, now?: number): Promise<Holder | undefined> {
  // One read of one file: the age of a lock must not be taken for that of the next one.
  const file = await readFileIfThere(path, MAX_BYTES);
  if (file === undefined) {
    seenSince.delete(path);
    return undefined;
  }
  const owner = ownerOf(file);
  const token = tokenOf(file, owner);
  const liveness = owner === undefined ? 'unknown' : ownerLiveness(owner);
  if (liveness !== 'unknown')
    return { token, isStale: liveness === 'dead', ...(owner && { pid: owner.pid }) };
  const isOld = now !== undefined && now - file.mtimeMs > STALE_AFTER;
  const isStale = isOld || watchedFor(path, token) > STALE_AFTER;
  return { token, isStale, ...(owner && { pid: owner.pid }) };
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
