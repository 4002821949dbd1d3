import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDocsProgram, type DocsProgram } from './program.js';
import { blocksOf, firstCells, pageOf, pages, root, type Block } from './pages.js';
import { runSnippets } from './run-snippets.js';

const blocks = pages.flatMap((page) => blocksOf(page));
const snippets = blocks.filter(({ info }) => /^ts\b/.test(info));
const runnable = snippets.filter(({ info }) => info === 'ts runnable');

/** To see that the check of types finds something. */
const BROKEN: Block = {
  page: 'broken',
  line: 1,
  info: 'ts',
  code: "import { planSync } from 'secret-sync-engine';\nplanSync({ definition: { nam: 'x' } });\n",
};
const ROOT = 'src/index.ts';
const SERVICE = 'src/service/index.ts';
const KIT = 'src/drivers/index.ts';
/** The headers of the tables of the other entries, with the files whose exports each of them lists. */
const ENTRIES: readonly (readonly [header: string, ...files: string[]])[] = [
  ['`drivers/hasura-cloud`', 'src/drivers/hasura-cloud/index.ts'],
  ['`drivers/qovery`', 'src/drivers/qovery/index.ts'],
  [
    '`sources/…` and `stores/…`',
    ...['dotenv/index', 'infisical/index', 'compose/index', 'transform'].map(
      (name) => `src/sources/${name}.ts`,
    ),
    ...['file', 'redis', 'postgres'].map((name) => `src/stores/${name}/index.ts`),
  ],
  ['`service`', SERVICE],
  ['`workers/bullmq`', 'src/workers/bullmq/index.ts'],
  ['`rest`', 'src/rest/index.ts'],
  ['`opentelemetry`', 'src/opentelemetry/index.ts'],
  ['`testing`', 'src/testing/index.ts'],
];

let program: DocsProgram;
beforeAll(() => {
  const files = ENTRIES.flatMap(([, ...paths]) => paths);
  program = createDocsProgram([...snippets, BROKEN], [ROOT, KIT, ...files]);
}, 300_000);

/** The block of output that follows a snippet, where there is one before the next snippet. */
function outputAfter(snippet: Block): Block | undefined {
  const [next] = blocks.filter(({ page, line, info }) => {
    return page === snippet.page && line > snippet.line && /^(ts\b|text output)/.test(info);
  });
  return next?.info === 'text output' ? next : undefined;
}

/** What a program prints, without trailing spaces and with one duration for all. */
const settled = (output: string): string =>
  output
    .replace(/\b\d+\.\d s\b/g, '0.1 s')
    .replace(/[ \t]+$/gm, '')
    .trim();

/** Puts what snippets print into the pages: UPDATE_DOCS=1 npm run test:system -- test/docs/docs */
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

describe('the snippets of the docs', { timeout: 300_000 }, () => {
  it('all compile, as seen by a check that finds one that does not', () => {
    const errors = program.errors();
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
    expect(outputs.length).toBeGreaterThan(15);
  });

  it('are marked by known words, and most of them run', () => {
    const known = ['ts', 'ts runnable', 'sh', 'text', 'text output', 'yaml'];
    expect(blocks.filter(({ info }) => !known.includes(info))).toEqual([]);
    expect(runnable.length).toBeGreaterThan(snippets.length / 2);
  });
});

describe('the reference pages', () => {
  /** Which of these names no row of the tables with these headers is about. */
  const missing = (path: string, headers: readonly string[], names: readonly string[]): string[] => {
    const rows = new Set(headers.flatMap((header) => firstCells(pageOf(path), header)));
    return names.filter((name) => !rows.has(name));
  };

  it('name every root export, and nothing else', () => {
    const exported = program.exportsOf(ROOT);
    const page = 'docs/reference/exports.md';
    expect(missing(page, ['export'], exported)).toEqual([]);
    const rows = firstCells(pageOf(page), 'export');
    expect(rows.filter((name) => !exported.includes(name))).toEqual([]);
    expect(rows.length).toBe(new Set(rows).size);
  });

  it('name every export of the other entries, and nothing else', () => {
    const page = 'docs/reference/exports.md';
    const named = ENTRIES.flatMap(([header]) => firstCells(pageOf(page), header));
    const exported = ENTRIES.flatMap(([, ...files]) => files.flatMap((file) => program.exportsOf(file)));
    expect(named.sort()).toEqual(exported.sort());
  });

  it('name every export of the kit for drivers', () => {
    expect(missing('docs/write-your-own/driver.md', ['kit'], program.exportsOf(KIT))).toEqual([]);
  });

  it('list every option of the engine, of a service, of auto-sync, and of a sync', () => {
    const options = 'docs/reference/options.md';
    expect(missing(options, ['option'], program.propertiesOf(ROOT, 'EngineOptions'))).toEqual([]);
    expect(missing(options, ['option'], program.propertiesOf(SERVICE, 'ServiceOptions'))).toEqual([]);
    expect(missing(options, ['`autoSync`'], program.propertiesOf(SERVICE, 'AutoSyncOptions'))).toEqual([]);
    const definition = 'docs/reference/definition.md';
    expect(missing(definition, ['field'], program.propertiesOf(ROOT, 'SyncDefinitionInput'))).toEqual([]);
    expect(missing(definition, ['`syncOptions`'], program.propertiesOf(ROOT, 'SyncOptionsInput'))).toEqual(
      [],
    );
  });

  it('list every event', () => {
    const events = [...program.wordsOf(ROOT, 'SyncEvent'), ...program.wordsOf(SERVICE, 'ServiceEvent')];
    expect(events.length).toBeGreaterThan(15);
    expect(missing('docs/reference/events.md', ['type'], events)).toEqual([]);
  });

  it('list every warning', () => {
    const codes = program.wordsOf(ROOT, 'PlanWarningCode');
    expect(codes.length).toBeGreaterThan(10);
    expect(missing('docs/reference/warnings.md', ['code'], codes)).toEqual([]);
    const ofDrivers = ['hasura-cloud', 'qovery'].flatMap((driver) => {
      const source = readFileSync(`${root}/src/drivers/${driver}/config.ts`, 'utf8');
      const named = [...source.matchAll(/(?:code: |add\(\s*)'([A-Z_]+)'/g)].map(({ 1: code = '' }) => code);
      expect(missing(`docs/destinations/${driver}.md`, ['code'], named)).toEqual([]);
      return named;
    });
    expect(ofDrivers.length).toBeGreaterThan(3);
    expect(missing('docs/reference/warnings.md', ['code'], ofDrivers)).toEqual([]);
  });

  it('list every field, action and reason of a plan, and every status of an outcome', () => {
    const { text } = pageOf('docs/reference/plan-and-result.md');
    const words = [
      ...program.wordsOf(ROOT, 'ChangeAction'),
      ...program.wordsOf(ROOT, 'ChangeReason'),
      ...program.wordsOf(ROOT, 'RefusalReason'),
      ...program.propertiesOf(ROOT, 'SyncPlan'),
      ...program.propertiesOf(ROOT, 'SyncResult'),
      ...['applied', 'skipped', 'failed', 'withheld', 'indeterminate'],
    ];
    expect(words.filter((word) => !text.includes(`\`${word}\``))).toEqual([]);
  });

  it('list every field of an error', () => {
    const fields = program
      .propertiesOf(ROOT, 'SecretSyncError')
      .filter((name) => name !== 'stack' && !name.startsWith('__@'));
    expect(missing('docs/reference/errors.md', ['field'], fields)).toEqual([]);
  });
});
