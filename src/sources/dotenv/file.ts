import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

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

/** Why a file can't be read, in words that follow its name. */
export class UnreadableFile extends Error {
  constructor(
    readonly reason: string,
    /** Whether it may be readable a moment later. */
    readonly isPassing = false,
  ) {
    super(reason);
  }
}
