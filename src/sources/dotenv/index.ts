import type { Clock } from '../../contracts/clock.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';
import type { SecretSource, SourceCallOptions, SourceLocation, SourceRead } from '../../contracts/source.js';
import { systemClock } from '../../shared/clock.js';
import { errorFromProblems } from '../../shared/problems.js';
import { quote } from '../../shared/text.js';
import { checkCall } from '../../shared/arguments/check.js';
import { aName, aTime, optional, withMethods, type Rule, type Rules } from '../../shared/arguments/rules.js';
import { mergeFiles, type NamedFile } from './merge.js';
import { createDotenvReader, type DotenvFile } from './read-dotenv.js';
import { watchFiles } from './watch.js';
import { createDotenvWriter } from './write.js';

/** Options of `dotenvSource`. */
export interface DotenvOptions {
  /** How long files must be left alone before a watch reports a change, in ms. Default: 100. */
  readonly debounce?: number | undefined;
  /**
   * How long a file must have been left alone before it is read, in ms; 0 reads it while it is being written. Default:
   * 100.
   */
  readonly settleTime?: number | undefined;
  /** Default: the clock of the machine. */
  readonly clock?: Clock | undefined;
}

/** A source of dotenv files: all but `describe`. */
export interface DotenvSource extends Required<Omit<SecretSource, 'read' | 'describe'>> {
  read(location: SourceLocation, options: SourceCallOptions): Promise<SourceRead>;
}

const filePaths: Rule = [
  'the path of a file, or a list of paths',
  (value) => {
    const paths: readonly unknown[] = Array.isArray(value) ? value : [value];
    return paths.length > 0 && paths.every(aName[1]);
  },
];

const OPTIONS: Rules = {
  debounce: optional(aTime),
  settleTime: optional(aTime),
  clock: optional(withMethods('now', 'sleep')),
};

/**
 * Returns a source of one dotenv file or of several, in which a later file wins. Values are read as the dotenv package
 * reads them: quotes, several lines, `export`, comments; nothing is expanded. Every location reads the same files, each
 * time from the start. A key that a file holds twice is passed on twice, so that a plan reports it.
 *
 * - **Each file is a part**, by its path: when one that held keys of a sync holds nothing any more, these keys are not
 *   deleted without consent.
 * - **References.** A key whose value holds `${…}`, unless in single quotes, is listed as `unresolved`, since that
 *   is what is written to the destination.
 * - **A file that moves while it is read** (its size, its times, or the file itself) is read again until it has been left
 *   alone for `settleTime`; one that holds less than when this source read it last, for 3 s. After 30 s it is
 *   `SOURCE_READ_FAILED`, retryable. What has paused for longer looks complete: a program that writes a dotenv file
 *   should write another file and rename it over this one.
 * - **A named pipe** is read until its writer closes it; one that no program writes to is `SOURCE_READ_FAILED` after 2 s,
 *   retryable. It can't be written. Directories and devices are `SOURCE_READ_FAILED`.
 * - **A write** goes to the last file, which must exist: a value is replaced in its line, with its comment and, where
 *   possible, its quotes; a new key comes last. The file is replaced in one step and keeps its owner, group and mode. One
 *   that can't be replaced, as a bind mount, is written in place, and a copy of its former text (`.NAME.….copy`, mode
 *   600) is kept beside it until that has ended. Not writable (`SOURCE_NOT_WRITABLE`, returned by `checkWrite` while an
 *   import is planned): a value that no quotes make read back equal, and every key where the directory can't be written.
 *   What fails later is `SOURCE_WRITE_FAILED`. Writes of one source come one after the other; of two programs that write
 *   in the same moment, one can lose.
 * - **A watch** reports when any of the files was changed, replaced or removed, or a link or directory on the way to it.
 *
 * A read throws `SOURCE_READ_FAILED`, with all that is wrong in all files, where a file is missing, can't be read, is
 * longer than 16 MiB, is not UTF-8, or has a line that is not an assignment, a comment or blank; the line's number is named
 * and its text is not.
 *
 * @throws SecretSyncError `INVALID_OPTION` where no path is given, a time is not a number from 0 on, or an option is unknown.
 *
 * @example
 * const source = dotenvSource(['.env', '.env.production']);
 */
export function dotenvSource(path: string | readonly string[], options: DotenvOptions = {}): DotenvSource {
  checkCall('dotenvSource', { path }, { path: filePaths }, options, OPTIONS);
  const given = typeof path === 'string' ? [path] : [...path];
  // Of a file that is named twice, the last place is the one that counts.
  const paths = given.filter((file, index) => given.lastIndexOf(file) === index);
  const last = paths.at(-1) ?? '';
  const { debounce = 100, settleTime = 100, clock = systemClock } = options;
  const reader = createDotenvReader(settleTime);

  const readAll = async (files: readonly string[], signal: AbortSignal): Promise<readonly ReadFile[]> => {
    const problems: ErrorProblem[] = [];
    const found: ReadFile[] = [];
    let isPassing = true;
    for (const file of files) {
      signal.throwIfAborted();
      const report = (reason: string, mayPass = false) => {
        isPassing &&= mayPass;
        problems.push({ code: 'SOURCE_READ_FAILED', message: `${quote(file)} ${reason}` });
      };
      const read = await reader.read(file, { clock, signal, report });
      if (read !== undefined) found.push({ ...read, path: file });
    }
    if (problems.length === 0) return found;
    const subject = 'The dotenv source could not be read';
    throw errorFromProblems('SOURCE_READ_FAILED', subject, problems, { retryable: isPassing });
  };
  const writer = createDotenvWriter(last, async (signal) => (await readAll([last], signal))[0]?.text ?? '');

  return {
    name: 'dotenv',
    read: async (_location, { signal }) => mergeFiles(await readAll(paths, signal)),
    checkWrite: async (_location, changes, { signal }) => writer.check(changes, signal),
    write: async (_location, changes, { signal }) => writer.write(changes, signal),
    watch: (_location, onChange, { signal }) => watchFiles(paths, onChange, { debounce, clock, signal }),
  };
}

type ReadFile = DotenvFile & NamedFile;
