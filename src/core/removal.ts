import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { PlannedChange, PlanProblem } from '../contracts/plan.js';
import { quoteList } from '../contracts/quote.js';
import type { PlaceState, RememberedEntry } from '../contracts/state-store.js';
import { plannedChange, sortChanges } from './change.js';
import { protection } from './deletion-guard.js';
import type { KeySchema } from './key-schema.js';
import { indexState, ownedBy } from './remembered.js';
import { indexEntries } from './snapshot.js';

export interface PlanRemovalInput {
  readonly syncId: string;
  readonly entries: readonly DestinationEntry[];
  readonly state: PlaceState;
  readonly keySchema: KeySchema;
  readonly capabilities: Capabilities;
  /** Only needed where nothing is remembered of the sync. */
  readonly sourceKeys: Iterable<string>;
  readonly confirmDeletions?: number | undefined;
}

/** True when a place remembers something of a sync, so that its removal need not ask the source. */
export function isRemembered(state: PlaceState, syncId: string): boolean {
  return indexState(state).knows(syncId) || (state.entries ?? []).some((entry) => isInvolved(entry, syncId));
}

const isInvolved = (entry: RememberedEntry, syncId: string): boolean =>
  entry.syncId === syncId || entry.pending?.syncId === syncId;

/**
 * Decides what a removal deletes.
 *
 * | remembered of this sync | deleted |
 * |---|---|
 * | something | what it wrote or adopted and nobody recreated since, in every kind |
 * | nothing | the rendered source keys, and that must be confirmed, else `nothing-remembered` |
 *
 * Reserved, fixed, inherited and others' entries stay, and those with dependents; `disableSecretDeletion` does not
 * count, since it guards syncs.
 */
export function planRemoval(input: PlanRemovalInput): { changes: PlannedChange[]; problems: PlanProblem[] } {
  const { syncId, keySchema, capabilities } = input;
  const entries = indexEntries(input.entries, capabilities);
  const state = indexState(input.state);
  const remembered = isRemembered(input.state, syncId);
  const candidates: (readonly [key: string, kind: string | undefined])[] = remembered
    ? (input.state.entries ?? [])
        .filter((entry) => isInvolved(entry, syncId))
        .map((entry) => [entry.key, entry.kind] as const)
    : Array.from(new Set(input.sourceKeys), (key) => [keySchema.render(key), capabilities.kind] as const);

  const changes: PlannedChange[] = [];
  for (const [key, kind] of candidates) {
    const entry = entries.find(key, kind);
    if (entry === undefined) continue;
    const record = state.find(key, kind);
    const { early, late } = protection(entry, record, syncId, capabilities);
    const reason = early ?? late ?? (remembered && !ownedBy(record, syncId, entry) ? 'not-owned' : undefined);
    changes.push(
      reason === undefined
        ? plannedChange(
            entry.key,
            kind,
            'delete',
            remembered ? 'written-by-this-sync' : 'rendered-from-source',
          )
        : plannedChange(entry.key, kind, 'keep', reason),
    );
  }

  const deletions = changes.filter((change) => change.action === 'delete').map((change) => change.key);
  if (remembered || deletions.length === 0 || input.confirmDeletions === deletions.length) {
    return { changes: sortChanges(changes), problems: [] };
  }
  const message =
    `${deletions.length} deletions are refused: nothing is remembered of this sync here, so that its keys are only ` +
    `guessed from the source; confirm with confirmDeletions: ${deletions.length} (${quoteList(deletions)})`;
  const problem: PlanProblem = { code: 'DELETION_REFUSED', reason: 'nothing-remembered', message };
  return { changes: sortChanges(changes), problems: [problem] };
}
