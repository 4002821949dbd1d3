import type { DestinationConnection, DestinationEntry } from '../../contracts/destination.js';
import type { DecidedPlan } from '../../core/situation.js';
import type { ResolvedOptions } from '../options.js';
import type { Run } from '../run/run.js';
import type { Lease } from '../state/lease.js';
import type { DueRedeploys } from '../state/due-redeploys.js';
import type { LoadedPlace } from '../state/place-repository.js';

/** A decision, with all that carrying it out needs. */
export interface Application {
  readonly options: ResolvedOptions;
  readonly run: Run;
  readonly lease: Lease;
  readonly connection: DestinationConnection;
  readonly entries: readonly DestinationEntry[];
  readonly loaded: LoadedPlace;
  readonly due: DueRedeploys;
  readonly decided: DecidedPlan;
  /** Of what the source holds once the imports of the decision are written; absent where it was not read. */
  readonly sourceDigest: string | undefined;
  /** Called once the imports of the decision have been written to the source. */
  onSourceWritten(): void;
  /** Called right before the first write to the destination. What it throws is ignored. */
  beforeWrites(): Promise<void>;
  /** Reads and decides again: the deletions that are still right after a conflict between the two phases. */
  decideAgain(): Promise<{ readonly decided: DecidedPlan; readonly connection: DestinationConnection }>;
}
