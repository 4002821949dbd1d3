import type { Note, Report, Row } from './report-model.js';

const LEFT_OUT = 'not listed, to keep this short';
/** The longest name and place in a report of which nothing else is left to cut. */
const LONGEST_NAME = 60;

/** Rows by their action. */
type Groups = ReadonlyMap<Row['symbol'], readonly Row[]>;

function groupRows(rows: readonly Row[]): Groups {
  const groups = new Map<Row['symbol'], Row[]>();
  for (const row of rows) {
    const group = groups.get(row.symbol);
    if (group === undefined) groups.set(row.symbol, [row]);
    else group.push(row);
  }
  return groups;
}

/** The first rows of each action, and the number of the others. */
function cutRows(groups: Groups, most: number): readonly Row[] {
  return [...groups].flatMap(([symbol, group]) => {
    const left = group.length - most;
    const more = {
      symbol,
      name: `${left}${most === 0 ? '' : ' more'} ${left === 1 ? 'key' : 'keys'}`,
      words: LEFT_OUT,
    };
    return left <= 1 && most > 0 ? group : [...group.slice(0, most), more];
  });
}

function cutNotes(notes: readonly Note[], most: number): readonly Note[] {
  const shown = notes.slice(0, most).map(({ keys, more, ...note }) => ({
    ...note,
    keys: keys.slice(0, most),
    more: more + Math.max(0, keys.length - most),
  }));
  const left = notes.length - shown.length;
  return left === 0 ? shown : [...shown, { code: `${left} more`, keys: [], more: 0, message: LEFT_OUT }];
}

const clip = (text: string): string =>
  // Without the first half of a pair that is cut in two.
  text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME - 1).replace(/[\ud800-\udbff]$/, '')}…`;

/** Returns what cuts the rows and notes of a report. Rows are grouped once: a length is found by cutting many times. */
function createCut({ rows, quiet, notes }: Report) {
  const grouped = rows.map(([heading, items]) => [heading, groupRows(items)] as const);
  const quietGroups = groupRows(quiet);
  return (report: Report, most: number): Report => ({
    ...report,
    rows: grouped.map(([heading, groups]) => [heading, cutRows(groups, most)]),
    quiet: cutRows(quietGroups, most),
    notes: notes.map(([heading, items]) => [heading, cutNotes(items, most)]),
  });
}

/**
 * Renders a report in at most so many characters: of each action as many rows as fit, and the number of the others. A
 * report of which not even the numbers fit has its names cut.
 */
export function fit(report: Report, maxLength: number, render: (report: Report) => string): string {
  const { name, destination, place, rows, quiet, notes } = report;
  const lengths = [...rows, ...notes].map(([, items]) => items.length);
  const longest = Math.max(quiet.length, ...lengths);
  // Each row takes more than a character: of so many, no text has to be made to see that it is too long.
  const whole = longest > maxLength ? undefined : render(report);
  if (whole !== undefined && whole.length <= maxLength) return whole;
  const cut = createCut(report);
  let best = render(
    cut({ ...report, name: clip(name), destination: clip(destination), place: clip(place) }, 0),
  );
  let [fits, tooMany] = [-1, Math.min(longest, Math.floor(maxLength)) + 1];
  while (tooMany - fits > 1) {
    const most = Math.floor((fits + tooMany) / 2);
    const text = render(cut(report, most));
    if (text.length <= maxLength) [fits, best] = [most, text];
    else tooMany = most;
  }
  return best;
}
