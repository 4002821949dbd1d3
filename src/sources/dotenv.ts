import { readFile } from 'node:fs/promises';
import { errorFromProblems, SecretSyncError, type ErrorProblem } from '../contracts/errors.js';
import { quote } from '../contracts/quote.js';
import type { SecretSource } from '../contracts/source.js';
import { parseDotenvText, type DotenvText } from './dotenv-assignments.js';

/**
 * A source of one dotenv file or of several, in which a later file wins. Values are read as the dotenv package reads
 * them: quotes, several lines, `export`, comments; nothing is expanded. Every location reads the same files, anew each
 * time. A key that stands twice in one file is handed on twice, so that a plan reports it.
 *
 * A read throws `SOURCE_READ_FAILED`, with all that is wrong in all files, where a file is missing, can't be read, is
 * not UTF-8, or has a line that is no assignment, comment or blank; the line's number is named and its text is not.
 * Throws `INVALID_OPTION` where no path is given.
 *
 * @example
 * const source = dotenvSource(['.env', '.env.production']);
 */
export function dotenvSource(path: string | readonly string[]): SecretSource {
  const paths = typeof path === 'string' ? [path] : [...path];
  if (paths.length === 0 || paths.includes('')) {
    throw new SecretSyncError('INVALID_OPTION', 'dotenvSource needs the path of a file, or a list of paths.');
  }
  return {
    name: 'dotenv',
    async read(_location, { signal }) {
      const problems: ErrorProblem[] = [];
      const merged = new Map<string, readonly string[]>();
      for (const file of paths) {
        signal.throwIfAborted();
        const report = (message: string): void => {
          problems.push({ code: 'SOURCE_READ_FAILED', message: `${quote(file)} ${message}` });
        };
        for (const [name, values] of groupByName(await readDotenvFile(file, signal, report))) {
          merged.set(name, values);
        }
      }
      if (problems.length > 0) {
        throw errorFromProblems('SOURCE_READ_FAILED', 'The dotenv source could not be read', problems);
      }
      return [...merged].flatMap(([name, values]) => values.map((value) => [name, value] as const));
    },
  };
}

async function readDotenvFile(
  file: string,
  signal: AbortSignal,
  report: (message: string) => void,
): Promise<DotenvText['assignments']> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file, { signal });
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    report(`can't be read (${code}): check the path, and that this user may read it.`);
    return [];
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    report('is not UTF-8: save it in that encoding.');
    return [];
  }
  const { assignments, malformed } = parseDotenvText(text);
  for (const { line, message } of malformed) report(`line ${line} ${message}: correct it.`);
  return assignments;
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
