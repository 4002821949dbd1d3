import { isSecretSyncError, type SecretSyncError } from '../../contracts/errors.js';
import { indexEntries } from '../../core/inputs/destination-index.js';
import { inTurns } from '../../shared/turns/turns.js';
import type { WriteStep } from '../../core/step.js';
import { checkEchoes, readDestination } from '../run/read.js';
import { secondLook, type SecondLook } from './second-look.js';
import { toWriteChange, type Failure, type HandedStep, type WriteContext } from './write-change.js';

/** Writes once more; gets the keys of which a failure would tell nothing, and returns what has no end yet. */
type WriteAgain = (
  steps: readonly HandedStep[],
  open: ReadonlySet<WriteStep>,
) => Promise<ReadonlyMap<WriteStep, Failure>>;

/**
 * Settles the ends that a driver could not tell: reads back; what can't be told from that is written once more, from
 * what exists now. If the response to that is lost too, a last read tells how it ended, where it can be seen; else a
 * write that may have been carried out stays `indeterminate`, and one that certainly was not has failed.
 *
 * @throws SecretSyncError `CONFLICT` when the driver finds at the second write that the place was changed, and nothing
 * of this phase has ended.
 */
export async function settle(
  context: WriteContext,
  steps: readonly WriteStep[],
  unsettled: ReadonlyMap<WriteStep, Failure>,
  writeAgain: WriteAgain,
): Promise<void> {
  const { run, ledger } = context;
  const open = new Set<WriteStep>();
  const leave = (step: WriteStep, error: SecretSyncError) =>
    error.maybeWritten === true || open.has(step)
      ? ledger.indeterminate(step, error)
      : ledger.failed(step, error);
  let left = unsettled;
  try {
    const again: HandedStep[] = [];
    for (const [step, look] of await lookAgain(context, unsettled)) {
      if (look.end === 'applied') ledger.applied(step, look.entry ?? {});
      else if (look.end === 'failed') ledger.failed(step, look.error);
      else again.push([step, look.change]);
      if (look.end === 'again' && look.open) open.add(step);
    }
    if (again.length > 0) left = await writeAgain(again, open);
    await settleLost(context, left);
  } catch (error) {
    if (run.signal.aborted) throw error;
    if (isSecretSyncError(error, 'CONFLICT') && steps.every(ledger.isOpen)) throw error;
  }
  for (const [step, { error }] of left) if (ledger.isOpen(step)) leave(step, error);
}

/** The last read, for what may have been carried out by the second write. */
async function settleLost(context: WriteContext, left: ReadonlyMap<WriteStep, Failure>): Promise<void> {
  const { ledger } = context;
  const isLost = ([step, { error }]: readonly [WriteStep, Failure]) =>
    ledger.isOpen(step) && error.maybeWritten === true;
  const lost = new Map([...left].filter(isLost));
  if (lost.size === 0) return;
  for (const [step, look] of await lookAgain(context, lost)) {
    const error = look.end === 'failed' ? look.error : lost.get(step)?.error;
    if (look.end === 'applied') ledger.applied(step, look.entry ?? {});
    else if (error !== undefined && (look.end === 'failed' || !look.open)) ledger.failed(step, error);
  }
}

/**
 * Reads back, a second time where the first fails, and returns what that says of each. The keys of a batch share one
 * end: all are there, or all are written again.
 */
async function lookAgain(
  { run, connection }: WriteContext,
  unsettled: ReadonlyMap<WriteStep, Failure>,
): Promise<(readonly [WriteStep, SecondLook])[]> {
  const { capabilities } = run.prepared;
  const read = async () => {
    const found = await readDestination(run, connection, run.signal);
    await checkEchoes(run, found);
    return found;
  };
  const entries = await read().catch((error: unknown) => {
    if (run.signal.aborted) throw error;
    return read();
  });
  const index = await inTurns(indexEntries(entries, capabilities), run.signal);
  const looks = [...unsettled].map(([step, { error }]) => {
    const change = toWriteChange(step);
    return [step, secondLook(change, error, index.at(change.key))] as const;
  });
  if (capabilities.writes !== 'batch' || !looks.some(([, { end: how }]) => how === 'again')) return looks;
  return looks.map(([step, look]) =>
    look.end === 'applied'
      ? [step, { end: 'again', change: toWriteChange(step), open: false }]
      : [step, look],
  );
}
