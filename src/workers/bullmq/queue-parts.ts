// Known also to a project that has neither a newer `lib` nor the types of Node.js.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Worker } from 'bullmq';
import type { SourceLocation } from '../../contracts/source.js';
import type { SyncJob, SyncQueue } from '../../service/index.js';
import type { JobResult, QueueJob } from './jobs.js';

/** How many jobs are in each state. */
export interface BullmqCounts {
  readonly waiting: number;
  readonly active: number;
  /** Waits for a time: after a change, for another run, or to be tried again. */
  readonly delayed: number;
  /** Done; the last thousand of an hour are kept. */
  readonly completed: number;
  /** Only people can resolve them; the last thousand of a week are kept. */
  readonly failed: number;
}

/** A queue in BullMQ: the option `queue` of a service, and where a worker takes its jobs from. */
export interface BullmqQueue extends SyncQueue, AsyncDisposable {
  /**
   * Has a worker look for what is due, now, and not only at the next interval: at all records, or at those that read a location
   * of the source, as a webhook names it.
   */
  look(location?: SourceLocation): Promise<void>;
  /** How many jobs there are. */
  counts(): Promise<BullmqCounts>;
  /** Closes the connections that the queue opened. */
  close(): Promise<void>;
  /** @internal */
  readonly [QUEUE_PARTS]: QueueParts;
}

/** Does a job. `token`: of the worker's hold on it. */
export type ProcessJob = (
  job: QueueJob,
  token: string | undefined,
  signal: AbortSignal | undefined,
) => Promise<JobResult>;

/** What a worker asks of a queue. @internal */
export interface QueueParts {
  /** Makes a worker that does nothing until it is told to run. */
  createWorker(
    work: ProcessJob,
    options: { readonly concurrency: number; readonly onError: (error: Error) => void },
  ): Pick<Worker, 'run' | 'waitUntilReady' | 'close' | 'cancelAllJobs'>;
  /** Adds jobs that a look found. */
  addDue(jobs: readonly SyncJob[], debounce: number): Promise<void>;
  /** Adds a look, unless a worker did within the interval. */
  lookEvery(interval: number): Promise<void>;
}

/** Where a queue keeps what a worker asks of it. Registered, so that a queue of another copy of the package has it too. */
export const QUEUE_PARTS: unique symbol = Symbol.for('secret-sync-engine.bullmq-queue');

export const isBullmqQueue = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Reflect.get(value, QUEUE_PARTS) !== undefined;
