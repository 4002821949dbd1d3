import type { Clock } from '../../contracts/clock.js';
import { parseDotenvText, type DotenvText } from './parse.js';
import { readQuietFile, unreadable, type FileRead } from './read-file.js';

/** How long, in ms, a file must have been left alone that holds less than it did, in the same place. */
const SHRUNK_SETTLE_TIME = 3_000;

/** The text of a dotenv file, and what it holds. */
export interface DotenvFile extends DotenvText {
  readonly text: string;
}

/** What is wrong with a file, in words that follow its name. */
export type Report = (reason: string, isPassing?: boolean) => void;

export interface ReadDotenvOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** Reads dotenv files, and knows what each held when it was read last. */
export interface DotenvReader {
  /** Returns what the file holds; `undefined`, once what is wrong was reported, where it can't be read. */
  read(path: string, options: ReadDotenvOptions): Promise<DotenvFile | undefined>;
}

interface Known {
  readonly status: FileRead['status'];
  readonly names: ReadonlySet<string>;
}

const namesIn = (text: string): ReadonlySet<string> =>
  new Set(parseDotenvText(text).assignments.map(([name]) => name));

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const withoutMark = (text: string): string => text.replace(/^\ufeff/, '');

/*
 * How long a file must have been left alone:
 *
 * | the file, compared with when it was read last       | for              |
 * |-----------------------------------------------------|------------------|
 * | another file (replaced), or read for the first time | the settle time  |
 * | the same file, neither shorter nor without a key    | the settle time  |
 * | the same file, shorter or without a key             | 3 s              |
 *
 * The last one is what a program leaves that truncates a file and writes it in pieces, with pauses between them.
 */
function isLess({ bytes, status }: FileRead, known: Known | undefined): boolean {
  if (known?.status.dev !== status.dev || known.status.ino !== status.ino) return false;
  if (status.size < known.status.size) return true;
  const names = namesIn(withoutMark(decode(bytes) ?? ''));
  return [...known.names].some((name) => !names.has(name));
}

/** Returns a reader of dotenv files that must have been left alone for `settleTime`, in ms. */
export function createDotenvReader(settleTime: number): DotenvReader {
  const known = new Map<string, Known>();

  return {
    async read(path, { clock, signal, report }) {
      let read: FileRead;
      try {
        read = await readQuietFile(path, {
          clock,
          signal,
          settleTime(found) {
            if (settleTime === 0) return 0;
            return isLess(found, known.get(path)) ? Math.max(settleTime, SHRUNK_SETTLE_TIME) : settleTime;
          },
        });
      } catch (error) {
        signal.throwIfAborted();
        const { reason, isPassing } = unreadable(error);
        report(reason, isPassing);
        return undefined;
      }
      const text = decode(read.bytes);
      if (text === undefined) {
        report('is not UTF-8: save it in that encoding.');
        return undefined;
      }
      const parsed = parseDotenvText(withoutMark(text));
      for (const { line, message } of parsed.malformed) report(`line ${line} ${message}: correct it.`);
      if (parsed.malformed.length === 0) {
        const names = new Set(parsed.assignments.map(([name]) => name));
        known.set(path, { status: read.status, names });
      }
      return { ...parsed, text };
    },
  };
}
