import { SecretValue } from '../../contracts/secret.js';
import type { SourceClash, SourceRead, SourceReadResult } from '../../contracts/source.js';
import { isSourceRead, secretPairs } from '../../contracts/source.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';
import { errorFromProblems } from '../../shared/problems.js';
import { byText } from '../../shared/text.js';
import { isIterable, partsIn, stringsIn, type SourceParts } from './source-parts.js';

/** A source read, in the one form that the decisions use. */
export interface SourceSnapshot extends SourceParts {
  readonly secrets: ReadonlyMap<string, SecretValue>;
  /** Source keys that the source returned more than once. */
  readonly duplicates: ReadonlySet<string>;
  /** Source keys whose values could not be read. */
  readonly unreadable: ReadonlySet<string>;
  /** Keys may be missing that could not even be named. */
  readonly incomplete: boolean;
  /** Sorted by key. */
  readonly clashes: readonly SourceClash[];
  /** Source keys whose values hold a reference that the source left unresolved. */
  readonly unresolved: ReadonlySet<string>;
}

/**
 * Returns what a source's `read` returned, in one form.
 *
 * @throws SecretSyncError `SOURCE_READ_FAILED` when a value is not a string or a field has another shape than
 * `SourceRead` says, naming every such key and field.
 */
export function sourceSnapshot(read: SourceReadResult): SourceSnapshot {
  const structured: SourceRead = isSourceRead(read) ? read : { secrets: read };
  const problems: ErrorProblem[] = [];
  const { secrets, duplicates } = secretsIn(structured, problems);
  throwProblems('The source returned values that are not strings', problems);
  const report = (message: string) => void problems.push({ code: 'SOURCE_READ_FAILED', message });
  const unreadable = stringsIn(structured.unreadable, 'unreadable', report);
  const unresolved = stringsIn(structured.unresolved, 'unresolved', report);
  const parts = partsIn(structured, report);
  const clashes = clashesIn(structured, report);
  const { complete = true }: { readonly complete?: unknown } = structured;
  if (typeof complete !== 'boolean') report('`complete` is not a boolean; return true or false');
  throwProblems('The source returned something else than a SourceRead', problems);
  return {
    secrets,
    duplicates,
    unreadable,
    incomplete: complete === false,
    clashes: [...clashes].sort(byText((clash) => clash.key)),
    unresolved,
    ...parts,
  };
}

/** The clashes of a read; reports what has another shape. */
function clashesIn({ clashes = [] }: SourceRead, report: (message: string) => void): readonly SourceClash[] {
  const items: readonly unknown[] = isIterable(clashes) ? [...clashes] : [undefined];
  const isClash = (item: unknown): item is SourceClash => {
    if (typeof item !== 'object' || item === null) return false;
    const names: unknown = Reflect.get(item, 'parts');
    return (
      typeof Reflect.get(item, 'key') === 'string' &&
      Array.isArray(names) &&
      names.every((name) => typeof name === 'string')
    );
  };
  const found = items.filter(isClash);
  if (found.length < items.length)
    report('`clashes` is not a list of { key, parts }; return the names of the parts that hold each key');
  return found;
}

function secretsIn(
  read: SourceRead,
  problems: ErrorProblem[],
): Pick<SourceSnapshot, 'secrets' | 'duplicates'> {
  const secrets = new Map<string, SecretValue>();
  const duplicates = new Set<string>();
  const pairs: Iterable<unknown> = secretPairs(read.secrets);
  let position = -1;
  for (const pair of pairs) {
    position += 1;
    const parts: readonly unknown[] = Array.isArray(pair) ? pair : [];
    const key = parts[0];
    const value = parts[1];
    if (typeof key !== 'string') {
      const message = `item ${position} of the list is not a pair of a key and a value; make it one`;
      problems.push({ code: 'SOURCE_READ_FAILED', message });
    } else if (typeof value !== 'string' && !SecretValue.is(value)) {
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
  return { secrets, duplicates };
}

function throwProblems(subject: string, problems: readonly ErrorProblem[]): void {
  if (problems.length > 0) throw errorFromProblems('SOURCE_READ_FAILED', subject, problems);
}
