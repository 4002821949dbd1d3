import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import { errorFromProblems, type ErrorProblem } from '../contracts/errors.js';
import { SecretValue } from '../contracts/secret.js';
import type { SecretRecord, SourceRead, SourceReadResult } from '../contracts/source.js';

/** A source read, in the one form that the decisions use. */
export interface SourceSnapshot {
  readonly secrets: ReadonlyMap<string, SecretValue>;
  /** Source keys that the source gave more than once. */
  readonly duplicates: ReadonlySet<string>;
  /** Source keys whose values could not be read. */
  readonly unreadable: ReadonlySet<string>;
  /** Keys may be missing that could not even be named. */
  readonly incomplete: boolean;
}

/** A destination as users give it to the pure functions: plain values by key, or entries. */
export type DestinationInput = SecretRecord | Iterable<DestinationEntry>;

function isSourceRead(read: SourceReadResult): read is SourceRead {
  if (Symbol.iterator in read || !Object.hasOwn(read, 'secrets')) return false;
  const secrets: unknown = read.secrets;
  return typeof secrets === 'object' && secrets !== null && !SecretValue.is(secrets);
}

function pairs(secrets: SecretRecord): Iterable<readonly [string, unknown]> {
  return Symbol.iterator in secrets ? secrets : Object.entries(secrets);
}

/**
 * What a source's `read` answered, in one form.
 *
 * @throws SecretSyncError `SOURCE_READ_FAILED` when a value is not a string, naming every such key.
 */
export function sourceSnapshot(read: SourceReadResult): SourceSnapshot {
  const structured: SourceRead = isSourceRead(read) ? read : { secrets: read };
  const secrets = new Map<string, SecretValue>();
  const duplicates = new Set<string>();
  const problems: ErrorProblem[] = [];
  for (const [key, value] of pairs(structured.secrets)) {
    if (typeof value !== 'string' && !SecretValue.is(value)) {
      const type = value === null ? 'null' : typeof value;
      problems.push({
        code: 'SOURCE_READ_FAILED',
        key,
        message: `its value is ${type}, not a string; make it one`,
      });
    } else if (secrets.has(key)) {
      duplicates.add(key);
    } else {
      secrets.set(key, SecretValue.from(value));
    }
  }
  if (problems.length > 0) {
    throw errorFromProblems(
      'SOURCE_READ_FAILED',
      'The source answered values that are not strings',
      problems,
    );
  }
  return {
    secrets,
    duplicates,
    unreadable: new Set(structured.unreadable ?? []),
    incomplete: structured.complete === false,
  };
}

type Pair = readonly [key: string, value: string | SecretValue];

function isPair(item: DestinationEntry | Pair): item is Pair {
  return Array.isArray(item);
}

/** What stands at a destination, as entries. */
export function destinationEntries(destination: DestinationInput): DestinationEntry[] {
  const items: Iterable<DestinationEntry | Pair> =
    Symbol.iterator in destination ? destination : Object.entries(destination);
  return Array.from(items, (item) => (isPair(item) ? { key: item[0], value: item[1] } : item));
}

/** The value of an entry as a secret; `undefined` where it can't be read or is not a string. */
export function readableValue(entry: DestinationEntry): SecretValue | undefined {
  const { value } = entry;
  return typeof value === 'string' || SecretValue.is(value) ? SecretValue.from(value) : undefined;
}

/** The entries of a place by key, as the destination itself compares keys. */
export interface EntryIndex {
  readonly byKey: ReadonlyMap<string, readonly DestinationEntry[]>;
  /** All entries under a key, of every kind and scope. */
  at(key: string): readonly DestinationEntry[];
  /** The entry of this kind at this scope, else the inherited one, else `undefined`. */
  find(key: string, kind: string | undefined): DestinationEntry | undefined;
}

const NONE: readonly DestinationEntry[] = [];

export function indexEntries(entries: readonly DestinationEntry[], capabilities: Capabilities): EntryIndex {
  const canonical = (key: string) => capabilities.canonicalKey?.(key) ?? key;
  const byKey = new Map<string, DestinationEntry[]>();
  for (const entry of entries) {
    const key = canonical(entry.key);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [entry]);
    else known.push(entry);
  }
  const at = (key: string) => byKey.get(canonical(key)) ?? NONE;
  return {
    byKey,
    at,
    find(key, kind) {
      const candidates = at(key).filter((entry) => entry.kind === kind);
      return candidates.find((entry) => entry.fixed !== 'inherited') ?? candidates[0];
    },
  };
}
