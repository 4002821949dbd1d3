import type { Capabilities } from '../contracts/destination.js';
import type { PlannedFollowUp } from '../contracts/follow-up.js';
import type { PlanWarning } from '../contracts/plan.js';
import { quote, quoteList } from '../shared/text.js';
import { endsTurn, forEachInTurns, type Turns } from '../shared/turns/turns.js';
import { isWriteStep, type Step } from './step.js';
import { isDistinctive } from './definition/key-schema.js';
import { warningsBeside } from './follow-up.js';
import { isFixed, isMatched, ownedBy, partsOf } from './inputs/ownership.js';
import { type DecisionInput, type Situation, isPartial } from './situation.js';

/** Returns what to know about the source and the key schema. */
export function sourceWarnings({ source, keySchema }: Situation): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  if (!isDistinctive(keySchema)) {
    const message =
      keySchema.template === undefined
        ? 'no keySchema is set, so that nothing distinguishes the keys of this sync from others at the destination'
        : 'the keySchema holds no literal, so that nothing distinguishes the keys of this sync from others at the destination';
    warnings.push({ code: 'NO_KEY_SCHEMA', message });
  }
  if (isPartial(source)) {
    const names = source.unreadable.size === 0 ? '' : `: ${quoteList([...source.unreadable].sort())}`;
    warnings.push({
      code: 'SOURCE_PARTIAL',
      message: `the source could not read everything, so that nothing is deleted${names}`,
    });
  }
  for (const { key, parts } of source.clashes) {
    const message = `${quote(key)} is held by ${quoteList(parts)}; ${quote(parts.at(-1) ?? '')} wins`;
    warnings.push({ code: 'SOURCE_CLASH', key: keySchema.render(key), message });
  }
  for (const sourceKey of [...source.unresolved].sort()) {
    const message =
      `the value of ${quote(sourceKey)} in the source holds a reference that was left unresolved, and is written ` +
      'as it is; correct the reference at the source';
    warnings.push({ code: 'UNRESOLVED_REFERENCE', key: keySchema.render(sourceKey), message });
  }
  return warnings;
}

/** Returns what to know about keys of this sync that are not deleted, or that came from a part that holds nothing now. */
export function* ownKeyWarnings(situation: Situation, steps: readonly Step[]): Turns<PlanWarning[]> {
  const { definition, keySchema, source } = situation;
  const fromEmpty = new Map<string, string[]>();
  const warnings: PlanWarning[] = [];
  let count = 0;
  for (const { change, before, remembered } of steps) {
    count += 1;
    if (endsTurn(count)) yield;
    const isWanted = change.sourceKey !== undefined;
    if (before === undefined || remembered === undefined || (isWanted && source.filledParts === undefined))
      continue;
    const { key } = change;
    if (!ownedBy(remembered, definition.id, before)) continue;
    if (
      !isWanted &&
      !isMatched(keySchema, before, remembered) &&
      !isFixed(before, remembered, definition.id)
    ) {
      const message =
        change.action === 'delete'
          ? 'this sync wrote it, and the key schema no longer matches it; it is deleted, as deleteLeftBehind says'
          : 'this sync wrote it, and the key schema no longer matches it; it stays. Delete it by hand, or set deleteLeftBehind';
      warnings.push({ code: 'LEFT_BEHIND', message, key });
    }
    for (const part of partsOf(remembered)) {
      if (source.filledParts?.has(part) !== false) continue;
      const keys = fromEmpty.get(part);
      if (keys === undefined) fromEmpty.set(part, [key]);
      else keys.push(key);
    }
  }
  for (const [part, keys] of fromEmpty) {
    const message = `${quote(part)} of the source held ${quoteList(keys)} and holds nothing any more`;
    warnings.push({ code: 'PART_EMPTY', message });
  }
  return warnings;
}

/** Returns what the driver has to say about the writes, which `after` follows. */
export function* driverWarnings(
  capabilities: Capabilities,
  steps: readonly Step[],
  after?: PlannedFollowUp,
): Turns<readonly PlanWarning[]> {
  const writes = steps.filter(isWriteStep);
  if (writes.length === 0) return [];
  const warnings = [...warningsBeside(capabilities.writeWarnings ?? [], after, capabilities)];
  if (capabilities.warn === undefined) return warnings;
  yield* forEachInTurns(writes, ({ change, before, after }) => {
    const { key, kind, action } = change;
    const found = capabilities.warn?.({
      key,
      action,
      ...(kind === undefined ? {} : { kind }),
      ...(action === 'replace' && before?.kind !== undefined ? { previousKind: before.kind } : {}),
      ...(after === undefined ? {} : { value: after }),
    });
    for (const warning of found ?? []) warnings.push({ key, ...warning });
  });
  return warnings;
}

/** Returns what to know about a state whose seal or fingerprints can't be checked; ownership still holds. */
export function* stateWarnings({
  ownership,
  keyring,
  isUnverified,
}: DecisionInput): Turns<readonly PlanWarning[]> {
  const warnings: PlanWarning[] = [];
  if (isUnverified === true) {
    const message =
      'what is remembered of this place could not be verified, and acceptUnverifiedState accepts it all the same: check ' +
      'the deletions; it is sealed under the current key when it is saved';
    warnings.push({ code: 'STATE_UNVERIFIED', message });
  }
  if (keyring === undefined) return warnings;
  let lost = 0;
  yield* forEachInTurns(ownership.entries(), ({ fingerprint: known }) => {
    if (known !== undefined && keyring.makerOf(known) === undefined) lost += 1;
  });
  if (lost > 0) {
    const message =
      `the fingerprints of ${lost} remembered keys were made with a fingerprint key that this engine does not ` +
      "have; what can't be read back is written again";
    warnings.push({ code: 'FINGERPRINTS_VOID', message });
  }
  return warnings;
}
