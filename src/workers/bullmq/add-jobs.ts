import type { SyncJob } from '../../service/index.js';
import type { Jobs } from './connect.js';
import { sharedId, waitsUntil, type JobData } from './jobs.js';

/** Adds jobs; returns their ids, of which those that are not their own wait already. */
async function addJobs(
  jobs: Jobs,
  given: readonly SyncJob[],
  delayOf: (job: SyncJob) => number,
  isUrgent: (job: SyncJob) => boolean,
): Promise<readonly { readonly job: SyncJob; readonly id: string; readonly isOwn: boolean }[]> {
  const bulk = given.map((job) => ({
    name: job.operation,
    data: job,
    opts: {
      jobId: globalThis.crypto.randomUUID(),
      delay: delayOf(job),
      deduplication: { id: sharedId(job), keepLastIfActive: true, reschedule: isUrgent(job) },
    },
  }));
  const added = await jobs.addBulk(bulk);
  return bulk.map(({ data, opts: { jobId } }, index) => {
    const id = added[index]?.id ?? jobId;
    return { job: data, id, isOwn: id === jobId };
  });
}

const digestOf = (data: JobData): string | undefined => ('syncId' in data ? data.sourceDigest : undefined);

/**
 * Adds jobs, each after its delay. What is to be done now is done now, also where it waits already. What is to be done later
 * changes nothing of a job that waits, or changes without end would put it off for ever; but for one that failed and is put
 * off for longer: what failed says nothing of what is there now. A job that waits is to know what was seen last.
 */
export async function addJobsAfter(
  jobs: Jobs,
  given: readonly SyncJob[],
  delayOf: (job: SyncJob) => number,
): Promise<readonly string[]> {
  const added = await addJobs(jobs, given, delayOf, (job) => delayOf(job) === 0);
  const known = added.filter(({ job, isOwn }) => !isOwn && delayOf(job) > 0);
  const putOff = await Promise.all(
    known.map(async ({ job, id }) => {
      const waiting = await jobs.getJob(id);
      if (waiting !== undefined && digestOf(waiting.data) !== job.sourceDigest) await waiting.updateData(job);
      const at = Date.now() + delayOf(job);
      if (waiting === undefined || waitsUntil(waiting.progress) <= at) return [];
      // Else the next change would put it off again, and so on until the time that it has waited for.
      await waiting.updateProgress({ waitsUntil: new Date(at).toISOString() });
      return [job];
    }),
  );
  if (putOff.flat().length > 0) await addJobs(jobs, putOff.flat(), delayOf, () => true);
  return added.map(({ id }) => id);
}
