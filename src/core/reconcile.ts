import type { SyncOptionsInput } from '../contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { PlannedChange, PlanProblem, PlanWarning, PlanWarningCode } from '../contracts/plan.js';
import type { PlaceState } from '../contracts/state-store.js';
import { blockDesired } from './blocked.js';
import { plannedChange, sortChanges } from './change.js';
import { decideDesired, decisionWarnings, type DecisionContext, type Desired } from './decide-key.js';
import { resolveSyncOptions, unrestrictedCapabilities } from './defaults.js';
import { identityKeySchema, type KeySchema } from './key-schema.js';
import { indexState } from './remembered.js';
import { destinationEntries, indexEntries, readableValue, type DestinationInput } from './snapshot.js';
import { byText } from './sort.js';

export interface ReconcileInput {
  /** The id of the definition. */
  readonly syncId: string;
  /** Destination key → what it is to become. */
  readonly desired: ReadonlyMap<string, Desired> | Readonly<Record<string, Desired>>;
  /** Destination keys whose values the source could not read. Default: none. */
  readonly unreadable?: Iterable<string>;
  /** Source keys that the source gave more than once. Default: none. */
  readonly duplicates?: Iterable<string>;
  readonly destination: DestinationInput;
  /** Default: nothing is remembered. */
  readonly state?: PlaceState;
  /** Default: the identity. */
  readonly keySchema?: KeySchema;
  /** Default: any key is taken, everything can be read. */
  readonly capabilities?: Capabilities;
  readonly options?: SyncOptionsInput & { readonly force?: boolean };
}

export interface Reconciled {
  /** Sorted by key, then kind. A `delete` is a candidate that `guardDeletions` still has to let through. */
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly PlanWarning[];
}

/**
 * One decision a key.
 *
 * | at the place, at this scope | desired | action, reason |
 * |---|---|---|
 * | absent | yes | create, `missing` |
 * | readable, equal | yes | unchanged, `value-equal` |
 * | readable, other | yes | update, `value-differs` |
 * | unreadable; fingerprint equal, revision as remembered (or none is given) | yes | unchanged, `fingerprint-equal` |
 * | unreadable; fingerprint equal, revision moved | yes | update, `changed-outside` |
 * | unreadable; fingerprint other | yes | update, `value-differs` |
 * | unreadable; nothing remembered, or made with a key we don't have | yes | update, `not-verifiable` |
 * | other kind, this sync's own, or readable and no other sync's | yes | replace, `kind-differs` |
 * | other kind, otherwise | yes | blocked, `kind-differs`, unless `allowReplace` |
 * | other kind, with dependents | yes | blocked, `has-dependents`, unless `allowReplace` |
 * | alias, override, file, external, owned by another system | yes | blocked, `occupied` |
 * | reserved, where the driver can't write those | yes | blocked, `reserved` |
 * | only inherited from a higher scope | yes | create, with warning `SHADOWS_INHERITED` |
 * | both kinds | yes | by the row for our kind; the other is kept, with warning `BOTH_KINDS` |
 * | not a string | yes | update, `value-differs` |
 * | not a string | no | keep, `not-a-string` |
 * | anything | source could not read it | keep, `unreadable-at-source` |
 * | anything else | no | delete candidate, `absent-from-source`: the guard decides |
 *
 * `force` turns unchanged into update, `forced`. Before all rows stand the keys and values that can't be written at
 * all (`blockDesired`): blocked, and with `invalidKeys: 'skip'` a warning instead of a problem.
 */
export function reconcile(input: ReconcileInput): Reconciled {
  const { syncId, keySchema = identityKeySchema, capabilities = unrestrictedCapabilities } = input;
  const options = resolveSyncOptions(input.options);
  const entries = indexEntries(destinationEntries(input.destination), capabilities);
  const desired: ReadonlyMap<string, Desired> =
    input.desired instanceof Map ? input.desired : new Map(Object.entries(input.desired));
  const unreadable = new Set(input.unreadable);
  const context: DecisionContext = {
    syncId,
    state: indexState(input.state),
    capabilities,
    force: input.options?.force ?? false,
    allowReplace: options.allowReplace,
  };

  const changes: PlannedChange[] = [];
  const problems: PlanProblem[] = [];
  const warnings: PlanWarning[] = [];
  const settled = new Set<DestinationEntry>();
  const warn = (code: PlanWarningCode, key: string, message: string) => warnings.push({ code, message, key });

  const blocks = blockDesired({
    desired,
    duplicates: new Set(input.duplicates),
    keySchema,
    capabilities,
    entries,
  });
  for (const [key, wanted] of desired) {
    if (unreadable.has(key)) continue;
    const all = entries.at(key);
    const here = all.some(isInherited) ? all.filter((entry) => !isInherited(entry)) : all;
    const bad = blocks.get(key);
    const decision =
      bad === undefined
        ? decideDesired(key, wanted, here, context)
        : ({ action: 'blocked', reason: bad.reason, block: bad } as const);
    changes.push(plannedChange(key, capabilities.kind, decision.action, decision.reason, wanted.sourceKey));
    if (bad !== undefined && options.invalidKeys === 'skip') {
      warn('KEY_SKIPPED', key, `it is left out: ${bad.why}`);
    } else if (decision.block !== undefined) {
      const { reason, why } = decision.block;
      problems.push({ code: 'PLAN_BLOCKED', reason, message: why, key });
    }
    for (const [code, message] of decisionWarnings(decision, all.length > here.length, context)) {
      warn(code, key, message);
    }
    for (const entry of all) {
      settled.add(entry);
      const isBesideOurs = decision.target?.kind === capabilities.kind && entry.kind !== capabilities.kind;
      if (decision.target === undefined || !isBesideOurs || isInherited(entry)) continue;
      changes.push(plannedChange(entry.key, entry.kind, 'keep', 'other-kind'));
      warn(
        'BOTH_KINDS',
        key,
        `it also stands there ${entry.kind === undefined ? 'in another kind' : `as a ${entry.kind}`}`,
      );
    }
  }

  for (const group of entries.byKey.values()) {
    for (const entry of group) {
      if (settled.has(entry)) continue;
      // Of an own entry and an inherited one of the same kind, the own one is the one to decide about.
      if (isInherited(entry) && group.some((other) => other.kind === entry.kind && !isInherited(other)))
        continue;
      if (unreadable.has(entry.key)) {
        changes.push(plannedChange(entry.key, entry.kind, 'keep', 'unreadable-at-source'));
      } else if (entry.value !== undefined && readableValue(entry) === undefined) {
        changes.push(plannedChange(entry.key, entry.kind, 'keep', 'not-a-string'));
      } else {
        changes.push(plannedChange(entry.key, entry.kind, 'delete', 'absent-from-source'));
      }
    }
  }
  const byKey = byText((item: { readonly key?: string }) => item.key ?? '');
  return { changes: sortChanges(changes), problems: problems.sort(byKey), warnings: warnings.sort(byKey) };
}

const isInherited = (entry: DestinationEntry): boolean => entry.fixed === 'inherited';
