import { isSecretSyncError } from '../../contracts/errors.js';
import { sameWrites } from '../../core/staleness.js';
import type { WriteStep } from '../../core/step.js';
import { inTurns, turnAfter } from '../../shared/turns/turns.js';
import type { Application } from './application.js';
import { enterAll } from './hearing.js';
import type { Ledger } from './ledger.js';
import type { WriteContext } from './write-change.js';
import { writePhase } from './write-phase.js';

const MAX_CONFLICTS = 3;

/** Deletions, decided again after a conflict as long as the same ones come out, over the same entries, and no other write. */
async function deletePhase(
  application: Application,
  context: WriteContext,
  deletions: readonly WriteStep[],
): Promise<void> {
  const { run, options } = application;
  let current = context;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writePhase(current, 'delete', deletions);
    } catch (error) {
      if (run.signal.aborted || !isSecretSyncError(error, 'CONFLICT')) throw error;
      run.emit({ ...run.fields, type: 'conflict', attempt });
      const again = attempt < MAX_CONFLICTS ? await application.decideAgain() : undefined;
      const isSame =
        again?.decided.plan.applicable === true &&
        sameWrites(options.keyring.current, run.prepared.place, deletions, again.decided.steps);
      if (!isSame) {
        return inTurns(enterAll(deletions, (step) => context.ledger.failed(step, error)));
      }
      current = { ...context, connection: again.connection };
    }
  }
}

/**
 * Writes what a decision writes to the destination: creates, updates and replaces first; deletions only when all of
 * those were applied.
 *
 * @throws SecretSyncError `CONFLICT` when the place had changed and nothing was written: then nothing has an end.
 */
export async function writeDestination(application: Application, ledger: Ledger): Promise<void> {
  const { run, lease, connection } = application;
  const context: WriteContext = { run, lease, connection, ledger };
  await turnAfter(ledger.writes.length);
  const upserts = ledger.writes.filter(({ change }) => change.action !== 'delete');
  const deletions = ledger.writes.filter(({ change }) => change.action === 'delete');
  try {
    if (upserts.length > 0) await writePhase(context, 'upsert', upserts);
    await inTurns(ledger.withhold(upserts));
    const allApplied = upserts.every(ledger.isApplied);
    if (allApplied && deletions.length > 0) await deletePhase(application, context, deletions);
    await inTurns(ledger.withhold(deletions));
  } catch (error) {
    const isConflict = isSecretSyncError(error, 'CONFLICT') && !run.signal.aborted;
    await inTurns(isConflict && !ledger.hasEnds() ? ledger.takeBack() : ledger.cutOff());
    throw error;
  }
}
