// Known also to a project that has neither a newer `lib` nor the types of Node.js.
/// <reference lib="esnext.disposable" preserve="true" />
import { untilAborted } from '../../shared/abort.js';
import { settlesWithin } from '../../shared/async.js';
import { systemClock } from '../../shared/clock.js';
import {
  resolveWorkerOptions,
  timeoutOf,
  type BullmqWorkerOptions,
  type ResolvedWorkerOptions,
} from './options.js';
import type { QueueJob } from './jobs.js';
import { processJob } from './process-job.js';
import { QUEUE_PARTS, type QueueParts } from './queue-parts.js';

/** How long runs that were told to stop may take to end, in ms. */
const GRACE_MS = 5_000;

/** How long a worker waits that BullMQ has ended, in ms. */
const RESTART_MS = 1_000;

/** Runs the jobs of a queue in this process. */
export interface BullmqWorker extends AsyncDisposable {
  /**
   * Begins to look for what is due, and to do it. Resolves when BullMQ is connected: a Redis that is away is waited for, which
   * `onError` hears. Rejects where PostgreSQL is away, and where the worker is stopped before that.
   */
  start(): Promise<void>;
  /**
   * Ends: nothing new is begun, and what is in progress may end. After `timeout` (in ms, default 30,000) it is aborted, and goes
   * back into the queue with what it had written remembered; another worker goes on with it. Resolves within `timeout` and 5
   * seconds; a call while it ends already resolves with the one before. The worker can be started again.
   */
  stop(options?: { readonly timeout?: number }): Promise<void>;
}

interface Started {
  readonly worker: ReturnType<QueueParts['createWorker']>;
  readonly stopped: AbortController;
  readonly ready: Promise<void>;
}

const never = new AbortController().signal;

/** Takes jobs until the worker is stopped: what ends BullMQ's loop, such as a server that restarts, must not end it. */
async function keepRunning(
  worker: Started['worker'],
  { onError }: ResolvedWorkerOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await worker.run().catch(onError);
    await systemClock.sleep(RESTART_MS, signal).catch(() => undefined);
  }
}

/** Has one of all workers look in each interval: each asks, and the queue takes one of them. */
async function keepLooking(
  { queue, pollInterval, onError }: ResolvedWorkerOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await queue[QUEUE_PARTS].lookEvery(pollInterval).catch((error: unknown) => {
      if (error instanceof Error) onError(error);
    });
    await systemClock.sleep(pollInterval, signal).catch(() => undefined);
  }
}

/** Begins nothing new, lets what is in progress end, and aborts it after a time, in ms. Never rejects. */
async function end({ worker, stopped }: Started, timeout: number): Promise<void> {
  stopped.abort();
  const closing = worker.close();
  if (await settlesWithin(closing, timeout, systemClock)) return;
  worker.cancelAllJobs();
  await settlesWithin(closing, GRACE_MS, systemClock);
}

/**
 * Makes a worker: it finds what is due in the records of a service, and runs it, together with all other workers of the queue.
 * The records say what is due and when a failure is tried again, and the lease of a place keeps two runs apart: the queue
 * decides where and when a run takes place. What a worker did that dies is taken over by another one within a minute.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 *
 * @example
 * const worker = bullmqWorker({ service, queue });
 * await worker.start();
 * process.once('SIGTERM', () => void worker.stop({ timeout: 20_000 }));
 */
export function bullmqWorker(given: BullmqWorkerOptions): BullmqWorker {
  const options = resolveWorkerOptions(given);
  const { queue, concurrency, onError } = options;
  let started: Started | undefined;
  let stopping: Promise<unknown> = Promise.resolve();

  function begin(): Started {
    const stopped = new AbortController();
    const looking = new Set<QueueJob>();
    const worker = queue[QUEUE_PARTS].createWorker(
      (job, token, signal = never) => processJob(job, { ...options, token, signal, looking }),
      { concurrency, onError },
    );
    const ready = worker.waitUntilReady().then(() => {
      if (stopped.signal.aborted) return;
      void keepRunning(worker, options, stopped.signal);
      void keepLooking(options, stopped.signal);
    });
    return { worker, stopped, ready };
  }

  /** Resolves when all that was begun has ended, also what an earlier call has told to end. */
  async function stop(timeout: number): Promise<void> {
    if (started !== undefined) {
      stopping = Promise.all([stopping, end(started, timeout)]);
      started = undefined;
    }
    await stopping;
  }

  return {
    async start() {
      started ??= begin();
      const own = started;
      try {
        await untilAborted(own.ready, own.stopped.signal);
      } catch (error) {
        if (started === own) await stop(0);
        throw error;
      }
    },
    stop: async (call = {}) => stop(timeoutOf(call)),
    [Symbol.asyncDispose]: () => stop(timeoutOf({})),
  };
}
