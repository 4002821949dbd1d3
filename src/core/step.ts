import type { DestinationEntry } from '../contracts/destination.js';
import type { ChangeAction, ChangeReason, PlannedChange } from '../contracts/plan.js';
import type { SecretValue } from '../contracts/secret.js';
import type { RememberedEntry } from '../contracts/state-store.js';
import { compareText } from '../shared/text.js';

/**
 * One decision about one key, with what is behind it. It lives from the decision until the end of the write is
 * recorded; it may hold values and is never serialized. What a plan shows of it is {@link Step.change}.
 */
export interface Step {
  readonly change: PlannedChange;
  /** The entry at the destination when the decision was made. */
  readonly before?: DestinationEntry | undefined;
  /** The value that the source wants under the key. */
  readonly after?: SecretValue | undefined;
  /** What is remembered of `before`, or of the key where there is none. */
  readonly remembered?: RememberedEntry | undefined;
  /** The fingerprint of `after`, where it was made for the decision. */
  readonly fingerprint?: string | undefined;
  /** The part of the source that `after` came from. */
  readonly part?: string | undefined;
}

/** An action that writes to the destination. */
export type WriteAction = 'create' | 'update' | 'replace' | 'delete';

/** A step that writes to the destination. */
export interface WriteStep extends Step {
  readonly change: PlannedChange & { readonly action: WriteAction };
}

/** One decision about one key that could be imported, with the values behind it; never serialized. */
export interface ImportStep<Planned> {
  readonly planned: Planned;
  /** The value at the destination. */
  readonly value: SecretValue;
  /** The value at the source. */
  readonly held?: SecretValue | undefined;
}

/** One planned change. What is absent is left out, so that equal decisions are equal JSON. */
export function plannedChange(
  key: string,
  kind: string | undefined,
  action: ChangeAction,
  reason: ChangeReason,
  sourceKey?: string,
): PlannedChange {
  if (kind === undefined)
    return sourceKey === undefined ? { key, action, reason } : { key, sourceKey, action, reason };
  return sourceKey === undefined ? { key, kind, action, reason } : { key, sourceKey, kind, action, reason };
}

/** True for an action that writes to the destination. */
export function isWrite(action: ChangeAction): action is WriteAction {
  return action === 'create' || action === 'update' || action === 'replace' || action === 'delete';
}

/** True for a step that writes to the destination. */
export const isWriteStep = (step: Step): step is WriteStep => isWrite(step.change.action);

/** The order of steps: by key, then kind, then action, since an own entry and an inherited one can share the first two. */
export const compareSteps = ({ change: a }: Step, { change: b }: Step): number =>
  compareText(a.key, b.key) || compareText(a.kind ?? '', b.kind ?? '') || compareText(a.action, b.action);
