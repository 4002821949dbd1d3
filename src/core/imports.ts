import type { ImportBehavior, InitialSyncBehavior, SyncDefinition } from '../contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import { SecretSyncError } from '../contracts/errors.js';
import type { Operation, PlannedImport } from '../contracts/plan.js';
import type { SecretValue } from '../contracts/secret.js';
import type { SourceReadResult } from '../contracts/source.js';
import { unrestrictedCapabilities } from './definition/defaults.js';
import { identityKeySchema, type KeySchema } from './definition/key-schema.js';
import { sourceSnapshot, type SourceSnapshot } from './inputs/source-snapshot.js';
import { byText } from '../shared/text.js';
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
}

export interface ResolveImportInput {
  readonly source: SourceReadResult;
  readonly destination: DestinationInput;
  readonly behavior: InitialSyncBehavior | ImportBehavior;
  /** Default: the identity. */
  readonly keySchema?: KeySchema;
  /** Default: any key is taken, everything can be read. */
  readonly capabilities?: Capabilities;
}

export interface ResolvedImport {
  /** Sorted by source key; what changes nothing on either side is not listed. */
  readonly imports: readonly PlannedImport[];
  /** Destination key → what it is to become, after the imports. */
  readonly desired: ReadonlyMap<string, DesiredSecret>;
}

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
 * @throws SecretSyncError `SOURCE_READ_FAILED` when a source value is not a string.
 */
export function resolveImport(input: ResolveImportInput): ResolvedImport {
  const { behavior, keySchema = identityKeySchema, capabilities = unrestrictedCapabilities } = input;
  const entries = destinationEntries(input.destination);
  return resolveSnapshot(sourceSnapshot(input.source), entries, { behavior, keySchema, capabilities });
}

/** `resolveImport` of what is at hand in the one form already. */
export function resolveSnapshot(
  source: SourceSnapshot,
  entries: readonly DestinationEntry[],
  { behavior, keySchema, capabilities }: Required<Omit<ResolveImportInput, 'source' | 'destination'>>,
): ResolvedImport {
  const desired = new Map<string, DesiredSecret>();
  for (const [sourceKey, value] of source.secrets) {
    desired.set(keySchema.render(sourceKey), { sourceKey, value });
  }
  const imports: PlannedImport[] = [];
  if (behavior === 'overwrite-destination') return { imports, desired };

  const canonical = canonicalKey(capabilities);
  const spelling = new Map<string, string>();
  for (const sourceKey of [...source.secrets.keys(), ...source.unreadable]) {
    const id = canonical(keySchema.render(sourceKey));
    const known = spelling.get(id);
    // Of two spellings of one key it must be the same one in any order.
    if (known === undefined || sourceKey < known) spelling.set(id, sourceKey);
  }
  const listed =
    capabilities.canonicalKey === undefined ? entries : [...entries].sort(byText(({ key }) => key));
  const destinationWins = behavior.endsWith('prioritize-destination');
  for (const entry of listed) {
    const { key } = entry;
    const stripped = keySchema.strip(key);
    const value = importable(entry, capabilities);
    if (stripped === undefined || stripped === '' || value === undefined) continue;
    const sourceKey = spelling.get(canonical(key)) ?? stripped;
    const held = source.secrets.get(sourceKey);
    if (source.unreadable.has(sourceKey) || (held === undefined && source.incomplete)) {
      imports.push({ sourceKey, key, action: 'ignore', reason: 'unreadable-at-source' });
    } else if (held === undefined) {
      imports.push({ sourceKey, key, action: 'create', reason: 'absent-from-source' });
      desired.set(key, { sourceKey, value });
    } else if (held.equals(value)) {
      continue;
    } else if (value.isEmpty) {
      imports.push({ sourceKey, key, action: 'ignore', reason: 'empty-at-destination' });
    } else if (destinationWins) {
      imports.push({ sourceKey, key, action: 'update', reason: 'destination-wins' });
      desired.set(keySchema.render(sourceKey), { sourceKey, value });
    } else {
      imports.push({ sourceKey, key, action: 'ignore', reason: 'source-wins' });
    }
  }
  return { imports: imports.sort(byText((planned) => planned.sourceKey)), desired };
}

/**
 * Whether a definition may be planned at all where a destination can't be imported from.
 *
 * @throws SecretSyncError `IMPORT_NOT_SUPPORTED`. `displayName` is that of the destination.
 */
export function assertImportable(
  operation: Operation,
  { syncOptions: { initialSyncBehavior } }: SyncDefinition,
  capabilities: Capabilities,
  displayName: string,
): void {
  const imports =
    operation === 'import' || (operation === 'sync' && initialSyncBehavior !== 'overwrite-destination');
  if (!imports || capabilities.import) return;
  const message = `${displayName} can't be imported from; use initialSyncBehavior "overwrite-destination".`;
  throw new SecretSyncError('IMPORT_NOT_SUPPORTED', message);
}
