import type { SecretValue } from '../../contracts/secret.js';
import type { SourceClash, SourcePart, SourceRead, SourceReadResult } from '../../contracts/source.js';
import { secretPairs, sourceReadOf } from '../../contracts/source.js';

/** What one composed source returned. */
export interface PartRead {
  readonly name: string;
  /** All values of each key; none of one that is unreadable. */
  readonly held: ReadonlyMap<string, readonly (string | SecretValue)[]>;
  /** Keys may be missing that could not be named. */
  readonly incomplete: boolean;
  readonly clashes: readonly SourceClash[];
  /** The parts that it is made of itself, under names of their own, from the weakest to the strongest. */
  readonly parts: readonly SourcePart[];
  readonly unresolved: ReadonlySet<string>;
}

/** Returns what one composed source returned, by key. */
export function partRead(name: string, result: SourceReadResult): PartRead {
  const read = sourceReadOf(result);
  const held = new Map<string, (string | SecretValue)[]>();
  for (const [key, value] of secretPairs(read.secrets)) {
    const values = held.get(key);
    if (values === undefined) held.set(key, [value]);
    else values.push(value);
  }
  for (const key of read.unreadable ?? []) held.set(key, []);
  const { complete = true }: { readonly complete?: unknown } = read;
  return {
    name,
    held,
    // What is no boolean is a mistake, which must delete nothing.
    incomplete: complete !== true,
    clashes: [...(read.clashes ?? [])],
    parts: partsOf(name, read, held.keys()),
    unresolved: new Set(read.unresolved),
  };
}

/** The parts of a composed source, each under the name of the source and its own. What no part lists is one more. */
function partsOf(name: string, { parts }: SourceRead, held: Iterable<string>): readonly SourcePart[] {
  const nested = [...(parts ?? [])].map((part) => ({ name: `${name} > ${part.name}`, keys: [...part.keys] }));
  const listed = new Set(nested.flatMap(({ keys }) => keys));
  const others = [...held].filter((key) => !listed.has(key));
  return nested.length > 0 && others.length === 0 ? nested : [{ name, keys: others }, ...nested];
}

/*
 * What becomes of a key, by the strongest source that holds it:
 *
 * | it is                                                      | result           |
 * |------------------------------------------------------------|------------------|
 * | readable, and every stronger source was read in full       | its value        |
 * | readable, and a stronger source could not name all its keys| unreadable       |
 * | unreadable                                                 | unreadable       |
 */

/** Returns several reads as one, the last of which is the strongest. */
export function merge(parts: readonly PartRead[]): SourceRead {
  const winners = new Map<string, PartRead>();
  const holders = new Map<string, string[]>();
  for (const part of parts) {
    for (const key of part.held.keys()) {
      winners.set(key, part);
      const names = holders.get(key);
      if (names === undefined) holders.set(key, [part.name]);
      else names.push(part.name);
    }
  }
  const strongestIncomplete = parts.findLastIndex(({ incomplete }) => incomplete);
  const weaker = new Set(parts.slice(0, Math.max(strongestIncomplete, 0)));
  const secrets: (readonly [string, string | SecretValue])[] = [];
  const unreadable: string[] = [];
  const unresolved: string[] = [];
  for (const [key, part] of winners) {
    const values = weaker.has(part) ? [] : (part.held.get(key) ?? []);
    if (values.length === 0) unreadable.push(key);
    else for (const value of values) secrets.push([key, value]);
    if (values.length > 0 && part.unresolved.has(key)) unresolved.push(key);
  }
  const clashes = [
    ...[...holders].flatMap(([key, names]) => (names.length > 1 ? [{ key, parts: names }] : [])),
    ...parts.flatMap((part) => part.clashes.filter(({ key }) => winners.get(key) === part)),
  ];
  return {
    secrets,
    unreadable,
    ...(strongestIncomplete === -1 ? {} : { complete: false }),
    ...(clashes.length === 0 ? {} : { clashes }),
    parts: parts.flatMap((part) => part.parts),
    ...(unresolved.length === 0 ? {} : { unresolved }),
  };
}
