import type { DestinationEntry, FixedReason } from '../../contracts/destination.js';
import { SecretValue } from '../../contracts/secret.js';

/** What a test can say of an entry beside its key and value. */
export interface MemoryEntrySetup {
  /** Default: the kind that the destination writes by default, if it has kinds. */
  readonly kind?: string | undefined;
  readonly fixed?: FixedReason;
  readonly reserved?: true;
  readonly hasDependents?: true;
}

/** An entry of a memory destination, with its value. */
export interface MemoryEntry extends MemoryEntrySetup {
  readonly key: string;
  readonly value: SecretValue;
  /** Drawn when the entry is made, the same as long as it exists. */
  readonly id: string;
  /** Moves with every change. */
  readonly revision: string;
}

/** What exists at one place. */
export interface MemoryPlace {
  /** Moves with every change of anything. */
  readonly version: number;
  entries(): readonly MemoryEntry[];
  find(key: string, kind: string | undefined): MemoryEntry | undefined;
  set(key: string, value: string | SecretValue, setup?: MemoryEntrySetup): MemoryEntry;
  remove(key: string, kind: string | undefined): boolean;
}

/** An inherited entry exists beside an own one. */
type Slot = 'own' | 'inherited';
const slotOf = (fixed: FixedReason | undefined): Slot => (fixed === 'inherited' ? 'inherited' : 'own');

/** Makes an empty place. `canonicalKey` tells which keys are one. */
export function createMemoryPlace(canonicalKey: (key: string) => string): MemoryPlace {
  const entries = new Map<string, MemoryEntry>();
  let version = 0;
  let made = 0;
  const at = (key: string, kind: string | undefined, slot: Slot) =>
    JSON.stringify([canonicalKey(key), kind ?? null, slot]);

  return {
    get version() {
      return version;
    },
    entries: () => [...entries.values()],
    find: (key, kind) => entries.get(at(key, kind, 'own')) ?? entries.get(at(key, kind, 'inherited')),
    set(key, value, setup = {}) {
      const where = at(key, setup.kind, slotOf(setup.fixed));
      const known = entries.get(where);
      version += 1;
      const entry: MemoryEntry = {
        ...known,
        ...setup,
        key: known?.key ?? key,
        value: SecretValue.from(value),
        id: known?.id ?? `entry-${(made += 1)}`,
        revision: `revision-${version}`,
      };
      entries.set(where, entry);
      return entry;
    },
    remove(key, kind) {
      const removed = entries.delete(at(key, kind, 'own')) || entries.delete(at(key, kind, 'inherited'));
      if (removed) version += 1;
      return removed;
    },
  };
}

/** An entry as a driver's read shows it. */
export function toDestinationEntry(
  { key, value, id, revision, kind, fixed, reserved, hasDependents }: MemoryEntry,
  shows: { readonly value: boolean; readonly id: boolean; readonly revision: boolean },
): DestinationEntry {
  return {
    key,
    ...(shows.id && { id }),
    ...(kind !== undefined && { kind }),
    ...(shows.revision && { revision }),
    ...(shows.value && { value }),
    ...(fixed !== undefined && { fixed }),
    ...(reserved && { reserved }),
    ...(hasDependents && { hasDependents }),
  };
}
