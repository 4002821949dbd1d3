import { stat } from 'node:fs/promises';

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
