import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { PlanProblem, PlanWarning } from '../contracts/plan.js';
import { quoteList } from '../shared/text.js';
import { forEachInTurns, sortInTurns, type Turns } from '../shared/turns/turns.js';
import { compareSteps, plannedChange, type Step } from './step.js';
import { protection } from './deletion-guard.js';
import type { KeySchema } from './definition/key-schema.js';
import { isInvolved, ownedBy, type Ownership } from './inputs/ownership.js';
import type { EntryIndex } from './inputs/destination-index.js';

export interface PlanRemovalInput {
  readonly syncId: string;
  readonly entries: EntryIndex;
  readonly ownership: Ownership;
  readonly keySchema: KeySchema;
  readonly capabilities: Capabilities;
  /** Only needed where nothing is remembered of the sync. */
  readonly sourceKeys: Iterable<string>;
  readonly confirmDeletions?: number | undefined;
  /** True where an earlier run wrote here and nothing has followed it: what that run removed is not guessed at again. */
  readonly isRedeployDue?: boolean | undefined;
}

/** True when a place remembers something of a sync, so that its removal need not ask the source. */
export function isRemembered(ownership: Ownership, syncId: string): boolean {
  if (ownership.knows(syncId)) return true;
  return ownership.entries().some((entry) => isInvolved(entry, syncId));
}

/** What a removal does, and what to know about it. */
export interface PlannedRemoval {
  readonly steps: readonly Step[];
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly PlanWarning[];
}

/**
 * Decides, in turns, what a removal deletes.
 *
 * | remembered of this sync | deleted |
 * |---|---|
 * | something | what it wrote or adopted and no one created again since, in every kind |
 * | nothing | the rendered source keys, and that must be confirmed, else `nothing-remembered` |
 *
 * Reserved, fixed, inherited and others' entries stay, those that another sync wants, and those with dependents: a
 * warning, `KEYS_REMAIN`, names them. `disableSecretDeletion` does not count, since it guards syncs.
 */
export function* planRemoval(input: PlanRemovalInput): Turns<PlannedRemoval> {
  const { syncId, keySchema, capabilities, entries, ownership } = input;
  const own = ownership.entries().filter((entry) => isInvolved(entry, syncId));
  const isKnown = own.length > 0 || ownership.knows(syncId) || input.isRedeployDue === true;
  // A source key that the schema can't read back was never written.
  const rendered = Array.from(
    input.sourceKeys,
    (sourceKey) => [sourceKey, keySchema.render(sourceKey)] as const,
  )
    .filter(([sourceKey, key]) => sourceKey !== '' && keySchema.strip(key) === sourceKey)
    .map(([, key]) => ({ key, kind: capabilities.kind }));

  const found = new Set<DestinationEntry>();
  yield* forEachInTurns<{ readonly key: string; readonly kind?: string | undefined }>(
    isKnown ? own : rendered,
    ({ key, kind }) => {
      const entry = entries.find(key, kind);
      if (entry !== undefined) found.add(entry);
    },
  );
  const steps: Step[] = [];
  const deletions: string[] = [];
  const kept: string[] = [];
  yield* forEachInTurns(found, (before) => {
    const { key, kind } = before;
    const remembered = ownership.find(key, kind);
    const { early, late } = protection(before, remembered, syncId, capabilities);
    const reason =
      early ?? late ?? (isKnown && !ownedBy(remembered, syncId, before) ? 'not-owned' : undefined);
    (reason === undefined ? deletions : kept).push(key);
    const why = isKnown ? 'written-by-this-sync' : 'rendered-from-source';
    const change =
      reason === undefined
        ? plannedChange(key, kind, 'delete', why)
        : plannedChange(key, kind, 'keep', reason);
    steps.push({ change, before, remembered });
  });
  return {
    steps: yield* sortInTurns(steps, compareSteps),
    problems: isKnown ? [] : unconfirmed(deletions.sort(), input.confirmDeletions),
    warnings: remaining(kept.sort()),
  };
}

function remaining(kept: readonly string[]): PlanWarning[] {
  if (kept.length === 0) return [];
  const message = `${kept.length === 1 ? '1 key that this sync wrote or wants stays' : `${kept.length} keys that this sync wrote or wants stay`} at the destination, for the reason given with each: ${quoteList(kept)}`;
  return [{ code: 'KEYS_REMAIN', message }];
}

function unconfirmed(deletions: readonly string[], confirmed: number | undefined): PlanProblem[] {
  const total = deletions.length;
  if (total === 0 || confirmed === total) return [];
  const message =
    `${total === 1 ? '1 deletion is' : `${total} deletions are`} refused: nothing is remembered of this sync here, so ` +
    `that its keys are only guessed from the source; confirm with confirmDeletions: ${total} (${quoteList(deletions)})`;
  return [{ code: 'DELETION_REFUSED', reason: 'nothing-remembered', message }];
}
