import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type {
  BlockedReason,
  ChangeAction,
  ChangeReason,
  PlanWarningCode,
  UnchangedReason,
  WriteReason,
} from '../contracts/plan.js';
import { quote } from '../shared/text.js';
import { SecretValue } from '../contracts/secret.js';
import type { RememberedEntry } from '../contracts/state-store.js';
import type { Block } from './unwritable-keys.js';
import { isFixed, ownedBy, ownedByOther, type Remembered } from './inputs/ownership.js';
import { sameRevision } from './inputs/revision.js';
import { keyIdOf } from './fingerprint/keyring.js';
import { isInherited } from './inputs/destination-index.js';

/** What one destination key is to become. */
export interface Desired {
  readonly sourceKey: string;
  readonly value: string | SecretValue;
  /** `keyId.hmac`, under the key that made the remembered one; absent: what can't be read is not verifiable. */
  readonly fingerprint?: string;
}

/** What every decision of one reconcile shares. */
export interface DecisionContext {
  readonly syncId: string;
  readonly state: Remembered;
  readonly capabilities: Capabilities;
  readonly force: boolean;
  readonly allowReplace: boolean;
  /** The fingerprint of a value that brings none, under the key that made the `known` one; absent: there is none. */
  fingerprintOf?(key: string, value: string | SecretValue, known: string): string | undefined;
}

export interface Decision {
  readonly action: ChangeAction;
  readonly reason: ChangeReason;
  /** The entry that is compared, updated or replaced. */
  readonly target?: DestinationEntry;
  readonly block?: Block;
  /** A value of a higher scope stands under the key too. */
  readonly isInheritedToo?: boolean;
}

const blocked = (reason: BlockedReason, why: string): Decision => ({
  action: 'blocked',
  reason,
  block: { reason, why },
});

/** Whether an entry can be read and holds this value. */
export function holds({ value }: DestinationEntry, wanted: string | SecretValue): boolean {
  if (SecretValue.is(value)) return value.equals(wanted);
  // What is no string can be one that the destination retyped: its JSON tells.
  const text = typeof value === 'object' ? value.json : value;
  if (text === undefined) return false;
  return typeof wanted === 'string' ? text === wanted : wanted.equals(text);
}

/** Why an entry of our kind is written again; else why it is not, which `force` may overrule. */
function compareExisting(
  key: string,
  target: DestinationEntry,
  desired: Desired,
  remembered: RememberedEntry | undefined,
  context: DecisionContext,
): WriteReason | UnchangedReason {
  if (target.value !== undefined) return holds(target, desired.value) ? 'value-equal' : 'value-differs';
  const known = remembered?.fingerprint;
  const sameEntry = remembered?.id === undefined || target.id === undefined || remembered.id === target.id;
  if (known === undefined || remembered?.pending !== undefined || !sameEntry) return 'not-verifiable';
  const made = desired.fingerprint ?? context.fingerprintOf?.(key, desired.value, known);
  if (made === undefined || keyIdOf(known) !== keyIdOf(made)) return 'not-verifiable';
  if (known !== made) return 'value-differs';
  return sameRevision(remembered?.revision, target.revision) ? 'fingerprint-equal' : 'changed-outside';
}

function decideExisting(
  key: string,
  target: DestinationEntry,
  desired: Desired,
  remembered: RememberedEntry | undefined,
  context: DecisionContext,
): Decision {
  const reason = compareExisting(key, target, desired, remembered, context);
  if (reason !== 'value-equal' && reason !== 'fingerprint-equal') return { action: 'update', reason, target };
  return context.force
    ? { action: 'update', reason: 'forced', target }
    : { action: 'unchanged', reason, target };
}

function decideOtherKind(
  target: DestinationEntry,
  desired: Desired,
  remembered: RememberedEntry | undefined,
  { syncId, allowReplace }: DecisionContext,
): Decision {
  const ours = ownedBy(remembered, syncId, target);
  // What nobody is known to have written is replaced where nothing is lost by it: the value stays.
  const free = !ownedByOther(remembered, syncId) && holds(target, desired.value);
  if (!ours && !free && !allowReplace) {
    const kind = target.kind === undefined ? 'in another kind' : `as a ${target.kind}`;
    return blocked(
      'kind-differs',
      `it stands there ${kind} that this sync is not known to have written; delete it there, or set allowReplace`,
    );
  }
  if (target.hasDependents === true && !allowReplace) {
    return blocked(
      'has-dependents',
      'replacing it would delete the aliases or overrides that hang on it; remove them, or set allowReplace',
    );
  }
  return { action: 'replace', reason: 'kind-differs', target };
}

/**
 * The decision about a key that the source holds; `all` are the entries under it, `bad` is why it can't be written
 * whatever stands there. See `reconcile`.
 */
export function decideDesired(
  key: string,
  desired: Desired,
  all: readonly DestinationEntry[],
  bad: Block | undefined,
  context: DecisionContext,
): Decision {
  const { capabilities, state } = context;
  const isMarked = (entry: DestinationEntry) => entry.reserved === true && !isInherited(entry);
  // Before all else: a reserved key is a problem even where bad keys are skipped.
  if (!capabilities.reservedWritable && (capabilities.isReserved(key) || all.some(isMarked))) {
    return blocked('reserved', 'it belongs to the platform; rename it at the source, or use a key schema');
  }
  if (bad !== undefined) return blocked(bad.reason, bad.why);
  let fixed: DestinationEntry | undefined;
  let otherKind: DestinationEntry | undefined;
  let isInheritedToo = false;
  let blocks: string | undefined;
  for (const entry of all) {
    if (isInherited(entry)) {
      isInheritedToo = true;
      blocks ??= entry.blocks;
      continue;
    }
    const remembered = state.find(entry.key, entry.kind);
    if (isFixed(entry, remembered)) fixed ??= entry;
    else if (entry.kind === capabilities.kind)
      return decideExisting(key, entry, desired, remembered, context);
    else otherKind ??= entry;
  }
  if (fixed !== undefined) {
    const what =
      fixed.fixed === 'foreign-owner'
        ? 'an entry that another system owns'
        : `an entry of type ${fixed.fixed}`;
    return blocked('occupied', `${what} stands there under this key; remove it there, or rename the key`);
  }
  if (blocks !== undefined) return blocked('occupied', `${blocks}; remove it there, or rename the key`);
  if (otherKind === undefined) return { action: 'create', reason: 'missing', isInheritedToo };
  return decideOtherKind(otherKind, desired, state.find(otherKind.key, otherKind.kind), context);
}

/** What to know about a decision before it is applied. */
export function decisionWarnings(
  decision: Decision,
  { syncId, state }: DecisionContext,
): readonly (readonly [code: PlanWarningCode, message: string])[] {
  const { action, target } = decision;
  if (action === 'create' && decision.isInheritedToo === true) {
    return [
      ['SHADOWS_INHERITED', 'a value of a higher scope stands under this key; the new one hides it here'],
    ];
  }
  if ((action !== 'update' && action !== 'replace') || target === undefined) return [];
  const warnings: [PlanWarningCode, string][] = [];
  const remembered = state.find(target.key, target.kind);
  if (ownedByOther(remembered, syncId)) {
    const other = remembered?.syncId === syncId ? remembered.pending?.syncId : remembered?.syncId;
    warnings.push([
      'OWNED_BY_OTHER_SYNC',
      `the sync ${quote(other ?? '')} wrote it; this sync takes it over`,
    ]);
  } else if (!ownedBy(remembered, syncId, target)) {
    warnings.push([
      'OVERWRITES_UNOWNED',
      'no sync is known to have written what stands there; it is overwritten',
    ]);
  }
  if (action === 'replace' && target.hasDependents === true) {
    warnings.push([
      'DELETE_CASCADES',
      'the aliases or overrides that hang on what is replaced are deleted with it',
    ]);
  }
  return warnings;
}
