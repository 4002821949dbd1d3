import type { Capabilities } from '../contracts/destination.js';
import type { PlannedChange, PlanWarning } from '../contracts/plan.js';
import { quote, quoteList } from '../shared/text.js';
import { isWrite } from './step.js';
import { type ChangeDetail } from './seal.js';
import { keyIdOf } from './fingerprint/keyring.js';
import { type DecisionInput, type Situation, isPartial } from './situation.js';

export function sourceWarnings({ source, definition, keySchema }: Situation): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  if (definition.syncOptions.keySchema === undefined) {
    const message =
      'no keySchema is set, so that nothing tells the keys of this sync from others at the destination';
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
  return warnings;
}

/** What the driver has to say about the changes. */
export function driverWarnings(
  capabilities: Capabilities,
  changes: readonly PlannedChange[],
  details: readonly ChangeDetail[],
): PlanWarning[] {
  if (!changes.some((change) => isWrite(change.action))) return [];
  const warnings = [...(capabilities.writeWarnings ?? [])];
  changes.forEach(({ key, kind, action }, index) => {
    if (!isWrite(action)) return;
    const { value, entry } = details[index] ?? {};
    const found = capabilities.warn?.({
      key,
      action,
      ...(kind === undefined ? {} : { kind }),
      ...(action === 'replace' && entry?.kind !== undefined ? { previousKind: entry.kind } : {}),
      ...(value === undefined ? {} : { value }),
    });
    warnings.push(...(found ?? []).map((warning) => ({ key, ...warning })));
  });
  return warnings;
}

/** What the remembered state is worth: whether its MAC could be checked, and whether its fingerprints can be. */
export function stateWarnings(input: DecisionInput): PlanWarning[] {
  const message =
    'what is remembered of this place could not be verified, and acceptUnverifiedState takes it for true: look at the ' +
    'deletions; it is sealed under the current key when it is saved';
  return [
    ...(input.isStateUnverified === true ? [{ code: 'STATE_UNVERIFIED', message }] : []),
    ...voidFingerprints(input),
  ];
}

/** Fingerprints that were made with a key that is not at hand verify nothing; the ownership beside them still holds. */
function voidFingerprints({ state, keyring }: DecisionInput): PlanWarning[] {
  if (keyring === undefined) return [];
  const lost = (state.entries ?? []).filter(
    ({ fingerprint: known }) => known !== undefined && keyring.find(keyIdOf(known)) === undefined,
  );
  if (lost.length === 0) return [];
  const message =
    `the fingerprints of ${lost.length} remembered keys were made with a fingerprint key that this engine does not ` +
    'have; what can not be read back is written again';
  return [{ code: 'FINGERPRINTS_VOID', message }];
}
