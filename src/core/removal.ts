import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { PlanProblem } from '../contracts/plan.js';
import { quoteList } from '../shared/text.js';
import type { PlaceState, RememberedEntry } from '../contracts/state-store.js';
import { plannedChange, sortChanges, type DecidedChange } from './step.js';
import { protection } from './deletion-guard.js';
import type { KeySchema } from './definition/key-schema.js';
import { indexState, ownedBy, type Remembered } from './inputs/ownership.js';
import type { EntryIndex } from './inputs/destination-index.js';

export interface PlanRemovalInput {
  readonly syncId: string;
  readonly entries: EntryIndex;
  readonly remembered: readonly RememberedEntry[];
  readonly state: Remembered;
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
export function planRemoval(input: PlanRemovalInput): {
  readonly changes: readonly DecidedChange<never>[];
  readonly problems: readonly PlanProblem[];
} {
  const { syncId, keySchema, capabilities, entries, state } = input;
  const own = input.remembered.filter((entry) => isInvolved(entry, syncId));
  const isKnown = own.length > 0 || state.knows(syncId);
  // A source key that the schema can't read back was never written.
  const rendered = Array.from(
    input.sourceKeys,
    (sourceKey) => [sourceKey, keySchema.render(sourceKey)] as const,
  )
    .filter(([sourceKey, key]) => sourceKey !== '' && keySchema.strip(key) === sourceKey)
    .map(([, key]) => ({ key, kind: capabilities.kind }));

  const found = new Set<DestinationEntry>();
  for (const { key, kind } of isKnown ? own : rendered) {
    const entry = entries.find(key, kind);
    if (entry !== undefined) found.add(entry);
  }
  const changes: DecidedChange<never>[] = [];
  const deletions: string[] = [];
  for (const entry of found) {
    const { key, kind } = entry;
    const record = state.find(key, kind);
    const { early, late } = protection(entry, record, syncId, capabilities);
    const reason = early ?? late ?? (isKnown && !ownedBy(record, syncId, entry) ? 'not-owned' : undefined);
    if (reason === undefined) deletions.push(key);
    const why = isKnown ? 'written-by-this-sync' : 'rendered-from-source';
    const change =
      reason === undefined
        ? plannedChange(key, kind, 'delete', why)
        : plannedChange(key, kind, 'keep', reason);
    changes.push({ change, entry });
  }
  sortChanges(changes);
  const total = deletions.length;
  if (isKnown || total === 0 || input.confirmDeletions === total) return { changes, problems: [] };
  const message =
    `${total === 1 ? '1 deletion is' : `${total} deletions are`} refused: nothing is remembered of this sync here, so ` +
    `that its keys are only guessed from the source; confirm with confirmDeletions: ${total} (${quoteList(deletions.sort())})`;
  return { changes, problems: [{ code: 'DELETION_REFUSED', reason: 'nothing-remembered', message }] };
}
