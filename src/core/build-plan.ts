import type {
  PlannedChange,
  PlannedImport,
  PlanProblem,
  PlanSummary,
  PlanWarning,
} from '../contracts/plan.js';
import { SecretValue } from '../contracts/secret.js';
import { isWrite, type DecidedChange } from './step.js';
import { guardIndexed } from './deletion-guard.js';
import { fingerprint } from './fingerprint/fingerprint.js';
import { resolveSnapshot, type DesiredSecret, type ResolveImportInput } from './imports.js';
import { compileKeySchema } from './definition/key-schema.js';
import { sealPlan, type ChangeDetail, type ImportDetail } from './seal.js';
import { reconcileIndexed } from './reconcile.js';
import { planRemoval } from './removal.js';
import { indexState } from './inputs/ownership.js';
import { keyIdOf } from './fingerprint/keyring.js';
import { indexEntries, readableValue } from './inputs/destination-index.js';
import { type DecisionInput, type Situation, isPartial, type DecidedPlan } from './situation.js';
import { sourceWarnings, driverWarnings, stateWarnings } from './warnings.js';

interface Draft {
  readonly imports: readonly PlannedImport[];
  readonly changes: readonly DecidedChange<DesiredSecret>[];
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly PlanWarning[];
}

const NOTHING: Draft = { imports: [], changes: [], problems: [], warnings: [] };
type Behavior = ResolveImportInput['behavior'];

const resolve = ({ source, entries, keySchema, capabilities }: Situation, behavior: Behavior) =>
  resolveSnapshot(source, entries, { behavior, keySchema, capabilities });

function draftSync(situation: Situation, behavior: Behavior): Draft {
  const { definition, source, place, entries, capabilities, options, keyring } = situation;
  const { syncOptions } = definition;
  const { imports, desired } = resolve(situation, behavior);
  const shared = {
    syncId: definition.id,
    state: situation.remembered,
    keySchema: situation.keySchema,
    capabilities,
    options: syncOptions,
  };
  const reconciled = reconcileIndexed({
    ...shared,
    desired,
    unreadable: Array.from(source.unreadable, situation.keySchema.render),
    duplicates: source.duplicates,
    entries: situation.index,
    force: options.force,
    fingerprintOf(key, value, known) {
      const digester = keyring?.find(keyIdOf(known));
      return digester && fingerprint(digester, place, capabilities.kind, key, SecretValue.from(value));
    },
  });
  const guarded = guardIndexed({
    ...shared,
    changes: reconciled.changes,
    destination: entries,
    source: { empty: source.secrets.size === 0, partial: isPartial(source) },
    confirmDeletions: options.confirmDeletions,
  });
  return {
    imports,
    changes: guarded.changes,
    problems: [...reconciled.problems, ...guarded.problems],
    warnings: [...sourceWarnings(situation), ...reconciled.warnings],
  };
}

function draftOf(situation: Situation, isInitialSync: boolean): Draft {
  const { operation, definition, state, options, source, index, remembered } = situation;
  switch (operation) {
    case 'sync':
      return draftSync(
        situation,
        isInitialSync ? definition.syncOptions.initialSyncBehavior : 'overwrite-destination',
      );
    case 'import':
      return {
        ...NOTHING,
        imports: resolve(situation, options.importBehavior ?? 'prioritize-source').imports,
      };
    case 'remove':
      return {
        ...NOTHING,
        ...planRemoval({
          ...situation,
          syncId: definition.id,
          entries: index,
          remembered: state.entries ?? [],
          state: remembered,
          sourceKeys: source.secrets.keys(),
          confirmDeletions: options.confirmDeletions,
        }),
      };
  }
}

function summarize(changes: readonly PlannedChange[], imports: readonly PlannedImport[]): PlanSummary {
  const count = { create: 0, update: 0, replace: 0, delete: 0, unchanged: 0, keep: 0, blocked: 0 };
  for (const { action } of changes) count[action] += 1;
  return { ...count, import: imports.filter((planned) => planned.action !== 'ignore').length };
}

/** The complete decision about one definition at one place. Pure: equal input gives an equal plan, byte for byte. */
export function decide(input: DecisionInput): DecidedPlan {
  const { operation, definition, place, source, capabilities, options, keyring } = input;
  const { environment, syncOptions } = definition;
  const index = indexEntries(input.entries, capabilities);
  const remembered = indexState(input.state, index.canonical);
  const keySchema = compileKeySchema(syncOptions.keySchema, { environment });
  const isInitialSync = !remembered.knows(definition.id);
  const draft = draftOf({ ...input, keySchema, index, remembered }, isInitialSync);

  const changes = draft.changes.map(({ change }) => change);
  const changeDetails = draft.changes.map(({ change, entry, wanted }): ChangeDetail => {
    const isWrittenOver = entry !== undefined && isWrite(change.action);
    const known = isWrittenOver ? remembered.find(entry.key, entry.kind)?.fingerprint : undefined;
    return { value: wanted?.value, entry, remembered: known };
  });
  const importDetails = draft.imports.flatMap((planned): ImportDetail[] => {
    const entry = index.find(planned.key, capabilities.kind);
    const value = entry === undefined ? undefined : readableValue(entry);
    return value === undefined ? [] : [{ value, held: source.secrets.get(planned.sourceKey) }];
  });

  const plan = {
    formatVersion: 1,
    operation,
    definition,
    place,
    isInitialSync,
    applicable: draft.problems.length === 0,
    imports: draft.imports,
    changes,
    options,
    problems: draft.problems,
    warnings: [
      ...stateWarnings(input),
      ...draft.warnings,
      ...driverWarnings(capabilities, changes, changeDetails),
    ],
    summary: summarize(changes, draft.imports),
  } as const;
  return {
    plan: keyring === undefined ? plan : sealPlan(keyring.current, plan, changeDetails, importDetails),
    changes: changeDetails,
    imports: importDetails,
  };
}
