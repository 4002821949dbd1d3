import {
  aCount,
  aFlag,
  anIterable,
  anObject,
  aName,
  optional,
  withMethods,
  type Rule,
  type Rules,
} from '../shared/arguments/rules.js';
import { inOneGo, mapInTurns, type Turns } from '../shared/turns/turns.js';
import type { SyncOptions, SyncOptionsInput } from '../contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { KeepReason, PlannedChange, PlanProblem } from '../contracts/plan.js';
import { emptiedParts, refusalsOf, type GuardedSource } from './deletion-refusals.js';
import type { PlaceState, RememberedEntry } from '../contracts/state-store.js';
import { plannedChange, type Step } from './step.js';
import { resolveSyncOptions, unrestrictedCapabilities } from './definition/defaults.js';
import { identityKeySchema, isDistinctive, type KeySchema } from './definition/key-schema.js';
import { checkPureInput, listOf, named } from './inputs/check-input.js';
import { indexState, isFixed, isMatched, otherHolders, ownedBy, ownedByOther } from './inputs/ownership.js';
import { canonicalKey, indexEntries, type DestinationInput } from './inputs/destination-index.js';

export interface GuardDeletionsInput {
  /** The id of the definition. */
  readonly syncId: string;
  /** From `reconcile`. */
  readonly changes: readonly PlannedChange[];
  readonly destination: DestinationInput;
  /** Default: nothing is remembered. */
  readonly state?: PlaceState | undefined;
  /** Default: the identity. */
  readonly keySchema?: KeySchema | undefined;
  /** Default: any key is taken, everything can be read. */
  readonly capabilities?: Capabilities | undefined;
  readonly options?: SyncOptionsInput | undefined;
  /** Default: neither empty nor partial. */
  readonly source?: GuardedSource | undefined;
  /** The number of deletions that was confirmed. Default: none. */
  readonly confirmDeletions?: number | undefined;
}

export interface GuardedDeletions {
  /** The same changes; deletions that must not happen have become `keep`, with the reason. */
  readonly changes: readonly PlannedChange[];
  /** `DELETION_REFUSED`, one for each step that refuses. */
  readonly problems: readonly PlanProblem[];
}

const CHANGES: Rule = [
  'a list of changes as reconcile returns them',
  (value) => value !== undefined && listOf((item) => named('key')(item) && named('action')(item))(value),
];

const sourceRules = (): Rules => ({
  empty: optional(aFlag),
  partial: optional(aFlag),
  filledParts: optional(withMethods('has')),
  emptyParts: optional(anIterable),
});

/** Steps 1 (`early`), 5 and 6 (`late`) of the guard, which hold for a removal too. */
export function protection(
  entry: DestinationEntry,
  remembered: RememberedEntry | undefined,
  syncId: string,
  capabilities: Capabilities,
): { readonly early?: KeepReason; readonly late?: KeepReason } {
  if (entry.reserved === true || capabilities.isReserved(entry.key)) return { early: 'reserved' };
  if (entry.fixed === 'inherited') return { early: 'other-scope' };
  if (isFixed(entry, remembered, syncId)) return { early: 'fixed' };
  const isTheirs = ownedByOther(remembered, syncId);
  // In another kind only what this sync wrote: what it adopted there belonged to another.
  const isWritten = ownedBy(remembered, syncId, entry) && remembered?.adopted !== true;
  if (entry.kind !== capabilities.kind && !isWritten) {
    return { early: isTheirs ? 'owned-by-other-sync' : 'other-kind' };
  }
  if (isTheirs) return { late: 'owned-by-other-sync' };
  if (otherHolders(remembered, syncId).length > 0) return { late: 'wanted-by-other-sync' };
  if (entry.hasDependents === true) return { late: 'has-dependents' };
  return {};
}

/**
 * Decides which deletion candidates may happen. In this order:
 *
 * | step | holds | then |
 * |---|---|---|
 * | 1 | reserved, fixed, other scope; or other kind, unless this sync wrote it in that kind | keep |
 * | 2 | outside the schema, also in the spelling in which this sync wrote it, and not left behind with `deleteLeftBehind` | keep, `outside-schema` |
 * | 3 | `disableSecretDeletion` | keep, `deletion-disabled` |
 * | 4 | the source read was partial | keep every one, `source-partial` |
 * | 5 | another sync wrote it; or another sync wants it | keep, `owned-by-other-sync`; `wanted-by-other-sync` |
 * | 6 | aliases or overrides depend on it | keep, `has-dependents` |
 * | 7 | `deletionScope: 'owned'`, neither written nor adopted by this sync | keep, `not-owned` |
 * | 8 | the source is empty, or a part from which some of them came is empty or gone, not `allowEmptySource` | refuse all, `source-empty`, `part-empty` |
 * | 9 | `deletionScope: 'ask'`, no key schema with a literal, some neither written nor adopted by this sync | refuse all, `unowned-without-schema` |
 * | 10 | more than `maxDeletions.count`; or more than `maxDeletions.ratio` of the matching keys and at least 4 | refuse all, `too-many` |
 *
 * 9 and 10 yield to `confirmDeletions` when it is the number of deletions left.
 *
 * @throws SecretSyncError `INVALID_OPTION` for input of another shape, with everything that is wrong.
 */
export function guardDeletions(input: GuardDeletionsInput): GuardedDeletions {
  const destination = checkPureInput(
    'guardDeletions',
    input,
    { syncId: aName, changes: CHANGES, source: optional(anObject), confirmDeletions: optional(aCount) },
    { source: sourceRules() },
  );
  const { syncId, changes, keySchema = identityKeySchema, capabilities = unrestrictedCapabilities } = input;
  const canonical = canonicalKey(capabilities);
  const candidates = changes.filter(({ action }) => action === 'delete');
  if (candidates.length === 0) return { changes, problems: [] };

  const keys = new Set(candidates.map(({ key }) => canonical(key)));
  const entries = inOneGo(
    indexEntries(
      destination.filter((entry) => keys.has(canonical(entry.key))),
      capabilities,
    ),
  );
  const ownership = indexState(input.state, canonical);
  const guarding = guardSteps({
    syncId,
    steps: changes.map((change): Step => {
      if (change.action !== 'delete') return { change };
      const before = entries.find(change.key, change.kind);
      return { change, before, remembered: before && ownership.find(before.key, before.kind) };
    }),
    destination,
    find: ownership.find,
    keySchema,
    capabilities,
    options: resolveSyncOptions(input.options),
    source: input.source ?? {},
    confirmDeletions: input.confirmDeletions,
  });
  const { steps, problems } = inOneGo(guarding);
  return { changes: steps.map(({ change }) => change), problems };
}

/** What `guardDeletions` gets, in the one form that the decisions use. */
interface GuardContext {
  readonly syncId: string;
  readonly steps: readonly Step[];
  readonly destination: readonly DestinationEntry[];
  readonly find: (key: string, kind: string | undefined) => RememberedEntry | undefined;
  readonly keySchema: KeySchema;
  readonly capabilities: Capabilities;
  readonly options: SyncOptions;
  readonly source: GuardedSource;
  readonly confirmDeletions: number | undefined;
}

/** Steps 1 to 7: why a deletion must not happen; `undefined` where it may. */
function keepReason(
  { before, remembered }: Step,
  { syncId, keySchema, capabilities, options, source }: GuardContext,
): KeepReason | undefined {
  if (before === undefined) return undefined;
  const { early, late } = protection(before, remembered, syncId, capabilities);
  if (early !== undefined) return early;
  const owned = ownedBy(remembered, syncId, before);
  if (!isMatched(keySchema, before, owned ? remembered : undefined) && !(owned && options.deleteLeftBehind))
    return 'outside-schema';
  if (options.disableSecretDeletion) return 'deletion-disabled';
  if (source.partial === true) return 'source-partial';
  if (late !== undefined) return late;
  return !owned && options.deletionScope === 'owned' ? 'not-owned' : undefined;
}

/** What `guardDeletions` returns, with what is behind each change. */
interface GuardedSteps {
  readonly steps: readonly Step[];
  readonly problems: readonly PlanProblem[];
}

/** The same as `guardDeletions`, for steps that know what is behind them, in turns. */
export function* guardSteps(input: GuardContext): Turns<GuardedSteps> {
  const { syncId, keySchema, capabilities, options, source } = input;
  const deletions: Step[] = [];
  const steps = yield* mapInTurns(input.steps, (step): Step => {
    const { change } = step;
    if (change.action !== 'delete') return step;
    const reason = keepReason(step, input);
    if (reason !== undefined)
      return { ...step, change: plannedChange(change.key, change.kind, 'keep', reason) };
    deletions.push(step);
    return step;
  });
  if (deletions.length === 0) return { steps, problems: [] };

  const isMatching = (entry: DestinationEntry) =>
    keySchema.match(entry.key) &&
    protection(entry, input.find(entry.key, entry.kind), syncId, capabilities).early === undefined;
  const problems = refusalsOf(
    deletions.map(({ change }) => change.key),
    {
      isEmpty: source.empty === true,
      emptyParts: emptiedParts(deletions, source),
      options,
      hasSchema: isDistinctive(keySchema),
      unowned: deletions.filter(({ before, remembered }) => !ownedBy(remembered, syncId, before)).length,
      exceedsRatio(ratio) {
        let matching = 0;
        for (const entry of input.destination) {
          if (isMatching(entry)) matching += 1;
          if (deletions.length <= ratio * matching) return undefined;
        }
        return matching;
      },
      confirmed: input.confirmDeletions === deletions.length,
    },
  );
  return { steps, problems };
}
