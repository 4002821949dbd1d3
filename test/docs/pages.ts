import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** One Markdown file that users read. */
export interface Page {
  /** Relative to the root of the repository: `docs/guide/concepts.md`. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code. */
export interface Block {
  readonly page: string;
  /** The line of its first line of code, counted from 1. */
  readonly line: number;
  /** What follows the opening fence: `ts`, `ts runnable`, `text output`. */
  readonly info: string;
  readonly code: string;
}

const pageAt = (path: string): Page => ({ path, text: readFileSync(`${root}/${path}`, 'utf8') });

/** The pages below `docs`, sorted by path. */
export const docsPages: readonly Page[] = readdirSync(`${root}/docs`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .sort()
  .map((name) => pageAt(`docs/${name.replaceAll('\\', '/')}`));

/** All pages that users read. */
export const pages: readonly Page[] = [
  ...['README.md', 'SECURITY.md', 'CHANGELOG.md'].map(pageAt),
  ...docsPages,
];

/** The page at a path. */
export function pageOf(path: string): Page {
  const page = pages.find((one) => one.path === path);
  if (page === undefined) throw new Error(`There is no page ${path}.`);
  return page;
}

/** The fenced blocks of a page, in order. */
export const blocksOf = ({ path, text }: Page): readonly Block[] =>
  [...text.matchAll(/^```(.+)\n([^]*?)^```$/gm)].map(({ index, 1: info = '', 2: code = '' }) => ({
    page: path,
    line: text.slice(0, index).split('\n').length + 1,
    info,
    code,
  }));

/** A page without its blocks of code: what is said in words. */
export const proseOf = ({ text }: Page): string => text.replace(/^```[^]*?^```$/gm, '');

/** The anchors of a page's headings, as code hosts make them. */
export function anchorsOf(page: Page): ReadonlySet<string> {
  const headings = [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(({ 1: heading = '' }) => heading);
  const anchor = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-');
  return new Set(headings.map(anchor));
}

/** The first cells, where they are code, of all rows of the tables below a header whose first cell is `header`. */
export function firstCells(page: Page, header: string): string[] {
  const cells: string[] = [];
  let isInside = false;
  for (const line of page.text.split('\n')) {
    if (!line.startsWith('|')) isInside = false;
    else if (line.split('|')[1]?.trim() === header) isInside = true;
    else if (isInside) {
      const [, cell = ''] = line.split('|');
      cells.push(...[...cell.matchAll(/`([^`]+)`/g)].map(({ 1: name = '' }) => name));
    }
  }
  return cells;
}
