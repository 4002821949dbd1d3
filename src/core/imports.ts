import type { ImportBehavior, InitialSyncBehavior, SyncDefinition } from '../contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import { SecretSyncError } from '../contracts/errors.js';
import type { Operation, PlannedImport } from '../contracts/plan.js';
import type { SecretValue } from '../contracts/secret.js';
import type { SourceReadResult } from '../contracts/source.js';
import { unrestrictedCapabilities } from './definition/defaults.js';
import { identityKeySchema, type KeySchema } from './definition/key-schema.js';
import { checkPureInput } from './inputs/check-input.js';
import { sourceSnapshot, type SourceSnapshot } from './inputs/source-snapshot.js';
import { oneOf, dataByKey } from '../shared/arguments/rules.js';
import { byText, quote } from '../shared/text.js';
import { endsTurn, forEachInTurns, inOneGo, sortInTurns, type Turns } from '../shared/turns/turns.js';
import { plannedChange, type ImportStep, type Step } from './step.js';
import {
  canonicalKey,
  destinationEntries,
  readableValue,
  type DestinationInput,
} from './inputs/destination-index.js';

/** What a key is to become at the destination. */
export interface DesiredSecret {
  readonly sourceKey: string;
  readonly value: SecretValue;
  /** The part of the source that the value came from, where the source has parts. */
  readonly part?: string | undefined;
}

export interface ResolveImportInput {
  readonly source: SourceReadResult;
  readonly destination: DestinationInput;
  readonly behavior: InitialSyncBehavior | ImportBehavior;
  /** Default: the identity. */
  readonly keySchema?: KeySchema | undefined;
  /** Default: any key is taken, everything can be read. */
  readonly capabilities?: Capabilities | undefined;
}

export interface ResolvedImport {
  /** Sorted by source key; what changes nothing on either side is not listed. */
  readonly imports: readonly PlannedImport[];
  /** Destination key → what it is to become, after the imports. */
  readonly desired: ReadonlyMap<string, DesiredSecret>;
}

const BEHAVIORS: readonly ResolveImportInput['behavior'][] = [
  'overwrite-destination',
  'import-prioritize-source',
  'import-prioritize-destination',
  'prioritize-source',
  'prioritize-destination',
];

function importable(entry: DestinationEntry, capabilities: Capabilities): SecretValue | undefined {
  if (entry.fixed !== undefined || entry.reserved === true || capabilities.isReserved(entry.key))
    return undefined;
  return entry.kind === capabilities.kind ? readableValue(entry) : undefined;
}

/**
 * Decides which secrets of the destination come into the source, and what the destination is to hold after that.
 * Only keys count that match the schema, are readable, and are neither reserved nor fixed.
 *
 * | at destination | in source | overwrite-destination | prioritize-source | prioritize-destination |
 * |---|---|---|---|---|
 * | value | absent | not imported | created in source; stays | created in source; stays |
 * | value | same | – | nothing | nothing |
 * | non-empty | other | destination overwritten | destination overwritten | source updated; stays |
 * | empty | other | destination overwritten | destination overwritten | destination overwritten |
 * | empty | absent | not imported | created, empty | created, empty |
 * | any | unreadable | left alone | left alone | left alone |
 *
 * A source that could not even name all its keys counts as unreadable for those that it did not name.
 *
 * @throws SecretSyncError `SOURCE_READ_FAILED` when a source value is not a string; `INVALID_OPTION` for input of another
 * shape, with everything that is wrong.
 */
export function resolveImport(input: ResolveImportInput): ResolvedImport {
  checkPureInput('resolveImport', input, { source: dataByKey, behavior: oneOf(...BEHAVIORS) });
  const { behavior, keySchema = identityKeySchema, capabilities = unrestrictedCapabilities } = input;
  const entries = destinationEntries(input.destination, capabilities.kind);
  const rules = { behavior, keySchema, capabilities };
  const { steps, desired } = inOneGo(resolveSnapshot(sourceSnapshot(input.source), entries, rules));
  return { imports: steps.map(({ planned }) => planned), desired };
}

/** A behavior, and what it depends on. */
interface ImportRules extends Pick<ResolveImportInput, 'behavior'> {
  readonly keySchema: KeySchema;
  readonly capabilities: Capabilities;
}

/** What `resolveImport` returns, with the values behind each import. */
export interface ResolvedSteps {
  readonly steps: readonly ImportStep<PlannedImport>[];
  readonly desired: ReadonlyMap<string, DesiredSecret>;
  /** The keys that both sides hold alike once the imports are written. */
  readonly alike: readonly Step[];
}

/** `resolveImport` of what is at hand in the one form already, in turns. */
export function* resolveSnapshot(
  source: SourceSnapshot,
  entries: readonly DestinationEntry[],
  { behavior, keySchema, capabilities }: ImportRules,
): Turns<ResolvedSteps> {
  const desired = new Map<string, DesiredSecret>();
  yield* forEachInTurns(source.secrets, ([sourceKey, value]) => {
    desired.set(keySchema.render(sourceKey), { sourceKey, value, part: source.partOf.get(sourceKey) });
  });
  const steps: ImportStep<PlannedImport>[] = [];
  const alike: Step[] = [];
  if (behavior === 'overwrite-destination') return { steps, desired, alike };

  const canonical = canonicalKey(capabilities);
  const spelling = new Map<string, string>();
  yield* forEachInTurns([...source.secrets.keys(), ...source.unreadable], (sourceKey) => {
    const id = canonical(keySchema.render(sourceKey));
    const known = spelling.get(id);
    // Of two spellings of one key it must be the same one in any order.
    if (known === undefined || sourceKey < known) spelling.set(id, sourceKey);
  });
  const byKey = byText(({ key }: DestinationEntry) => key);
  const listed = capabilities.canonicalKey === undefined ? entries : yield* sortInTurns(entries, byKey);
  const destinationWins = behavior.endsWith('prioritize-destination');
  let count = 0;
  for (const entry of listed) {
    count += 1;
    if (endsTurn(count)) yield;
    const { key } = entry;
    const stripped = keySchema.strip(key);
    const value = importable(entry, capabilities);
    if (stripped === undefined || stripped === '' || value === undefined) continue;
    const sourceKey = spelling.get(canonical(key)) ?? stripped;
    const held = source.secrets.get(sourceKey);
    const add = (action: PlannedImport['action'], reason: PlannedImport['reason']) =>
      steps.push({ planned: { sourceKey, key, action, reason }, value, held });
    const agree = (part?: string) => {
      const change = plannedChange(key, entry.kind, 'unchanged', 'value-equal', sourceKey);
      alike.push({ change, before: entry, after: value, part });
    };
    if (source.unreadable.has(sourceKey) || (held === undefined && source.incomplete)) {
      add('ignore', 'unreadable-at-source');
    } else if (held === undefined) {
      add('create', 'absent-from-source');
      desired.set(key, { sourceKey, value });
      agree();
    } else if (held.equals(value)) {
      agree(source.partOf.get(sourceKey));
    } else if (value.isEmpty) {
      add('ignore', 'empty-at-destination');
    } else if (destinationWins) {
      add('update', 'destination-wins');
      desired.set(keySchema.render(sourceKey), { sourceKey, value, part: source.partOf.get(sourceKey) });
      agree(source.partOf.get(sourceKey));
    } else {
      add('ignore', 'source-wins');
    }
  }
  const bySourceKey = byText(({ planned }: ImportStep<PlannedImport>) => planned.sourceKey);
  return { steps: yield* sortInTurns(steps, bySourceKey), desired, alike };
}

/** What an operation imports, and which side wins. `overwrite-destination`: nothing. */
export function importBehaviorOf(
  operation: Operation,
  { syncOptions: { initialSyncBehavior } }: SyncDefinition,
  importBehavior: ImportBehavior | undefined,
  isInitialSync: boolean,
): ImportRules['behavior'] {
  if (operation === 'import') return importBehavior ?? 'prioritize-source';
  return operation === 'sync' && isInitialSync ? initialSyncBehavior : 'overwrite-destination';
}

/**
 * Whether an operation may run where it can import: at the first sync by its definition, or on demand.
 *
 * | imports | destination | store | then |
 * |---|---|---|---|
 * | never | any | any | yes |
 * | on demand, or at the first sync | can't be imported from | any | `IMPORT_NOT_SUPPORTED` |
 * | at the first sync | can | forgets that it was done | `DURABLE_STORE_REQUIRED` |
 * | otherwise | | | yes |
 *
 * @throws SecretSyncError `IMPORT_NOT_SUPPORTED`, `DURABLE_STORE_REQUIRED`.
 */
export function assertImportable(input: {
  readonly operation: Operation;
  readonly definition: SyncDefinition;
  readonly capabilities: Capabilities;
  /** Of the destination, for people. */
  readonly displayName: string;
  /** Whether a store was passed that remembers first syncs. */
  readonly remembersFirstSync: boolean;
}): void {
  const { operation, definition, capabilities, displayName, remembersFirstSync } = input;
  if (importBehaviorOf(operation, definition, undefined, true) === 'overwrite-destination') return;
  if (!capabilities.import) {
    const message = `${displayName} can't be imported from; use initialSyncBehavior "overwrite-destination".`;
    throw new SecretSyncError('IMPORT_NOT_SUPPORTED', message);
  }
  if (operation === 'sync' && !remembersFirstSync) {
    const message = `initialSyncBehavior ${quote(definition.syncOptions.initialSyncBehavior)} needs a store that remembers that the first sync was done; pass the engine a store (memoryStore() if forgetting is fine).`;
    throw new SecretSyncError('DURABLE_STORE_REQUIRED', message);
  }
}
