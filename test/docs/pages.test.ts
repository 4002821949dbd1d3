import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/contracts/error-codes.js';
import { parse, parseDocument } from 'yaml';
import {
  anchorsOf,
  blocksOf,
  docsPages,
  firstCells,
  pageOf,
  pages,
  proseOf,
  root,
  type Page,
} from './pages.js';

const llms = readFileSync(`${root}/llms.txt`, 'utf8');

/** Where the relative links of a text lead: a path from the root, and an anchor. */
function linksOf({
  path,
  text,
}: Page): { readonly target: string; readonly path: string; readonly anchor: string }[] {
  return [...proseOf({ path, text }).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(({ 1: target = '' }) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor = ''] = target.split('#');
      return { target, path: file === '' ? path : posix.join(dirname(path), file), anchor };
    });
}

const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  readonly files: readonly string[];
  readonly scripts: object;
  readonly dependencies: object;
  readonly exports: Readonly<Record<string, unknown>>;
};

describe('the pages of the docs', () => {
  it('link to files and headings that exist', () => {
    const broken = [...pages, { path: 'llms.txt', text: llms }].flatMap((page) =>
      linksOf(page).flatMap(({ target, path, anchor }) => {
        const isFile = existsSync(`${root}/${path}`) && statSync(`${root}/${path}`).isFile();
        if (!isFile) return [`${page.path}: ${target}`];
        if (anchor === '') return [];
        const known = anchorsOf(path.endsWith('.md') ? pageOf(path) : { path, text: '' });
        return known.has(anchor) ? [] : [`${page.path}: ${target}`];
      }),
    );
    expect(broken).toEqual([]);
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(100);
  });

  it('link only to what is part of the package', () => {
    const isPacked = (path: string) =>
      manifest.files.some((name) => path === name || path.startsWith(`${name}/`));
    const outside = pages.flatMap((page) =>
      linksOf(page).flatMap(({ path }) => (isPacked(path) ? [] : [`${page.path}: ${path}`])),
    );
    expect(outside).toEqual([]);
  });

  it('are all named by llms.txt and by the first page, once each', () => {
    const named = (page: Page) => linksOf(page).map(({ path }) => path);
    const inLlms = named({ path: 'llms.txt', text: llms });
    expect(inLlms.sort()).toEqual([...new Set(pages.map(({ path }) => path))].sort());
    const index = named(pageOf('docs/README.md'));
    const others = docsPages.map(({ path }) => path).filter((path) => path !== 'docs/README.md');
    expect(others.filter((path) => !index.includes(path))).toEqual([]);
  });

  it('begin with one heading', () => {
    for (const page of pages) {
      expect(page.text.startsWith('# '), page.path).toBe(true);
      expect(proseOf(page).match(/^# /gm), page.path).toHaveLength(1);
    }
  });

  it('name commands and files that exist', () => {
    for (const { path, text } of pages.filter((page) => page.path !== 'CHANGELOG.md')) {
      for (const { 1: name = '' } of text.matchAll(/npm run ([\w:]+)/g)) {
        expect(Object.keys(manifest.scripts), path).toContain(name);
      }
      // Programs of recipes are copied from the examples.
      for (const { 1: program = '' } of text.matchAll(/npx tsx ([\w./-]+\.ts)/g)) {
        const isThere = [program, `examples/${program}`].some((file) => existsSync(`${root}/${file}`));
        expect(isThere, `${path}: ${program}`).toBe(true);
      }
      for (const { 0: file } of text.matchAll(/\b(?:examples|src|test|bench)\/[\w./-]*\.\w+/g)) {
        // How tests are named, not a file.
        if (!file.endsWith('/x.ts') && !file.endsWith('/x.test.ts')) {
          expect(existsSync(`${root}/${file}`), `${path}: ${file}`).toBe(true);
        }
      }
    }
  });

  it('name entries of the package that exist', () => {
    const named = new Set(
      pages
        .filter(({ path }) => path !== 'CHANGELOG.md')
        .flatMap(({ text }) => [...text.matchAll(/secret-sync-engine(\/[\w/-]+\w)/g)])
        .map(({ 1: entry = '' }) => `.${entry}`),
    );
    expect([...named].filter((entry) => !(entry in manifest.exports))).toEqual([]);
    const exported = firstCells(pageOf('docs/reference/exports.md'), 'entry');
    const entries = Object.keys(manifest.exports).filter((entry) => /^\.\/(?!package)/.test(entry));
    expect(exported.sort()).toEqual(entries.map((entry) => `secret-sync-engine${entry.slice(1)}`).sort());
  });
});

/** Every text in what a YAML file says. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

describe('the YAML of a recipe', () => {
  const files = pages.flatMap((page) => blocksOf(page)).filter(({ info }) => info === 'yaml');

  it.each(files.map((block) => [block.page, block] as const))('of %s can be read', (_page, { code }) => {
    const { errors, warnings } = parseDocument(code, { strict: true, uniqueKeys: true });
    expect([...errors, ...warnings]).toEqual([]);
  });

  it('gives programs the options that they have', () => {
    const commands = files.flatMap(({ page, code }) =>
      textsIn(parse(code)).flatMap((text) =>
        [...text.matchAll(/\bnpx tsx (\S+)(.*)/g)].map(({ 1: program = '', 2: given = '' }) => ({
          page,
          program,
          options: given.match(/--[\w-]+/g) ?? [],
        })),
      ),
    );
    expect(new Set(commands.map(({ page }) => page))).toEqual(
      new Set(['docs/recipes/github-actions.md', 'docs/recipes/gitlab.md']),
    );
    expect(commands.flatMap(({ options }) => options)).toEqual(['--apply', '--apply']);
    for (const { page, program, options } of commands) {
      const source = readFileSync(`${root}/examples/${program}`, 'utf8');
      for (const option of options) expect(source, `${page}: ${program}`).toContain(`[${option}]`);
    }
  });

  it('comes with all environment variables without which these programs do not start', () => {
    const engine = readFileSync(`${root}/examples/plan-in-ci/engine.ts`, 'utf8');
    const needed = [...engine.matchAll(/\brequired\('(\w+)'\)/g)].map(({ 1: name = '' }) => name);
    expect(needed.length).toBeGreaterThan(5);
    for (const path of ['docs/recipes/github-actions.md', 'docs/recipes/gitlab.md']) {
      const { text } = pageOf(path);
      const named = needed.filter((name) => new RegExp(`^  ${name}: |\`${name}\``, 'm').test(text));
      expect(named, path).toEqual(needed);
    }
  });
});

/** Words that a technical writer would not use here, with what takes their place. */
const PLAIN: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\banew\b/i, 'again'],
  [/\b(?:somebody|nobody|everybody else)\b/i, 'name who it is'],
  [/\bhangs? on\b/i, 'depends on'],
  [/\bat once\b/i, 'immediately, or together'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix'],
  [/\banswer(?:s|ed|ing)?\b/i, 'return, or respond'],
  [/\bstands? (?:there|here|beside)\b/i, 'exists'],
  [/\b(?:licence|colour|behaviour|honour|modelled|cancelled)\b/i, 'the American spelling'],
  [/\bmeanwhile\b/i, 'in the meantime'],
  [/\bforeseen\b/i, 'expected'],
  [/\bwithout consent\b/i, 'unless `allowEmptySource` is set'],
  [/\beverybody\b/i, 'everyone'],
  [/\bunder way\b/i, 'in progress, or in flight'],
];

describe('the English of the docs', () => {
  it.each(PLAIN)('does without %s: %s', (word) => {
    // What programs print is said by the library.
    const found = pages.filter((page) => word.test(proseOf(page))).map(({ path }) => path);
    expect(found).toEqual([]);
  });
});

describe('the README', () => {
  it('fits on about 150 lines', () => {
    expect(pageOf('README.md').text.split('\n').length).toBeLessThan(170);
  });
});

describe('troubleshooting', () => {
  it('lists every error code, in order, with its meaning and remedy', () => {
    const page = pageOf('docs/guide/troubleshooting.md');
    expect(firstCells(page, 'code').filter((code) => /^[A-Z_]+$/.test(code))).toEqual(
      expect.arrayContaining([...ERROR_CODES]),
    );
    const rows = page.text
      .split('\n')
      .filter((line) => /^\| `[A-Z_]+` +\| [^|]{20,}\| [^|]{10,}\|$/.test(line));
    expect(rows.map((row) => /`([A-Z_]+)`/.exec(row)?.[1])).toEqual([...ERROR_CODES]);
  });
});

describe('getting started', () => {
  it('lists every runtime dependency', () => {
    const rows = firstCells(pageOf('docs/guide/getting-started.md'), 'runtime dependency');
    expect(rows).toEqual(Object.keys(manifest.dependencies).sort());
  });
});

describe('contributing', () => {
  it('names for at least 20 changes one file each, which exists', () => {
    const { text } = pageOf('docs/contributing.md');
    const files = [...text.matchAll(/^\| [^|]+ \| `([^`|]+\.ts)` +\|$/gm)].map(({ 1: file = '' }) => file);
    expect(files.length).toBeGreaterThanOrEqual(20);
    expect(files.filter((file) => !existsSync(`${root}/${file}`))).toEqual([]);
  });
});

describe('proofs', () => {
  it('names tests that exist for each kind of fault that others met', () => {
    const [, list = ''] = /```text\n([^]*?)```/.exec(pageOf('docs/proofs.md').text) ?? [];
    const lines = list.split('\n').filter((line) => line !== '');
    let file = '';
    const titles = lines.flatMap((line) => {
      if (line.startsWith('  test/')) file = line.trim();
      return line.startsWith('    ') ? [{ file, title: line.trim() }] : [];
    });
    expect(titles.length).toBeGreaterThanOrEqual(75);
    const lost = titles.filter(
      ({ file: path, title }) => !readFileSync(`${root}/${path}`, 'utf8').includes(title),
    );
    expect(lost).toEqual([]);
  });
});
