import type { ImportBehavior, SyncDefinition } from './definition.js';
import type { ErrorProblem } from './error-codes.js';
import type { PlannedFollowUp } from './follow-up.js';

/** What a plan is for. */
export type Operation = 'sync' | 'import' | 'remove';

/** What happens to a key at the destination. */
export type ChangeAction = 'create' | 'update' | 'replace' | 'delete' | 'unchanged' | 'keep' | 'blocked';

/** Why a key is written. */
export type WriteReason =
  'missing' | 'value-differs' | 'changed-outside' | 'not-verifiable' | 'kind-differs' | 'forced';
/** Why a key is left as it is, being right. */
export type UnchangedReason = 'value-equal' | 'fingerprint-equal';
/** Why a key is deleted. */
export type DeleteReason = 'absent-from-source' | 'written-by-this-sync' | 'rendered-from-source';
/** Why an entry that the source does not ask for stays. */
export type KeepReason =
  | 'reserved'
  | 'fixed'
  | 'other-scope'
  | 'other-kind'
  | 'outside-schema'
  | 'deletion-disabled'
  | 'source-partial'
  | 'owned-by-other-sync'
  | 'wanted-by-other-sync'
  | 'has-dependents'
  | 'not-owned'
  | 'not-a-string'
  | 'unreadable-at-source';
/** Why a key that the source has can't be written. */
export type BlockedReason =
  | 'key-not-representable'
  | 'duplicate-key'
  | 'colliding-key'
  | 'invalid-key'
  | 'invalid-value'
  | 'limit-exceeded'
  | 'occupied'
  | 'kind-differs'
  | 'reserved'
  | 'has-dependents';
export type ChangeReason = WriteReason | UnchangedReason | DeleteReason | KeepReason | BlockedReason;
/** Why deletions are refused until they are confirmed or allowed. */
export type RefusalReason =
  'source-empty' | 'part-empty' | 'unowned-without-schema' | 'too-many' | 'nothing-remembered';

/** The decision about one key. */
export interface PlannedChange {
  readonly key: string;
  /** The key at the source; absent where the source does not ask for it. */
  readonly sourceKey?: string;
  /** The kind that is written, deleted or kept, where the destination has several. */
  readonly kind?: string;
  readonly action: ChangeAction;
  readonly reason: ChangeReason;
  /**
   * Of what is written and of what it is written over, under the fingerprint key: `apply` compares it. Opaque, without
   * a value. Absent where nothing is written, and in a plan that was made without a fingerprint key.
   */
  readonly digest?: string;
}

/** The decision about one key that could be imported. */
export interface PlannedImport {
  readonly sourceKey: string;
  readonly key: string;
  /** What happens at the source. */
  readonly action: 'create' | 'update' | 'ignore';
  readonly reason:
    | 'absent-from-source'
    | 'destination-wins'
    | 'source-wins'
    | 'empty-at-destination'
    | 'unreadable-at-source';
  /** As in {@link PlannedChange.digest}. */
  readonly digest?: string;
}

/** Why a plan is not applicable. */
export interface PlanProblem extends ErrorProblem {
  readonly code: 'PLAN_BLOCKED' | 'DELETION_REFUSED';
  readonly reason: BlockedReason | RefusalReason;
}

/** Codes of the warnings that the core gives; a driver declares those of its own destination. */
export type PlanWarningCode =
  | 'NO_KEY_SCHEMA'
  | 'OVERWRITES_UNOWNED'
  | 'SHADOWS_INHERITED'
  | 'DELETE_CASCADES'
  | 'OWNED_BY_OTHER_SYNC'
  | 'SHARED_WITH_OTHER_SYNC'
  | 'LEFT_BEHIND'
  | 'BOTH_KINDS'
  | 'KEYS_REMAIN'
  | 'KEY_SKIPPED'
  | 'SOURCE_PARTIAL'
  | 'SOURCE_CLASH'
  | 'PART_EMPTY'
  | 'UNRESOLVED_REFERENCE'
  | 'FINGERPRINTS_VOID'
  | 'STATE_UNVERIFIED';

/** Something to know before the plan is applied. */
export interface PlanWarning {
  readonly code: PlanWarningCode | (string & {});
  readonly message: string;
  readonly key?: string;
  /** The other sync that it is about: on `OWNED_BY_OTHER_SYNC` and `SHARED_WITH_OTHER_SYNC`. */
  readonly syncId?: string;
}

export interface PlanSummary {
  readonly create: number;
  readonly update: number;
  readonly replace: number;
  readonly delete: number;
  readonly unchanged: number;
  readonly keep: number;
  readonly blocked: number;
  /** How many keys are created or updated at the source. */
  readonly import: number;
}

/** What the caller asked for beyond the definition. */
export interface PlanOptions {
  readonly force: boolean;
  readonly importBehavior?: ImportBehavior;
  /** The number of deletions that was confirmed. */
  readonly confirmDeletions?: number;
}

/** What `apply` checks before it writes, beside the digests of the rows. Opaque; it holds no value. */
export interface PlanPreconditions {
  /** The id of the fingerprint key that the digests and the MAC were made with. */
  readonly keyId: string;
  /** Over the whole plan. */
  readonly mac: string;
}

/** A complete decision, as JSON and without values: apply does exactly this, or refuses. */
export interface SyncPlan {
  readonly formatVersion: 2;
  readonly operation: Operation;
  readonly definition: SyncDefinition;
  /** The identity of the place. */
  readonly place: string;
  /** True when this definition was not synced to this place before. */
  readonly isInitialSync: boolean;
  /** False when `problems` is not empty. */
  readonly applicable: boolean;
  /** Sorted by source key. */
  readonly imports: readonly PlannedImport[];
  /** Sorted by key, then kind. */
  readonly changes: readonly PlannedChange[];
  readonly options: PlanOptions;
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly PlanWarning[];
  readonly summary: PlanSummary;
  /**
   * What follows the writes, where the definition asks for it. Present where something is written, or where an earlier
   * run of this sync left it due.
   */
  readonly after?: PlannedFollowUp;
  readonly preconditions?: PlanPreconditions;
}
