import { SecretSyncError } from '../../contracts/errors.js';
import { quote, quoteList } from '../../shared/text.js';
import type { SecretSource, SourceLocation } from '../../contracts/source.js';

/** One of several sources that are read as one. */
export interface ComposedSource {
  /** What warnings and errors call it, and what `writeTo` names. */
  readonly name: string;
  readonly source: SecretSource;
  /** Replaces what the location of the definition says, field by field: a folder or an environment of its own. */
  readonly location?: SourceLocation;
}

const isNamed = (part: ComposedSource | SecretSource): part is ComposedSource => !('read' in part);

const invalid = (message: string) => new SecretSyncError('INVALID_OPTION', message);

/** Returns the sources with a name each. One without a name has its own; where several have the same, they are numbered. */
export function nameParts(sources: readonly (ComposedSource | SecretSource)[]): readonly ComposedSource[] {
  const own = sources.map(({ name }) => name);
  const parts = sources.map((source, index) => {
    if (isNamed(source)) return source;
    const isShared = own.filter((name) => name === source.name).length > 1;
    return { name: isShared ? `${source.name} ${index + 1}` : source.name, source };
  });
  if (parts.length === 0) throw invalid('composeSources needs at least one source.');
  const names = parts.map(({ name }) => name);
  const unfit = names.filter((name, index) => name === '' || names.indexOf(name) !== index);
  if (unfit.length > 0)
    throw invalid(`Each composed source needs a name of its own; change ${quoteList(unfit)}.`);
  return parts;
}

/** Returns the source that is written; throws `INVALID_OPTION` where there is none of that name, or it takes no writes. */
export function findTarget(
  parts: readonly ComposedSource[],
  writeTo: string | undefined,
): (ComposedSource & { readonly write: NonNullable<SecretSource['write']> }) | undefined {
  if (writeTo === undefined) return undefined;
  const target = parts.find(({ name }) => name === writeTo);
  if (target === undefined) {
    const names = quoteList(parts.map(({ name }) => name));
    throw invalid(`There is no composed source ${quote(writeTo)} to write to, only ${names}.`);
  }
  if (target.source.write === undefined) {
    throw invalid(`The composed source ${quote(writeTo)} can't be written; name another one in writeTo.`);
  }
  return { ...target, write: target.source.write.bind(target.source) };
}
