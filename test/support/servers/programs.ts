import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';

const root = fileURLToPath(new URL('../../..', import.meta.url));

// A package in the CommonJS format asks for modules of Node in this way.
const REQUIRE = `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`;

/** How the programs of tests are bundled. */
export const BUNDLED = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Of a package in both formats the modules: an `import()` of CommonJS would not find its names.
  mainFields: ['module', 'main'],
  banner: { js: REQUIRE },
  logLevel: 'silent',
} as const satisfies BuildOptions;

export interface Programs {
  /** The file to run in place of a TypeScript file of the project. */
  fileOf(path: string): string;
  remove(): Promise<void>;
}

/**
 * Makes programs of TypeScript files of the project, for processes of their own: they begin to work in a fraction of
 * the time that each of them would need to load TypeScript, and what they share is made only once.
 */
export async function bundlePrograms(paths: readonly string[]): Promise<Programs> {
  // A program may compare its own address with what it was started as, so no part of it may be a link.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'secret-sync-programs-')));
  await build({
    entryPoints: paths.map((path) => join(root, path)),
    outdir: folder,
    outbase: root,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    ...BUNDLED,
  });
  // What the examples read stands beside them.
  if (paths.some((path) => path.startsWith('examples/'))) {
    const isRead = (path: string) => !path.endsWith('.ts');
    await cp(join(root, 'examples'), join(folder, 'examples'), { recursive: true, filter: isRead });
  }
  return {
    fileOf: (path) => join(folder, path.replace(/\.ts$/, '.mjs')),
    remove: () => rm(folder, { recursive: true }),
  };
}
