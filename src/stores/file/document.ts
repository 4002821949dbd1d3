import { readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import * as z from 'zod/mini';
import { SecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import { quote } from '../../shared/text.js';
import { entryAt, errorCode, readFileIfThere } from './file-system.js';

const envelopeSchema = z.object({
  formatVersion: z.number(),
  version: z.string().check(z.minLength(1)),
  // Handed on as it was parsed: a schema for all of JSON would copy it and drop a `__proto__` key.
  document: z.custom<JsonValue>((value) => value !== undefined),
});

/** The largest file that is read: far more than any document of this library needs. */
const MAX_BYTES = 64 * 1024 * 1024;

/** A document, and when its file was written, in ms by the clock of the file system. */
export interface FileDocument {
  readonly document: JsonValue;
  readonly version: string;
  readonly writtenAt: number;
}

/** The JSON of a file that holds a document. */
export function renderDocument(document: JsonValue, version: string): string {
  return `${JSON.stringify({ formatVersion: 1, version, document })}\n`;
}

/** Reads the document at `path`, below `root`; `undefined` when there is none. Throws `STATE_UNREADABLE`. */
export async function readDocument(root: string, path: string): Promise<FileDocument | undefined> {
  return readable(path, async () => {
    if (!(await checkDirectories(root, dirname(path)))) return undefined;
    const file = await readFileIfThere(path, MAX_BYTES);
    if (file === undefined) return undefined;
    if (file.bytes === undefined) throw unreadable(path, 'it is not a regular file, or larger than 64 MiB');
    return { ...parseDocument(path, file.bytes), writtenAt: file.mtimeMs };
  });
}

/** The keys of all documents in `folder` and below, in any order. */
export async function listDocuments(root: string, folder = root): Promise<readonly string[]> {
  return readable(folder, async () => {
    if (!(await checkDirectories(root, folder))) return [];
    const keys: string[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (/^[a-z0-9-]+$/.test(entry.name))
          for (const key of await listDocuments(root, path)) keys.push(key);
      } else if (/^[a-z0-9-]+\.json$/.test(entry.name)) {
        keys.push(relative(root, path).replaceAll('\\', '/').slice(0, -'.json'.length));
      }
    }
    return keys;
  });
}

/** Refuses links and files where the directories from `root` to `folder` belong; false when one is missing. */
export async function checkDirectories(root: string, folder: string): Promise<boolean> {
  if (folder !== root && !(await checkDirectories(root, dirname(folder)))) return false;
  const found = await entryAt(folder);
  if (found !== 'other') return found === 'directory';
  throw new SecretSyncError(
    folder === root ? 'INVALID_OPTION' : 'STATE_UNREADABLE',
    `${quote(folder)} is a symbolic link or a file: the state belongs in a real directory.`,
  );
}

function parseDocument(path: string, bytes: Uint8Array): Omit<FileDocument, 'writtenAt'> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw unreadable(path, 'it is not JSON, or was cut off');
  }
  const envelope = envelopeSchema.safeParse(parsed).data;
  if (envelope === undefined) throw unreadable(path, 'it is JSON, but not a document of this store');
  if (envelope.formatVersion !== 1) throw unreadable(path, 'another version of this package wrote it');
  return { document: envelope.document, version: envelope.version };
}

async function readable<Result>(path: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    if (code === 'ELOOP') throw unreadable(path, 'it is a symbolic link');
    throw new SecretSyncError(
      'STATE_UNREADABLE',
      `${quote(path)} can't be read: the system says ${code}. Check that this user may read it, and the disk.`,
      { retryable: true },
    );
  }
}

function unreadable(path: string, reason: string): SecretSyncError {
  return new SecretSyncError(
    'STATE_UNREADABLE',
    `${quote(path)} can't be read: ${reason}. Restore it from a backup or, to start without what it remembers, ` +
      'move it away.',
  );
}
