import type { SyncDefinition } from '../contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type {
  Operation,
  PlannedChange,
  PlannedImport,
  PlanOptions,
  PlanProblem,
  PlanSummary,
  PlanWarning,
  SyncPlan,
} from '../contracts/plan.js';
import { quote, quoteList } from '../contracts/quote.js';
import { SecretValue } from '../contracts/secret.js';
import type { PlaceState } from '../contracts/state-store.js';
import { isWrite, type DecidedChange } from './change.js';
import { guardIndexed } from './deletion-guard.js';
import { fingerprint, keyIdOf, type Keyring } from './fingerprint.js';
import { resolveSnapshot, type DesiredSecret, type ResolveImportInput } from './import-precedence.js';
import { compileKeySchema, type KeySchema } from './key-schema.js';
import { sealPlan, type ChangeDetail, type ImportDetail } from './preconditions.js';
import { reconcileIndexed } from './reconcile.js';
import { planRemoval } from './removal.js';
import { indexState, type Remembered } from './remembered.js';
import { indexEntries, readableValue, type EntryIndex, type SourceSnapshot } from './snapshot.js';

/** Everything that a decision depends on. */
export interface DecisionInput {
  readonly operation: Operation;
  readonly definition: SyncDefinition;
  readonly place: string;
  readonly source: SourceSnapshot;
  readonly entries: readonly DestinationEntry[];
  readonly state: PlaceState;
  readonly capabilities: Capabilities;
  readonly options: PlanOptions;
  /** Absent: nothing that can't be read is verifiable, and the plan has no preconditions. */
  readonly keyring?: Keyring | undefined;
}

/** A plan, and what apply needs to carry it out: the values behind it, in the order of its lists. */
export interface DecidedPlan {
  readonly plan: SyncPlan;
  readonly changes: readonly ChangeDetail[];
  readonly imports: readonly ImportDetail[];
}

/** What is decided upon, read and indexed once. */
interface Situation extends DecisionInput {
  readonly keySchema: KeySchema;
  readonly index: EntryIndex;
  readonly remembered: Remembered;
}

interface Draft {
  readonly imports: readonly PlannedImport[];
  readonly changes: readonly DecidedChange<DesiredSecret>[];
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly PlanWarning[];
}

const NOTHING: Draft = { imports: [], changes: [], problems: [], warnings: [] };

const isPartial = (source: SourceSnapshot): boolean => source.incomplete || source.unreadable.size > 0;

type Behavior = ResolveImportInput['behavior'];

const resolve = ({ source, entries, keySchema, capabilities }: Situation, behavior: Behavior) =>
  resolveSnapshot(source, entries, { behavior, keySchema, capabilities });

function sourceWarnings({ source, definition, keySchema }: Situation): PlanWarning[] {
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

/** What the driver has to say about the changes. */
function driverWarnings(
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
      ...voidFingerprints(input),
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
