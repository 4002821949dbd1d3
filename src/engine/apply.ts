import type { DestinationConnection, DestinationEntry } from '../contracts/destination.js';
import { isSecretSyncError, SecretSyncError, type ErrorProblem } from '../contracts/errors.js';
import type { Outcome, ResultSummary, SyncPlan, SyncResult } from '../contracts/plan.js';
import { quote } from '../contracts/quote.js';
import type { SourceChange } from '../contracts/source.js';
import { isWrite } from '../core/change.js';
import type { DecidedPlan } from '../core/decide.js';
import { untilAborted } from '../http/signals.js';
import { guarded } from './foreign-code.js';
import type { Lease } from './lease.js';
import type { ResolvedOptions } from './options.js';
import { locationOf } from './read.js';
import { createRecorder, type Recorder, type Work } from './record.js';
import { timestamp, type Run } from './run.js';
import type { LoadedPlace } from './state.js';
import { endRest, outcomeOf, writePhase, type Ends, type WriteContext } from './write.js';

/** A decision, with all that carrying it out needs. */
export interface Application {
  readonly options: ResolvedOptions;
  readonly run: Run;
  readonly lease: Lease;
  readonly connection: DestinationConnection;
  readonly entries: readonly DestinationEntry[];
  readonly loaded: LoadedPlace;
  readonly decided: DecidedPlan;
  /** Called once these have been written to the source. */
  onSourceWritten(changes: readonly SourceChange[]): void;
  /** Reads and decides again: the deletions that are still right after a conflict between the two phases. */
  decideAgain(): Promise<{ readonly decided: DecidedPlan; readonly connection: DestinationConnection }>;
}

const MAX_CONFLICTS = 3;

/** What the plan writes to the source. */
export function sourceChanges({ plan, imports }: DecidedPlan): SourceChange[] {
  return plan.imports.flatMap(({ sourceKey, action }, index): SourceChange[] => {
    const detail = imports[index];
    return action === 'ignore' || detail === undefined
      ? []
      : [{ key: sourceKey, value: detail.value, action }];
  });
}

function workOf({ plan, changes }: DecidedPlan): Work[] {
  return plan.changes.flatMap((change, index): Work[] => {
    const { action } = change;
    if (!isWrite(action)) return [];
    return [{ change: { ...change, action }, value: changes[index]?.value, entry: changes[index]?.entry }];
  });
}

async function writeSource(application: Application): Promise<void> {
  const { options, run, decided, lease } = application;
  const changes = sourceChanges(decided);
  if (changes.length === 0) return;
  lease.check();
  const { source } = options;
  await guarded(
    () => source.write?.(locationOf(run), changes, { signal: run.signal }),
    run.signal,
    'SOURCE_WRITE_FAILED',
    `The import could not be written to the source ${quote(source.name)}; the destination was not touched. Check the source and run again.`,
    { clock: options.clock },
  );
  application.onSourceWritten(changes);
}

function adoptImports({ loaded, decided, run }: Application): void {
  const { kind } = run.prepared.capabilities;
  for (const { key, action } of decided.plan.imports) {
    if (action === 'ignore' || loaded.memory.find(key, kind) !== undefined) continue;
    const syncId = decided.plan.definition.id;
    loaded.memory.remember({ key, ...(kind === undefined ? {} : { kind }), syncId, adopted: true });
  }
}

function summarize(outcomes: readonly Outcome[], imported: number): ResultSummary {
  const count = { applied: 0, skipped: 0, failed: 0, withheld: 0, indeterminate: 0 };
  for (const { status } of outcomes) count[status] += 1;
  return { ...count, imported };
}

function outcomesOf(plan: SyncPlan, work: readonly Work[], ends: Ends): Outcome[] {
  let next = 0;
  return plan.changes.flatMap((change): Outcome[] => {
    if (isWrite(change.action)) {
      const item = work[next++];
      const outcome = item === undefined ? undefined : ends.get(item);
      return outcome === undefined ? [] : [outcome];
    }
    if (change.action !== 'blocked') return [];
    const { key, kind } = change;
    return [{ key, ...(kind === undefined ? {} : { kind }), action: 'blocked', status: 'skipped' }];
  });
}

function failure(result: SyncResult): SecretSyncError {
  const bad = result.outcomes.filter(({ status }) => status !== 'applied' && status !== 'skipped');
  const failed = bad.filter(({ status }) => status !== 'withheld');
  const problems = failed.map(({ key, status, error }): ErrorProblem => {
    const why = error?.message ?? 'the run ended first';
    const message = `${status === 'failed' ? 'not written' : 'may or may not have been written'}: ${why}`;
    return { code: error?.code ?? 'SYNC_FAILED', key, message };
  });
  const withheld = bad.length - failed.length;
  const rest = withheld === 0 ? '' : `\n${withheld} more were withheld; run again once the cause is gone.`;
  const lines = problems.map(({ key = '', message }) => `- ${quote(key)}: ${message}`);
  const total = result.outcomes.length;
  return new SecretSyncError(
    'SYNC_FAILED',
    `${bad.length} of ${total} keys did not end well:\n${lines.join('\n')}${rest}`,
    {
      result,
      problems,
      retryable: failed.length > 0 && failed.every(({ error }) => error?.retryable === true),
    },
  );
}

/** Deletions, decided again after a conflict as long as the same ones come out and nothing else would be written. */
async function deletePhase(
  application: Application,
  context: WriteContext,
  deletions: readonly Work[],
  ends: Ends,
) {
  let current = context;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writePhase(current, 'delete', deletions, ends);
    } catch (error) {
      if (application.run.signal.aborted || !isSecretSyncError(error, 'CONFLICT')) throw error;
      application.run.emit({ ...application.run.fields, type: 'conflict', attempt });
      const again = attempt < MAX_CONFLICTS ? await application.decideAgain() : undefined;
      const wanted =
        again === undefined
          ? []
          : workOf(again.decided).map(({ change }) => `${change.action} ${change.key}`);
      const planned = deletions.map(({ change }) => `delete ${change.key}`);
      if (again?.decided.plan.applicable !== true || wanted.join('\n') !== planned.join('\n')) {
        return endRest(current, deletions, ends, { error });
      }
      current = { ...context, connection: again.connection };
    }
  }
}

async function writeDestination(
  application: Application,
  recorder: Recorder,
  work: readonly Work[],
  ends: Ends,
): Promise<void> {
  const { run, lease, connection } = application;
  const progress = { done: 0, total: work.length };
  const context: WriteContext = { run, lease, connection, recorder, handed: new Set(), progress };
  const upserts = work.filter(({ change }) => change.action !== 'delete');
  const deletions = work.filter(({ change }) => change.action === 'delete');
  try {
    if (upserts.length > 0) await writePhase(context, 'upsert', upserts, ends);
    endRest(context, upserts, ends);
    const allApplied = upserts.every((item) => ends.get(item)?.status === 'applied');
    if (allApplied && deletions.length > 0) await deletePhase(application, context, deletions, ends);
    endRest(context, deletions, ends);
  } catch (error) {
    const isConflict = isSecretSyncError(error, 'CONFLICT') && !run.signal.aborted;
    if (isConflict && ends.size === 0) {
      for (const item of work) recorder.notWritten(item);
      throw error;
    }
    endRest(context, work, ends, { cutOff: true });
    throw error;
  }
}

function resultOf(application: Application, work: readonly Work[], ends: Ends): SyncResult {
  const { options, run, decided } = application;
  const outcomes = outcomesOf(decided.plan, work, ends);
  const succeeded = outcomes.every(({ status }) => status === 'applied' || status === 'skipped');
  return {
    status: succeeded ? 'succeeded' : 'failed',
    plan: decided.plan,
    outcomes,
    summary: summarize(outcomes, decided.plan.summary.import),
    requestCount: run.requestCount(),
    startedAt: run.startedAt,
    finishedAt: timestamp(options.clock),
  };
}

/** Saves; a failure carries the result, since the writes stand all the same. An aborted run waits a little for it. */
async function saveWithResult({ loaded, run, options }: Application, result: SyncResult): Promise<void> {
  try {
    await untilAborted(loaded.save(), run.signal, options.clock);
  } catch (error) {
    const message = isSecretSyncError(error, 'STATE_NOT_SAVED')
      ? error.message
      : `What is to be remembered of ${quote(run.prepared.place)} could not be saved: the run was ended, and the store did not answer. Run again.`;
    throw new SecretSyncError('STATE_NOT_SAVED', message, { result, retryable: true });
  }
}

/**
 * Carries a decision out: the source first, then intent, upserts, deletions, and what came of it.
 *
 * @throws SecretSyncError `SYNC_FAILED` or `STATE_NOT_SAVED` with the result; `SOURCE_WRITE_FAILED`; `CONFLICT` when
 * the place had changed and nothing was written. On an abort `signal.reason`, after the state was saved.
 */
export async function applyDecided(application: Application): Promise<SyncResult> {
  const { options, run, lease, loaded, decided, entries } = application;
  const { plan } = decided;
  const syncId = plan.definition.id;
  const work = workOf(decided);
  const ends: Ends = new Map();
  const recorder = createRecorder(loaded.memory, decided, options.keyring, entries);

  await writeSource(application);
  if (plan.operation !== 'remove') loaded.memory.markImported(syncId, timestamp(options.clock));
  if (plan.operation === 'import') adoptImports(application);
  recorder.adopt();
  recorder.begin(work);
  lease.check();
  // While nothing has ended, the result of a failed save says that all was withheld.
  const withheld: Ends = new Map(work.map((item) => [item, outcomeOf(item, 'withheld')]));
  if (work.length > 0) await saveWithResult(application, resultOf(application, work, withheld));

  let thrown: { readonly error: unknown } | undefined;
  try {
    if (work.length > 0) await writeDestination(application, recorder, work, ends);
  } catch (error) {
    thrown = { error };
  }
  const isConflict = thrown !== undefined && isSecretSyncError(thrown.error, 'CONFLICT') && ends.size === 0;
  const result = resultOf(application, work, isConflict ? withheld : ends);
  if (plan.operation === 'remove' && thrown === undefined && result.status === 'succeeded') {
    loaded.memory.forgetSync(syncId);
  }
  await saveWithResult(application, result);
  if (!isConflict) run.emit({ ...run.fields, type: 'run-finished', result });
  if (thrown !== undefined) throw thrown.error;
  if (result.status === 'failed') throw failure(result);
  return result;
}
