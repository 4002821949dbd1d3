import { DelayedError, UnrecoverableError } from 'bullmq';
import type { SyncEvent } from '../../contracts/events.js';
import { failureText } from '../../service/failure.js';
import type { Performed } from '../../service/index.js';
import { attemptId, isLook, type JobProgress, type JobResult, type LookData, type QueueJob } from './jobs.js';
import type { ResolvedWorkerOptions } from './options.js';
import { QUEUE_PARTS } from './queue-parts.js';

/** How long a job waits whose record, place or connection is busy, in ms: between these two. */
const LEAST_BUSY_MS = 500;
const MOST_BUSY_MS = 1_500;
/** How often a run tells its progress, in ms. */
const PROGRESS_MS = 1_000;

/** What a worker does a job with. */
export interface JobContext extends ResolvedWorkerOptions {
  /** Of the job: aborted when the worker has to stop. */
  readonly signal: AbortSignal;
  /** The periodic looks of this worker that are in progress. */
  readonly looking: Set<QueueJob>;
  /** Of this worker's hold on the job. */
  readonly token: string | undefined;
}

/** A failure of a job that is not tried again, without a stack: that would show the machine. */
function finalFailure(code: string, message: string): UnrecoverableError {
  const error = new UnrecoverableError(`${code}: ${message}`);
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

/** Gives a job back, to be given out again at a time. Always throws: by that BullMQ knows that the job has not ended. */
async function putOff(job: QueueJob, { token }: JobContext, at: number): Promise<never> {
  await job.moveToDelayed(at, token);
  throw new DelayedError();
}

/** Shows on a job how far its run is. A progress that can't be shown is no failure. */
function progressOf(job: QueueJob) {
  let toldAt = -Infinity;
  let telling: Promise<unknown> = Promise.resolve();
  const tell = (progress: JobProgress) => {
    telling = telling.then(() => job.updateProgress(progress)).catch(() => undefined);
    return telling;
  };
  return {
    tell,
    hear: (event: SyncEvent) => {
      if (event.type !== 'progress') return;
      const { done, total } = event;
      const now = performance.now();
      if (now - toldAt < PROGRESS_MS && done < total) return;
      toldAt = now;
      void tell({ done, total });
    },
    settled: () => telling,
  };
}

/** When a job is given out again that another run keeps from its turn. */
const busyUntil = (retryAt: string | undefined): number =>
  retryAt === undefined
    ? Date.now() + LEAST_BUSY_MS + Math.round(Math.random() * (MOST_BUSY_MS - LEAST_BUSY_MS))
    : Date.parse(retryAt);

/** Carries a run's end over to its job: what is to be done later goes back into the queue, with the time of the record. */
async function conclude(
  job: QueueJob,
  context: JobContext,
  done: Performed,
  tell: (progress: JobProgress) => Promise<unknown>,
): Promise<JobResult> {
  switch (done.status) {
    case 'succeeded': {
      const { status, summary, requestCount, runId } = done;
      return { status, summary, requestCount, runId };
    }
    case 'unwanted':
      return { status: 'unwanted' };
    case 'busy':
      return putOff(job, context, busyUntil(done.retryAt));
    case 'aborted':
      return putOff(job, context, Date.now());
    case 'failed': {
      const { code, message, retryAt } = done;
      if (retryAt === null) throw finalFailure(code, message);
      await tell({ waitsUntil: retryAt });
      return putOff(job, context, Date.parse(retryAt));
    }
  }
}

async function look(
  job: QueueJob,
  { location, isPeriodic }: LookData,
  context: JobContext,
): Promise<JobResult> {
  const { service, queue, debounce, signal, looking } = context;
  // Looks that take longer than the interval must not take the places of the runs.
  if (isPeriodic === true && looking.size > 0) return { status: 'unwanted' };
  if (isPeriodic === true) looking.add(job);
  try {
    const due = await service.findDue({ location, signal });
    await queue[QUEUE_PARTS].addDue(due, debounce);
    return { status: 'looked', found: due.length };
  } catch (error) {
    if (signal.aborted) return putOff(job, context, Date.now());
    const { code, message } = failureText(error);
    throw finalFailure(code, message);
  } finally {
    looking.delete(job);
  }
}

/** Does one job of the queue. */
export async function processJob(job: QueueJob, context: JobContext): Promise<JobResult> {
  const { data } = job;
  if (isLook(job.name, data)) return look(job, data, context);
  const { service, runsPerConnection, signal } = context;
  const progress = progressOf(job);
  const done = await service.perform(data, {
    signal,
    jobId: attemptId(job),
    runsPerConnection,
    onEvent: progress.hear,
  });
  await progress.settled();
  return conclude(job, context, done, progress.tell);
}
