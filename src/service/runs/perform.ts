import { notify } from '../../shared/async.js';
import { parseBoth, parseJob, parseServiceOptions } from '../call-options.js';
import { connectionOf } from '../fleet/connection.js';
import type { FleetTurns } from '../fleet/fleet-turns.js';
import { failureText, isWorthRetrying, pauseAfter } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { RecordStore } from '../records/record-store.js';
import type { Activity } from './idle-tracker.js';
import type { RunCall, RunEnd } from './run-end.js';
import type { Runner } from './runner.js';
import type { Performed, PerformOptions, SyncJob } from './sync-job.js';

interface PerformParts {
  readonly options: ResolvedServiceOptions;
  readonly records: RecordStore;
  readonly runner: Runner;
  readonly turns: FleetTurns;
  readonly activity: Activity;
}

const asJson = (end: Exclude<RunEnd, { readonly status: 'moved' }>): Performed => {
  if (end.status === 'succeeded') {
    const { summary, requestCount, runId, sourceDigest = null } = end.result;
    return { status: 'succeeded', summary, requestCount, runId, sourceDigest };
  }
  if (end.status === 'busy' && end.retryAt !== undefined)
    return { status: 'busy', retryAt: new Date(end.retryAt).toISOString() };
  if (end.status !== 'failed') return { status: end.status };
  return { status: 'failed', ...failureText(end.error), retryAt: end.retryAt };
};

async function performInTurn(
  { records, runner, turns }: PerformParts,
  job: SyncJob,
  { signal, jobId, runsPerConnection, onEvent }: PerformOptions & { readonly signal: AbortSignal },
): Promise<Performed> {
  for (;;) {
    if (signal.aborted) return { status: 'aborted' };
    const loaded = await records.read(job.syncId);
    if (loaded === undefined) return { status: 'unwanted' };
    const run = (hooks: Pick<RunCall, 'signal' | 'onEvent'>) =>
      runner.run(job, loaded, { jobId, isAwaited: false, ...hooks });
    const connection = connectionOf(loaded.stored.definition);
    const end = await (runsPerConnection === undefined
      ? run({ signal, ...(onEvent && { onEvent }) })
      : turns.inTurn({ connection, runsPerConnection, signal }, (turn) =>
          run({
            signal: turn.signal,
            onEvent: (event) => {
              turn.onEvent(event);
              notify(onEvent, event);
            },
          }),
        ));
    if (end.status !== 'moved') return asJson(end);
  }
}

async function perform(parts: PerformParts, given: SyncJob, options: PerformOptions): Promise<Performed> {
  const [job, call] = parseBoth(
    'perform',
    () => parseJob(given),
    () => parseServiceOptions('perform', options),
  );
  const { signal = new AbortController().signal } = call;
  try {
    return await performInTurn(parts, job, { ...call, signal });
  } catch (error) {
    // Before its run has begun, the reason of the signal is thrown as it is, whatever that is.
    if (signal.aborted) return { status: 'aborted' };
    throw error;
  }
}

/** Does a job, in this process. Never rejects: where the store fails, the job is to be tried again; not where it is not valid. */
export async function performJob(
  parts: PerformParts,
  job: SyncJob,
  options: PerformOptions,
): Promise<Performed> {
  const { clock, random, autoSync } = parts.options;
  const performing = perform(parts, job, options).catch((error: unknown): Performed => {
    const again = new Date(clock.now() + pauseAfter(1, random(), autoSync)).toISOString();
    return { status: 'failed', ...failureText(error), retryAt: isWorthRetrying(error) ? again : null };
  });
  parts.activity.track(performing);
  return performing;
}
