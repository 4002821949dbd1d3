import { watch, type FSWatcher } from 'node:fs';
import { lstat, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, sep } from 'node:path';
import { SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import { systemCode } from './file.js';

/** Longer chains of symbolic links are taken for circles, as Linux does. */
const MOST_LINKS = 40;

const segmentsOf = (path: string): string[] => path.split(sep === '/' ? '/' : /[\\/]/).filter(Boolean);

/**
 * The directories in which something happens when an absolute path comes to lead to another file, or when that file is
 * replaced: those that hold it and the links on the way to it. Where the way ends early, the last one that is there.
 */
async function directoriesOf(path: string): Promise<string[]> {
  const directories: string[] = [];
  let at = '';
  let rest: string[] = [];
  const go = (target: string, after: readonly string[]): void => {
    const { root } = parse(target);
    if (root !== '') at = root;
    rest = [...segmentsOf(target.slice(root.length)), ...after];
  };
  go(path, []);
  for (let links = 0; ;) {
    const [name, ...after] = rest;
    if (name === undefined) break;
    rest = after;
    if (name === '.') continue;
    if (name === '..') {
      at = dirname(at);
      continue;
    }
    const next = join(at, name);
    const status = await lstat(next).catch(() => undefined);
    const target = status?.isSymbolicLink() === true ? await readlink(next).catch(() => '') : undefined;
    // Links in a root belong to the system, as /tmp and /var do on some.
    const isOnTheWay = after.length > 0 && status !== undefined;
    if (!isOnTheWay || (target !== undefined && at !== parse(at).root)) directories.push(at);
    if (status === undefined || (target !== undefined && ++links > MOST_LINKS)) break;
    if (target === undefined) at = next;
    else go(target, after);
  }
  return directories;
}

interface WatchedDirectory {
  readonly watcher: FSWatcher;
  readonly identity: string;
  /** It was moved or removed, or can't be watched any more. */
  isLost: boolean;
}

async function identityOf(directory: string): Promise<string | undefined> {
  const status = await stat(directory, { bigint: true }).catch(() => undefined);
  return status && `${status.dev}/${status.ino}`;
}

/** Watches the directories that some paths lead through. */
export interface DirectoryWatch {
  /**
   * Watches what the paths lead through now, and nothing else, and calls `onStir` for what happens after that. Returns why
   * some of it can't be watched at present.
   */
  update(): Promise<SecretSyncError | undefined>;
  close(): void;
}

/**
 * Calls `onStir` whenever something happened in one of the directories that these absolute paths lead through. They may
 * be moved, removed and made again.
 */
export function watchDirectories(paths: readonly string[], onStir: () => void): DirectoryWatch {
  const watched = new Map<string, WatchedDirectory>();
  let failure: SecretSyncError | undefined;
  let isClosed = false;

  const close = (directory: string): void => {
    watched.get(directory)?.watcher.close();
    watched.delete(directory);
  };
  const open = (directory: string, identity: string): void => {
    const lose = (): void => {
      entry.isLost = true;
      onStir();
    };
    const watcher = watch(directory, (event, name) => {
      // So is told what happens to the directory itself.
      if (event === 'rename' && (name === null || name === basename(directory))) lose();
      else onStir();
    });
    const entry: WatchedDirectory = { watcher: watcher.on('error', lose), identity, isLost: false };
    watched.set(directory, entry);
  };
  const fail = (directory: string, code: string): void => {
    failure ??= new SecretSyncError(
      'SOURCE_READ_FAILED',
      `The directory ${quote(directory)} can't be watched (${code}): check the path.`,
    );
  };

  /** Whether there was nothing to do. */
  const follow = async (): Promise<boolean> => {
    const wanted = new Set((await Promise.all(paths.map(directoriesOf))).flat());
    const identities = await Promise.all(
      [...wanted].map(async (directory) => [directory, await identityOf(directory)] as const),
    );
    if (isClosed) return true;
    let isSettled = true;
    failure = undefined;
    for (const directory of [...watched.keys()]) if (!wanted.has(directory)) close(directory);
    for (const [directory, identity] of identities) {
      const known = watched.get(directory);
      if (known && !known.isLost && known.identity === identity) continue;
      close(directory);
      try {
        if (identity === undefined) fail(directory, 'ENOENT');
        else open(directory, identity);
        isSettled = false;
      } catch (error) {
        fail(directory, systemCode(error));
      }
    }
    return isSettled;
  };

  return {
    async update() {
      // What changed between a look and the beginning of a watch is seen by another look.
      for (let looks = 0; looks < MOST_LINKS && !(await follow()); looks += 1);
      return failure;
    },
    close() {
      isClosed = true;
      for (const directory of [...watched.keys()]) close(directory);
    },
  };
}
