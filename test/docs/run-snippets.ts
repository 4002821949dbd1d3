import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { BUNDLED } from '../support/servers/programs.js';
import { root, type Block } from './pages.js';
import type { SnippetRun } from './snippet-runner.js';

const snippetsAsFiles = (blocks: readonly Block[]): Plugin => ({
  name: 'snippets',
  setup(context) {
    context.onResolve({ filter: /^snippet-\d+$/ }, ({ path }) => ({ path, namespace: 'snippet' }));
    context.onLoad({ filter: /.*/, namespace: 'snippet' }, ({ path }) => ({
      contents: `${blocks[Number(path.slice('snippet-'.length))]?.code ?? ''}\nexport {};\n`,
      loader: 'ts',
      resolveDir: root,
    }));
  },
});

/** Runs snippets in one process, each in a world of its own; see `snippet-runner.ts`. */
export async function runSnippets(blocks: readonly Block[]): Promise<readonly SnippetRun[]> {
  const folder = await mkdtemp(join(tmpdir(), 'secret-sync-docs-'));
  try {
    await build({
      ...BUNDLED,
      entryPoints: [
        { in: join(root, 'test/docs/snippet-runner.ts'), out: 'runner' },
        ...blocks.map((_, index) => ({ in: `snippet-${index}`, out: `snippet-${index}` })),
      ],
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      splitting: true,
      plugins: [snippetsAsFiles(blocks)],
    });
    const files = blocks.map((_, index) => join(folder, `snippet-${index}.mjs`));
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'runner.mjs'), ...files], {
      cwd: root,
      maxBuffer: 64 * 1024 * 1024,
    });
    return JSON.parse(stdout) as SnippetRun[];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
