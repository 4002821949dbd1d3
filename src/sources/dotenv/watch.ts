import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../../contracts/clock.js';
import { SecretSyncError } from '../../contracts/errors.js';
import { onAbort } from '../../shared/abort.js';
import { quote } from '../../shared/text.js';
import { watchDirectories } from './directories.js';
import { signatureOf, systemCode } from './file.js';

/** What can't be watched at present is looked at so often, in ms. */
const LOOK_AGAIN = 2_000;

export interface WatchFilesOptions {
  /** How long files must be left alone before `onChange` is called, in ms. */
  readonly debounce: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Calls `onChange` when a file was written, replaced, removed or made, until the signal is aborted; also when a link or
 * a directory on the way to it was. Directories are watched and not files, since most editors put a new file in the
 * place of the old one.
 */
export async function watchFiles(
  paths: readonly string[],
  onChange: () => void,
  { debounce, clock, signal }: WatchFilesOptions,
): Promise<void> {
  if (signal.aborted) return;
  const look = async () => (await Promise.all(paths.map(signatureOf))).join(' ');
  let seen: string | undefined;
  let isSettling = false;
  let isStirred = false;

  /** Waits until nothing moves for a while: a file that is being written is not to be read. */
  const settle = async (): Promise<void> => {
    while (isStirred) {
      isStirred = false;
      // The paths may lead elsewhere now.
      const failure = await directories.update();
      for (let before = await look(); ;) {
        await clock.sleep(debounce, signal);
        const now = await look();
        if (now === before) break;
        before = now;
      }
      const now = await look();
      signal.throwIfAborted();
      if (now !== seen) {
        seen = now;
        onChange();
      }
      if (failure === undefined) continue;
      await clock.sleep(LOOK_AGAIN, signal);
      isStirred = true;
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

  const absolute = paths.map((path) => resolve(path));
  const directories = watchDirectories(absolute, stir);
  const close = (): void => directories.close();
  const stopListening = onAbort(signal, close);
  try {
    await Promise.all(absolute.map(assertDirectory));
    const failure = await directories.update();
    if (failure) throw failure;
  } catch (error) {
    stopListening();
    close();
    throw error;
  }
  seen = await look();
  if (isStirred) stir();
}

/** A path into nowhere is a mistake to begin with, though a directory may come and go later. */
async function assertDirectory(path: string): Promise<void> {
  const directory = dirname(path);
  try {
    await stat(directory);
  } catch (error) {
    throw new SecretSyncError(
      'SOURCE_READ_FAILED',
      `The directory ${quote(directory)} can't be watched (${systemCode(error)}): check the path.`,
    );
  }
}
