import type { DestinationEntry } from '../contracts/destination.js';
import type { PlannedChange, PlannedImport, PlanPreconditions, SyncPlan } from '../contracts/plan.js';
import type { SecretValue } from '../contracts/secret.js';
import { isWrite } from './step.js';
import { canonicalJson } from '../shared/canonical-json.js';
import { type Digester } from './fingerprint/keyring.js';
import { readableValue } from './inputs/destination-index.js';

/** What stands behind a planned change: not part of the plan, since it holds values. */
export interface ChangeDetail {
  /** What is written. */
  readonly value?: SecretValue | undefined;
  /** What stood there when the decision was made. */
  readonly entry?: DestinationEntry | undefined;
  /** The fingerprint that is remembered of it: all that is known of a value that can't be read. */
  readonly remembered?: string | undefined;
}

/** What stands behind a planned import. */
export interface ImportDetail {
  /** What is written to the source. */
  readonly value: SecretValue;
  /** What the source held. */
  readonly held?: SecretValue | undefined;
}

type UnsealedPlan = Omit<SyncPlan, 'preconditions'>;

/** A digest of fields and values; which of them are there is part of what is digested. */
function digestOf(
  digester: Digester,
  fields: readonly string[],
  values: readonly (SecretValue | undefined)[],
): string {
  const present = values.map((value) => (value === undefined ? '-' : '+')).join('');
  return digester.digest([present, ...fields, ...values.map((value) => value?.reveal() ?? '')]);
}

/** A keyed digest of what a change writes and of what it writes over; empty for a change that writes nothing. */
function changeDigest(
  digester: Digester,
  place: string,
  { action, key, kind = '' }: PlannedChange,
  { value, entry, remembered }: ChangeDetail = {},
): string {
  if (!isWrite(action)) return '';
  if (entry === undefined) return digestOf(digester, ['change', place, action, key, kind], [value]);
  const { id = '', revision = '' } = entry;
  const standing = readableValue(entry);
  const known = standing === undefined && remembered !== undefined ? [remembered] : [];
  return digestOf(digester, ['change', place, action, key, kind, id, revision, ...known], [value, standing]);
}

function importDigest(
  digester: Digester,
  place: string,
  { action, sourceKey }: PlannedImport,
  detail: ImportDetail | undefined,
): string {
  if (action === 'ignore' || detail === undefined) return '';
  return digestOf(digester, ['import', place, action, sourceKey], [detail.value, detail.held]);
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
      changeDigest(digester, plan.place, change, changeDetails[index]),
    ),
    imports: plan.imports.map((planned, index) =>
      importDigest(digester, plan.place, planned, importDetails[index]),
    ),
  };
  return { ...plan, preconditions: { ...unsigned, mac: planMac(digester, plan, unsigned) } };
}
