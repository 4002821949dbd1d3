import type { SyncDefinition } from '../../contracts/definition.js';
import type { Operation } from '../../contracts/plan.js';
import type { SyncResult } from '../../contracts/result.js';
import { canonicalJson } from '../../shared/canonical-json.js';
import { needsNoRun } from '../records/definition-patch.js';
import type { AskedRun, RunFailure, RunState, StoredSync } from '../records/stored-sync.js';
import { afterRun, atPlace, withRun } from '../records/sync-record.js';
import type { RunOptions } from './sync-job.js';

// What a record says of a run, as it begins and when it has ended.

/** Whether a run with these options also does what was asked for. */
const serves = (operation: Operation, options: RunOptions, asked: AskedRun): boolean =>
  (operation !== 'import' && Object.keys(asked.options).length === 0) ||
  canonicalJson(asked.options) === canonicalJson(options);

/**
 * A record whose run begins. What is asked for stays asked for where the run has other options. `ownJobId`: of a job that was
 * carried here; otherwise that of what was asked for counts, once.
 */
export function begunRecord(
  stored: StoredSync,
  operation: Operation,
  ids: {
    readonly runId: string;
    readonly place: string;
    readonly jobId: string;
    readonly ownJobId?: string | undefined;
  },
  options: RunOptions,
): StoredSync {
  const { runId, place, jobId, ownJobId } = ids;
  const run = stored.runs[operation];
  const asked = run?.asked ?? null;
  const isTaken = asked !== null && serves(operation, options, asked);
  const isFirst = isTaken && !asked.isTaken && run?.failure === null;
  return withRun({ ...stored, ...atPlace(stored, place) }, operation, {
    status: 'running',
    jobId: ownJobId ?? (isFirst ? asked.jobId : null) ?? jobId,
    runId,
    message: null,
    asked: asked && { ...asked, isTaken },
  });
}

/** What a run becomes where its operation was asked for while it was in progress: the next one is due. */
const pendingRun = (asked: AskedRun) =>
  ({ status: 'pending', jobId: asked.jobId, message: null, failure: null, asked }) as const;

/**
 * A record whose run had nothing to do: it says what it said before, unless the operation was asked for, or the definition
 * changed, in the meantime.
 */
export function unneededRecord(
  stored: StoredSync,
  operation: Operation,
  before: { readonly run: RunState | null; readonly version: number },
): StoredSync {
  const { asked } = afterRun(stored.runs[operation], false);
  if (asked !== null && asked.id !== before.run?.asked?.id)
    return withRun(stored, operation, { ...before.run, ...pendingRun(asked) });
  const failure = stored.version === before.version ? (before.run?.failure ?? null) : null;
  return withRun(stored, operation, { ...before.run, failure, asked });
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
  const succeeded = { status: 'succeeded', message: null, failure: null, asked } as const;
  const ended = withRun(stored, operation, {
    ...(asked === null ? succeeded : pendingRun(asked)),
    succeededAt,
  });
  // What it wants is written, or it wants nothing there any more.
  const done = operation === 'import' ? ended : { ...ended, takenKeys: [] };
  // What was synced for a definition that is no more says nothing of the one that is.
  const counts = operation === 'sync' && needsNoRun(definition, stored.definition);
  return counts ? { ...done, sourceDigest: sourceDigest ?? null } : done;
}

/** A run that failed. */
interface FailedRun {
  readonly message: string;
  readonly failure: RunFailure | null;
  readonly definition: SyncDefinition;
  /** The id of what was asked for and failed before a run had begun for it. */
  readonly askedId?: string | undefined;
}

/**
 * A record whose run failed, for a definition that may be another one by now. `failure`: `null` where the run was ended, and is
 * due again. A failure says nothing of what was asked for since, nor of another definition.
 */
export function failedRecord(
  stored: StoredSync,
  operation: Operation,
  { message, failure, definition, askedId }: FailedRun,
): StoredSync {
  const counts = needsNoRun(definition, stored.definition);
  const { asked } = afterRun(stored.runs[operation], counts && failure?.retryAt === null);
  const isUntaken = stored.runs[operation]?.asked?.isTaken === false && asked?.id !== askedId;
  if (asked !== null && isUntaken) return withRun(stored, operation, pendingRun(asked));
  return withRun(stored, operation, { status: 'failed', message, failure: counts ? failure : null, asked });
}
