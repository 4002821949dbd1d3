import { createHash, randomUUID } from 'node:crypto';
import { open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The system's own code of an error, such as `ENOENT`. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

/**
 * Changes whenever a file is written, replaced, removed or made, also behind a symbolic link. Many file systems keep
 * time in steps of some milliseconds: two writes within one step differ only in what they wrote.
 */
export async function signatureOf(path: string): Promise<string> {
  try {
    const status = await stat(path, { bigint: true });
    const { dev, ino, size, mtimeNs } = status;
    // What comes out of a pipe can be read only once.
    const content = status.isFile() ? await readFile(path).then(digestOf, systemCode) : '';
    return [dev, ino, size, mtimeNs, content].join('/');
  } catch (error) {
    return systemCode(error);
  }
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

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
