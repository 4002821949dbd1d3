import type { Job } from 'bullmq';
import type { SourceLocation } from '../../contracts/source.js';
import type { Performed, SyncJob } from '../../service/index.js';
import { checksum } from '../../shared/canonical-json.js';

// What is in the queue: ids, counts and words of this library alone.

/** A job that looks for what is due. */
export interface LookData {
  /** Default: all records. */
  readonly location?: SourceLocation;
  /** It is the one of an interval: another one comes. */
  readonly isPeriodic?: true;
}

export type JobData = SyncJob | LookData;

/** The name of each job: what it does. */
export type JobName = SyncJob['operation'] | 'look';

/** What a job returns. */
export type JobResult =
  | Pick<
      Extract<Performed, { readonly status: 'succeeded' }>,
      'status' | 'summary' | 'requestCount' | 'runId'
    >
  | { readonly status: 'unwanted' }
  /** How many jobs a look found to be due. */
  | { readonly status: 'looked'; readonly found: number };

/** What a job shows while it is not done. */
export type JobProgress =
  | { readonly done: number; readonly total: number }
  /** It failed, and is tried again then, ISO 8601. */
  | { readonly waitsUntil: string };

export type QueueJob = Job<JobData, JobResult, JobName>;

/** Whether a job is a look. What is neither that nor a job of the service is for the service to refuse. */
export const isLook = (name: string, data: JobData): data is LookData =>
  name === 'look' && typeof data === 'object' && data !== null && !('syncId' in data);

/** The jobs of one record and operation share an id, under which one waits. */
export const sharedId = ({ operation, syncId }: SyncJob): string =>
  `${operation}-${checksum(syncId).slice(0, 40)}`;

/**
 * The id under which a job is performed. It differs for each attempt: a job that stalled keeps its id, and the run before may
 * still be alive.
 */
export const attemptId = ({ id = '', attemptsStarted }: Pick<QueueJob, 'id' | 'attemptsStarted'>): string =>
  attemptsStarted > 1 ? `${id}/${attemptsStarted}` : id;

/** Until when a job waits that failed, in ms since the epoch; 0 where it does not. */
export function waitsUntil(progress: unknown): number {
  const told: unknown =
    typeof progress === 'object' && progress !== null ? Reflect.get(progress, 'waitsUntil') : undefined;
  return typeof told === 'string' ? Date.parse(told) || 0 : 0;
}
