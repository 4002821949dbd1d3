import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { Bug } from './bugs.js';
import { isLibrary, type Library } from './library.js';

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url));

/** What is exported of the copy: see `Library`. */
const ENTRY = `
export { SecretSyncEngine } from './engine/secret-sync-engine.js';
export { SecretSyncService } from './service/secret-sync-service.js';
export { hasuraCloud } from './drivers/hasura-cloud/index.js';
export { qovery } from './drivers/qovery/index.js';
export { isSecretSyncError } from './contracts/errors.js';
`;

/** The text of a file with its bugs in it. Throws where the file has moved on and an edit does not fit any more. */
async function withBugs({ name, edits }: Bug, path: string): Promise<string> {
  let text = await readFile(path, 'utf8');
  for (const { file, find, replace } of edits) {
    if (resolve(SOURCE, file) !== path) continue;
    const [before, after, ...more] = text.split(find);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(
        `The bug "${name}" does not fit src/${file} any more: what it replaces must stand there once.`,
      );
    }
    text = before + replace + after;
  }
  return text;
}

/**
 * Leaves packages out of a copy, which takes those that are loaded already: there they are the same for every copy, and
 * need not be read, bundled and set up for each.
 */
const packagesFromOutside: Plugin = {
  name: 'packages-from-outside',
  setup(bundler) {
    bundler.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path: import.meta.resolve(path), external: true },
    );
  },
};

/** Matches the paths of the files that a bug is put into: the bundler reads all others by itself, which is faster. */
const pathsOf = ({ edits }: Bug): RegExp => {
  const files = edits.map(({ file }) => file.replaceAll('.', '\\.').replaceAll('/', '[\\\\/]'));
  return new RegExp(`[\\\\/]src[\\\\/](?:${files.join('|')})$`);
};

/** A copy of the library, made of its sources, with a bug put in. */
export async function buildMutant(bug: Bug): Promise<Library> {
  const left = new Set(bug.edits.map(({ file }) => resolve(SOURCE, file)));
  const putIn: Plugin = {
    name: 'put-in-a-bug',
    setup(bundler) {
      bundler.onLoad({ filter: pathsOf(bug) }, async ({ path }) => {
        left.delete(path);
        return { contents: await withBugs(bug, path), loader: 'ts' };
      });
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: SOURCE, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    plugins: [putIn, packagesFromOutside],
    logLevel: 'silent',
  });
  const [output] = outputFiles;
  if (output === undefined || left.size > 0)
    throw new Error(`The bug "${bug.name}" reached no file of the library.`);
  const folder = await mkdtemp(join(tmpdir(), 'secret-sync-mutant-'));
  try {
    const file = join(folder, 'library.mjs');
    await writeFile(file, output.contents);
    const library: unknown = await import(/* @vite-ignore */ pathToFileURL(file).href);
    if (!isLibrary(library)) throw new Error(`The copy with the bug "${bug.name}" is no library.`);
    return library;
  } finally {
    await rm(folder, { recursive: true });
  }
}
