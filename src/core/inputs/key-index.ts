/** What is found by its key and kind. */
interface Keyed {
  readonly key: string;
  readonly kind?: string | undefined;
}

/**
 * Items by key and kind, under the destination's own equality of keys. Decisions, memory and the settling of lost
 * responses all use this one index, so that "the same key" means one thing.
 */
export interface KeyIndex<Item extends Keyed> {
  readonly get: (key: string, kind: string | undefined) => Item | undefined;
  /** Replaces the item of the same key and kind, in whatever spelling. */
  readonly set: (item: Item) => void;
  readonly delete: (key: string, kind: string | undefined) => void;
  /** All items, as they are now. */
  readonly values: () => readonly Item[];
}

/**
 * Indexes items. Of two spellings of one key the smaller one counts, in whatever order they come.
 *
 * @param canonical Keys for which this is equal are one key to the destination.
 */
export function createKeyIndex<Item extends Keyed>(
  canonical: (key: string) => string,
  items: Iterable<Item> = [],
): KeyIndex<Item> {
  const kinds = new Map<string | undefined, Map<string, Item>>();
  const ofKind = (kind: string | undefined): Map<string, Item> => {
    let found = kinds.get(kind);
    if (found === undefined) kinds.set(kind, (found = new Map<string, Item>()));
    return found;
  };
  for (const item of items) {
    const found = ofKind(item.kind);
    const id = canonical(item.key);
    const known = found.get(id);
    if (known === undefined || known.key <= item.key) found.set(id, item);
  }
  return {
    get: (key, kind) => kinds.get(kind)?.get(canonical(key)),
    set: (item) => void ofKind(item.kind).set(canonical(item.key), item),
    delete: (key, kind) => void kinds.get(kind)?.delete(canonical(key)),
    values: () => [...kinds.values()].flatMap((found) => [...found.values()]),
  };
}
