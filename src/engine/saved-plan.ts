import * as z from 'zod/mini';
import { SecretSyncError } from '../contracts/errors.js';
import type { PlanOptions, SyncPlan } from '../contracts/plan.js';
import { forEachInTurns, type Turns } from '../shared/turns/turns.js';
import { planMac } from '../core/seal.js';
import { nestingProblemInTurns } from '../shared/nesting.js';
import { errorFromProblems } from '../shared/problems.js';
import { isEphemeralKeyId, type Digester, type Keyring } from '../core/fingerprint/keyring.js';
const FORMAT_VERSION = 2;

const changeSchema = z.looseObject({
  key: z.string(),
  kind: z.exactOptional(z.string()),
  action: z.string(),
  digest: z.exactOptional(z.string()),
});
const importSchema = z.looseObject({
  sourceKey: z.string(),
  action: z.string(),
  digest: z.exactOptional(z.string()),
});
const rows = z.custom<readonly unknown[]>((value) => Array.isArray(value));

/** Its rows are checked by themselves, in turns: there can be 100,000 of them. */
const planSchema = z.looseObject({
  formatVersion: z.literal(FORMAT_VERSION),
  operation: z.enum(['sync', 'import', 'remove']),
  definition: z.looseObject({ id: z.string() }),
  place: z.string(),
  applicable: z.boolean(),
  imports: rows,
  changes: rows,
  problems: z.array(z.looseObject({ code: z.string(), reason: z.string(), message: z.string() })),
  options: z.strictObject({
    force: z.boolean(),
    importBehavior: z.exactOptional(z.enum(['prioritize-source', 'prioritize-destination'])),
    confirmDeletions: z.exactOptional(z.number()),
  }),
  preconditions: z.strictObject({ keyId: z.string(), mac: z.string() }),
});

/** A plan that came in from outside, known to be as it was made. */
export interface SavedPlan {
  readonly plan: SyncPlan;
  readonly operation: SyncPlan['operation'];
  readonly definition: unknown;
  readonly place: string;
  readonly options: PlanOptions;
  /** Made with the key that sealed the plan. */
  readonly digester: Digester;
}

const NO_PLAN = 'it is not a plan, or was edited';

const invalid = (why: string) =>
  new SecretSyncError('PLAN_INVALID', `The plan can't be applied: ${why}. Make a new plan.`);

type PlanShaped = z.infer<typeof planSchema>;

const isPlanShaped = (input: unknown): input is PlanShaped => planSchema.safeParse(input).success;

function* checkRows(schema: z.ZodMiniType, rows: readonly unknown[]): Turns {
  yield* forEachInTurns(rows, (row) => {
    if (!schema.safeParse(row).success) throw invalid(NO_PLAN);
  });
}

/** Whoever could make this MAC is an engine with the key, and it made a plan. */
const isMadeWithMac = (input: PlanShaped, mac: string): input is SyncPlan & PlanShaped =>
  input.preconditions.mac === mac;

/**
 * Checks, in turns, a plan that may have been saved and read back.
 *
 * @throws SecretSyncError `PLAN_INVALID` or `FINGERPRINT_KEY_REQUIRED`.
 */
export function* checkSavedPlan(input: unknown, keyring: Keyring): Turns<SavedPlan> {
  const tooMuch = yield* nestingProblemInTurns(input);
  if (tooMuch !== undefined) throw invalid(`it ${tooMuch}`);
  const version = z.object({ formatVersion: z.number() }).safeParse(input);
  if (version.success && version.data.formatVersion > FORMAT_VERSION) {
    throw invalid('a newer version of secret-sync-engine made it; update this one');
  }
  if (version.success && version.data.formatVersion < FORMAT_VERSION) {
    throw invalid('an older version of secret-sync-engine made it; plan again');
  }
  const hasPreconditions = z.object({ preconditions: z.object({}) }).safeParse(input).success;
  if (version.success && !hasPreconditions) {
    throw invalid(
      'it has no preconditions, as a plan of planSync without a fingerprintKey; plan with the engine',
    );
  }
  if (!isPlanShaped(input)) throw invalid(NO_PLAN);
  yield* checkRows(importSchema, input.imports);
  yield* checkRows(changeSchema, input.changes);
  const { keyId } = input.preconditions;
  const digester = keyring.find(keyId);
  if (digester === undefined) {
    if (!keyring.ephemeral && !isEphemeralKeyId(keyId)) {
      throw invalid(
        'it was made with a fingerprint key that this engine does not have; pass that key as a previous one',
      );
    }
    throw new SecretSyncError(
      'FINGERPRINT_KEY_REQUIRED',
      'A plan that another engine made can only be applied where both have the same fingerprintKey; pass it to both and make a new plan.',
    );
  }
  const { preconditions, ...unsealed } = input;
  const mac = yield* planMac(digester, unsealed, preconditions);
  if (!isMadeWithMac(input, mac)) throw invalid('it was edited after it was made');
  return {
    plan: input,
    operation: input.operation,
    definition: input.definition,
    place: input.place,
    options: input.options,
    digester,
  };
}

const REFUSALS_TO_CONFIRM: readonly string[] = ['unowned-without-schema', 'too-many', 'nothing-remembered'];

/** Throws why a plan is not applicable, if it is not. */
export function assertApplicable(plan: SyncPlan): void {
  if (plan.applicable) return;
  throw errorFromProblems(
    'PLAN_BLOCKED',
    "The plan can't be applied, and nothing was written",
    plan.problems,
    { plan },
  );
}

/** As `assertApplicable`, but lets a plan through whose only problem is that its deletions must be confirmed. */
export function assertConfirmable(plan: SyncPlan, confirmDeletions: number | undefined): void {
  const isConfirmable = plan.problems.every(({ reason }) => REFUSALS_TO_CONFIRM.includes(reason));
  if (confirmDeletions === undefined || !isConfirmable) assertApplicable(plan);
}
