import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const entry = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

it('bundles the root entry for a browser: no node: import, no Buffer, no process', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
  expect(imports.filter((path) => path.startsWith('node:'))).toEqual([]);
  const ours = Object.keys(metafile.inputs).filter((path) => path.startsWith('src/'));
  expect(ours.length).toBeGreaterThan(20);
  expect(outputFiles[0]?.text).not.toMatch(/\brequire\("node:/);
});

it('has no side effects: importing nothing from it leaves nothing', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import 'secret-sync-engine';`,
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
    },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  expect(outputFiles[0]?.text.replace(/\/\/.*/g, '').trim()).toBe('');
});
