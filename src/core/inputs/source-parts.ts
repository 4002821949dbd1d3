import type { SourceRead } from '../../contracts/source.js';
import { compareText, quote } from '../../shared/text.js';

/** Which part of a source each key came from, and which parts hold nothing. */
export interface SourceParts {
  /** The name of the part by source key; without an entry for a key that no part lists. */
  readonly partOf: ReadonlyMap<string, string>;
  /** The names of the parts that hold nothing, sorted. */
  readonly emptyParts: readonly string[];
  /** The names of the parts that hold something; absent where the source is one part. */
  readonly filledParts?: ReadonlySet<string>;
  /** The name of the strongest part, the last one; absent where the source is one part. */
  readonly strongestPart?: string;
}

type Report = (message: string) => void;

export const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value;

/** The strings of a list from code that is not ours; reports a list of another shape. */
export function stringsIn(list: unknown, field: string, report: Report): ReadonlySet<string> {
  if (list === undefined) return new Set();
  const items: readonly unknown[] = isIterable(list) ? [...list] : [undefined];
  const strings = items.filter((item) => typeof item === 'string');
  if (strings.length < items.length) {
    report(`\`${field}\` is not a list of strings; return an array or a Set of source keys`);
  }
  return new Set(strings);
}

const nameOf = (part: unknown): unknown =>
  typeof part === 'object' && part !== null ? Reflect.get(part, 'name') : undefined;

/**
 * Returns the parts of a read. They are listed from the weakest to the strongest: of several that hold a key, it came
 * from the last one. Reports what has another shape, and names that are not distinct.
 */
export function partsIn(read: SourceRead, report: Report): SourceParts {
  const partOf = new Map<string, string>();
  const emptyParts: string[] = [];
  const names = new Set<string>();
  const { parts = [] }: { readonly parts?: unknown } = read;
  if (!isIterable(parts)) {
    report('`parts` is not a list; return an array of { name, keys }');
    return { partOf, emptyParts };
  }
  const filledParts = new Set<string>();
  let strongestPart: string | undefined;
  for (const part of parts) {
    const name = nameOf(part);
    if (typeof name !== 'string' || name === '') {
      report('`parts` holds a part without a name; give each one a name that is the same at every read');
      continue;
    }
    if (names.has(name)) report(`\`parts\` holds the name ${quote(name)} twice; give each part its own name`);
    names.add(name);
    strongestPart = name;
    const listed: unknown = typeof part === 'object' && part !== null ? Reflect.get(part, 'keys') : undefined;
    const keys = stringsIn(listed ?? null, 'keys', (message) =>
      report(`in the part ${quote(name)}, ${message}`),
    );
    if (keys.size === 0) emptyParts.push(name);
    else filledParts.add(name);
    for (const key of keys) partOf.set(key, name);
  }
  return {
    partOf,
    emptyParts: emptyParts.sort(compareText),
    ...(strongestPart === undefined ? {} : { filledParts, strongestPart }),
  };
}
