import { parseJob, parseServiceOptions } from '../call-options.js';
import { failureText, isWorthRetrying, pauseAfter } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { RecordStore } from '../records/record-store.js';
import type { Activity } from './idle-tracker.js';
import type { RunEnd } from './run-end.js';
import type { Runner } from './runner.js';
import type { Performed, PerformOptions, SyncJob } from './sync-job.js';

interface PerformParts {
  readonly options: ResolvedServiceOptions;
  readonly records: RecordStore;
  readonly runner: Runner;
  readonly activity: Activity;
}

const asJson = (end: Exclude<RunEnd, { readonly status: 'moved' }>): Performed => {
  if (end.status === 'succeeded') {
    const { summary, requestCount, runId, sourceDigest = null } = end.result;
    return { status: 'succeeded', summary, requestCount, runId, sourceDigest };
  }
  if (end.status !== 'failed') return { status: end.status };
  return { status: 'failed', ...failureText(end.error), retryAt: end.retryAt };
};

async function perform(
  records: RecordStore,
  runner: Runner,
  given: SyncJob,
  options: PerformOptions,
): Promise<Performed> {
  const job = parseJob(given);
  const { signal = new AbortController().signal, jobId, onEvent } = parseServiceOptions('perform', options);
  for (;;) {
    if (signal.aborted) return { status: 'aborted' };
    const loaded = await records.read(job.syncId);
    if (loaded === undefined) return { status: 'unwanted' };
    const end = await runner.run(job, loaded, {
      signal,
      jobId,
      isAwaited: false,
      ...(onEvent && { onEvent }),
    });
    if (end.status !== 'moved') return asJson(end);
  }
}

/** Does a job, in this process. Never rejects: where the store fails, the job is to be tried again; not where it is not valid. */
export async function performJob(
  { options: { clock, random, autoSync }, records, runner, activity }: PerformParts,
  job: SyncJob,
  options: PerformOptions,
): Promise<Performed> {
  const performing = perform(records, runner, job, options).catch((error: unknown): Performed => {
    const again = new Date(clock.now() + pauseAfter(1, random(), autoSync)).toISOString();
    return { status: 'failed', ...failureText(error), retryAt: isWorthRetrying(error) ? again : null };
  });
  activity.track(performing);
  return performing;
}
