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
import { quoteList } from '../contracts/quote.js';
import type { PlaceState } from '../contracts/state-store.js';
import { isWrite } from './change.js';
import type { Desired } from './decide-key.js';
import { guardDeletions } from './deletion-guard.js';
import { fingerprint, keyIdOf, type Keyring } from './fingerprint.js';
import { resolveImport, type DesiredSecret } from './import-precedence.js';
import { compileKeySchema, type KeySchema } from './key-schema.js';
import { sealPlan, type ChangeDetail, type ImportDetail } from './preconditions.js';
import { reconcile } from './reconcile.js';
import { planRemoval } from './removal.js';
import { indexState } from './remembered.js';
import { indexEntries, readableValue, type SourceSnapshot } from './snapshot.js';

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

interface Draft {
  readonly imports: readonly PlannedImport[];
  readonly desired: ReadonlyMap<string, DesiredSecret>;
  readonly changes: readonly PlannedChange[];
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly PlanWarning[];
}

const NOTHING: Draft = { imports: [], desired: new Map(), changes: [], problems: [], warnings: [] };

const isPartial = (source: SourceSnapshot): boolean => source.incomplete || source.unreadable.size > 0;

function resolve(
  input: DecisionInput,
  behavior: Parameters<typeof resolveImport>[0]['behavior'],
  keySchema: KeySchema,
) {
  const { source, entries, capabilities } = input;
  return resolveImport({
    source: { secrets: source.secrets, unreadable: source.unreadable, complete: !source.incomplete },
    destination: entries,
    behavior,
    keySchema,
    capabilities,
  });
}

/** Adds to what can't be read back the fingerprint to compare with, under the key that made the remembered one. */
function withFingerprints(
  input: DecisionInput,
  desired: ReadonlyMap<string, DesiredSecret>,
): Map<string, Desired> {
  const { keyring, place, capabilities } = input;
  const state = indexState(input.state);
  const withPrint = new Map<string, Desired>();
  for (const [key, wanted] of desired) {
    const known = state.find(key, capabilities.kind)?.fingerprint;
    const digester = known === undefined ? undefined : keyring?.find(keyIdOf(known));
    withPrint.set(
      key,
      digester === undefined
        ? wanted
        : { ...wanted, fingerprint: fingerprint(digester, place, capabilities.kind, key, wanted.value) },
    );
  }
  return withPrint;
}

function sourceWarnings(input: DecisionInput): PlanWarning[] {
  const { source, definition } = input;
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
  return warnings;
}

function draftSync(input: DecisionInput, keySchema: KeySchema, isInitialSync: boolean): Draft {
  const { definition, source, entries, state, capabilities, options } = input;
  const { syncOptions } = definition;
  const behavior = isInitialSync ? syncOptions.initialSyncBehavior : 'overwrite-destination';
  const { imports, desired } = resolve(input, behavior, keySchema);
  const shared = { syncId: definition.id, destination: entries, state, keySchema, capabilities };
  const reconciled = reconcile({
    ...shared,
    desired: withFingerprints(input, desired),
    unreadable: Array.from(source.unreadable, keySchema.render),
    duplicates: source.duplicates,
    options: { ...syncOptions, force: options.force },
  });
  const guarded = guardDeletions({
    ...shared,
    changes: reconciled.changes,
    options: syncOptions,
    source: { empty: desired.size === 0 && source.unreadable.size === 0, partial: isPartial(source) },
    ...(options.confirmDeletions === undefined ? {} : { confirmDeletions: options.confirmDeletions }),
  });
  return {
    imports,
    desired,
    changes: guarded.changes,
    problems: [...reconciled.problems, ...guarded.problems],
    warnings: [...sourceWarnings(input), ...reconciled.warnings],
  };
}

function draftOf(input: DecisionInput, keySchema: KeySchema, isInitialSync: boolean): Draft {
  const { operation, definition, entries, state, capabilities, options, source } = input;
  switch (operation) {
    case 'sync':
      return draftSync(input, keySchema, isInitialSync);
    case 'import':
      return { ...NOTHING, ...resolve(input, options.importBehavior ?? 'prioritize-source', keySchema) };
    case 'remove':
      return {
        ...NOTHING,
        ...planRemoval({
          syncId: definition.id,
          entries,
          state,
          keySchema,
          capabilities,
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
  if (capabilities.warn === undefined) return warnings;
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
  const keySchema = compileKeySchema(definition.syncOptions.keySchema, {
    environment: definition.environment,
  });
  const isInitialSync = !indexState(input.state).knows(definition.id);
  const draft = draftOf(input, keySchema, isInitialSync);

  const entries = indexEntries(input.entries, capabilities);
  const changeDetails = draft.changes.map((change): ChangeDetail => {
    const isUpsert = change.action !== 'delete' && change.sourceKey !== undefined;
    const value = isUpsert ? draft.desired.get(change.key)?.value : undefined;
    const own = entries.find(change.key, change.kind);
    const here = own?.fixed === 'inherited' && change.action !== 'keep' ? undefined : own;
    const entry =
      change.action === 'replace'
        ? entries.at(change.key).find((other) => other.fixed !== 'inherited' && other.kind !== change.kind)
        : change.action === 'create'
          ? undefined
          : here;
    return { ...(value === undefined ? {} : { value }), ...(entry === undefined ? {} : { entry }) };
  });
  const importDetails = draft.imports.flatMap((planned): ImportDetail[] => {
    const entry = entries.find(planned.key, capabilities.kind);
    const value = entry === undefined ? undefined : readableValue(entry);
    const held = source.secrets.get(planned.sourceKey);
    return value === undefined ? [] : [{ value, ...(held === undefined ? {} : { held }) }];
  });

  const plan = {
    formatVersion: 1,
    operation,
    definition,
    place,
    isInitialSync,
    applicable: draft.problems.length === 0,
    imports: draft.imports,
    changes: draft.changes,
    options,
    problems: draft.problems,
    warnings: [
      ...voidFingerprints(input),
      ...draft.warnings,
      ...driverWarnings(capabilities, draft.changes, changeDetails),
    ],
    summary: summarize(draft.changes, draft.imports),
  } as const;
  return {
    plan: keyring === undefined ? plan : sealPlan(keyring.current, plan, changeDetails, importDetails),
    changes: changeDetails,
    imports: importDetails,
  };
}
