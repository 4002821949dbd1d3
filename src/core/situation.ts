import type { SyncDefinition } from '../contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { Operation, PlanOptions, SyncPlan } from '../contracts/plan.js';
import type { PlaceState } from '../contracts/state-store.js';
import { type KeySchema } from './definition/key-schema.js';
import { type ChangeDetail, type ImportDetail } from './seal.js';
import { type Remembered } from './inputs/ownership.js';
import { type SourceSnapshot } from './inputs/source-snapshot.js';
import { type Keyring } from './fingerprint/keyring.js';
import { type EntryIndex } from './inputs/destination-index.js';

/** Everything that a decision depends on. */
export interface DecisionInput {
  readonly operation: Operation;
  readonly definition: SyncDefinition;
  readonly place: string;
  readonly source: SourceSnapshot;
  readonly entries: readonly DestinationEntry[];
  readonly state: PlaceState;
  /** True where the state was taken for true although its MAC could not be checked. */
  readonly isStateUnverified?: boolean;
  readonly capabilities: Capabilities;
  readonly options: PlanOptions;
  /** Absent: nothing that can't be read is verifiable, and the plan has no preconditions. */
  readonly keyring?: Keyring | undefined;
}

/** A plan, and what apply needs to carry it out: the values behind it, in the order of its lists. */
export interface DecidedPlan {
  readonly plan: SyncPlan;
  readonly changes: readonly ChangeDetail[];
  readonly imports: readonly ImportDetail[];
}

/** What is decided upon, read and indexed once. */
export interface Situation extends DecisionInput {
  readonly keySchema: KeySchema;
  readonly index: EntryIndex;
  readonly remembered: Remembered;
}

export const isPartial = (source: SourceSnapshot): boolean => source.incomplete || source.unreadable.size > 0;
