import type { SyncDefinition } from '../contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { Operation, PlannedImport, PlanOptions, SyncPlan } from '../contracts/plan.js';
import type { KeySchema } from './definition/key-schema.js';
import type { Keyring } from './fingerprint/keyring.js';
import type { EntryIndex } from './inputs/destination-index.js';
import type { Ownership } from './inputs/ownership.js';
import type { SourceSnapshot } from './inputs/source-snapshot.js';
import type { ImportStep, Step } from './step.js';

/** Everything that a decision depends on. */
export interface DecisionInput {
  readonly operation: Operation;
  readonly definition: SyncDefinition;
  readonly place: string;
  readonly source: SourceSnapshot;
  readonly entries: readonly DestinationEntry[];
  /** Under the destination's own equality of keys. What is begun in it is settled by what exists at the place. */
  readonly ownership: Ownership;
  readonly capabilities: Capabilities;
  readonly options: PlanOptions;
  /** Absent: nothing that can't be read is verifiable, and the plan has no preconditions. */
  readonly keyring?: Keyring | undefined;
  /** Whether the plan will be compared later. One that can't be applied is sealed anyway: it may be confirmed. */
  readonly seal: boolean;
  /** True where a run decides again whose first sync was not done when it began. */
  readonly isStillInitial?: boolean | undefined;
  /** True where the writes of an earlier run of this sync still wait for what follows them. */
  readonly isRedeployDue?: boolean | undefined;
  /** True where the state was taken over although its seal could not be checked. */
  readonly isUnverified?: boolean | undefined;
}

/** A plan, and the steps behind its rows, in their order. */
export interface DecidedPlan {
  readonly plan: SyncPlan;
  readonly steps: readonly Step[];
  readonly imports: readonly ImportStep<PlannedImport>[];
  /** Of an import: the keys that both sides hold alike once it is done. A plan does not show them. */
  readonly alike: readonly Step[];
  /** As {@link isCertain} says, for keys that came from this part of the source. */
  readonly isSourceCertain: (part: string | undefined) => boolean;
  /** Whether the source has parts. */
  readonly hasParts: boolean;
}

/** What is decided upon, read and indexed once. */
export interface Situation extends DecisionInput {
  readonly keySchema: KeySchema;
  readonly index: EntryIndex;
}

export const isPartial = (source: SourceSnapshot): boolean => source.incomplete || source.unreadable.size > 0;

/**
 * Whether a key that a source does not hold is certainly not wanted by its sync. `part`: the part that the key came from.
 *
 * | the source | certain |
 * |---|---|
 * | was read in part | no |
 * | is empty, or has a part that is | only with `allowEmptySource` |
 * | has parts, and that one no longer | only with `allowEmptySource` |
 * | otherwise | yes |
 */
export function isCertain(
  source: SourceSnapshot,
  { syncOptions: { allowEmptySource } }: SyncDefinition,
  part: string | undefined,
): boolean {
  if (isPartial(source)) return false;
  if (allowEmptySource) return true;
  const hasPart = part === undefined || source.filledParts?.has(part) !== false;
  return source.secrets.size > 0 && source.emptyParts.length === 0 && hasPart;
}
