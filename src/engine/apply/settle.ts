import type { DestinationEntry, WriteChange } from '../../contracts/destination.js';
import { canonicalKey, isInherited, readableValue } from '../../core/inputs/destination-index.js';
import { createKeyIndex } from '../../core/inputs/key-index.js';
import type { WriteStep } from '../../core/step.js';
import { readDestination } from '../run/read.js';
import { toWriteChange, type Failure, type HandedStep, type WriteContext } from './write-change.js';

/** Finds the entry of this kind at this scope. */
type FindEntry = (key: string, kind: string | undefined) => DestinationEntry | undefined;

/**
 * Returns how a key is written once more, from what exists now; `undefined` where something is in the way.
 *
 * | asked for | exists now | then |
 * |---|---|---|
 * | replace | the entry of the other kind | replace it |
 * | create, update, replace | nothing of our kind | create |
 * | create, update, replace | a plain entry, or, after a create, one with another system's mark | update it |
 * | delete | a plain entry | delete it |
 * | any | something else than a plain entry | nothing |
 */
function secondTry(step: WriteStep, find: FindEntry): WriteChange | undefined {
  const { key, kind, action } = step.change;
  const { entry: previous, ...rest } = toWriteChange(step);
  const replaced =
    action === 'replace' && previous !== undefined ? find(previous.key, previous.kind) : undefined;
  if (replaced !== undefined) return { ...rest, entry: replaced };
  const entry = find(key, kind);
  if (entry === undefined) return { ...rest, action: 'create' };
  // Where nothing existed before, an entry with another system's mark is our own create.
  const isOurs = entry.fixed === 'foreign-owner' && action === 'create';
  if (entry.fixed !== undefined && !isOurs) return undefined;
  return { ...rest, entry, action: action === 'delete' ? 'delete' : 'update' };
}

/**
 * Settles the ends that a driver could not tell: reads back once; what can't be told from that is written once more,
 * from what exists now, by `writeAgain`, which gets the keys of which a failure would tell nothing.
 */
export async function settle(
  { run, connection, ledger }: WriteContext,
  unsettled: ReadonlyMap<WriteStep, Failure>,
  writeAgain: (
    steps: readonly HandedStep[],
    open: ReadonlySet<WriteStep>,
  ) => Promise<ReadonlyMap<WriteStep, Failure>>,
): Promise<void> {
  try {
    const entries = (await readDestination(run, connection)).filter((entry) => !isInherited(entry));
    const index = createKeyIndex(canonicalKey(run.prepared.capabilities), entries);
    const again: HandedStep[] = [];
    const open = new Set<WriteStep>();
    for (const [step, { error }] of unsettled) {
      const { change, after } = step;
      const entry = index.get(change.key, change.kind);
      const isHeld =
        entry !== undefined && after !== undefined && readableValue(entry)?.equals(after) === true;
      if (change.action === 'delete' ? entry === undefined : isHeld) {
        ledger.applied(step, entry ?? {});
        continue;
      }
      const retried = secondTry(step, index.get);
      if (retried === undefined) ledger.failed(step, error);
      else again.push([step, retried]);
      if (entry !== undefined && entry.value === undefined && change.action !== 'delete') open.add(step);
    }
    if (again.length === 0) return;
    for (const [step, { error }] of await writeAgain(again, open)) ledger.indeterminate(step, error);
  } catch (error) {
    if (run.signal.aborted) throw error;
    for (const [step, failure] of unsettled) ledger.indeterminate(step, failure.error);
  }
}
