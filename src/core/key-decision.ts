import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type {
  BlockedReason,
  ChangeAction,
  ChangeReason,
  PlanWarning,
  UnchangedReason,
  WriteReason,
} from '../contracts/plan.js';
import { isJsonOf } from '../shared/canonical-json.js';
import { quote } from '../shared/text.js';
import { SecretValue } from '../contracts/secret.js';
import type { RememberedEntry } from '../contracts/state-store.js';
import type { Block } from './unwritable-keys.js';
import {
  isBegunBy,
  isFixed,
  otherHolders,
  ownedBy,
  ownedByOther,
  type Ownership,
} from './inputs/ownership.js';
import type { FingerprintOf } from './inputs/intents.js';
import { sameRevision } from './inputs/revision.js';
import { keyIdOf } from './fingerprint/keyring.js';
import { isInherited } from './inputs/destination-index.js';

/** What one destination key is to become. */
export interface Desired {
  readonly sourceKey: string;
  readonly value: string | SecretValue;
  /** `keyId.hmac`, under the key that made the remembered one; absent: what can't be read is not verifiable. */
  readonly fingerprint?: string | undefined;
  /** The part of the source that the value came from. */
  readonly part?: string | undefined;
}

/** What every decision of one reconcile shares. */
export interface DecisionContext {
  readonly syncId: string;
  readonly ownership: Ownership;
  readonly capabilities: Capabilities;
  readonly force: boolean;
  readonly allowReplace: boolean;
  /** The fingerprint of a value that brings none; absent: there is none. */
  readonly fingerprintOf?: FingerprintOf | undefined;
}

export interface Decision {
  readonly action: ChangeAction;
  readonly reason: ChangeReason;
  /** The entry that is compared, updated or replaced. */
  readonly target?: DestinationEntry;
  /** What is remembered of the target, or of the key where there is none. */
  readonly remembered?: RememberedEntry | undefined;
  /** Of the desired value, where it was made to compare. */
  readonly fingerprint?: string | undefined;
  readonly block?: Block;
  /** A value of a higher scope exists under the key too. */
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
  if (value === undefined) return false;
  if (typeof value === 'string') return typeof wanted === 'string' ? value === wanted : wanted.equals(value);
  // What is not a string can be one that the destination retyped: its JSON shows it.
  return value.json !== undefined && isJsonOf(wanted, value.json);
}

/** Compares an entry of our kind with what is desired: why it is written again, or why not, which `force` may overrule. */
function compareExisting(
  key: string,
  target: DestinationEntry,
  desired: Desired,
  remembered: RememberedEntry | undefined,
  context: DecisionContext,
): { readonly reason: WriteReason | UnchangedReason; readonly fingerprint?: string } {
  if (target.value !== undefined) {
    return { reason: holds(target, desired.value) ? 'value-equal' : 'value-differs' };
  }
  const known = remembered?.fingerprint;
  const sameEntry = remembered?.id === undefined || target.id === undefined || remembered.id === target.id;
  if (known === undefined || remembered?.pending !== undefined || !sameEntry) {
    return { reason: 'not-verifiable' };
  }
  const made =
    desired.fingerprint ?? context.fingerprintOf?.(key, context.capabilities.kind, desired.value, known);
  if (made === undefined) return { reason: 'not-verifiable' };
  if (known !== made) {
    const isComparable = keyIdOf(known) === keyIdOf(made);
    return isComparable ? { reason: 'value-differs', fingerprint: made } : { reason: 'not-verifiable' };
  }
  const isSame = sameRevision(remembered?.revision, target.revision);
  return { reason: isSame ? 'fingerprint-equal' : 'changed-outside', fingerprint: made };
}

function decideExisting(
  key: string,
  target: DestinationEntry,
  desired: Desired,
  remembered: RememberedEntry | undefined,
  context: DecisionContext,
): Decision {
  const { reason, fingerprint } = compareExisting(key, target, desired, remembered, context);
  const isEqual = reason === 'value-equal' || reason === 'fingerprint-equal';
  return {
    action: isEqual && !context.force ? 'unchanged' : 'update',
    reason: isEqual && context.force ? 'forced' : reason,
    target,
    remembered,
    fingerprint,
  };
}

function decideOtherKind(
  target: DestinationEntry,
  desired: Desired,
  remembered: RememberedEntry | undefined,
  { syncId, allowReplace }: DecisionContext,
): Decision {
  const ours = ownedBy(remembered, syncId, target);
  const isWantedByOther = ownedByOther(remembered, syncId) || otherHolders(remembered, syncId).length > 0;
  // What no sync is known to have written is replaced where nothing is lost by it: the value stays.
  const free = ours || holds(target, desired.value);
  if ((isWantedByOther || !free) && !allowReplace) {
    const kind = target.kind === undefined ? 'in another kind' : `as a ${target.kind}`;
    return blocked(
      'kind-differs',
      `it exists there ${kind} that this sync is not known to have written; delete it there, or set allowReplace`,
    );
  }
  if (target.hasDependents === true && !allowReplace) {
    return blocked(
      'has-dependents',
      'replacing it would delete the aliases or overrides that depend on it; remove them, or set allowReplace',
    );
  }
  return { action: 'replace', reason: 'kind-differs', target, remembered };
}

/**
 * The decision about a key that the source holds; `all` are the entries under it, `bad` is why it can't be written
 * whatever exists there. See `reconcile`.
 */
export function decideDesired(
  key: string,
  desired: Desired,
  all: readonly DestinationEntry[],
  bad: Block | undefined,
  context: DecisionContext,
): Decision {
  const { capabilities, ownership } = context;
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
    const remembered = ownership.find(entry.key, entry.kind);
    if (isFixed(entry, remembered, context.syncId)) fixed ??= entry;
    else if (entry.kind === capabilities.kind)
      return decideExisting(key, entry, desired, remembered, context);
    else otherKind ??= entry;
  }
  if (fixed !== undefined) {
    const what =
      fixed.fixed === 'foreign-owner'
        ? 'an entry that another system owns'
        : `an entry of type ${fixed.fixed}`;
    return blocked('occupied', `${what} exists there under this key; remove it there, or rename the key`);
  }
  if (blocks !== undefined) return blocked('occupied', `${blocks}; remove it there, or rename the key`);
  if (otherKind === undefined) {
    const remembered = ownership.find(key, capabilities.kind);
    return { action: 'create', reason: 'missing', remembered, isInheritedToo };
  }
  return decideOtherKind(otherKind, desired, ownership.find(otherKind.key, otherKind.kind), context);
}

const NONE: readonly PlanWarning[] = [];

/** Returns what to know about a decision before it is applied. */
export function decisionWarnings(
  { action, target, remembered, isInheritedToo }: Decision,
  key: string,
  { syncId }: Pick<DecisionContext, 'syncId'>,
): readonly PlanWarning[] {
  if (action === 'create' && isInheritedToo === true) {
    const message = 'a value of a higher scope exists under this key; the new one hides it here';
    return [{ code: 'SHADOWS_INHERITED', message, key }];
  }
  if (action === 'blocked') return NONE;
  const other = remembered?.syncId === syncId ? remembered.pending?.syncId : remembered?.syncId;
  const isTheirs = ownedByOther(remembered, syncId) && other !== undefined;
  if (action === 'unchanged') {
    if (!isTheirs) return NONE;
    const message = `the sync ${quote(other)} wrote it, and this sync wants the same value; it is deleted when neither wants it any more`;
    return [{ code: 'SHARED_WITH_OTHER_SYNC', message, key, syncId: other }];
  }
  const warnings: PlanWarning[] = [];
  if (isTheirs) {
    const message = `the sync ${quote(other)} wrote it; this sync takes it over`;
    warnings.push({ code: 'OWNED_BY_OTHER_SYNC', message, key, syncId: other });
  } else if (target !== undefined && !ownedBy(remembered, syncId, target) && !isBegunBy(remembered, syncId)) {
    const message = 'no sync is known to have written what exists there; it is overwritten';
    warnings.push({ code: 'OVERWRITES_UNOWNED', message, key });
  }
  for (const holder of otherHolders(remembered, syncId)) {
    if (holder === other) continue;
    const message = `the sync ${quote(holder)} wants this key, too, and does not get its own value`;
    warnings.push({ code: 'OWNED_BY_OTHER_SYNC', message, key, syncId: holder });
  }
  if (action === 'replace' && target?.hasDependents === true) {
    const message = 'the aliases or overrides that depend on what is replaced are deleted with it';
    warnings.push({ code: 'DELETE_CASCADES', message, key });
  }
  return warnings;
}
