import type { SyncDefinition } from '../../contracts/definition.js';
import type { Operation } from '../../contracts/plan.js';
import type { SyncResult } from '../../contracts/result.js';
import { needsNoRun } from '../records/definition-patch.js';
import type { RunFailure, RunState, StoredSync } from '../records/stored-sync.js';
import { afterRun, atPlace, withRun } from '../records/sync-record.js';

// What a record says of a run, as it begins and when it has ended.

/** A record whose run begins. `ownJobId`: of a job that was carried here; otherwise that of what was asked for counts, once. */
export function begunRecord(
  stored: StoredSync,
  operation: Operation,
  ids: {
    readonly runId: string;
    readonly place: string;
    readonly jobId: string;
    readonly ownJobId?: string | undefined;
  },
): StoredSync {
  const { runId, place, jobId, ownJobId } = ids;
  const run = stored.runs[operation];
  const asked = run?.asked ?? null;
  const isFirst = asked?.isTaken === false && run?.failure === null;
  return withRun({ ...stored, ...atPlace(stored, place) }, operation, {
    status: 'running',
    jobId: ownJobId ?? (isFirst ? asked.jobId : null) ?? jobId,
    runId,
    message: null,
    asked: asked && { ...asked, isTaken: true },
  });
}

/** A record whose run had nothing to do: it says what it said before. */
export function unneededRecord(
  stored: StoredSync,
  operation: Operation,
  before: RunState | null,
): StoredSync {
  return withRun(stored, operation, { ...before, ...afterRun(stored.runs[operation], true) });
}

/** A record whose run succeeded, for a definition that may be another one by now. */
export function succeededRecord(
  stored: StoredSync,
  operation: Operation,
  { sourceDigest }: SyncResult,
  definition: SyncDefinition,
  succeededAt: string,
): StoredSync {
  const { asked } = afterRun(stored.runs[operation], true);
  const status = asked === null ? 'succeeded' : 'pending';
  const ended = withRun(stored, operation, { status, message: null, succeededAt, failure: null, asked });
  // What it wants is written, or it wants nothing there any more.
  const done = operation === 'import' ? ended : { ...ended, takenKeys: [] };
  // What was synced for a definition that is no more says nothing of the one that is.
  const counts = operation === 'sync' && needsNoRun(definition, stored.definition);
  return counts ? { ...done, sourceDigest: sourceDigest ?? null } : done;
}

/** A record whose run failed. `failure`: `null` where it was ended, and is due again. */
export function failedRecord(
  stored: StoredSync,
  operation: Operation,
  message: string,
  failure: RunFailure | null,
): StoredSync {
  const { asked } = afterRun(stored.runs[operation], failure?.retryAt === null);
  return withRun(stored, operation, { status: 'failed', message, failure, asked });
}
