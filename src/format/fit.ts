import type { Note, Report, Row } from './report-model.js';

const LEFT_OUT = 'not listed, to keep this short';
/** The longest name and place in a report of which nothing else is left to cut. */
const LONGEST_NAME = 60;

/** The first rows of each action, and the number of the others. */
function cutRows(rows: readonly Row[], most: number): readonly Row[] {
  const groups = new Map<Row['symbol'], Row[]>();
  for (const row of rows) {
    const group = groups.get(row.symbol);
    if (group === undefined) groups.set(row.symbol, [row]);
    else group.push(row);
  }
  return [...groups].flatMap(([symbol, group]) => {
    const left = group.length - most;
    const more = { symbol, name: `${left}${most === 0 ? '' : ' more'} keys`, words: LEFT_OUT };
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
  text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME - 1)}…`;

function cut(report: Report, most: number): Report {
  const { rows, quiet, notes } = report;
  return {
    ...report,
    rows: rows.map(([heading, items]) => [heading, cutRows(items, most)]),
    quiet: cutRows(quiet, most),
    notes: notes.map(([heading, items]) => [heading, cutNotes(items, most)]),
  };
}

/**
 * Renders a report in at most so many characters: of each action as many rows as fit, and the number of the others. A
 * report of which not even the numbers fit has its names cut.
 */
export function fit(report: Report, maxLength: number, render: (report: Report) => string): string {
  const whole = render(report);
  if (whole.length <= maxLength) return whole;
  const { name, destination, place } = report;
  let best = render(
    cut({ ...report, name: clip(name), destination: clip(destination), place: clip(place) }, 0),
  );
  let [fits, tooMany] = [
    -1,
    [...report.rows, ...report.notes].reduce(
      (most, [, items]) => Math.max(most, items.length),
      report.quiet.length,
    ) + 1,
  ];
  while (tooMany - fits > 1) {
    const most = Math.floor((fits + tooMany) / 2);
    const text = render(cut(report, most));
    if (text.length <= maxLength) [fits, best] = [most, text];
    else tooMany = most;
  }
  return best;
}
