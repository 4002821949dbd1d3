import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import type { StateStore } from 'secret-sync-engine';
import { storeConformance } from 'secret-sync-engine/testing';
import { BUNDLED } from '../support/servers/programs.js';
import { blocksOf, pageOf, root } from './pages.js';

/** The only snippet of a page that has this text. */
function snippetWith(path: string, text: string): string {
  const [found, ...more] = blocksOf(pageOf(path)).filter(
    ({ info, code }) => /^ts\b/.test(info) && code.includes(text),
  );
  if (found === undefined || more.length > 0)
    throw new Error(`${path} has ${more.length} snippets more of: ${text}`);
  return found.code;
}

/** Lines that a user types: without empty ones and comments. */
const linesOf = (code: string): readonly string[] =>
  code.split('\n').filter((line) => line.trim() !== '' && !/^\s*(?:\/\/|\/\*\*|\*)/.test(line));

const DRIVER = 'docs/write-your-own/driver.md';
const STORE = 'docs/write-your-own/store.md';
const fixture = snippetWith(DRIVER, 'driverConformance(');
const store = snippetWith(STORE, 'export function createMyStore');

const directory = await mkdtemp(join(tmpdir(), 'secret-sync-own-code-'));
afterAll(() => rm(directory, { recursive: true }));

/** Makes a module of snippets, and loads it. */
async function load(name: string, ...code: readonly string[]): Promise<Record<string, unknown>> {
  const file = join(directory, `${name}.mjs`);
  const { outputFiles } = await build({
    stdin: {
      contents: code.join('\n'),
      resolveDir: join(root, 'test/docs'),
      sourcefile: `${name}.ts`,
      loader: 'ts',
    },
    write: false,
    ...BUNDLED,
  });
  await writeFile(file, outputFiles[0]?.contents ?? '');
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, unknown>;
}

// The snippets are handed the runner that runs, not a second copy of it.
Reflect.set(globalThis, 'runnerOfDocs', { describe, it });
afterAll(() => void Reflect.deleteProperty(globalThis, 'runnerOfDocs'));
await load(
  'driver',
  snippetWith(DRIVER, 'export const vault'),
  fixture.replace(
    "import { describe, it } from 'vitest';",
    "const { describe, it } = Reflect.get(globalThis, 'runnerOfDocs');",
  ),
);

type CreateMyStore = (sql: (text: string, values: readonly unknown[]) => Promise<object>) => StateStore;
const { createMyStore } = (await load('store', store)) as { readonly createMyStore: CreateMyStore };
const [, table = ''] = /(CREATE TABLE [^]*?) \*\//.exec(store) ?? [];
const database = new PGlite();
afterAll(() => database.close());

storeConformance(
  {
    name: 'the store of the docs',
    async create() {
      await database.exec(`DROP TABLE IF EXISTS secret_sync; ${table}`);
      return createMyStore((text, values) => database.query(text, [...values]));
    },
    hasEntries: false,
  },
  { describe, it },
);

describe('what a user types', () => {
  it.each([
    ['for the fixture of a driver', fixture, 25],
    ['for a store', store.slice(store.indexOf('export function')), 31],
    ['to offer the REST API in Hono', snippetWith('docs/guide/rest.md', 'app.all('), 6],
    ['to offer the REST API in node:http', snippetWith('docs/guide/rest.md', 'createServer('), 6],
  ])('%s fits in as many lines as the docs show', (_what, code, most) => {
    expect(linesOf(code).length).toBeLessThanOrEqual(most);
  });

  it('for spans and metrics is an import and two lines', () => {
    const telemetry = linesOf(snippetWith('docs/guide/telemetry.md', 'openTelemetry()'));
    expect(telemetry.filter((line) => /openTelemetry|onEvent/.test(line))).toEqual([
      "import { openTelemetry } from 'secret-sync-engine/opentelemetry';",
      'const { onEvent } = openTelemetry();',
      expect.stringContaining('onEvent'),
    ]);
  });
});
