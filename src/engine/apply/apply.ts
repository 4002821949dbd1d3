import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import { untilAborted } from '../../shared/abort.js';
import { createRecorder } from '../state/recorder.js';
import { timestamp } from '../run/run.js';
import { outcomeOf, type Ends } from './write-destination.js';
import type { SyncResult } from '../../contracts/result.js';
import { failure, resultOf } from './outcomes.js';
import { writeDestination } from './write-destination.js';
import { writeSource, adoptImports } from '../imports.js';
import { workOf, type Application } from './application.js';

/** Saves; a failure carries the result, since the writes stand all the same. An aborted run waits a little for it. */
async function saveWithResult(
  { loaded, run, options }: Application,
  result: SyncResult,
  save: () => Promise<void> = loaded.save,
): Promise<void> {
  try {
    await untilAborted(save(), run.signal, options.clock);
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
  if (work.length > 0)
    await saveWithResult(application, resultOf(application, work, withheld), loaded.saveIntent);

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
