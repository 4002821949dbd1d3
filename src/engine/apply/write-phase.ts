import type { WriteBatch, WriteOutcome } from '../../contracts/destination.js';
import { isSecretSyncError } from '../../contracts/errors.js';
import type { WriteStep } from '../../core/step.js';
import { guarded } from '../boundary/guard-call.js';
import { outcomesOf } from '../boundary/guard-driver.js';
import { inTurns, mapInTurns, turnAfter } from '../../shared/turns/turns.js';
import { createHearing, enterAll } from './hearing.js';
import { settle } from './settle.js';
import { toWriteChange, type Failure, type HandedStep, type WriteContext } from './write-change.js';

/** From so many writes on, their outcomes are prepared for. */
const MANY = 1_000;

/** Lists in which each key is there once: a driver names its outcomes by key alone. */
function uniqueKeyRounds(steps: readonly WriteStep[]): WriteStep[][] {
  const rounds: WriteStep[][] = [];
  const counts = new Map<string, number>();
  for (const step of steps) {
    const round = counts.get(step.change.key) ?? 0;
    counts.set(step.change.key, round + 1);
    (rounds[round] ??= []).push(step);
  }
  return rounds;
}

/**
 * Writes one phase and enters how each key ended. What a driver could not say is settled by reading back, or by a
 * second try that converges; `indeterminate` only where that fails too. Keys that were not attempted have no end.
 *
 * @throws SecretSyncError `CONFLICT` when the driver found the place changed and wrote nothing.
 */
export async function writePhase(
  context: WriteContext,
  phase: WriteBatch['phase'],
  steps: readonly WriteStep[],
): Promise<void> {
  const unsettled = new Map<WriteStep, Failure>();
  const rounds = uniqueKeyRounds(steps);
  await turnAfter(steps.length);
  for (const round of rounds) {
    const pairing = mapInTurns(round, (step): HandedStep => [step, toWriteChange(step)]);
    const handed = await inTurns(pairing, context.run.signal);
    for (const [step, failure] of await writeRound(context, phase, handed)) unsettled.set(step, failure);
  }
  if (unsettled.size > 0) {
    await settle(context, steps, unsettled, (again, open) => writeRound(context, phase, again, open));
  }
}

/**
 * One call of the driver. Returns the keys of which it is not known whether they were written. `open`: keys of which
 * that was not known before, and that no failure settles.
 */
async function writeRound(
  { run, lease, connection, ledger }: WriteContext,
  phase: WriteBatch['phase'],
  handed: readonly HandedStep[],
  open?: ReadonlySet<WriteStep>,
): Promise<Map<WriteStep, Failure>> {
  const { driver } = run.prepared;
  const steps = handed.map(([step]) => step);
  const byKey = new Map(steps.map((step) => [step.change.key, step]));
  const unsettled = new Map<WriteStep, Failure>();
  const enter = (told: WriteOutcome) => {
    const step = byKey.get(told.key);
    // A driver tells each key as it ends and again in what it returns.
    if (step === undefined || !ledger.isOpen(step) || unsettled.has(step)) return;
    const outcome = run.prepared.echoes.checked(told);
    if (outcome.status === 'applied') ledger.applied(step, outcome);
    else if (outcome.status === 'unknown' || open?.has(step) === true) unsettled.set(step, outcome);
    else ledger.failed(step, outcome.error);
  };
  if (steps.length > MANY) await inTurns(run.prepared.echoes.prepare(), run.signal);
  const hearing = createHearing(enter);
  // A copy, since a driver may fill one object again and again.
  const onOutcome = (told: unknown) =>
    outcomesOf(driver, [told]).forEach((outcome) => hearing.hear({ ...outcome }));
  run.signal.throwIfAborted();
  lease.check();
  ledger.hand(steps);
  try {
    const batch = { phase, changes: handed.map(([, change]) => change) };
    const outcomes = await guarded(
      async () => outcomesOf(driver, await connection.write(batch, { signal: run.signal, onOutcome })),
      run.signal,
      'DESTINATION_UNAVAILABLE',
      `${driver.displayName} failed while it was written.`,
      { maybeWritten: true, clock: run.clock },
    ).finally(() => hearing.allEntered());
    // What was written is entered, whether the run was ended in the meantime or not.
    await inTurns(enterAll(outcomes, enter));
  } catch (error) {
    if (run.signal.aborted || !isSecretSyncError(error)) throw error;
    const isUntouched = unsettled.size === 0 && steps.every(ledger.isOpen);
    if (error.code === 'CONFLICT' && isUntouched) throw error;
    const status = error.maybeWritten === true ? 'unknown' : 'failed';
    const ends = steps.map(({ change: { key } }): WriteOutcome => ({ key, status, error }));
    await inTurns(enterAll(ends, enter));
  }
  return unsettled;
}
