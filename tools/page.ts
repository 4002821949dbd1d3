import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

const BENCHMARKS = 'docs/benchmarks.md';

/** A part of a page that a command of npm writes. */
export interface WrittenPart {
  readonly page: string;
  readonly name: string;
  /** What is said to write it: `bench` for `npm run bench`. */
  readonly command: string;
}

const FIGURES: WrittenPart = { page: BENCHMARKS, name: 'benchmarks', command: 'bench' };

/** Markdown, formatted as the pages of the docs are. */
export const pretty = async (text: string, page = BENCHMARKS): Promise<string> =>
  format(text, { ...(await resolveConfig(page)), filepath: page });

async function find({ page, name, command }: WrittenPart) {
  const [begins, ends] = [`<!-- ${name}: written by \`npm run ${command}\` -->`, `<!-- /${name} -->`];
  const text = await readFile(page, 'utf8');
  const [begin, end] = [text.indexOf(begins), text.indexOf(ends)];
  if (begin < 0 || end < begin) throw new Error(`${page} has no place for the ${name}: ${begins} … ${ends}`);
  const from = begin + begins.length;
  return { before: text.slice(0, from), part: text.slice(from, end), after: text.slice(end) };
}

/** What a page shows of a part now. */
export const readFromPage = async (part: WrittenPart): Promise<string> => (await find(part)).part;

/** Puts the results of a command of npm where the page shows them. */
export async function writeToPage(results: string, part: WrittenPart = FIGURES): Promise<void> {
  const { before, after } = await find(part);
  await writeFile(part.page, await pretty([before, results, after].join('\n\n'), part.page));
}
