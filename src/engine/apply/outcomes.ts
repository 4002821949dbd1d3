import type { ErrorProblem } from '../../contracts/error-codes.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { Outcome, ResultSummary, SyncResult } from '../../contracts/result.js';
import { quote } from '../../shared/text.js';
import { timestamp } from '../../shared/timestamps.js';
import type { Application } from './application.js';

function summarize(outcomes: readonly Outcome[], imported: number): ResultSummary {
  const count = { applied: 0, skipped: 0, failed: 0, withheld: 0, indeterminate: 0 };
  for (const { status } of outcomes) count[status] += 1;
  return { ...count, imported };
}

/** Returns the error that a result with failed keys is thrown with. */
export function failure(result: SyncResult): SecretSyncError {
  const bad = result.outcomes.filter(({ status }) => status !== 'applied' && status !== 'skipped');
  const failed = bad.filter(({ status }) => status !== 'withheld');
  const problems = failed.map(({ key, status, error }): ErrorProblem => {
    const why = error?.message ?? 'the run ended first';
    const message = `${status === 'failed' ? 'not written' : 'may or may not have been written'}: ${why}`;
    return { code: error?.code ?? 'SYNC_FAILED', key, message };
  });
  const withheld = bad.length - failed.length;
  const rest =
    withheld === 0 ? '' : `\n${withheld} more were not attempted; run again once the cause is gone.`;
  const lines = problems.map(({ key = '', message }) => `- ${quote(key)}: ${message}`);
  const total = result.outcomes.length;
  return new SecretSyncError(
    'SYNC_FAILED',
    `${bad.length} of ${total} keys were not written:\n${lines.join('\n')}${rest}`,
    {
      result,
      problems,
      retryable: failed.length > 0 && failed.every(({ error }) => error?.retryable === true),
    },
  );
}

/** Returns the result of a run whose writes ended so. */
export function resultOf(
  { options, run, decided, sourceDigest }: Application,
  outcomes: readonly Outcome[],
): SyncResult {
  const succeeded = outcomes.every(({ status }) => status === 'applied' || status === 'skipped');
  return {
    status: succeeded ? 'succeeded' : 'failed',
    runId: run.fields.runId,
    plan: decided.plan,
    outcomes,
    summary: summarize(outcomes, decided.plan.summary.import),
    ...(sourceDigest === undefined ? {} : { sourceDigest }),
    requestCount: run.requestCount(),
    startedAt: run.startedAt,
    finishedAt: timestamp(options.clock),
  };
}
