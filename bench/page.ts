import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

const PAGE = 'docs/benchmarks.md';
const [BEGIN, END] = ['<!-- benchmarks: written by `npm run bench` -->', '<!-- /benchmarks -->'];

/** Markdown, formatted as the pages of the docs are. */
export const pretty = async (text: string): Promise<string> =>
  format(text, { ...(await resolveConfig(PAGE)), filepath: PAGE });

/** Puts the results where the page shows them. */
export async function writeToPage(results: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place for the benchmarks: ${BEGIN} … ${END}`);
  await writeFile(PAGE, await pretty([page.slice(0, begin) + BEGIN, results, page.slice(end)].join('\n\n')));
}
