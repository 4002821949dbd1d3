import type { SyncOptions, SyncOptionsInput } from '../contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { KeepReason, PlannedChange, PlanProblem, RefusalReason } from '../contracts/plan.js';
import { quoteList } from '../shared/text.js';
import type { PlaceState, RememberedEntry } from '../contracts/state-store.js';
import { plannedChange, type DecidedChange } from './step.js';
import { resolveSyncOptions, unrestrictedCapabilities } from './definition/defaults.js';
import { identityKeySchema, type KeySchema } from './definition/key-schema.js';
import { indexState, isFixed, ownedBy, ownedByOther, type Remembered } from './inputs/ownership.js';
import {
  canonicalKey,
  destinationEntries,
  indexEntries,
  type DestinationInput,
} from './inputs/destination-index.js';

export interface GuardDeletionsInput {
  /** The id of the definition. */
  readonly syncId: string;
  /** From `reconcile`. */
  readonly changes: readonly PlannedChange[];
  readonly destination: DestinationInput;
  /** Default: nothing is remembered. */
  readonly state?: PlaceState;
  /** Default: the identity. */
  readonly keySchema?: KeySchema;
  /** Default: any key is taken, everything can be read. */
  readonly capabilities?: Capabilities;
  readonly options?: SyncOptionsInput;
  /** `empty`: it holds no secret. `partial`: something could not be read. Default: neither. */
  readonly source?: { readonly empty?: boolean; readonly partial?: boolean };
  /** The number of deletions that was confirmed. Default: none. */
  readonly confirmDeletions?: number;
}

export interface GuardedDeletions {
  /** The same changes; deletions that must not happen have become `keep`, with the reason. */
  readonly changes: readonly PlannedChange[];
  /** `DELETION_REFUSED`, one for each step that refuses. */
  readonly problems: readonly PlanProblem[];
}

const FEW = 4;

/** Steps 1 (`early`), 5 and 6 (`late`) of the guard, which hold for a removal too. */
export function protection(
  entry: DestinationEntry,
  remembered: RememberedEntry | undefined,
  syncId: string,
  capabilities: Capabilities,
): { readonly early?: KeepReason; readonly late?: KeepReason } {
  if (entry.reserved === true || capabilities.isReserved(entry.key)) return { early: 'reserved' };
  if (entry.fixed === 'inherited') return { early: 'other-scope' };
  if (isFixed(entry, remembered)) return { early: 'fixed' };
  const isTheirs = ownedByOther(remembered, syncId);
  // In another kind only what this sync wrote: what it adopted there was somebody else's.
  const isWritten = ownedBy(remembered, syncId, entry) && remembered?.adopted !== true;
  if (entry.kind !== capabilities.kind && !isWritten) {
    return { early: isTheirs ? 'owned-by-other-sync' : 'other-kind' };
  }
  if (isTheirs) return { late: 'owned-by-other-sync' };
  if (entry.hasDependents === true) return { late: 'has-dependents' };
  return {};
}

/**
 * Decides which deletion candidates may happen. In this order:
 *
 * | step | holds | then |
 * |---|---|---|
 * | 1 | reserved, fixed, other scope; or other kind, unless this sync wrote it in that kind | keep |
 * | 2 | outside the schema | keep, `outside-schema` |
 * | 3 | `disableSecretDeletion` | keep, `deletion-disabled` |
 * | 4 | the source read was partial | keep every one, `source-partial` |
 * | 5 | another sync wrote it | keep, `owned-by-other-sync` |
 * | 6 | aliases or overrides hang on it | keep, `has-dependents` |
 * | 7 | `deletionScope: 'owned'`, neither written nor adopted by this sync | keep, `not-owned` |
 * | 8 | the source is empty, not `allowEmptySource` | refuse all, `source-empty` |
 * | 9 | `deletionScope: 'ask'`, no key schema, some neither written nor adopted by this sync | refuse all, `unowned-without-schema` |
 * | 10 | more than `maxDeletions.count`; or more than `maxDeletions.ratio` of the matching keys and at least 4 | refuse all, `too-many` |
 *
 * 9 and 10 yield to `confirmDeletions` when it is the number of deletions left.
 */
export function guardDeletions(input: GuardDeletionsInput): GuardedDeletions {
  const { syncId, changes, keySchema = identityKeySchema, capabilities = unrestrictedCapabilities } = input;
  const canonical = canonicalKey(capabilities);
  const candidates = changes.filter(({ action }) => action === 'delete');
  if (candidates.length === 0) return { changes, problems: [] };

  const keys = new Set(candidates.map(({ key }) => canonical(key)));
  const destination = destinationEntries(input.destination);
  const entries = indexEntries(
    destination.filter((entry) => keys.has(canonical(entry.key))),
    capabilities,
  );
  const guarded = guardIndexed({
    syncId,
    changes: candidates.map((change) => ({ change, entry: entries.find(change.key, change.kind) })),
    destination,
    state: indexState(input.state, canonical),
    keySchema,
    capabilities,
    options: resolveSyncOptions(input.options),
    source: input.source ?? {},
    confirmDeletions: input.confirmDeletions,
  });
  let next = 0;
  return {
    changes: changes.map((change) =>
      change.action === 'delete' ? (guarded.changes[next++]?.change ?? change) : change,
    ),
    problems: guarded.problems,
  };
}

/** What `guardDeletions` gets, in the one form that the decisions use. */
interface GuardContext<Change extends DecidedChange> {
  readonly syncId: string;
  readonly changes: readonly Change[];
  readonly destination: readonly DestinationEntry[];
  readonly state: Remembered;
  readonly keySchema: KeySchema;
  readonly capabilities: Capabilities;
  readonly options: SyncOptions;
  readonly source: { readonly empty?: boolean; readonly partial?: boolean };
  readonly confirmDeletions: number | undefined;
}

/** The same as `guardDeletions`, for changes that know their entries. */
export function guardIndexed<Change extends DecidedChange>(
  input: GuardContext<Change>,
): {
  readonly changes: readonly (Change | DecidedChange<never>)[];
  readonly problems: readonly PlanProblem[];
} {
  const { syncId, keySchema, capabilities, options, source, state } = input;
  const protectionOf = (entry: DestinationEntry) =>
    protection(entry, state.find(entry.key, entry.kind), syncId, capabilities);
  const deletions: string[] = [];
  let unowned = 0;

  const keepReason = (entry: DestinationEntry): KeepReason | undefined => {
    const { early, late } = protectionOf(entry);
    if (early !== undefined) return early;
    if (!keySchema.match(entry.key)) return 'outside-schema';
    if (options.disableSecretDeletion) return 'deletion-disabled';
    if (source.partial === true) return 'source-partial';
    if (late !== undefined) return late;
    const owned = ownedBy(state.find(entry.key, entry.kind), syncId, entry);
    if (!owned && options.deletionScope === 'owned') return 'not-owned';
    if (!owned) unowned += 1;
    return undefined;
  };

  const changes = input.changes.map((decided) => {
    const { change, entry } = decided;
    if (change.action !== 'delete') return decided;
    const reason = entry === undefined ? undefined : keepReason(entry);
    if (reason !== undefined)
      return { change: plannedChange(change.key, change.kind, 'keep', reason), entry };
    deletions.push(change.key);
    return decided;
  });
  if (deletions.length === 0) return { changes, problems: [] };

  const isMatching = (entry: DestinationEntry) =>
    keySchema.match(entry.key) && protectionOf(entry).early === undefined;
  const problems = refusalsOf(deletions, {
    isEmpty: source.empty === true,
    options,
    hasSchema: keySchema.template !== undefined,
    unowned,
    exceedsRatio(ratio) {
      let matching = 0;
      for (const entry of input.destination) {
        if (isMatching(entry)) matching += 1;
        if (deletions.length <= ratio * matching) return undefined;
      }
      return matching;
    },
    confirmed: input.confirmDeletions === deletions.length,
  });
  return { changes, problems };
}

interface RefusalFacts {
  readonly isEmpty: boolean;
  readonly options: SyncOptions;
  readonly hasSchema: boolean;
  readonly unowned: number;
  /** The number of matching keys, where the deletions are more than this share of them. */
  exceedsRatio(ratio: number): number | undefined;
  readonly confirmed: boolean;
}

/** Steps 8 to 10, one problem for each that refuses. */
function refusalsOf(deletions: readonly string[], facts: RefusalFacts): PlanProblem[] {
  const { options, unowned, confirmed } = facts;
  const { count, ratio } = options.maxDeletions;
  const total = deletions.length;
  const problems: PlanProblem[] = [];
  const refuse = (reason: RefusalReason, why: string) => {
    const message = `${total === 1 ? '1 deletion is' : `${total} deletions are`} refused: ${why} (${quoteList(deletions)})`;
    problems.push({ code: 'DELETION_REFUSED', reason, message });
  };
  if (facts.isEmpty && !options.allowEmptySource) {
    refuse('source-empty', 'the source is empty; check the source, or set allowEmptySource');
  }
  if (confirmed) return problems;
  const confirm = `confirm with confirmDeletions: ${total}`;
  if (options.deletionScope === 'ask' && !facts.hasSchema && unowned > 0) {
    refuse(
      'unowned-without-schema',
      `this sync neither wrote nor adopted ${unowned} of them, and there is no key schema that tells its keys from others; ${confirm}, or set a keySchema or deletionScope`,
    );
  }
  const matching = total > count || total < FEW ? undefined : facts.exceedsRatio(ratio);
  if (total > count) {
    refuse('too-many', `maxDeletions.count is ${count}; ${confirm}, or raise it`);
  } else if (matching !== undefined) {
    refuse(
      'too-many',
      `that is more than maxDeletions.ratio (${ratio}) of the ${matching} matching keys; ${confirm}, or raise it`,
    );
  }
  return problems;
}
