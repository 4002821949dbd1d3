import { watch, type FSWatcher } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../contracts/clock.js';
import { SecretSyncError } from '../contracts/errors.js';
import { quote } from '../contracts/quote.js';
import { signatureOf, systemCode } from './dotenv-file.js';

export interface WatchFilesOptions {
  /** How long files must be left alone before a change is told, in ms. */
  readonly debounce: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The directories in which something happens when a file changes: its own, and the one that a link leads to. */
async function directoriesOf(path: string): Promise<string[]> {
  const target = await realpath(path).catch(() => path);
  return [dirname(resolve(path)), dirname(resolve(target))];
}

/**
 * Calls `onChange` when a file was written, replaced, removed or made, until the signal is aborted. Directories are
 * watched and not files, since most editors put a new file in the place of the old one.
 */
export async function watchFiles(
  paths: readonly string[],
  onChange: () => void,
  { debounce, clock, signal }: WatchFilesOptions,
): Promise<void> {
  if (signal.aborted) return;
  const watchers: FSWatcher[] = [];
  const close = () => watchers.forEach((watcher) => watcher.close());
  const look = async () => (await Promise.all(paths.map(signatureOf))).join(' ');
  let seen: string | undefined;
  let isSettling = false;
  let isStirred = false;

  /** Waits until nothing moves for a while: a file that is being written is not to be read. */
  const settle = async (): Promise<void> => {
    while (isStirred) {
      isStirred = false;
      for (let before = await look(); ;) {
        await clock.sleep(debounce, signal);
        const now = await look();
        if (now === before) break;
        before = now;
      }
      const now = await look();
      signal.throwIfAborted();
      if (now === seen) continue;
      seen = now;
      onChange();
    }
  };
  const stir = (): void => {
    isStirred = true;
    if (isSettling || seen === undefined) return;
    isSettling = true;
    settle()
      .finally(() => (isSettling = false))
      .catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
  };

  const directories = new Set((await Promise.all(paths.map(directoriesOf))).flat());
  for (const directory of directories) {
    try {
      watchers.push(watch(directory, stir).on('error', stir));
    } catch (error) {
      close();
      throw new SecretSyncError(
        'SOURCE_READ_FAILED',
        `The directory ${quote(directory)} can't be watched (${systemCode(error)}): check the path.`,
      );
    }
  }
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) return close();
  seen = await look();
  if (isStirred) stir();
}
