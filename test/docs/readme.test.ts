import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { complaintsIn } from '../support/complaints.js';
import { bundleProgram } from '../support/programs.js';
import { ERROR_CODES } from '../../src/contracts/error-codes.js';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const readme = await readFile(`${root}/README.md`, 'utf8');

interface Block {
  /** Of its first line of code, counted from 1. */
  readonly line: number;
  readonly info: string;
  readonly code: string;
}

const blocks: readonly Block[] = [...readme.matchAll(/^```(ts\b.*)\n([^]*?)^```$/gm)].map(
  ({ index, 1: info = '', 2: code = '' }) => ({
    line: readme.slice(0, index).split('\n').length + 1,
    info,
    code,
  }),
);
const runnable = blocks.filter(({ info }) => info === 'ts runnable');

/** What blocks take for granted: the reader's own credentials, ids, functions, and an engine with a definition. */
const PRELUDE = `
import type { Connection, JsonValue, SecretSyncEngine, StateStore } from 'secret-sync-engine';
import type { QoveryDriver } from 'secret-sync-engine/drivers/qovery';
declare global {
  const accessToken: string;
  const organizationId: string;
  const projectId: string;
  const environmentId: string;
  const fingerprintKey: string;
  const clientId: string;
  const clientSecret: string;
  const text: string;
  const engine: SecretSyncEngine<readonly [QoveryDriver]>;
  const sync: {
    readonly name: 'nightly';
    readonly destination: 'qovery';
    readonly destinationConfig: { readonly organizationId: string; readonly projectId: string };
  };
  function readVault(environment: string | undefined, signal: AbortSignal): Promise<Record<string, string>>;
  function writeVault(environment: string | undefined, key: string, value: string, signal: AbortSignal): Promise<void>;
  function loadConnection(id: string): Promise<Connection | undefined>;
  const fetchThroughProxy: typeof fetch;
  function createMyStore(): StateStore;
}
`;

/** Type-checks the blocks, each as a module of its own, and answers what is wrong, with lines of the README. */
function typeErrors(modules: readonly Block[]): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${root}/tsconfig.json`,
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
      },
    },
  );
  if (config === undefined) throw new Error('tsconfig.json could not be read.');
  const files = new Map<string, { readonly text: string; readonly block?: Block }>([
    [`${root}/test/docs/readme-prelude.ts`, { text: PRELUDE }],
  ]);
  modules.forEach((block, index) => {
    files.set(`${root}/test/docs/readme-block-${index}.ts`, { text: `${block.code}\nexport {};\n`, block });
  });
  const disk = ts.createCompilerHost(config.options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => files.has(name) || disk.fileExists(name),
    readFile: (name) => files.get(name)?.text ?? disk.readFile(name),
    getSourceFile(name, languageVersion, ...rest) {
      const text = files.get(name)?.text;
      return text === undefined
        ? disk.getSourceFile(name, languageVersion, ...rest)
        : ts.createSourceFile(name, text, languageVersion);
    },
  };
  const program = ts.createProgram({ rootNames: [...files.keys()], options: config.options, host });
  return [...files].flatMap(([name, { block }]) => {
    const source = program.getSourceFile(name);
    if (source === undefined) throw new Error(`${name} is no part of the program.`);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ start = 0, messageText }) => {
      const { line } = source.getLineAndCharacterOfPosition(start);
      const where = block === undefined ? 'prelude' : `README.md:${block.line + line}`;
      return `${where} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

/** The first cells of the rows of the table that follows a header row. */
function firstCells(header: RegExp): string[] {
  const lines = readme.split('\n');
  const start = lines.findIndex((line) => header.test(line));
  const rows = lines.slice(
    start + 2,
    start + 2 + lines.slice(start + 2).findIndex((line) => !line.startsWith('|')),
  );
  return rows.map((row) => /^\|\s*`([^`]+)`/.exec(row)?.[1] ?? row);
}

/** The anchor of a heading, as code hosts make it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

describe('the README', { timeout: 300_000 }, () => {
  it('holds TypeScript blocks that all compile, as seen by a check that finds one that does not', () => {
    const code = "import { planSync } from 'secret-sync-engine';\nplanSync({ definition: { nam: 'x' } });\n";
    const broken = { line: 100_000, info: 'ts', code };
    expect(blocks.length).toBeGreaterThan(15);
    const errors = typeErrors([...blocks, broken]);
    expect(errors.filter((error) => !error.startsWith('README.md:100001 '))).toEqual([]);
    expect(errors).not.toEqual([]);
  });

  it.each(runnable)('holds a block at line $line that runs to its end', async ({ code }) => {
    const program = await bundleProgram(code);
    const running = promisify(execFile)(process.execPath, ['--input-type=module', '-'], { cwd: root });
    running.child.stdin?.end(program);
    expect(complaintsIn((await running).stderr)).toBe('');
  });

  it('marks some blocks as runnable, and no block by an unknown word', () => {
    expect(runnable.length).toBeGreaterThanOrEqual(3);
    expect([...new Set(blocks.map(({ info }) => info))].sort()).toEqual(['ts', 'ts runnable']);
  });

  it('lists every error code, in order, with its meaning and remedy', () => {
    expect(firstCells(/^\| code /)).toEqual([...ERROR_CODES]);
    const rows = readme.split('\n').filter((line) => /^\| `[A-Z_]+` +\| [^|]{20,}\| [^|]{10,}\|$/.test(line));
    expect(rows).toHaveLength(ERROR_CODES.length);
  });

  it('lists every runtime dependency', async () => {
    const manifest: unknown = JSON.parse(await readFile(`${root}/package.json`, 'utf8'));
    expect(manifest).toHaveProperty('dependencies');
    const names = Object.keys((manifest as { dependencies: object }).dependencies);
    expect(firstCells(/^\| runtime dependency /)).toEqual(names.sort());
  });

  it('links to files and headings that exist', async () => {
    const changelog = await readFile(`${root}/CHANGELOG.md`, 'utf8');
    const targets = [...`${readme}${changelog}`.matchAll(/\]\(([^)]+)\)/g)].map(
      ({ 1: target = '' }) => target,
    );
    const own = targets.filter((target) => !/^https?:/.test(target));
    const anchors = new Set(
      [...readme.matchAll(/^#+ (.+)$/gm)].map(({ 1: heading = '' }) => `#${anchorOf(heading)}`),
    );
    const missing = own.filter(
      (target) => !(target.startsWith('#') ? anchors.has(target) : existsSync(`${root}/${target}`)),
    );
    expect(own.length).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });

  it('shows the figures of the benchmarks as they were measured last', async () => {
    const results = await readFile(`${root}/bench/RESULTS.md`, 'utf8');
    const measured = results.slice(0, results.indexOf('## Planner')).split('\n');
    const shown = readme.slice(readme.indexOf('## Benchmarks')).split('\n');
    const figures = measured.filter((line) => /^[|-]/.test(line));
    expect(figures.length).toBeGreaterThan(30);
    expect(figures.filter((line) => !shown.includes(line))).toEqual([]);
  });

  it('names commands and files that exist', async () => {
    const { scripts } = JSON.parse(await readFile(`${root}/package.json`, 'utf8')) as { scripts: object };
    const names = [...readme.matchAll(/npm run ([\w:]+)/g)].map(({ 1: name }) => name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(Object.keys(scripts)).toContain(name);
    for (const { 0: path } of readme.matchAll(/\bexamples\/[\w./-]*[\w]/g)) {
      expect(existsSync(`${root}/${path}`), path).toBe(true);
    }
  });
});
