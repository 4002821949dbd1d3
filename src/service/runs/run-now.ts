import type { Operation } from '../../contracts/plan.js';
import type { SyncResult } from '../../contracts/result.js';
import type { CallSignal } from '../../engine/call-options.js';
import type { RecordStore } from '../records/record-store.js';
import type { LocalRuns } from './local-runs.js';
import { assertSucceeded } from './run-end.js';
import { jobOf, type RunOptions } from './sync-job.js';

/** Runs a record for a caller that waits for it, and throws what the run throws. */
export async function runNow(
  { records, runs }: { readonly records: RecordStore; readonly runs: LocalRuns },
  operation: Operation,
  idOrName: string,
  { signal, onEvent, ...options }: RunOptions & CallSignal,
): Promise<SyncResult> {
  const loaded = await records.find(idOrName);
  const { id } = loaded.stored.definition;
  const job = jobOf(id, operation, 'manual', { options });
  const call = { isAwaited: true, signal, ...(onEvent && { onEvent }) };
  const end = await runs.run(job, call, loaded);
  assertSucceeded(end, id);
  return end.result;
}
