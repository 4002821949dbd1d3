import type { DestinationEntry } from '../contracts/destination.js';
import type { PlannedChange, PlannedImport, PlanPreconditions, SyncPlan } from '../contracts/plan.js';
import type { SecretValue } from '../contracts/secret.js';
import { isWrite } from './change.js';
import { canonicalJson, type Digester } from './fingerprint.js';
import { readableValue } from './snapshot.js';

/** What stands behind a planned change: not part of the plan, since it holds values. */
export interface ChangeDetail {
  /** What is written. */
  readonly value?: SecretValue;
  /** What stood there when the decision was made. */
  readonly entry?: DestinationEntry;
}

/** What stands behind a planned import. */
export interface ImportDetail {
  /** What is written to the source. */
  readonly value: SecretValue;
  /** What the source held. */
  readonly held?: SecretValue;
}

type UnsealedPlan = Omit<SyncPlan, 'preconditions'>;

const valueFields = (value: SecretValue | undefined): readonly [string, string] =>
  value === undefined ? ['absent', ''] : ['value', value.reveal()];

/** A keyed digest of what a change writes and of what it writes over; empty for a change that writes nothing. */
function changeDigest(
  digester: Digester,
  place: string,
  change: PlannedChange,
  detail: ChangeDetail,
): string {
  if (!isWrite(change.action)) return '';
  const { value, entry } = detail;
  return digester.digest([
    'change',
    place,
    change.action,
    change.key,
    change.kind ?? '',
    ...valueFields(value),
    entry === undefined ? 'absent' : 'entry',
    entry?.id ?? '',
    entry?.revision ?? '',
    ...valueFields(entry === undefined ? undefined : readableValue(entry)),
  ]);
}

function importDigest(
  digester: Digester,
  place: string,
  planned: PlannedImport,
  detail: ImportDetail,
): string {
  if (planned.action === 'ignore') return '';
  const { action, sourceKey } = planned;
  return digester.digest([
    'import',
    place,
    action,
    sourceKey,
    ...valueFields(detail.value),
    ...valueFields(detail.held),
  ]);
}

/** The MAC over everything of a plan but the MAC. */
export function planMac(
  digester: Digester,
  plan: object,
  preconditions: Omit<PlanPreconditions, 'mac'>,
): string {
  return digester.digest(['plan', canonicalJson({ ...plan, preconditions })]);
}

/** What `apply` checks: that the plan is as it was made, and that nothing it is about has moved since. */
export function sealPlan(
  digester: Digester,
  plan: UnsealedPlan,
  changeDetails: readonly ChangeDetail[],
  importDetails: readonly ImportDetail[],
): SyncPlan {
  const unsigned = {
    keyId: digester.keyId,
    changes: plan.changes.map((change, index) =>
      changeDigest(digester, plan.place, change, changeDetails[index] ?? {}),
    ),
    imports: plan.imports.map((planned, index) => {
      const detail = importDetails[index];
      return detail === undefined ? '' : importDigest(digester, plan.place, planned, detail);
    }),
  };
  return { ...plan, preconditions: { ...unsigned, mac: planMac(digester, plan, unsigned) } };
}
