import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { BlockedReason, ChangeAction, ChangeReason, PlanWarningCode } from '../contracts/plan.js';
import { quote } from '../contracts/quote.js';
import type { SecretValue } from '../contracts/secret.js';
import type { RememberedEntry } from '../contracts/state-store.js';
import type { Block } from './blocked.js';
import { keyIdOf } from './fingerprint.js';
import { isFixed, ownedBy, ownedByOther, type Remembered } from './remembered.js';
import { sameRevision } from './revision.js';
import { readableValue } from './snapshot.js';

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
}

export interface Decision {
  readonly action: ChangeAction;
  readonly reason: ChangeReason;
  /** The entry that is compared, updated or replaced. */
  readonly target?: DestinationEntry;
  readonly block?: Block;
}

const blocked = (reason: BlockedReason, why: string): Decision => ({
  action: 'blocked',
  reason,
  block: { reason, why },
});

function decideExisting(
  target: DestinationEntry,
  desired: Desired,
  remembered: RememberedEntry | undefined,
  force: boolean,
): Decision {
  const rewrite = (reason: ChangeReason): Decision => ({ action: 'update', reason, target });
  const leave = (reason: ChangeReason): Decision =>
    force ? rewrite('forced') : { action: 'unchanged', reason, target };
  if (target.value !== undefined) {
    return readableValue(target)?.equals(desired.value) === true
      ? leave('value-equal')
      : rewrite('value-differs');
  }
  const known = remembered?.fingerprint;
  const sameEntry = remembered?.id === undefined || target.id === undefined || remembered.id === target.id;
  if (
    known === undefined ||
    desired.fingerprint === undefined ||
    remembered?.pending !== undefined ||
    !sameEntry
  ) {
    return rewrite('not-verifiable');
  }
  if (keyIdOf(known) !== keyIdOf(desired.fingerprint)) return rewrite('not-verifiable');
  if (known !== desired.fingerprint) return rewrite('value-differs');
  return sameRevision(remembered?.revision, target.revision)
    ? leave('fingerprint-equal')
    : rewrite('changed-outside');
}

function decideOtherKind(
  target: DestinationEntry,
  remembered: RememberedEntry | undefined,
  { syncId, allowReplace }: DecisionContext,
): Decision {
  const ours = ownedBy(remembered, syncId, target);
  const free = target.value !== undefined && !ownedByOther(remembered, syncId);
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

/** The decision about a key that the source holds; `here` are the entries at this scope. See `reconcile`. */
export function decideDesired(
  key: string,
  desired: Desired,
  here: readonly DestinationEntry[],
  context: DecisionContext,
): Decision {
  const { capabilities, state } = context;
  const reserved = capabilities.isReserved(key) || here.some((entry) => entry.reserved === true);
  if (reserved && !capabilities.reservedWritable) {
    return blocked('reserved', 'it belongs to the platform; rename it at the source, or use a key schema');
  }
  let fixed: DestinationEntry | undefined;
  let otherKind: DestinationEntry | undefined;
  for (const entry of here) {
    const remembered = state.find(entry.key, entry.kind);
    if (isFixed(entry, remembered)) fixed = entry;
    else if (entry.kind === capabilities.kind)
      return decideExisting(entry, desired, remembered, context.force);
    else otherKind = entry;
  }
  if (fixed !== undefined) {
    const what =
      fixed.fixed === 'foreign-owner'
        ? 'an entry that another system owns'
        : `an entry of type ${fixed.fixed}`;
    return blocked('occupied', `${what} stands there under this key; remove it there, or rename the key`);
  }
  if (otherKind === undefined) return { action: 'create', reason: 'missing' };
  return decideOtherKind(otherKind, state.find(otherKind.key, otherKind.kind), context);
}

/** What to know about a decision before it is applied. */
export function decisionWarnings(
  decision: Decision,
  isInheritedToo: boolean,
  { syncId, state }: DecisionContext,
): readonly (readonly [code: PlanWarningCode, message: string])[] {
  const { action, target } = decision;
  if (action === 'create' && isInheritedToo) {
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
