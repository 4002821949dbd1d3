import { constants, type BigIntStats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { Clock } from '../../contracts/clock.js';
import { systemCode, UnreadableFile } from './file.js';
import { readPipe } from './read-pipe.js';

/** How long a file may go on changing before a read gives up, in ms. */
const LONGEST_WAIT = 30_000;
/** The longest file that is read, in bytes. */
export const MOST_BYTES = 16 * 1024 * 1024;
/** How soon a file that moved while it was read is read again, in ms. */
const LOOK_AGAIN = 20;

/** What was read of a file, and the file that it was read from. */
export interface FileRead {
  readonly bytes: Uint8Array;
  readonly status: BigIntStats;
}

export interface ReadFileOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long, in ms, the file that was read must have been left alone for this to be its content. */
  readonly settleTime: (read: FileRead) => number;
}

/** What moves whenever a file is written or another one takes its place. */
const identityOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join('/');

/** For how long, in ms, a file has been left alone, by its own times; 0 where they are ahead of the clock. */
function ageOf({ mtimeNs, ctimeNs }: BigIntStats, now: number): number {
  const changedAt = Number(mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1e6;
  return Math.max(now - changedAt, 0);
}

function assertKind(status: BigIntStats): void {
  if (status.isFile() || status.isFIFO()) return;
  if (status.isDirectory()) throw new UnreadableFile('is a directory: give the path of a file.');
  throw new UnreadableFile('is a device or a socket: give the path of a regular file.');
}

/** Reads the file as it is now; `undefined` when it moved while it was read. */
async function readOnce(path: string, options: ReadFileOptions): Promise<FileRead | undefined> {
  // To open a device can do something to it, and to open a pipe that no program writes would hold a thread.
  assertKind(await stat(path, { bigint: true }));
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const before = await file.stat({ bigint: true });
    assertKind(before);
    if (before.isFIFO()) return { bytes: await readPipe(file, MOST_BYTES, options), status: before };
    const bytes = await readAll(file, options.signal);
    const after = await stat(path, { bigint: true });
    const isSame = identityOf(before) === identityOf(after) && BigInt(bytes.byteLength) === after.size;
    return isSame ? { bytes, status: after } : undefined;
  } finally {
    await file.close();
  }
}

async function readAll(file: FileHandle, signal: AbortSignal): Promise<Uint8Array> {
  const { size } = await file.stat();
  if (size > MOST_BYTES) throw new UnreadableFile(`is longer than ${MOST_BYTES} bytes: split it.`);
  // One byte more: a file that has grown is one that moved.
  const buffer = new Uint8Array(size + 1);
  let length = 0;
  while (length < buffer.byteLength) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, length, buffer.byteLength - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

const isSameRead = (first: FileRead, second: FileRead): boolean =>
  identityOf(first.status) === identityOf(second.status) &&
  first.bytes.byteLength === second.bytes.byteLength &&
  first.bytes.every((byte, index) => byte === second.bytes[index]);

/**
 * Reads a file that no program is writing: it did not move while it was read, and it has been left alone for
 * `settleTime`. By its own times, where the clock is not behind them; else it is watched for so long. A named pipe is
 * read once, until its writer closes it.
 *
 * @throws UnreadableFile and errors of the system.
 */
export async function readQuietFile(path: string, options: ReadFileOptions): Promise<FileRead> {
  const { clock, signal, settleTime } = options;
  const startedAt = clock.now();
  let seen: (FileRead & { readonly since: number }) | undefined;
  for (;;) {
    signal.throwIfAborted();
    const read = await readOnce(path, options);
    const now = clock.now();
    let wait = LOOK_AGAIN;
    if (read?.status.isFIFO() === true) return read;
    if (read !== undefined) {
      const since = seen !== undefined && isSameRead(seen, read) ? seen.since : now;
      seen = { ...read, since };
      wait = settleTime(read) - Math.max(ageOf(read.status, now), now - since);
      if (wait <= 0) return read;
    }
    if (now - startedAt + wait > LONGEST_WAIT) {
      const reason = `was being written for ${LONGEST_WAIT / 1_000} s and never left alone: have its writer replace it by rename, then run again.`;
      throw new UnreadableFile(reason, true);
    }
    await clock.sleep(Math.ceil(wait), signal);
  }
}

/** Why a file could not be read, in words that follow its name; and whether it may be readable a moment later. */
export function unreadable(error: unknown): { readonly reason: string; readonly isPassing: boolean } {
  if (error instanceof UnreadableFile) return error;
  const reason = `can't be read (${systemCode(error)}): check the path, and that this user may read it.`;
  return { reason, isPassing: false };
}
