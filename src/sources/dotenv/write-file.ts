import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, readFile, realpath, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { quote } from '../../shared/text.js';
import { signatureOf, systemCode } from './file.js';

/** What a rename says of a file that can't be replaced: it is a mount of its own, or the directory takes no rename. */
const NOT_REPLACEABLE: ReadonlySet<string> = new Set(['EBUSY', 'EXDEV', 'EPERM', 'EACCES']);

/** A write in place that failed, and whose former content could not be written back. */
export class HalfWritten extends Error {
  constructor(
    /** Where the former content is. */
    readonly copy: string,
    readonly code: string,
  ) {
    super(code);
  }
}

/**
 * Writes a file's text, and keeps its owner, group, mode and the links to it. It is replaced in one step, so that a
 * reader sees the old or the new text. Where that can't be (a bind mount, another owner, a second hard link), it is
 * written in place, while a copy of its former text lies beside it.
 *
 * Returns false, with nothing changed, when its signature is not `signature` any more.
 *
 * @throws HalfWritten and errors of the system.
 */
export async function writeFile(path: string, text: string, signature: string): Promise<boolean> {
  const target = await realpath(path);
  const status = await stat(target);
  // To replace it would leave its other names with the old text.
  if (status.nlink > 1) return writeInPlace(path, target, text, signature);
  const temporary = besides(target, 'tmp');
  try {
    if (!(await makeFile(temporary, text, status.mode & 0o7777, status)))
      return await writeInPlace(path, target, text, signature);
    if ((await signatureOf(path)) !== signature) return false;
    const isReplaced = await rename(temporary, target).then(
      () => true,
      (error: unknown) => {
        if (NOT_REPLACEABLE.has(systemCode(error))) return false;
        throw error;
      },
    );
    return isReplaced || (await writeInPlace(path, target, text, signature));
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/**
 * Returns why {@link writeFile} can't write a file, in words that follow its name; `undefined` where it can, as far as
 * can be told without writing.
 */
export async function whyNotWritable(path: string): Promise<string | undefined> {
  try {
    const target = await realpath(path);
    const status = await stat(target);
    if (!status.isFile()) return 'is not a regular file, so it is only read; write to another file';
    const directory = dirname(target);
    const refusal = await access(directory, constants.W_OK | constants.X_OK).then(
      () => undefined,
      systemCode,
    );
    if (refusal === undefined) return undefined;
    return (
      `can't be replaced, since its directory ${quote(directory)} can't be written (${refusal}), nor can a copy be ` +
      'kept there while it is written in place; let this user write the directory'
    );
  } catch (error) {
    return `can't be written (${systemCode(error)}); check the path`;
  }
}

const besides = (target: string, ending: string): string =>
  join(dirname(target), `.${basename(target)}.${randomUUID()}.${ending}`);

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Makes a file that no other user can read before it has its owner and mode. False: it can't be given that owner. */
async function makeFile(
  path: string,
  content: string | Uint8Array,
  mode: number,
  owner?: Owner,
): Promise<boolean> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    if (owner !== undefined && !(await isGiven(file, owner))) return false;
    await file.chmod(mode);
    await file.sync();
    return true;
  } finally {
    await file.close();
  }
}

async function isGiven(file: FileHandle, { uid, gid }: Owner): Promise<boolean> {
  const made = await file.stat();
  if (made.uid === uid && made.gid === gid) return true;
  return file.chown(uid, gid).then(
    () => true,
    () => false,
  );
}

async function writeInPlace(path: string, target: string, text: string, signature: string): Promise<boolean> {
  const former = await readFile(target);
  const copy = besides(target, 'copy');
  let isNeeded = false;
  try {
    await makeFile(copy, former, 0o600);
    if ((await signatureOf(path)) !== signature) return false;
    await overwrite(target, text).catch(async (error: unknown) => {
      await overwrite(target, former).catch(() => (isNeeded = true));
      throw isNeeded ? new HalfWritten(copy, systemCode(error)) : error;
    });
    return true;
  } finally {
    if (!isNeeded) await unlink(copy).catch(() => undefined);
  }
}

async function overwrite(target: string, content: string | Uint8Array): Promise<void> {
  const bytes = Buffer.from(content);
  const file = await open(target, 'r+');
  try {
    let written = 0;
    while (written < bytes.byteLength) {
      written += (await file.write(bytes, written, bytes.byteLength - written, written)).bytesWritten;
    }
    await file.truncate(bytes.byteLength);
    await file.sync();
  } finally {
    await file.close();
  }
}
