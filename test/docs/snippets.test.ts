import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDocsProgram } from './program.js';
import { blocksOf, pages, root, type Block } from './pages.js';
import { runSnippets } from './run-snippets.js';

const blocks = pages.flatMap((page) => blocksOf(page));
const snippets = blocks.filter(({ info }) => /^ts\b/.test(info));
const runnable = snippets.filter(({ info }) => info === 'ts runnable');

/** The block of output that follows a snippet, where there is one before the next snippet. */
function outputAfter(snippet: Block): Block | undefined {
  const [next] = blocks.filter(({ page, line, info }) => {
    return page === snippet.page && line > snippet.line && /^(ts\b|text output)/.test(info);
  });
  return next?.info === 'text output' ? next : undefined;
}

/** What a program prints, without trailing spaces and without what differs from run to run. */
const settled = (output: string): string =>
  output
    .replace(/\b\d+\.\d s\b/g, '0.1 s')
    .replace(/[ \t]+$/gm, '')
    .trim();

/** Puts what snippets print into the pages: UPDATE_DOCS=1 npx vitest run test/docs/snippets.test.ts */
function update(outputs: readonly (readonly [shown: Block, output: string])[]): void {
  for (const path of new Set(outputs.map(([{ page }]) => page))) {
    const lines = readFileSync(`${root}/${path}`, 'utf8').split('\n');
    const here = outputs.filter(([{ page }]) => page === path).sort(([a], [b]) => b.line - a.line);
    for (const [{ line, code }, output] of here) {
      lines.splice(line - 1, code.split('\n').length - 1, ...output.split('\n'));
    }
    writeFileSync(`${root}/${path}`, lines.join('\n'));
  }
}

describe('the snippets of the docs', { timeout: 120_000 }, () => {
  it('all compile, as seen by a check that finds one that does not', () => {
    const code = "import { planSync } from 'secret-sync-engine';\nplanSync({ definition: { nam: 'x' } });\n";
    const broken = { page: 'broken', line: 1, info: 'ts', code };
    const errors = createDocsProgram([...snippets, broken], []).errors();
    expect(errors.filter((error) => !error.startsWith('broken:'))).toEqual([]);
    expect(errors).not.toEqual([]);
  });

  it('run to their end where they are marked so, and print what is shown below them', async () => {
    const runs = await runSnippets(runnable);
    const where = ({ page, line }: Block) => `${page}:${line}`;
    const failed = runnable.flatMap((block, index) => {
      const error = runs[index]?.error;
      return error === undefined ? [] : [`${where(block)} ${error}`];
    });
    expect(failed).toEqual([]);
    const outputs = runnable.flatMap((block, index) => {
      const shown = outputAfter(block);
      return shown === undefined ? [] : [[shown, settled(runs[index]?.output ?? '')] as const];
    });
    if (process.env['UPDATE_DOCS'] === '1') return update(outputs);
    expect(Object.fromEntries(outputs.map(([shown]) => [where(shown), settled(shown.code)]))).toEqual(
      Object.fromEntries(outputs.map(([shown, output]) => [where(shown), output])),
    );
    expect(outputs.length).toBeGreaterThan(3);
  });

  it('are marked by known words, many of them as runnable', () => {
    const known = ['ts', 'ts runnable', 'sh', 'text', 'text output', 'json', 'yaml', 'markdown', 'sql'];
    expect(blocks.filter(({ info }) => !known.includes(info))).toEqual([]);
    expect(runnable.length).toBeGreaterThan(20);
  });
});
