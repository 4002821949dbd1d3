import type { FileHandle } from 'node:fs/promises';
import type { Clock } from '../../contracts/clock.js';
import { systemCode, UnreadableFile } from './file.js';

/** How long a pipe may be without a writer, in ms: one that serves many readers opens it again for each. */
const UNSERVED = 2_000;
/** How long a writer may keep a pipe open and write nothing, in ms. */
const SILENCE = 10_000;
/** How often a pipe is looked at, in ms. */
const LOOK_AGAIN = 20;
const CHUNK = 65_536;

const unserved = () =>
  new UnreadableFile('is a named pipe that no program writes to: start the one that serves it.', true);

/**
 * Reads a named pipe that was opened without blocking, until its writer closes it. It is looked at every so often, since
 * a read that waits for a writer would hold one of the few threads of the process.
 */
export async function readPipe(
  pipe: FileHandle,
  mostBytes: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let heardAt = clock.now();
  for (;;) {
    signal.throwIfAborted();
    const chunk = await readChunk(pipe);
    const silence = clock.now() - heardAt;
    if (chunk === 'closed') {
      if (size > 0) return Buffer.concat(chunks);
      if (silence >= UNSERVED) throw unserved();
    } else if (chunk === 'silent') {
      if (silence >= SILENCE)
        throw new UnreadableFile('is a named pipe whose writer writes nothing: check it.', true);
    } else {
      size += chunk.byteLength;
      if (size > mostBytes) throw new UnreadableFile(`gives more than ${mostBytes} bytes: split it.`);
      chunks.push(chunk);
      heardAt = clock.now();
      continue;
    }
    await clock.sleep(LOOK_AGAIN, signal);
  }
}

async function readChunk(pipe: FileHandle): Promise<Uint8Array | 'closed' | 'silent'> {
  try {
    const buffer = new Uint8Array(CHUNK);
    const { bytesRead } = await pipe.read(buffer, 0, CHUNK, null);
    return bytesRead === 0 ? 'closed' : buffer.subarray(0, bytesRead);
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return 'silent';
    throw error;
  }
}
