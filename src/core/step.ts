import type { DestinationEntry } from '../contracts/destination.js';
import type { ChangeAction, ChangeReason, PlannedChange } from '../contracts/plan.js';
import { compareText } from '../shared/text.js';

/** A planned change with what stands behind it, which is no part of a plan: it may hold values. */
export interface DecidedChange<Wanted = unknown> {
  readonly change: PlannedChange;
  /** What stood there when the decision was made. */
  readonly entry?: DestinationEntry | undefined;
  /** What the source wants to stand there. */
  readonly wanted?: Wanted | undefined;
}

/** One planned change; what is absent is left out, so that equal decisions are equal JSON. */
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
export function isWrite(action: ChangeAction): action is 'create' | 'update' | 'replace' | 'delete' {
  return action === 'create' || action === 'update' || action === 'replace' || action === 'delete';
}

/** Orders changes by key, then kind, then action: an own entry and an inherited one can share the first two. */
export function sortChanges<Change extends DecidedChange>(decided: Change[]): Change[] {
  return decided.sort(
    ({ change: a }, { change: b }) =>
      compareText(a.key, b.key) || compareText(a.kind ?? '', b.kind ?? '') || compareText(a.action, b.action),
  );
}
