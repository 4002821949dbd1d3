import { readFile } from 'node:fs/promises';
import type { Clock } from '../../contracts/clock.js';
import { SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import type { SecretSource, SourceChange } from '../../contracts/source.js';
import { systemClock } from '../../shared/clock.js';
import { parseDotenvText, type DotenvText } from './parse.js';
import { editDotenvText, type EditedText } from './edit.js';
import { replaceFile, signatureOf, systemCode } from './file.js';
import { watchFiles } from './watch.js';
import { notWritable } from '../not-writable.js';
import { errorFromProblems } from '../../shared/problems.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';

export interface DotenvOptions {
  /** How long files must be left alone before a watch tells of a change, in ms. Default: 100. */
  readonly debounce?: number;
  /** Default: that of the machine. */
  readonly clock?: Clock;
}

/** A source of dotenv files: all but `describe`. */
export type DotenvSource = SecretSource & Required<Pick<SecretSource, 'write' | 'checkWrite' | 'watch'>>;

type Report = (message: string) => void;

/** How often a write begins again because somebody else wrote meanwhile. */
const ATTEMPTS = 5;

/**
 * A source of one dotenv file or of several, in which a later file wins. Values are read as the dotenv package reads
 * them: quotes, several lines, `export`, comments; nothing is expanded. Every location reads the same files, anew each
 * time. A key that stands twice in one file is handed on twice, so that a plan reports it.
 *
 * A write goes to the last file, which must be there: a value is replaced where it stands, with its comment and, where
 * that can be, its quotes; a new key comes last. The file is replaced in one step and keeps its mode. What no quotes
 * make read back equal is not writable (`SOURCE_NOT_WRITABLE`). A file that can't be written is `SOURCE_WRITE_FAILED`.
 * Writes of one source come one after the other; of two writers at the very same moment, one can lose.
 *
 * A watch tells when any of the files was changed, replaced or removed, and when a link or directory on the way to it was.
 *
 * A read throws `SOURCE_READ_FAILED`, with all that is wrong in all files, where a file is missing, can't be read, is
 * not UTF-8, or has a line that is no assignment, comment or blank; the line's number is named and its text is not.
 * Throws `INVALID_OPTION` where no path is given.
 *
 * @example
 * const source = dotenvSource(['.env', '.env.production']);
 */
export function dotenvSource(path: string | readonly string[], options: DotenvOptions = {}): DotenvSource {
  const paths = typeof path === 'string' ? [path] : [...path];
  const last = paths.at(-1);
  if (last === undefined || paths.includes('')) {
    throw new SecretSyncError('INVALID_OPTION', 'dotenvSource needs the path of a file, or a list of paths.');
  }
  const { debounce = 100, clock = systemClock } = options;
  /** Writes of this source come one after the other. */
  let writing: Promise<unknown> = Promise.resolve();

  const edit = async (changes: readonly SourceChange[], signal: AbortSignal): Promise<EditedText> => {
    const problems: ErrorProblem[] = [];
    const text = await readDotenvFile(last, signal, reportTo(problems, last));
    throwProblems(problems);
    return editDotenvText(
      text?.text ?? '',
      changes.map(({ key, value }) => [key, value.reveal()] as const),
    );
  };

  const write = async (changes: readonly SourceChange[], signal: AbortSignal): Promise<void> => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const signature = await signatureOf(last);
      const { text, refused } = await edit(changes, signal);
      if (refused.length > 0) throw notWritable(quote(last), refused);
      signal.throwIfAborted();
      try {
        if (await replaceFile(last, text, signature)) return;
      } catch (error) {
        throw new SecretSyncError(
          'SOURCE_WRITE_FAILED',
          `${quote(last)} can't be written (${systemCode(error)}): check that this user may write it and its directory.`,
        );
      }
    }
    const message = `${quote(last)} was changed by somebody else whenever it was to be written; try again.`;
    throw new SecretSyncError('SOURCE_WRITE_FAILED', message, { retryable: true });
  };

  return {
    name: 'dotenv',
    async read(_location, { signal }) {
      const problems: ErrorProblem[] = [];
      const merged = new Map<string, readonly string[]>();
      for (const file of paths) {
        signal.throwIfAborted();
        const found = await readDotenvFile(file, signal, reportTo(problems, file));
        for (const [name, values] of groupByName(found?.assignments ?? [])) merged.set(name, values);
      }
      throwProblems(problems);
      return [...merged].flatMap(([name, values]) => values.map((value) => [name, value] as const));
    },
    async checkWrite(_location, changes, { signal }) {
      return (await edit(changes, signal)).refused;
    },
    async write(_location, changes, { signal }) {
      signal.throwIfAborted();
      if (changes.length === 0) return;
      const turn = writing.then(() => write(changes, signal));
      writing = turn.catch(() => undefined);
      await turn;
    },
    watch: (_location, onChange, { signal }) => watchFiles(paths, onChange, { debounce, clock, signal }),
  };
}

function reportTo(problems: ErrorProblem[], file: string): Report {
  return (message) => {
    problems.push({ code: 'SOURCE_READ_FAILED', message: `${quote(file)} ${message}` });
  };
}

function throwProblems(problems: readonly ErrorProblem[]): void {
  if (problems.length > 0) {
    throw errorFromProblems('SOURCE_READ_FAILED', 'The dotenv source could not be read', problems);
  }
}

async function readDotenvFile(
  file: string,
  signal: AbortSignal,
  report: Report,
): Promise<(DotenvText & { readonly text: string }) | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file, { signal });
  } catch (error) {
    signal.throwIfAborted();
    report(`can't be read (${systemCode(error)}): check the path, and that this user may read it.`);
    return undefined;
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    report('is not UTF-8: save it in that encoding.');
    return undefined;
  }
  const parsed = parseDotenvText(text.replace(/^\ufeff/, ''));
  for (const { line, message } of parsed.malformed) report(`line ${line} ${message}: correct it.`);
  return { ...parsed, text };
}

function groupByName(assignments: DotenvText['assignments']): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of assignments) {
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [value]);
    else group.push(value);
  }
  return groups;
}
