import type { SyncPlan } from '../contracts/plan.js';
import { SecretSyncError } from '../contracts/errors.js';
import { escapeMarkdown, escapeText, markdownCode, showName } from './escape.js';
import { fit } from './fit.js';
import type { Note, Report, Row, Section } from './report-model.js';

/** How a plan or a result is shown. */
export interface FormatOptions {
  /** Default: `text`. */
  readonly format?: 'text' | 'markdown' | undefined;
  /** Whether text is colored for a terminal. Default: false. */
  readonly color?: boolean | undefined;
  /** Whether every key is listed, also where many stay as they are. Default: false. */
  readonly verbose?: boolean | undefined;
  /**
   * The most characters, 2,000 or more: what does not fit is left out, and its number said. Default: 65,536 for Markdown, which
   * is what a comment on GitHub holds; none for text.
   */
  readonly maxLength?: number | undefined;
}

const COLORS: Readonly<Record<Row['symbol'], number>> = {
  '+': 32,
  '~': 33,
  '-/+': 35,
  '-': 31,
  '!': 31,
  '?': 35,
  '=': 2,
  '·': 2,
};
const VERBS = { sync: ['Sync', 'to'], import: ['Import', 'from'], remove: ['Remove', 'from'] } as const;
const QUIET = 'Unchanged and kept';
const INITIAL = 'This is the first sync of this definition at this place.';

const LEAST_LENGTH = 2_000;
/** What a comment on GitHub holds. */
const COMMENT_LENGTH = 65_536;

/**
 * Renders a report of a plan, or of what became of it.
 *
 * @throws SecretSyncError `INVALID_OPTION` for a `maxLength` that is too small for a report.
 */
export function renderReport(
  plan: SyncPlan,
  parts: Pick<Report, 'end' | 'rows' | 'quiet' | 'notes' | 'summary'>,
  { format, color, maxLength = format === 'markdown' ? COMMENT_LENGTH : Infinity }: FormatOptions,
): string {
  if (!(maxLength >= LEAST_LENGTH)) {
    const message = `maxLength is not valid: it must be a number from ${LEAST_LENGTH} on.`;
    throw new SecretSyncError('INVALID_OPTION', message);
  }
  const { operation, place, isInitialSync, definition } = plan;
  const { name, destination } = definition;
  const report = { ...parts, operation, name, destination, place, isInitialSync };
  const render = format === 'markdown' ? renderMarkdown : (one: Report) => renderText(one, color === true);
  return fit(report, maxLength, render);
}

function titleOf({ operation, name, destination, end }: Report, show: (text: string) => string): string {
  const [verb, preposition] = VERBS[operation];
  return `${verb} ${show(name)} ${preposition} ${show(destination)}${end === undefined ? '' : `: ${end}`}`;
}

const keysOf = ({ keys, more }: Note): readonly string[] =>
  more === 0 ? keys : [...keys, `and ${more} more`];

function renderText(report: Report, color: boolean): string {
  const { place, isInitialSync, rows, quiet, notes, summary } = report;
  const paint = (code: number, text: string): string =>
    color ? `\u001b[${code}m${escapeText(text)}\u001b[0m` : escapeText(text);
  const section = <Item>([heading, items]: Section<Item>, line: (item: Item) => string): string[] =>
    items.length === 0 ? [] : ['', paint(1, `${heading}:`), ...items.map(line)];
  const rowLine = ({ symbol, name, words }: Row): string =>
    paint(COLORS[symbol], `${symbol.padStart(5)} ${name}: ${words}`);
  const noteLine = (note: Note): string =>
    escapeText(
      `  ${[showName(note.code), keysOf(note).join(', ')].filter(Boolean).join(' ')}: ${note.message}`,
    );
  return [
    paint(1, titleOf(report, showName)),
    escapeText(`  at ${place}`),
    ...(isInitialSync ? [`  ${INITIAL}`] : []),
    ...[...rows, [QUIET, quiet] as const].flatMap((one) => section(one, rowLine)),
    ...notes.flatMap((one) => section(one, noteLine)),
    '',
    paint(1, summary),
  ].join('\n');
}

function renderMarkdown(report: Report): string {
  const { place, isInitialSync, rows, quiet, notes, summary } = report;
  // Each line of a block begins with a symbol, so that no name can end the block.
  const block = (items: readonly Row[]): string =>
    [
      '```diff',
      ...items.map(({ symbol, name, words }) => escapeText(`${symbol} ${name}: ${words}`)),
      '```',
    ].join('\n');
  const noteLine = (note: Note): string =>
    `- ${[note.code, ...keysOf(note)].map(markdownCode).join(' ')}: ${escapeMarkdown(note.message)}`;
  const section = <Item>(
    [heading, items]: Section<Item>,
    render: (items: readonly Item[]) => string,
  ): string[] => (items.length === 0 ? [] : [`**${heading}**`, render(items)]);
  return [
    `### ${titleOf(report, markdownCode)}`,
    `at ${markdownCode(place)}`,
    ...(isInitialSync ? [INITIAL] : []),
    `**${summary}**`,
    ...rows.flatMap((one) => section(one, block)),
    ...notes.flatMap((one) => section(one, (items) => items.map(noteLine).join('\n'))),
    ...(quiet.length === 0 ? [] : [`<details><summary>${QUIET}</summary>`, block(quiet), '</details>']),
  ].join('\n\n');
}
