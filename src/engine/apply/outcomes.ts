import type { Application } from './application.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { SyncPlan } from '../../contracts/plan.js';
import { quote } from '../../shared/text.js';
import { isWrite } from '../../core/step.js';
import { type Work } from '../state/recorder.js';
import { timestamp } from '../run/run.js';
import { type Ends } from './write-destination.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';
import type { Outcome, ResultSummary, SyncResult } from '../../contracts/result.js';

function summarize(outcomes: readonly Outcome[], imported: number): ResultSummary {
  const count = { applied: 0, skipped: 0, failed: 0, withheld: 0, indeterminate: 0 };
  for (const { status } of outcomes) count[status] += 1;
  return { ...count, imported };
}

function outcomesOf(plan: SyncPlan, work: readonly Work[], ends: Ends): Outcome[] {
  let next = 0;
  return plan.changes.flatMap((change): Outcome[] => {
    if (isWrite(change.action)) {
      const item = work[next++];
      const outcome = item === undefined ? undefined : ends.get(item);
      return outcome === undefined ? [] : [outcome];
    }
    if (change.action !== 'blocked') return [];
    const { key, kind } = change;
    return [{ key, ...(kind === undefined ? {} : { kind }), action: 'blocked', status: 'skipped' }];
  });
}

export function failure(result: SyncResult): SecretSyncError {
  const bad = result.outcomes.filter(({ status }) => status !== 'applied' && status !== 'skipped');
  const failed = bad.filter(({ status }) => status !== 'withheld');
  const problems = failed.map(({ key, status, error }): ErrorProblem => {
    const why = error?.message ?? 'the run ended first';
    const message = `${status === 'failed' ? 'not written' : 'may or may not have been written'}: ${why}`;
    return { code: error?.code ?? 'SYNC_FAILED', key, message };
  });
  const withheld = bad.length - failed.length;
  const rest = withheld === 0 ? '' : `\n${withheld} more were withheld; run again once the cause is gone.`;
  const lines = problems.map(({ key = '', message }) => `- ${quote(key)}: ${message}`);
  const total = result.outcomes.length;
  return new SecretSyncError(
    'SYNC_FAILED',
    `${bad.length} of ${total} keys did not end well:\n${lines.join('\n')}${rest}`,
    {
      result,
      problems,
      retryable: failed.length > 0 && failed.every(({ error }) => error?.retryable === true),
    },
  );
}

export function resultOf(application: Application, work: readonly Work[], ends: Ends): SyncResult {
  const { options, run, decided } = application;
  const outcomes = outcomesOf(decided.plan, work, ends);
  const digest = application.sourceDigest();
  const succeeded = outcomes.every(({ status }) => status === 'applied' || status === 'skipped');
  return {
    status: succeeded ? 'succeeded' : 'failed',
    runId: run.fields.runId,
    plan: decided.plan,
    outcomes,
    summary: summarize(outcomes, decided.plan.summary.import),
    requestCount: run.requestCount(),
    ...(digest !== undefined && { sourceDigest: digest }),
    startedAt: run.startedAt,
    finishedAt: timestamp(options.clock),
  };
}
