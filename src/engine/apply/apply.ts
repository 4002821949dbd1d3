import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { SyncResult } from '../../contracts/result.js';
import { untilAborted } from '../../shared/abort.js';
import { quote } from '../../shared/text.js';
import { writeSource } from '../imports.js';
import { inTurns, turnAfter } from '../../shared/turns/turns.js';
import { timestamp } from '../../shared/timestamps.js';
import { createRecorder } from '../state/recorder.js';
import type { Application } from './application.js';
import { followUp } from './follow-up.js';
import { createLedger, type Ledger } from './ledger.js';
import { failure, resultOf } from './outcomes.js';
import { writeDestination } from './write-destination.js';

/** Saves; a failure carries the result, since the writes stay all the same. An aborted run waits a little for it. */
async function saveWithResult(
  application: Application,
  ledger: Ledger,
  save: () => Promise<void>,
): Promise<SyncResult> {
  const { run, options } = application;
  const outcomes = await inTurns(ledger.outcomes());
  await turnAfter(outcomes.length);
  const result = resultOf(application, outcomes);
  await turnAfter(outcomes.length);
  try {
    await untilAborted(save(), run.signal, options.clock);
    return result;
  } catch (error) {
    const message = isSecretSyncError(error, 'STATE_NOT_SAVED')
      ? error.message
      : `What is to be remembered of ${quote(run.prepared.place)} could not be saved: the run was ended, and the store did not respond. Run again.`;
    throw new SecretSyncError('STATE_NOT_SAVED', message, { result, retryable: true });
  }
}

/**
 * Carries a decision out: the source first, then intent, upserts, deletions, what came of it, and what follows.
 *
 * @throws SecretSyncError `SYNC_FAILED`, `REDEPLOY_FAILED` or `STATE_NOT_SAVED` with the result; `SOURCE_WRITE_FAILED`; `CONFLICT` when
 * the place had changed and nothing was written. On an abort `signal.reason`, after the state was saved.
 */
export async function applyDecided(application: Application): Promise<SyncResult> {
  const { options, run, lease, loaded, due, decided, entries } = application;
  const { operation, definition, place, after } = decided.plan;
  const { memory } = loaded;
  const { keyring } = options;
  const syncId = definition.id;
  const recorder = createRecorder({
    memory,
    keyring,
    place,
    syncId,
    operation,
    entries,
    isSourceCertain: decided.isSourceCertain,
    hasParts: decided.hasParts,
  });
  const ledger = createLedger(run, recorder, decided.steps);

  await writeSource(application);
  if (operation !== 'remove') memory.markImported(syncId, timestamp(options.clock));
  // To the end, whether the run is ended in the meantime or not: the source can have been written.
  await inTurns(recorder.adopt(operation === 'import' ? decided.alike : decided.steps));
  await inTurns(ledger.begin());
  lease.check();
  const hasWrites = ledger.writes.length > 0;
  const wasDue = due.has(syncId);
  const saveIntent = async () => {
    await loaded.saveIntent();
    if (after !== undefined) await due.add(syncId);
  };
  if (hasWrites) {
    // A run that is ended in the meantime saves all the same: the source can have been written.
    await untilAborted(application.beforeWrites(), run.signal).catch(() => undefined);
    await saveWithResult(application, ledger, saveIntent);
  }

  let thrown: { readonly error: unknown } | undefined;
  try {
    if (hasWrites) await writeDestination(application, ledger);
  } catch (error) {
    thrown = { error };
  }
  const isConflict = thrown !== undefined && isSecretSyncError(thrown.error, 'CONFLICT') && !ledger.hasEnds();
  const hasSucceeded = thrown === undefined && ledger.writes.every(ledger.isApplied);
  await turnAfter(ledger.writes.length);
  if (operation === 'remove' && hasSucceeded) memory.forgetSync(syncId);
  const saved = await saveWithResult(application, ledger, loaded.save);
  const isCutOff = thrown !== undefined;
  const { result, thrown: late = thrown } = await followUp(application, saved, { wasDue, isCutOff });
  if (!isConflict) {
    const { status, summary, requestCount, outcomes } = result;
    const counts = { status, summary, requestCount, ...(late !== undefined && { outcomes }) };
    run.emit({ ...run.fields, type: 'run-finished', ...counts });
  }
  if (late !== undefined) throw late.error;
  if (result.status === 'failed') throw failure(result);
  return result;
}
