import type { Capabilities, DestinationEntry } from '../../contracts/destination.js';
import { SecretValue } from '../../contracts/secret.js';
import type { SecretRecord } from '../../contracts/source.js';
import { byText } from '../../shared/text.js';
import { forEachInTurns, type Turns } from '../../shared/turns/turns.js';

/**
 * A destination as users give it to the pure functions: plain values by key, or entries. A value by key is an entry of the
 * kind that the capabilities write.
 */
export type DestinationInput = SecretRecord | Iterable<DestinationEntry>;

function isEntryList(destination: DestinationInput): destination is readonly DestinationEntry[] {
  if (!Array.isArray(destination)) return false;
  const items: readonly unknown[] = destination;
  return !items.some((item) => Array.isArray(item));
}

type Pair = readonly [key: string, value: string | SecretValue];

const isPair = (item: DestinationEntry | Pair): item is Pair => Array.isArray(item);

/** What exists at a destination, as entries. `kind`: that of a value by key. */
export function destinationEntries(
  destination: DestinationInput,
  kind?: string,
): readonly DestinationEntry[] {
  if (isEntryList(destination)) return destination;
  const items: Iterable<DestinationEntry | Pair> =
    Symbol.iterator in destination ? destination : Object.entries(destination);
  const entries: DestinationEntry[] = [];
  const rest = kind === undefined ? {} : { kind };
  for (const item of items) entries.push(isPair(item) ? { key: item[0], value: item[1], ...rest } : item);
  return entries;
}

/** The value of an entry as a secret; `undefined` where it can't be read or is not a string. */
export function readableValue(entry: DestinationEntry): SecretValue | undefined {
  const { value } = entry;
  return typeof value === 'string' || SecretValue.is(value) ? SecretValue.from(value) : undefined;
}

/** True for what exists at a higher scope than that of the place. */
export const isInherited = (entry: DestinationEntry): boolean => entry.fixed === 'inherited';

const asItIs = (key: string): string => key;

/** How a destination compares keys: two are one to it where this is equal. */
export function canonicalKey(capabilities: Pick<Capabilities, 'canonicalKey'>): (key: string) => string {
  return capabilities.canonicalKey === undefined ? asItIs : (key) => capabilities.canonicalKey?.(key) ?? key;
}

/** The entries of a place by key, as the destination itself compares keys. */
export interface EntryIndex {
  readonly canonical: (key: string) => string;
  /** How many keys exist there. */
  readonly size: number;
  /** Which one of them a key is, from 0 on; `undefined` where nothing exists under it. */
  position(key: string): number | undefined;
  /** All entries under the key at a position, of every kind and scope. */
  group(position: number): readonly DestinationEntry[];
  /** All entries under a key, of every kind and scope. */
  at(key: string): readonly DestinationEntry[];
  /** The entry of this kind at this scope, else the inherited one, else `undefined`. */
  find(key: string, kind: string | undefined): DestinationEntry | undefined;
}

const NONE: readonly DestinationEntry[] = [];

// What is decided about a key must not depend on the order in which a destination lists its entries.
const listOrder = byText(({ kind, fixed, key, id }: DestinationEntry) =>
  JSON.stringify([kind, fixed, key, id]),
);

/** Indexes the entries of a place, in turns. */
export function* indexEntries(
  entries: readonly DestinationEntry[],
  capabilities: Capabilities,
): Turns<EntryIndex> {
  const canonical = canonicalKey(capabilities);
  const positions = new Map<string, number>();
  /** Where keys have several entries; else each entry is a group by itself, which is made when it is asked for. */
  let groups: readonly (readonly DestinationEntry[])[] | undefined;
  let index = 0;
  yield* forEachInTurns(entries, ({ key }) => {
    positions.set(canonical(key), index);
    index += 1;
  });
  if (positions.size < entries.length) {
    positions.clear();
    const found: DestinationEntry[][] = [];
    yield* forEachInTurns(entries, (entry) => {
      const id = canonical(entry.key);
      const group = found[positions.get(id) ?? found.length];
      if (group !== undefined) group.push(entry);
      else positions.set(id, found.push([entry]) - 1);
    });
    for (const group of found) if (group.length > 1) group.sort(listOrder);
    groups = found;
  }

  const position = (key: string): number | undefined => positions.get(canonical(key));
  const group = (at: number): readonly DestinationEntry[] => {
    if (groups !== undefined) return groups[at] ?? NONE;
    const entry = entries[at];
    return entry === undefined ? NONE : [entry];
  };
  const at = (key: string): readonly DestinationEntry[] => {
    const found = position(key);
    return found === undefined ? NONE : group(found);
  };
  return {
    canonical,
    size: positions.size,
    position,
    group,
    at,
    find(key, kind) {
      const candidates = at(key).filter((entry) => entry.kind === kind);
      return candidates.find((entry) => !isInherited(entry)) ?? candidates[0];
    },
  };
}
