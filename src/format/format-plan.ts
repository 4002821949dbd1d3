import type { SyncPlan } from '../contracts/plan.js';
import { checkCall } from '../shared/arguments/check.js';
import { aPlan, FORMAT_OPTIONS } from './check-report.js';
import { renderReport, type FormatOptions } from './report.js';
import { changeRow, countWords, foldRows, importRow, noteRows, warningRows } from './rows.js';

/** What follows the writes of a plan. */
const AFTER = {
  redeploy: { start: 'Then starts a redeployment.', wait: 'Then redeploys and waits for the end of it.' },
  restart: {
    start: 'Then the destination restarts.',
    wait: 'Then waits until the destination has restarted.',
  },
} as const;

/**
 * Shows a plan to people: a line for each key that changes or is blocked (`+` create, `~` update, `-/+` replace, `-`
 * delete, `!` blocked), what stays as it is (`=` unchanged, `·` kept), warnings, problems and a summary. Names from
 * outside are escaped, so that none acts on a terminal or breaks out of Markdown. A plan holds no values.
 *
 * @throws SecretSyncError `INVALID_OPTION` for what is not a plan, and for options that are not valid.
 *
 * @example
 * console.log(formatPlan(plan, { color: process.stdout.isTTY }));
 */
export function formatPlan(plan: SyncPlan, options: FormatOptions = {}): string {
  checkCall('formatPlan', { plan }, { plan: aPlan }, options, FORMAT_OPTIONS);
  const { imports, changes, warnings, problems, summary } = plan;
  const { verbose } = options;
  const isQuiet = ({ action }: { action: string }): boolean =>
    action === 'unchanged' || action === 'keep' || action === 'ignore';
  const isLoud = (item: { action: string }): boolean => !isQuiet(item);
  const work = countWords([
    [summary.import, 'to import'],
    [summary.create, 'to create'],
    [summary.update, 'to update'],
    [summary.replace, 'to replace'],
    [summary.delete, 'to delete'],
    [summary.blocked, 'blocked'],
  ]);
  const rest = countWords([
    [summary.unchanged, 'unchanged'],
    [summary.keep, 'kept'],
  ]);
  return renderReport(
    plan,
    {
      rows: [
        ['Imports into the source', imports.filter(isLoud).map(importRow)],
        ['Changes at the destination', changes.filter(isLoud).map(changeRow)],
      ],
      quiet: [
        ...foldRows(imports.filter(isQuiet), importRow, verbose),
        ...foldRows(changes.filter(isQuiet), changeRow, verbose),
      ],
      notes: [
        ['Warnings', warningRows(warnings, verbose)],
        ['Problems', noteRows(problems)],
      ],
      summary: [
        work === '' ? 'No changes.' : `Plan: ${work}.`,
        ...(rest === '' ? [] : [`${rest}.`]),
        ...(plan.after === undefined ? [] : [AFTER[plan.after.action][plan.after.wait ? 'wait' : 'start']]),
        ...(plan.applicable ? [] : ["It can't be applied until its problems are fixed."]),
      ].join(' '),
    },
    options,
  );
}
