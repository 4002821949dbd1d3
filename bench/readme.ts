import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

const README = 'README.md';
const [BEGIN, END] = ['<!-- benchmarks: written by `npm run bench` -->', '<!-- /benchmarks -->'];

/** Puts these blocks, their headings one level deeper, where the README shows the benchmarks. */
export async function writeToReadme(...blocks: readonly string[]): Promise<void> {
  const readme = await readFile(README, 'utf8');
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`${README} has no place for the benchmarks: ${BEGIN} … ${END}`);
  const deeper = blocks.map((block) => block.replace(/^#+ /gm, '#$&'));
  const text = [readme.slice(0, begin) + BEGIN, ...deeper, readme.slice(end)].join('\n\n');
  await writeFile(README, await format(text, { ...(await resolveConfig(README)), filepath: README }));
}
