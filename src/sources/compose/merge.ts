import type { SecretValue } from '../../contracts/secret.js';
import type { SourceClash, SourceRead, SourceReadResult } from '../../contracts/source.js';
import { isSourceRead, secretPairs } from '../../contracts/source.js';

/** What one part answered. */
export interface PartRead {
  readonly name: string;
  /** All values of each key; none of one that is unreadable. */
  readonly held: ReadonlyMap<string, readonly (string | SecretValue)[]>;
  /** Keys may be missing that could not be named. */
  readonly incomplete: boolean;
  readonly clashes: readonly SourceClash[];
}

export function partRead(name: string, result: SourceReadResult): PartRead {
  const read: SourceRead = isSourceRead(result) ? result : { secrets: result };
  const held = new Map<string, (string | SecretValue)[]>();
  for (const [key, value] of secretPairs(read.secrets)) {
    const values = held.get(key);
    if (values === undefined) held.set(key, [value]);
    else values.push(value);
  }
  for (const key of read.unreadable ?? []) held.set(key, []);
  return { name, held, incomplete: read.complete === false, clashes: [...(read.clashes ?? [])] };
}

/*
 * What becomes of a key, by the strongest part that holds it:
 *
 * | it is                                                      | result           |
 * |------------------------------------------------------------|------------------|
 * | readable, and every stronger part was read in full         | its value        |
 * | readable, and a stronger part could not name all its keys  | unreadable       |
 * | unreadable                                                 | unreadable       |
 */
export function merge(parts: readonly PartRead[]): SourceRead {
  const winners = new Map<string, number>();
  const holders = new Map<string, string[]>();
  parts.forEach(({ name, held }, index) => {
    for (const key of held.keys()) {
      winners.set(key, index);
      const names = holders.get(key);
      if (names === undefined) holders.set(key, [name]);
      else names.push(name);
    }
  });
  const strongestIncomplete = parts.findLastIndex(({ incomplete }) => incomplete);
  const secrets: (readonly [string, string | SecretValue])[] = [];
  const unreadable: string[] = [];
  for (const [key, index] of winners) {
    const values = index < strongestIncomplete ? [] : (parts[index]?.held.get(key) ?? []);
    if (values.length === 0) unreadable.push(key);
    else for (const value of values) secrets.push([key, value]);
  }
  const clashes = [
    ...[...holders].flatMap(([key, names]) => (names.length > 1 ? [{ key, parts: names }] : [])),
    ...parts.flatMap((part, index) => part.clashes.filter(({ key }) => winners.get(key) === index)),
  ];
  return {
    secrets,
    unreadable,
    ...(strongestIncomplete === -1 ? {} : { complete: false }),
    ...(clashes.length === 0 ? {} : { clashes }),
  };
}
