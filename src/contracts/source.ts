import { SecretSyncError } from './errors.js';
import { SecretValue } from './secret.js';

/** The part of a source that a definition reads: the definition's `projectId`, `environment` and `secretPath`. */
export interface SourceLocation {
  readonly projectId?: string | undefined;
  readonly environment?: string | undefined;
  readonly secretPath?: string | undefined;
}

/** Passed to every call of a source. */
export interface SourceCallOptions {
  /** Aborted when the run is aborted or its deadline has passed. */
  readonly signal: AbortSignal;
}

/** Secrets by source key. A list of pairs can hold a key twice, which a plan then reports. */
export type SecretRecord =
  | Readonly<Record<string, string | SecretValue>>
  | Iterable<readonly [sourceKey: string, value: string | SecretValue]>;

/** The result of a read, with what there is to say about it beside the secrets. */
export interface SourceRead {
  readonly secrets: SecretRecord;
  /** `false` when keys can be missing that could not be named: nothing is deleted in such a run. Default: true. */
  readonly complete?: boolean | undefined;
  /** Source keys that exist but whose values could not be read. They are unknown, never absent. */
  readonly unreadable?: Iterable<string> | undefined;
  /** Keys that several parts of the source hold, and which of them won: warnings of the plan, `SOURCE_CLASH`. */
  readonly clashes?: Iterable<SourceClash> | undefined;
  /**
   * The parts that the source is made of, from the weakest to the strongest, those that hold nothing included: of a
   * part that held keys of a sync and holds nothing any more, nothing is deleted without consent. Default: the source
   * is one part.
   */
  readonly parts?: Iterable<SourcePart> | undefined;
  /** Keys whose values hold a reference that the source left unresolved: warnings, `UNRESOLVED_REFERENCE`. */
  readonly unresolved?: Iterable<string> | undefined;
}

/** One part of a source, such as one file of several, and the keys that it holds. */
export interface SourcePart {
  /** The same at every read and distinct: what is remembered of a key names the part that it came from. */
  readonly name: string;
  /**
   * The source keys that this part holds, also those that could not be read and those for which another part wins: a
   * key that several parts hold came from the last of them. Empty: the part holds nothing.
   */
  readonly keys: Iterable<string>;
}

/** A source key that several parts of a source hold. */
export interface SourceClash {
  readonly key: string;
  /** The names of those that hold it, from the weakest to the one that won. */
  readonly parts: readonly string[];
}

/** What `read` can return: the secrets alone, or a `SourceRead` that says more about them. */
export type SourceReadResult = SecretRecord | SourceRead;

/** One write to a source, made by an import. `key` is the source key. */
export interface SourceChange {
  readonly key: string;
  readonly value: SecretValue;
  readonly action: 'create' | 'update';
}

/** A source key that can't be written, and why, in words without any value. */
export interface UnwritableKey {
  readonly key: string;
  readonly message: string;
}

/** What a source can say about a location, for records: ids and names, never values. */
export interface SourceDescription {
  readonly environment?: { readonly slug: string; readonly name: string; readonly id: string } | undefined;
  readonly folder?: { readonly id: string; readonly path: string } | undefined;
}

/**
 * Where secrets come from. Only `name` and `read` are needed; `defineSource(name, read)` makes one of those.
 *
 * A read that fails must throw: an empty result means that there are no secrets.
 */
export interface SecretSource {
  /** For messages, such as `dotenv`. */
  readonly name: string;
  read(location: SourceLocation, options: SourceCallOptions): SourceReadResult | Promise<SourceReadResult>;
  /** Writes all changes or throws. Absent: nothing can be imported into the source. */
  write?(
    location: SourceLocation,
    changes: readonly SourceChange[],
    options: SourceCallOptions,
  ): void | Promise<void>;
  /** Returns the changes that `write` would refuse. Called while an import is planned; must not write. Absent: none. */
  checkWrite?(
    location: SourceLocation,
    changes: readonly SourceChange[],
    options: SourceCallOptions,
  ): readonly UnwritableKey[] | Promise<readonly UnwritableKey[]>;
  /** Calls `onChange` whenever the location may have changed, until `signal` is aborted. */
  watch?(location: SourceLocation, onChange: () => void, options: SourceCallOptions): void | Promise<void>;
  describe?(
    location: SourceLocation,
    options: SourceCallOptions,
  ): SourceDescription | Promise<SourceDescription>;
}

/** Returns whether a result is a `SourceRead`, and not secrets alone, which can have a key called `secrets`. */
export function isSourceRead(read: SourceReadResult): read is SourceRead {
  if (Symbol.iterator in read || !Object.hasOwn(read, 'secrets')) return false;
  const secrets: unknown = read.secrets;
  return typeof secrets === 'object' && secrets !== null && !SecretValue.is(secrets);
}

/** Returns the secrets of a read as pairs. */
export function secretPairs(
  secrets: SecretRecord,
): Iterable<readonly [sourceKey: string, value: string | SecretValue]> {
  return Symbol.iterator in secrets ? secrets : Object.entries(secrets);
}

/** Whether an object is one without a class, of whatever realm. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Returns what a source's `read` returned as a `SourceRead`.
 *
 * @throws SecretSyncError `SOURCE_READ_FAILED` for what is no record and would look like an empty one, such as a promise or
 * a response that was not read.
 */
export function sourceReadOf(result: SourceReadResult): SourceRead {
  const read: SourceRead = isSourceRead(result) ? result : { secrets: result };
  const { secrets } = read;
  if (Symbol.iterator in secrets || isPlain(secrets) || Object.keys(secrets).length > 0) return read;
  throw new SecretSyncError(
    'SOURCE_READ_FAILED',
    'The source returned something that holds no secrets and is no record, such as a promise or a response that was not ' +
      'read; return a record, a Map, or a list of pairs.',
  );
}
