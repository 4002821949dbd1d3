import type { SyncOptions, SyncOptionsInput } from '../contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { PlannedChange, PlanProblem, PlanWarning } from '../contracts/plan.js';
import { SecretValue } from '../contracts/secret.js';
import type { PlaceState } from '../contracts/state-store.js';
import { blockDesired } from './unwritable-keys.js';
import { compareSteps, plannedChange, type Step } from './step.js';
import { decideDesired, decisionWarnings, type DecisionContext, type Desired } from './key-decision.js';
import { resolveSyncOptions, unrestrictedCapabilities } from './definition/defaults.js';
import { identityKeySchema, type KeySchema } from './definition/key-schema.js';
import { checkPureInput, isText, keysOf } from './inputs/check-input.js';
import { indexState } from './inputs/ownership.js';
import { aName, field, isObject, type Rule } from '../shared/arguments/rules.js';
import { byText } from '../shared/text.js';
import { endsTurn, inOneGo, sortInTurns, type Turns } from '../shared/turns/turns.js';
import {
  indexEntries,
  isInherited,
  type DestinationInput,
  type EntryIndex,
} from './inputs/destination-index.js';

export interface ReconcileInput {
  /** The id of the definition. */
  readonly syncId: string;
  /** Destination key → what it is to become. */
  readonly desired: ReadonlyMap<string, Desired> | Readonly<Record<string, Desired>>;
  /** Destination keys whose values the source could not read. Default: none. */
  readonly unreadable?: Iterable<string> | undefined;
  /** Source keys that the source gave more than once. Default: none. */
  readonly duplicates?: Iterable<string> | undefined;
  readonly destination: DestinationInput;
  /** Default: nothing is remembered. */
  readonly state?: PlaceState | undefined;
  /** Default: the identity. */
  readonly keySchema?: KeySchema | undefined;
  /** Default: any key is taken, everything can be read. */
  readonly capabilities?: Capabilities | undefined;
  readonly options?: (SyncOptionsInput & { readonly force?: boolean | undefined }) | undefined;
}

export interface Reconciled {
  /** Sorted by key, then kind. A `delete` is a candidate that `guardDeletions` still has to let through. */
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly PlanWarning[];
}

const desiredSecrets: Rule = [
  'a record or a Map of objects with a sourceKey and a value that are strings',
  (value) =>
    isObject(value) &&
    [...(value instanceof Map ? value.values() : Object.values(value))].every(
      (wanted: unknown) => typeof field(wanted, 'sourceKey') === 'string' && isText(field(wanted, 'value')),
    ),
];

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
 * | other kind, this sync's own, or no other sync's and readable with the wanted value | yes | replace, `kind-differs` |
 * | other kind, otherwise | yes | blocked, `kind-differs`, unless `allowReplace` |
 * | other kind, with dependents | yes | blocked, `has-dependents`, unless `allowReplace` |
 * | alias, override, file, external, owned by another system, unless remembered as made by us | yes | blocked, `occupied` |
 * | reserved, where the driver can't write those | yes | blocked, `reserved` |
 * | only inherited from a higher scope | yes | create, with warning `SHADOWS_INHERITED` |
 * | inherited, and it `blocks` the key; nothing of our kind here | yes | blocked, `occupied` |
 * | both kinds | yes | by the row for our kind; the other is kept, with warning `BOTH_KINDS` |
 * | not a string, its JSON is the wanted text | yes | unchanged, `value-equal` |
 * | not a string, otherwise | yes | update, `value-differs` |
 * | not a string | no | keep, `not-a-string` |
 * | anything | source could not read it | keep, `unreadable-at-source` |
 * | anything else | no | delete candidate, `absent-from-source`: the guard decides |
 *
 * `force` turns unchanged into update, `forced`. Before all rows come the keys and values that can't be written at
 * all (`blockDesired`): blocked, and with `invalidKeys: 'skip'` a warning instead of a problem.
 *
 * @throws SecretSyncError `INVALID_OPTION` for input of another shape, with everything that is wrong.
 */
export function reconcile(input: ReconcileInput): Reconciled {
  const destination = checkPureInput('reconcile', input, {
    syncId: aName,
    desired: desiredSecrets,
    unreadable: keysOf(),
    duplicates: keysOf(),
  });
  const { syncId, keySchema = identityKeySchema, capabilities = unrestrictedCapabilities } = input;
  const entries = inOneGo(indexEntries(destination, capabilities));
  const reconciling = reconcileIndexed({
    syncId,
    desired: input.desired instanceof Map ? input.desired : new Map(Object.entries(input.desired)),
    unreadable: input.unreadable ?? [],
    duplicates: new Set(input.duplicates),
    entries,
    ownership: indexState(input.state, entries.canonical),
    keySchema,
    capabilities,
    options: resolveSyncOptions(input.options),
    force: input.options?.force ?? false,
  });
  const { steps, problems, warnings } = inOneGo(reconciling);
  return { changes: steps.map(({ change }) => change), problems, warnings };
}

/** What `reconcile` gets, in the one form that the decisions use. */
export interface ReconcileContext extends Omit<DecisionContext, 'allowReplace'> {
  readonly desired: ReadonlyMap<string, Desired>;
  readonly unreadable: Iterable<string>;
  readonly duplicates: ReadonlySet<string>;
  readonly entries: EntryIndex;
  readonly keySchema: KeySchema;
  readonly options: SyncOptions;
}

/** What `reconcile` returns, with what is behind each change. */
export type ReconciledSteps = Omit<Reconciled, 'changes'> & { readonly steps: readonly Step[] };

/** The same as `reconcile`, for what is indexed already, in turns. */
export function* reconcileIndexed(input: ReconcileContext): Turns<ReconciledSteps> {
  const { desired, capabilities, entries, options } = input;
  const { kind } = capabilities;
  const context: DecisionContext = { ...input, allowReplace: options.allowReplace };
  const unreadable = new Set(Array.from(input.unreadable, entries.canonical));
  const isUnreadable = (key: string) => unreadable.size > 0 && unreadable.has(entries.canonical(key));
  const blockOf = yield* blockDesired(input);
  const isAsked = new Uint8Array(entries.size);
  const steps: Step[] = [];
  const problems: PlanProblem[] = [];
  const warnings: PlanWarning[] = [];
  let count = 0;

  for (const [key, wanted] of desired) {
    count += 1;
    if (endsTurn(count)) yield;
    if (isUnreadable(key)) continue;
    const position = entries.position(key);
    const all = position === undefined ? [] : entries.group(position);
    if (position !== undefined) isAsked[position] = 1;
    const bad = blockOf(key, wanted);
    const decision = decideDesired(key, wanted, all, bad, context);
    const { action, reason, target, remembered, fingerprint, block } = decision;
    steps.push({
      change: plannedChange(key, kind, action, reason, wanted.sourceKey),
      before: target,
      after: SecretValue.from(wanted.value),
      remembered,
      fingerprint,
      part: wanted.part,
    });
    if (block !== undefined && block.reason === bad?.reason && options.invalidKeys === 'skip') {
      warnings.push({ code: 'KEY_SKIPPED', message: `it is left out: ${block.why}`, key });
    } else if (block !== undefined) {
      problems.push({ code: 'PLAN_BLOCKED', reason: block.reason, message: block.why, key });
    }
    for (const warning of decisionWarnings(decision, key, context)) warnings.push(warning);
    if (all.length < 2 || target === undefined || target.kind !== kind) continue;
    for (const entry of all) {
      if (entry.kind === kind || isInherited(entry)) continue;
      steps.push(undesiredStep(entry, 'other-kind', context));
      const what = entry.kind === undefined ? 'in another kind' : `as a ${entry.kind}`;
      warnings.push({ code: 'BOTH_KINDS', message: `it also exists there ${what}`, key });
    }
  }

  for (let position = 0; position < entries.size; position += 1) {
    if (endsTurn(position + 1)) yield;
    if (isAsked[position] === 1) continue;
    const all = entries.group(position);
    for (const entry of all) {
      const why = isUnreadable(entry.key) ? 'unreadable-at-source' : undefined;
      // Of an own entry and an inherited one of the same kind, the own one is the one to decide about.
      if (isInherited(entry) && all.some((other) => other.kind === entry.kind && !isInherited(other)))
        continue;
      steps.push(undesiredStep(entry, why, context));
    }
  }
  const byKey = byText((item: { readonly key?: string }) => item.key ?? '');
  return {
    steps: yield* sortInTurns(steps, compareSteps),
    problems: yield* sortInTurns(problems, byKey),
    warnings: yield* sortInTurns(warnings, byKey),
  };
}

/** The decision about an entry that the source does not ask for. */
function undesiredStep(
  before: DestinationEntry,
  why: 'unreadable-at-source' | 'other-kind' | undefined,
  { ownership }: DecisionContext,
): Step {
  const { key, kind, value } = before;
  const isString = value === undefined || typeof value === 'string' || SecretValue.is(value);
  const reason = why ?? (isString ? undefined : 'not-a-string');
  const change =
    reason === undefined
      ? plannedChange(key, kind, 'delete', 'absent-from-source')
      : plannedChange(key, kind, 'keep', reason);
  return { change, before, remembered: ownership.find(key, kind) };
}
