import { failureText } from '../failure.js';
import type { RecordStore } from '../records/record-store.js';
import type { Activity } from './idle-tracker.js';
import type { RunEnd, Runner } from './runner.js';
import type { Performed, PerformOptions, SyncJob } from './sync-job.js';

const asJson = (end: Exclude<RunEnd, { readonly status: 'moved' }>): Performed => {
  if (end.status === 'succeeded') {
    const { runId, digest: sourceDigest } = end;
    const { summary, requestCount } = end.result;
    return { status: 'succeeded', summary, requestCount, runId, sourceDigest };
  }
  if (end.status !== 'failed') return { status: end.status };
  return { status: 'failed', ...failureText(end.error), retryAt: end.retryAt };
};

async function perform(
  records: RecordStore,
  runner: Runner,
  job: SyncJob,
  { signal = new AbortController().signal, jobId, onEvent }: PerformOptions,
): Promise<Performed> {
  for (;;) {
    if (signal.aborted) return { status: 'aborted' };
    const loaded = await records.read(job.syncId);
    if (loaded === undefined) return { status: 'unwanted' };
    const end = await runner.run(job, loaded, {
      signal,
      jobId: jobId ?? globalThis.crypto.randomUUID(),
      isAwaited: false,
      ...(onEvent && { onEvent }),
    });
    if (end.status !== 'moved') return asJson(end);
  }
}

/** Does a job, in this process. Never rejects: where the record can't be read, the job is to be tried again. */
export async function performJob(
  records: RecordStore,
  runner: Runner,
  activity: Activity,
  job: SyncJob,
  options: PerformOptions,
): Promise<Performed> {
  const performing = perform(records, runner, job, options).catch((error: unknown): Performed => ({
    status: 'failed',
    ...failureText(error),
    retryAt: null,
  }));
  activity.track(performing);
  return performing;
}
