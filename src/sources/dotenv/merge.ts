import type { SourceRead } from '../../contracts/source.js';
import type { DotenvText } from './parse.js';

/** A file that was read, under the path that it was given by. */
export interface NamedFile extends Pick<DotenvText, 'assignments'> {
  readonly path: string;
}

/** Whether a value refers to another one, as it is written where something expands it. */
const REFERENCE = /\$\{[^}]+\}/;

interface Held {
  readonly values: readonly string[];
  readonly isUnresolved: boolean;
}

/** What a file holds, by name. A value in single quotes means what it says. */
function byName({ assignments }: NamedFile): ReadonlyMap<string, Held> {
  const groups = new Map<string, Held>();
  for (const [name, value, { quote }] of assignments) {
    const group = groups.get(name);
    const refers = quote !== "'" && REFERENCE.test(value);
    groups.set(name, {
      values: [...(group?.values ?? []), value],
      isUnresolved: refers || group?.isUnresolved === true,
    });
  }
  return groups;
}

/** Returns the files as one read, in which a later file wins and each file is a part. */
export function mergeFiles(files: readonly NamedFile[]): SourceRead {
  const merged = new Map<string, Held>();
  const parts = files.map((file) => {
    const held = byName(file);
    for (const [name, group] of held) merged.set(name, group);
    return { name: file.path, keys: [...held.keys()] };
  });
  const entries = [...merged];
  const unresolved = entries.flatMap(([name, { isUnresolved }]) => (isUnresolved ? [name] : []));
  return {
    secrets: entries.flatMap(([name, { values }]) => values.map((value) => [name, value] as const)),
    parts,
    ...(unresolved.length === 0 ? {} : { unresolved }),
  };
}
