import type { DestinationConnection, DestinationEntry } from '../../contracts/destination.js';
import type { SourceChange } from '../../contracts/source.js';
import { isWrite } from '../../core/step.js';
import type { Lease } from '../state/lease.js';
import type { ResolvedOptions } from '../options.js';
import { type Work } from '../state/recorder.js';
import { type Run } from '../run/run.js';
import type { LoadedPlace } from '../state/place-repository.js';
import type { DecidedPlan } from '../../core/situation.js';

/** A decision, with all that carrying it out needs. */
export interface Application {
  readonly options: ResolvedOptions;
  readonly run: Run;
  readonly lease: Lease;
  readonly connection: DestinationConnection;
  readonly entries: readonly DestinationEntry[];
  readonly loaded: LoadedPlace;
  readonly decided: DecidedPlan;
  /** Of what the source holds by now; `undefined` where it was not read. */
  sourceDigest(): string | undefined;
  /** Called once these have been written to the source. */
  onSourceWritten(changes: readonly SourceChange[]): void;
  /** Reads and decides again: the deletions that are still right after a conflict between the two phases. */
  decideAgain(): Promise<{ readonly decided: DecidedPlan; readonly connection: DestinationConnection }>;
}

export function workOf({ plan, changes }: DecidedPlan): Work[] {
  return plan.changes.flatMap((change, index): Work[] => {
    const { action } = change;
    if (!isWrite(action)) return [];
    return [{ change: { ...change, action }, value: changes[index]?.value, entry: changes[index]?.entry }];
  });
}
