import { constants } from 'node:fs';
import { lstat, mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The system's own code of an error, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && 'syscall' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** Removes a file; nothing happens when there is none. */
export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** A file and its status, as of one moment. */
export interface FoundFile {
  /** Absent: it is larger than the limit, or no regular file. */
  readonly bytes: Uint8Array | undefined;
  readonly ino: number;
  readonly mtimeMs: number;
}

/** Reads a file of at most `limit` bytes, following no symbolic link; `undefined` when there is none. */
export async function readFileIfThere(path: string, limit: number): Promise<FoundFile | undefined> {
  try {
    // Without O_NONBLOCK, opening a pipe would wait for its writer for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      const { ino, mtimeMs } = found;
      const isTaken = found.isFile() && found.size <= limit;
      return { bytes: isTaken ? await file.readFile() : undefined, ino, mtimeMs };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Opens a new file that only its owner can read or write, in place of any that exists. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    await unlink(path);
    return open(path, 'wx', 0o600);
  }
}

/** Flushes a file without keeping its writer waiting, and closes it. */
async function flushMeanwhile(file: FileHandle): Promise<void> {
  try {
    await file.datasync();
  } catch {
    // It is as if the power had been cut before.
  } finally {
    await file.close().catch(() => undefined);
  }
}

/**
 * Creates a file that only its owner can read or write, in place of any that exists, and flushes it: a file that is
 * renamed unflushed can be empty after a power cut. One that need not be `intact` is flushed while its writer goes on.
 *
 * @returns when it was written, in ms by the clock of the file system.
 */
export async function writeNewFile(path: string, text: string, intact: boolean): Promise<number> {
  const file = await openNew(path);
  let isLeftOpen = false;
  try {
    await file.writeFile(text);
    if (intact) await file.sync();
    const { mtimeMs } = await file.stat();
    // Windows may refuse to rename a file that is open.
    isLeftOpen = !intact && process.platform !== 'win32';
    return mtimeMs;
  } finally {
    if (isLeftOpen) void flushMeanwhile(file);
    else await file.close();
  }
}

/** Makes what was created, renamed or removed in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows can't open a directory, and needs no such call.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Creates a directory and those above it that are missing, for their owner only. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/** What exists at a path, a symbolic link being one itself. */
export async function entryAt(path: string): Promise<'none' | 'directory' | 'other'> {
  try {
    return (await lstat(path)).isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'none';
    throw error;
  }
}
