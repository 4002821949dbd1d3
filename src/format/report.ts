import type { SyncPlan } from '../contracts/plan.js';
import { escapeMarkdown, escapeText, markdownCode, showName } from './escape.js';

/** How a plan or a result is shown. */
export interface FormatOptions {
  /** Default: `text`. */
  readonly format?: 'text' | 'markdown' | undefined;
  /** Whether text is colored for a terminal. Default: false. */
  readonly color?: boolean | undefined;
  /** Whether every key is listed, also where many stay as they are. Default: false. */
  readonly verbose?: boolean | undefined;
}

/** What happens or happened to one key. */
export interface Row {
  readonly symbol: keyof typeof COLORS;
  readonly name: string;
  readonly words: string;
}

/** A warning or problem, with the keys that share it. */
export interface Note {
  readonly code: string;
  readonly keys: readonly string[];
  readonly message: string;
}

type Section<Item> = readonly [heading: string, items: readonly Item[]];

/** What is shown, in parts; nothing is escaped yet but names, which are quoted where they must be. */
export interface Report {
  readonly plan: SyncPlan;
  /** Follows the title. */
  readonly end?: string;
  readonly rows: readonly Section<Row>[];
  /** What stays as it is. */
  readonly quiet: readonly Row[];
  readonly notes: readonly Section<Note>[];
  /** Our own words and numbers alone. */
  readonly summary: string;
}

const COLORS = { '+': 32, '~': 33, '-/+': 35, '-': 31, '!': 31, '?': 35, '=': 2, '·': 2 };
const VERBS = { sync: ['Sync', 'to'], import: ['Import', 'from'], remove: ['Remove', 'from'] } as const;
const QUIET = 'Unchanged and kept';
const INITIAL = 'This is the first sync of this definition at this place.';

/** Renders a report. */
export function renderReport(report: Report, { format, color }: FormatOptions): string {
  return format === 'markdown' ? renderMarkdown(report) : renderText(report, color === true);
}

function titleOf({ plan, end }: Report, name: (text: string) => string): string {
  const [verb, preposition] = VERBS[plan.operation];
  const { name: sync, destination } = plan.definition;
  return `${verb} ${name(sync)} ${preposition} ${name(destination)}${end === undefined ? '' : `: ${end}`}`;
}

function renderText(report: Report, color: boolean): string {
  const { plan, rows, quiet, notes, summary } = report;
  const paint = (code: number, text: string): string =>
    color ? `\u001b[${code}m${escapeText(text)}\u001b[0m` : escapeText(text);
  const section = <Item>([heading, items]: Section<Item>, line: (item: Item) => string): string[] =>
    items.length === 0 ? [] : ['', paint(1, `${heading}:`), ...items.map(line)];
  const rowLine = ({ symbol, name, words }: Row): string =>
    paint(COLORS[symbol], `${symbol.padStart(5)} ${name}: ${words}`);
  const noteLine = ({ code, keys, message }: Note): string =>
    escapeText(`  ${[showName(code), keys.join(', ')].filter(Boolean).join(' ')}: ${message}`);
  return [
    paint(1, titleOf(report, showName)),
    escapeText(`  at ${plan.place}`),
    ...(plan.isInitialSync ? [`  ${INITIAL}`] : []),
    ...[...rows, [QUIET, quiet] as const].flatMap((one) => section(one, rowLine)),
    ...notes.flatMap((one) => section(one, noteLine)),
    '',
    paint(1, summary),
  ].join('\n');
}

function renderMarkdown(report: Report): string {
  const { plan, rows, quiet, notes, summary } = report;
  // Each line of a block begins with a symbol, so that no name can end the block.
  const block = (items: readonly Row[]): string =>
    [
      '```diff',
      ...items.map(({ symbol, name, words }) => escapeText(`${symbol} ${name}: ${words}`)),
      '```',
    ].join('\n');
  const noteLine = ({ code, keys, message }: Note): string =>
    `- ${[code, ...keys].map(markdownCode).join(' ')}: ${escapeMarkdown(message)}`;
  const section = <Item>(
    [heading, items]: Section<Item>,
    render: (items: readonly Item[]) => string,
  ): string[] => (items.length === 0 ? [] : [`**${heading}**`, render(items)]);
  return [
    `### ${titleOf(report, markdownCode)}`,
    `at ${markdownCode(plan.place)}`,
    ...(plan.isInitialSync ? [INITIAL] : []),
    `**${summary}**`,
    ...rows.flatMap((one) => section(one, block)),
    ...notes.flatMap((one) => section(one, (items) => items.map(noteLine).join('\n'))),
    ...(quiet.length === 0 ? [] : [`<details><summary>${QUIET}</summary>`, block(quiet), '</details>']),
  ].join('\n\n');
}
