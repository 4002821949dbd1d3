import type {
  PlannedChange,
  PlannedImport,
  PlanProblem,
  PlanSummary,
  PlanWarning,
} from '../contracts/plan.js';
import { SecretValue } from '../contracts/secret.js';
import { compileKeySchema } from './definition/key-schema.js';
import { guardSteps } from './deletion-guard.js';
import { fingerprint } from './fingerprint/fingerprint.js';
import { plannedFollowUp } from './follow-up.js';
import { importBehaviorOf, resolveSnapshot } from './imports.js';
import { indexEntries } from './inputs/destination-index.js';
import { settleIntents, type FingerprintOf } from './inputs/intents.js';
import { reconcileIndexed } from './reconcile.js';
import { planRemoval } from './removal.js';
import { sealPlan } from './seal.js';
import { isCertain, isPartial, type DecidedPlan, type DecisionInput, type Situation } from './situation.js';
import { isWriteStep, type ImportStep, type Step } from './step.js';
import { mapInTurns, type Turns } from '../shared/turns/turns.js';
import { driverWarnings, ownKeyWarnings, sourceWarnings, stateWarnings } from './warnings.js';

interface Draft {
  readonly imports: readonly ImportStep<PlannedImport>[];
  readonly steps: readonly Step[];
  readonly alike: readonly Step[];
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly PlanWarning[];
}

const NOTHING: Draft = { imports: [], steps: [], alike: [], problems: [], warnings: [] };

type Behavior = ReturnType<typeof importBehaviorOf>;

const resolve = ({ source, entries, keySchema, capabilities }: Situation, behavior: Behavior) =>
  resolveSnapshot(source, entries, { behavior, keySchema, capabilities });

const fingerprintsAt =
  ({ keyring, place }: DecisionInput): FingerprintOf =>
  (key, kind, value, known) => {
    const digester = keyring?.makerOf(known);
    return digester && fingerprint(digester, place, kind, key, SecretValue.from(value));
  };

function* draftSync(situation: Situation, behavior: Behavior): Turns<Draft> {
  const { definition, source, entries, capabilities, options, ownership, keySchema } = situation;
  const { syncOptions } = definition;
  const resolved = yield* resolve(situation, behavior);
  const shared = { syncId: definition.id, keySchema, capabilities, options: syncOptions };
  const reconciled = yield* reconcileIndexed({
    ...shared,
    ownership,
    desired: resolved.desired,
    unreadable: Array.from(source.unreadable, keySchema.render),
    duplicates: source.duplicates,
    entries: situation.index,
    force: options.force,
    fingerprintOf: fingerprintsAt(situation),
  });
  const guarded = yield* guardSteps({
    ...shared,
    steps: reconciled.steps,
    destination: entries,
    find: ownership.find,
    source: {
      empty: source.secrets.size === 0,
      partial: isPartial(source),
      filledParts: source.filledParts,
      emptyParts: source.emptyParts,
    },
    confirmDeletions: options.confirmDeletions,
  });
  return {
    imports: resolved.steps,
    steps: guarded.steps,
    alike: [],
    problems: [...reconciled.problems, ...guarded.problems],
    warnings: [
      ...sourceWarnings(situation),
      ...reconciled.warnings,
      ...(yield* ownKeyWarnings(situation, guarded.steps)),
    ],
  };
}

function* draftOf(situation: Situation, behavior: Behavior): Turns<Draft> {
  const { operation, definition, options, source, index } = situation;
  switch (operation) {
    case 'sync':
      return yield* draftSync(situation, behavior);
    case 'import': {
      const { steps: imports, alike } = yield* resolve(situation, behavior);
      return { ...NOTHING, imports, alike };
    }
    case 'remove':
      return {
        ...NOTHING,
        ...(yield* planRemoval({
          ...situation,
          syncId: definition.id,
          entries: index,
          sourceKeys: source.secrets.keys(),
          confirmDeletions: options.confirmDeletions,
        })),
      };
  }
}

function summarize(changes: readonly PlannedChange[], imports: readonly PlannedImport[]): PlanSummary {
  const count = { create: 0, update: 0, replace: 0, delete: 0, unchanged: 0, keep: 0, blocked: 0 };
  for (const { action } of changes) count[action] += 1;
  return { ...count, import: imports.filter((planned) => planned.action !== 'ignore').length };
}

/**
 * Returns the complete decision about one definition at one place. Equal input gives an equal plan, byte for byte. No
 * I/O, clock or randomness; the one thing that it changes is what is begun in `ownership`, which it settles. In turns,
 * since 100,000 keys take a second.
 */
export function* decide(input: DecisionInput): Turns<DecidedPlan> {
  const { operation, definition, place, capabilities, options, keyring, ownership } = input;
  const { environment, syncOptions } = definition;
  const index = yield* indexEntries(input.entries, capabilities);
  yield* settleIntents(ownership, index, fingerprintsAt(input), definition.id);
  const keySchema = compileKeySchema(syncOptions.keySchema, { environment });
  const isInitialSync = input.isStillInitial === true || !ownership.knows(definition.id);
  const behavior = importBehaviorOf(operation, definition, options.importBehavior, isInitialSync);
  const draft = yield* draftOf({ ...input, keySchema, index }, behavior);

  const changes = yield* mapInTurns(draft.steps, ({ change }) => change);
  const imports = draft.imports.map(({ planned }) => planned);
  const after = plannedFollowUp({
    operation,
    redeploy: syncOptions.redeploy,
    capabilities,
    hasWrites: draft.steps.some(isWriteStep),
    isDue: input.isRedeployDue === true,
  });
  const plan = {
    formatVersion: 2,
    operation,
    definition,
    place,
    isInitialSync,
    applicable: draft.problems.length === 0,
    options,
    problems: draft.problems,
    warnings: [
      ...(yield* stateWarnings(input)),
      ...draft.warnings,
      ...(yield* driverWarnings(capabilities, draft.steps, after)),
    ],
    summary: summarize(changes, imports),
    ...(after === undefined ? {} : { after }),
  } as const;
  const isSealed = input.seal || !plan.applicable;
  return {
    plan:
      keyring !== undefined && isSealed
        ? yield* sealPlan(keyring.current, plan, draft.steps, draft.imports)
        : { ...plan, imports, changes },
    steps: draft.steps,
    imports: draft.imports,
    alike: draft.alike,
    isSourceCertain: (part) => isCertain(input.source, definition, part),
    hasParts: input.source.filledParts !== undefined,
  };
}
