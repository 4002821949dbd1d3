import { SecretValue } from '../contracts/secret.js';
import type {
  SecretSource,
  SourceCallOptions,
  SourceChange,
  SourceLocation,
  SourceRead,
  SourceReadResult,
  UnwritableKey,
} from '../contracts/source.js';
import { notWritable } from './not-writable.js';
import { checkCall } from '../shared/arguments/check.js';
import {
  aFunction,
  aName,
  anIterable,
  optional,
  pairs,
  withMethods,
  type Rule,
  type Rules,
} from '../shared/arguments/rules.js';
import { secretPairs, sourceReadOf } from '../contracts/source.js';

/** What becomes of a source's secrets. All functions get the key as the source has it, and must be pure. */
export interface SourceTransformation {
  /** Default: the name of the source. */
  readonly name?: string | undefined;
  /** The keys that are left out, as if the source did not hold them. */
  readonly drop?: readonly string[] | ReadonlySet<string> | ((key: string) => boolean) | undefined;
  /** The new name of a key; of a table, keys that are not in it keep theirs. */
  readonly rename?:
    Readonly<Record<string, string>> | ReadonlyMap<string, string> | ((key: string) => string) | undefined;
  /** What a function for `rename` makes of a key, undone: for keys that are new to the source. */
  readonly renameBack?: ((renamed: string) => string) | undefined;
  /** The new value of a key. */
  readonly change?: ((value: SecretValue, key: string) => string | SecretValue) | undefined;
  /** What `change` makes of a value, undone. */
  readonly changeBack?: ((changed: SecretValue, key: string) => string | SecretValue) | undefined;
}

const orFunction = ([what, fits]: Rule): Rule => [
  `${what}, or a function`,
  (value) => typeof value === 'function' || fits(value),
];

const OPTIONS: Rules = {
  name: optional(aName),
  drop: optional(orFunction(anIterable)),
  rename: optional(orFunction(pairs)),
  renameBack: optional(aFunction),
  change: optional(aFunction),
  changeBack: optional(aFunction),
};

interface Compiled {
  readonly isDropped: (key: string) => boolean;
  readonly rename: (key: string) => string;
  /** The key that would be renamed so, if there is one that is certain. */
  readonly renameBack: (renamed: string) => string | undefined;
  readonly change: (value: string | SecretValue, key: string) => string | SecretValue;
  readonly changeBack: (changed: SecretValue, key: string) => SecretValue;
}

type RenameTable = Exclude<NonNullable<SourceTransformation['rename']>, (key: string) => string>;

const tableEntries = (table: RenameTable): Iterable<readonly [key: string, renamed: string]> =>
  Symbol.iterator in table ? table : Object.entries(table);

function compile({ drop = [], rename = {}, renameBack, change, changeBack }: SourceTransformation): Compiled {
  const dropped = typeof drop === 'function' ? undefined : new Set(drop);
  const table = typeof rename === 'function' ? undefined : new Map(tableEntries(rename));
  const inverse = new Map<string, string | undefined>();
  for (const [key, renamed] of table ?? []) inverse.set(renamed, inverse.has(renamed) ? undefined : key);
  return {
    isDropped: (key) => (typeof drop === 'function' ? drop(key) : dropped?.has(key) === true),
    rename: (key) => (typeof rename === 'function' ? rename(key) : (table?.get(key) ?? key)),
    renameBack: (renamed) => renameBack?.(renamed) ?? (inverse.has(renamed) ? inverse.get(renamed) : renamed),
    change: (value, key) => (change === undefined ? value : change(SecretValue.from(value), key)),
    changeBack: (changed, key) =>
      SecretValue.from(changeBack === undefined ? changed : changeBack(changed, key)),
  };
}

/**
 * Returns a source whose secrets are dropped, changed and renamed, in this order. Two keys that get one name are both
 * passed on, so that a plan reports them. Its parts are those of the source; one whose keys are all dropped holds
 * nothing.
 *
 * It can be written where the source can: a key goes to the one that is read under its name, or, where it is new, to
 * the one that the table of `rename` or `renameBack` gives; a value goes through `changeBack`. What would not read back
 * as it was written is not writable: it is listed by `checkWrite`, and refused (`SOURCE_NOT_WRITABLE`).
 *
 * @throws SecretSyncError `INVALID_OPTION` for what is not a source, and for options that are not valid.
 *
 * @example
 * const source = transformSource(infisical, {
 *   drop: (key) => key.startsWith('INTERNAL_'),
 *   rename: { DB_URL: 'DATABASE_URL' },
 * });
 */
export function transformSource(source: SecretSource, transformation: SourceTransformation): SecretSource {
  checkCall('transformSource', { source }, { source: withMethods('read') }, transformation, OPTIONS);
  const compiled = compile(transformation);
  return {
    name: transformation.name ?? source.name,
    read: async (location, options) => transformRead(await source.read(location, options), compiled),
    ...(source.watch && {
      watch: (location, onChange, options) => source.watch?.(location, onChange, options),
    }),
    ...(source.describe && {
      describe: (location, options) => source.describe?.(location, options) ?? {},
    }),
    ...(source.write && writeMethods(source, compiled)),
  } satisfies SecretSource;
}

function transformRead(result: SourceReadResult, { isDropped, rename, change }: Compiled): SourceRead {
  const read = sourceReadOf(result);
  const { complete, unreadable, clashes, parts, unresolved } = read;
  const renameAll = (keys: Iterable<string>) => [...keys].filter((key) => !isDropped(key)).map(rename);
  return {
    secrets: [...secretPairs(read.secrets)]
      .filter(([key]) => !isDropped(key))
      .map(([key, value]) => [rename(key), change(value, key)] as const),
    ...(complete === undefined ? {} : { complete }),
    ...(unreadable === undefined ? {} : { unreadable: renameAll(unreadable) }),
    ...(clashes === undefined
      ? {}
      : {
          clashes: [...clashes]
            .filter(({ key }) => !isDropped(key))
            .map((clash) => ({ ...clash, key: rename(clash.key) })),
        }),
    ...(parts === undefined
      ? {}
      : { parts: Array.from(parts, ({ name, keys }) => ({ name, keys: renameAll(keys) })) }),
    ...(unresolved === undefined ? {} : { unresolved: renameAll(unresolved) }),
  };
}

function writeMethods(
  source: SecretSource,
  { isDropped, rename, renameBack, change, changeBack }: Compiled,
): Required<Pick<SecretSource, 'write' | 'checkWrite'>> {
  const keysByName = async (location: SourceLocation, options: SourceCallOptions) => {
    const result = await source.read(location, options);
    const read = sourceReadOf(result);
    const keys = new Set([
      ...Array.from(secretPairs(read.secrets), ([key]) => key),
      ...(read.unreadable ?? []),
    ]);
    const names = new Map<string, string[]>();
    for (const key of keys) {
      if (!isDropped(key)) names.set(rename(key), [...(names.get(rename(key)) ?? []), key]);
    }
    return names;
  };

  /** The changes as the source gets them, beside the names that they came under. */
  const undo = async (
    location: SourceLocation,
    changes: readonly SourceChange[],
    options: SourceCallOptions,
  ) => {
    options.signal.throwIfAborted();
    const names = changes.length === 0 ? new Map<string, string[]>() : await keysByName(location, options);
    const refused: UnwritableKey[] = [];
    const undone = new Map<string, SourceChange>();
    for (const { key: name, value, action } of changes) {
      const refuse = (message: string) => void refused.push({ key: name, message });
      const [held, another] = names.get(name) ?? [];
      const key = held ?? renameBack(name);
      if (another !== undefined) refuse('several keys of the source get this name; rename one');
      else if (key === undefined || rename(key) !== name)
        refuse('no key of the source is known to get this name');
      else if (isDropped(key)) refuse('it is dropped when it is read');
      else {
        const raw = changeBack(value, key);
        if (SecretValue.from(change(raw, key)).equals(value)) undone.set(name, { key, value: raw, action });
        else refuse('its value would be another one when it is read again');
      }
    }
    return { undone, refused };
  };

  return {
    async checkWrite(location, changes, options) {
      const { undone, refused } = await undo(location, changes, options);
      const names = new Map([...undone].map(([name, { key }]) => [key, name] as const));
      const own = await source.checkWrite?.(location, [...undone.values()], options);
      return [
        ...refused,
        ...(own ?? []).map(({ key, message }) => ({ key: names.get(key) ?? key, message })),
      ];
    },
    async write(location, changes, options) {
      const { undone, refused } = await undo(location, changes, options);
      if (refused.length > 0) throw notWritable('The transformed source', refused);
      await source.write?.(location, [...undone.values()], options);
    },
  };
}
