import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { section, table } from './markdown.js';
import { duration, kilobytes, median } from './statistics.js';

const run = promisify(execFile);

/** The size of an entry, minified, in bytes: as it is, and compressed. */
async function bundleSize(entry: string, withDependencies: boolean): Promise<readonly [number, number]> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from '${entry}';`, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // Else the paths of tsconfig.json would lead to the sources.
    tsconfigRaw: {},
    write: false,
    logLevel: 'silent',
    ...(withDependencies ? {} : { packages: 'external' }),
  });
  const bytes = outputFiles[0]?.contents ?? new Uint8Array();
  return [bytes.length, gzipSync(bytes, { level: 9 }).length];
}

/** Imports an entry in a new process; in ms. */
async function importTime(entry: string, runs: number): Promise<number> {
  const script = `const start = performance.now(); await import('${entry}'); console.log(performance.now() - start);`;
  const times: number[] = [];
  for (let index = 0; index < runs; index += 1) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
    times.push(Number(stdout));
  }
  return median(times);
}

/** The size of the root entry, and how long it takes to import it. */
export async function packageSection(runs: number): Promise<string> {
  const row = async (name: string, withDependencies: boolean) =>
    [name, ...(await bundleSize('./dist/index.js', withDependencies)).map(kilobytes)] as const;
  return section(
    'Size and start',
    table(
      ['root entry, everything that it exports', 'minified', 'and gzipped'],
      [await row('own code', false), await row('with all dependencies', true)],
    ),
    `Importing the built root entry with its dependencies from disk, in a new process: ${duration(await importTime('secret-sync-engine', runs))} (median of ${runs}).`,
  );
}
