import { SecretSyncError } from '../../contracts/errors.js';
import type { SourceChange, UnwritableKey } from '../../contracts/source.js';
import { quote } from '../../shared/text.js';
import { notWritable } from '../not-writable.js';
import { editDotenvText, type EditedText } from './edit.js';
import { signatureOf, systemCode } from './file.js';
import { HalfWritten, whyNotWritable, writeFile } from './write-file.js';

/** How often a write begins again because another program has written the file. */
const ATTEMPTS = 5;

/** Writes changes into one dotenv file. */
export interface DotenvWriter {
  check(changes: readonly SourceChange[], signal: AbortSignal): Promise<readonly UnwritableKey[]>;
  write(changes: readonly SourceChange[], signal: AbortSignal): Promise<void>;
}

function writeError(path: string, error: unknown): SecretSyncError {
  if (error instanceof HalfWritten) {
    const message =
      `${quote(path)} was written in place in part only (${error.code}), and its former text could not be written ` +
      `back: it is in ${quote(error.copy)}. Free some space, and copy it back.`;
    return new SecretSyncError('SOURCE_WRITE_FAILED', message, { maybeWritten: true });
  }
  const message = `${quote(path)} can't be written (${systemCode(error)}): check that this user may write it and its directory.`;
  return new SecretSyncError('SOURCE_WRITE_FAILED', message);
}

/** Returns the writer of a file. Its writes come one after the other. */
export function createDotenvWriter(
  path: string,
  readText: (signal: AbortSignal) => Promise<string>,
): DotenvWriter {
  let writing: Promise<unknown> = Promise.resolve();

  const edit = async (changes: readonly SourceChange[], signal: AbortSignal): Promise<EditedText> => {
    const reason = await whyNotWritable(path);
    const text = await readText(signal);
    if (reason === undefined) {
      const values = changes.map(({ key, value }) => [key, value.reveal()] as const);
      return editDotenvText(text, values);
    }
    return { text, refused: changes.map(({ key }) => ({ key, message: `${quote(path)} ${reason}` })) };
  };

  const write = async (changes: readonly SourceChange[], signal: AbortSignal): Promise<void> => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const signature = await signatureOf(path);
      const { text, refused } = await edit(changes, signal);
      if (refused.length > 0) throw notWritable(quote(path), refused);
      signal.throwIfAborted();
      try {
        if (await writeFile(path, text, signature)) return;
      } catch (error) {
        throw writeError(path, error);
      }
    }
    const message = `${quote(path)} was changed by another program at each attempt to write it; try again.`;
    throw new SecretSyncError('SOURCE_WRITE_FAILED', message, { retryable: true });
  };

  return {
    async check(changes, signal) {
      signal.throwIfAborted();
      return changes.length === 0 ? [] : (await edit(changes, signal)).refused;
    },
    async write(changes, signal) {
      signal.throwIfAborted();
      if (changes.length === 0) return;
      const turn = writing.then(() => write(changes, signal));
      writing = turn.catch(() => undefined);
      await turn;
    },
  };
}
