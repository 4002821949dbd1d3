import { quote } from '../../shared/text.js';
import type {
  SecretSource,
  SourceCallOptions,
  SourceChange,
  SourceLocation,
  UnwritableKey,
} from '../../contracts/source.js';
import { merge, partRead, type PartRead } from './merge.js';
import { findTarget, nameParts, type ComposedSource } from './parts.js';
import { notWritable } from '../not-writable.js';
import { checkCall } from '../../shared/arguments/check.js';
import { aName, field, optional, withMethods, type Rule } from '../../shared/arguments/rules.js';

export type { ComposedSource } from './parts.js';

export interface ComposeOptions {
  /** The name of the part that is written. Default: none; then what is composed can't be written. */
  readonly writeTo?: string | undefined;
}

const [, isSource] = withMethods('read');

const composable: Rule = [
  'a list of sources, or of { name, source, location }',
  (value) =>
    Array.isArray(value) &&
    value.every(
      (part: unknown) =>
        isSource(part) || (typeof field(part, 'name') === 'string' && isSource(field(part, 'source'))),
    ),
];

const locate = (part: ComposedSource, location: SourceLocation): SourceLocation => ({
  ...location,
  ...part.location,
});

async function readParts(
  parts: readonly ComposedSource[],
  location: SourceLocation,
  options: SourceCallOptions,
): Promise<readonly PartRead[]> {
  options.signal.throwIfAborted();
  const reads = await Promise.allSettled(
    parts.map(async (part) => partRead(part.name, await part.source.read(locate(part, location), options))),
  );
  options.signal.throwIfAborted();
  return reads.map((read) => {
    if (read.status === 'rejected') throw read.reason;
    return read.value;
  });
}

/**
 * Returns several sources as one: folders, environments or systems. **A later one wins** over those before it, key by key. The
 * keys that several hold are warnings of the plan (`SOURCE_CLASH`) that name the one that won.
 *
 * - All are read at the same time; when one fails, the read fails.
 * - One that is partial makes the whole partial. A key that a stronger part could not read is unreadable, whatever a
 *   weaker one holds; and where a stronger part could not even name all its keys, what only weaker ones hold is
 *   unreadable too, since it may not be what wins.
 * - Each is a part, by its name: when one that held keys of a sync holds nothing any more, these keys are not deleted
 *   without consent. The parts of a part are told apart too, as `shared > .env`.
 * - `writeTo` names the part that is written. A key that a stronger part holds is not writable, since what is written
 *   would not be read; one that only a weaker part holds is created in the named one, over it.
 * - It can be watched where all parts can. It is described by the part that is written, else by the last one.
 *
 * @throws SecretSyncError `INVALID_OPTION` for no parts, for names that are not distinct, for a `writeTo` that can't be
 * written, and for an unknown option.
 *
 * @example
 * const source = composeSources(
 *   [{ name: 'shared', source: infisical, location: { secretPath: '/shared' } }, { name: 'app', source: infisical }],
 *   { writeTo: 'app' },
 * );
 */
export function composeSources(
  sources: readonly (ComposedSource | SecretSource)[],
  options: ComposeOptions = {},
): SecretSource {
  checkCall('composeSources', { sources }, { sources: composable }, options, { writeTo: optional(aName) });
  const { writeTo } = options;
  const parts = nameParts(sources);
  const target = findTarget(parts, writeTo);
  const described = target ?? parts.at(-1);
  const isWatchable = parts.every(({ source }) => source.watch !== undefined);

  return {
    name: parts.map(({ name }) => name).join(' + '),
    read: async (location, options) => merge(await readParts(parts, location, options)),
    ...(isWatchable && {
      async watch(location, onChange, { signal }) {
        const stop = new AbortController();
        const watching = { signal: AbortSignal.any([signal, stop.signal]) };
        try {
          await Promise.all(
            parts.map(async (part) => part.source.watch?.(locate(part, location), onChange, watching)),
          );
        } catch (error) {
          // The caller can't stop those that did begin.
          stop.abort();
          throw error;
        }
      },
    }),
    ...(described?.source.describe && {
      describe: (location, options) =>
        described.source.describe?.(locate(described, location), options) ?? {},
    }),
    ...(target && writeMethods(parts, target)),
  } satisfies SecretSource;
}

function writeMethods(
  parts: readonly ComposedSource[],
  target: ComposedSource & { readonly write: NonNullable<SecretSource['write']> },
): Required<Pick<SecretSource, 'write' | 'checkWrite'>> {
  const fromTarget = parts.slice(parts.findIndex(({ name }) => name === target.name));

  /** The changes as the target gets them, and those that it does not get. */
  const assign = async (
    location: SourceLocation,
    changes: readonly SourceChange[],
    options: SourceCallOptions,
  ): Promise<{ readonly assigned: readonly SourceChange[]; readonly refused: readonly UnwritableKey[] }> => {
    const [own, ...stronger] = await readParts(fromTarget, location, options);
    const refused: UnwritableKey[] = [];
    const assigned = changes.flatMap((change): SourceChange[] => {
      const { key } = change;
      const winner = stronger.findLast(({ held }) => held.has(key));
      const inDoubt = winner ?? stronger.find(({ incomplete }) => incomplete);
      // Where only a weaker part holds the key, it is new to the target.
      if (inDoubt === undefined)
        return [own?.held.has(key) === true ? change : { ...change, action: 'create' }];
      const why = winner === undefined ? 'was not read in full and may hold it,' : 'holds it,';
      const message = `${quote(inDoubt.name)} ${why} and wins over ${quote(target.name)}; change it there`;
      refused.push({ key, message });
      return [];
    });
    return { assigned, refused };
  };

  return {
    async checkWrite(location, changes, options) {
      const { assigned, refused } = await assign(location, changes, options);
      const own = await target.source.checkWrite?.(locate(target, location), assigned, options);
      return [...refused, ...(own ?? [])];
    },
    async write(location, changes, options) {
      const { assigned, refused } = await assign(location, changes, options);
      if (refused.length > 0) throw notWritable(`The composed source ${quote(target.name)}`, refused);
      await target.write(locate(target, location), assigned, options);
    },
  };
}
