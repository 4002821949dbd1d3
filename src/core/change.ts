import type { ChangeAction, ChangeReason, PlannedChange } from '../contracts/plan.js';
import { byText } from './sort.js';

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
export function sortChanges(changes: PlannedChange[]): PlannedChange[] {
  const byKey = byText((change: PlannedChange) => change.key);
  const byKind = byText((change: PlannedChange) => change.kind ?? '');
  const byAction = byText((change: PlannedChange) => change.action);
  return changes.sort((a, b) => byKey(a, b) || byKind(a, b) || byAction(a, b));
}
