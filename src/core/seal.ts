import type { PlannedImport, PlanPreconditions, SyncPlan } from '../contracts/plan.js';
import type { SecretValue } from '../contracts/secret.js';
import { canonicalJsonInTurns } from '../shared/turns/json.js';
import { mapInTurns, type Turns } from '../shared/turns/turns.js';
import type { Digester } from './fingerprint/keyring.js';
import { readableValue } from './inputs/destination-index.js';
import { isWriteStep, type ImportStep, type Step, type WriteStep } from './step.js';

type UnsealedPlan = Omit<SyncPlan, 'preconditions' | 'changes' | 'imports'>;

/** A digest of fields and values; which of them are there is part of what is digested. */
function digestOf(
  digester: Digester,
  fields: readonly string[],
  values: readonly (SecretValue | undefined)[],
): string {
  const present = values.map((value) => (value === undefined ? '-' : '+')).join('');
  return digester.digest([present, ...fields, ...values.map((value) => value?.reveal() ?? '')]);
}

/** Returns a keyed digest of what a step writes and of what it writes over. */
export function stepDigest(
  digester: Digester,
  place: string,
  { change, before, after, remembered }: WriteStep,
): string {
  const { action, key, kind = '' } = change;
  const fields = ['change', place, action, key, kind];
  if (before === undefined) return digestOf(digester, fields, [after]);
  const { id = '', revision = '' } = before;
  const existing = readableValue(before);
  const known = existing === undefined ? remembered?.fingerprint : undefined;
  return digestOf(
    digester,
    [...fields, id, revision, ...(known === undefined ? [] : [known])],
    [after, existing],
  );
}

function importDigest(
  digester: Digester,
  place: string,
  { planned: { action, sourceKey }, value, held }: ImportStep<PlannedImport>,
): string {
  return digestOf(digester, ['import', place, action, sourceKey], [value, held]);
}

/** Returns the MAC over everything of a plan but the MAC. */
export function* planMac(
  digester: Digester,
  plan: object,
  { keyId }: { readonly keyId: string },
): Turns<string> {
  const json = yield* canonicalJsonInTurns({ ...plan, preconditions: { keyId } });
  return yield* digester.digestInTurns(['plan', json]);
}

/** Returns the rows of a plan, with the digests that `apply` compares, and a MAC over it all. */
export function* sealPlan(
  digester: Digester,
  plan: UnsealedPlan,
  steps: readonly Step[],
  imports: readonly ImportStep<PlannedImport>[],
): Turns<SyncPlan> {
  const sealed = {
    ...plan,
    imports: yield* mapInTurns(imports, (step): PlannedImport =>
      step.planned.action === 'ignore'
        ? step.planned
        : { ...step.planned, digest: importDigest(digester, plan.place, step) },
    ),
    changes: yield* mapInTurns(steps, (step) =>
      isWriteStep(step) ? { ...step.change, digest: stepDigest(digester, plan.place, step) } : step.change,
    ),
  };
  const preconditions: PlanPreconditions = {
    keyId: digester.keyId,
    mac: yield* planMac(digester, sealed, digester),
  };
  return { ...sealed, preconditions };
}
