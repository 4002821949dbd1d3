import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

const PAGE = 'docs/benchmarks.md';
/** Markdown, formatted as the pages of the docs are. */
export const pretty = async (text: string): Promise<string> =>
  format(text, { ...(await resolveConfig(PAGE)), filepath: PAGE });

/** Puts the results of a command of npm where the page shows them. */
export async function writeToPage(results: string, name = 'benchmarks', command = 'bench'): Promise<void> {
  const [begins, ends] = [`<!-- ${name}: written by \`npm run ${command}\` -->`, `<!-- /${name} -->`];
  const page = await readFile(PAGE, 'utf8');
  const [begin, end] = [page.indexOf(begins), page.indexOf(ends)];
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place for the ${name}: ${begins} … ${ends}`);
  await writeFile(PAGE, await pretty([page.slice(0, begin) + begins, results, page.slice(end)].join('\n\n')));
}
