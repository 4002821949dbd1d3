import { randomUUID } from 'node:crypto';
import { open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The system's own code of an error, such as `ENOENT`. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

/** Moves whenever a file is written, replaced, removed or made, also behind a symbolic link. */
export async function signatureOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs].join('/');
  } catch (error) {
    return systemCode(error);
  }
}

/**
 * Replaces a file's text in one step, so that a reader sees the old or the new one; its mode stays, and a symbolic link
 * to it too. Answers false, with nothing changed, when its signature is not `signature` any more.
 */
export async function replaceFile(path: string, text: string, signature: string): Promise<boolean> {
  const target = await realpath(path);
  const { mode } = await stat(target);
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  try {
    // Nobody else may read it before it has the mode of the file that it replaces.
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.chmod(mode & 0o7777);
      await file.sync();
    } finally {
      await file.close();
    }
    if ((await signatureOf(path)) !== signature) {
      await unlink(temporary);
      return false;
    }
    await rename(temporary, target);
    return true;
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
