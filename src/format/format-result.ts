import { checkCall } from '../shared/arguments/check.js';
import { aResult, FORMAT_OPTIONS } from './check-report.js';
import { CHANGE_REASON_WORDS } from './reasons.js';
import { renderReport, type FormatOptions } from './report.js';
import type { Row } from './report-model.js';
import { countWords, importRow, nameOf, SYMBOLS, warningRows } from './rows.js';
import type { Outcome, SyncResult } from '../contracts/result.js';

const DONE: Readonly<Record<Outcome['action'], string>> = {
  create: 'created',
  update: 'updated',
  replace: 'replaced',
  delete: 'deleted',
  blocked: 'written',
};

/**
 * Shows to people what a run did: a line for each key that it wrote (`+` created, `~` updated, `-/+` replaced, `-`
 * deleted), and for each that it did not write (`!` failed, `?` unknown, `·` withheld or skipped), with the reason; the
 * warnings of its plan, and a summary. Escaped as by `formatPlan`.
 *
 * @throws SecretSyncError `INVALID_OPTION` for what is not a result, and for options that are not valid.
 *
 * @example
 * console.log(formatResult(await engine.sync(definition)));
 */
export function formatResult(result: SyncResult, options: FormatOptions = {}): string {
  checkCall('formatResult', { result }, { result: aResult }, options, FORMAT_OPTIONS);
  const { plan, outcomes, summary, status, after, requestCount } = result;
  const reasons = new Map(plan.changes.map(({ key, kind, reason }) => [JSON.stringify([key, kind]), reason]));
  const outcomeRow = ({ key, kind, action, status: end, error }: Outcome): Row => {
    const name = nameOf(key, kind);
    const why = error === undefined ? '' : `: ${error.message}`;
    const reason = reasons.get(JSON.stringify([key, kind]));
    switch (end) {
      case 'applied':
        return { symbol: SYMBOLS[action], name, words: DONE[action] };
      case 'failed':
        return { symbol: '!', name, words: `not ${DONE[action]}${why}` };
      case 'indeterminate':
        return { symbol: '?', name, words: `may be ${DONE[action]}; the response was lost${why}` };
      case 'withheld':
        return { symbol: '·', name, words: `not attempted, because something before it failed` };
      case 'skipped':
        return {
          symbol: '·',
          name,
          words: `skipped: ${reason === undefined ? 'blocked' : CHANGE_REASON_WORDS[reason]}`,
        };
    }
  };
  const applied = (action: Outcome['action']): readonly [number, string] => [
    outcomes.filter((outcome) => outcome.action === action && outcome.status === 'applied').length,
    DONE[action],
  ];
  const counts = countWords([
    [summary.imported, 'imported'],
    applied('create'),
    applied('update'),
    applied('replace'),
    applied('delete'),
    [summary.failed, 'failed'],
    [summary.indeterminate, 'unknown'],
    [summary.withheld, 'withheld'],
    [summary.skipped, 'skipped'],
  ]);
  const took = Math.max(0, Date.parse(result.finishedAt) - Date.parse(result.startedAt)) / 1_000;
  return renderReport(
    plan,
    {
      end: status === 'succeeded' ? 'done' : 'failed',
      rows: [
        // How far the imports of a failed run got is in its numbers alone.
        [
          'Imports into the source',
          status === 'failed' ? [] : plan.imports.filter(({ action }) => action !== 'ignore').map(importRow),
        ],
        ['Changes at the destination', outcomes.map(outcomeRow)],
      ],
      quiet: [],
      notes: [
        [
          'Afterwards',
          after === undefined ? [] : [{ code: after.status, keys: [], more: 0, message: after.message }],
        ],
        ['Warnings', warningRows(plan.warnings, options.verbose)],
      ],
      summary: `${counts === '' ? 'Nothing had to change' : `Result: ${counts}`}; ${requestCount} request${requestCount === 1 ? '' : 's'}, ${took.toFixed(1)} s.`,
    },
    options,
  );
}
