import { folderAt, type FolderRecord, type World } from './world.js';

const DEEPEST = 10;

/** What becomes of a reference that can't be resolved. */
export type UnresolvedReferences = 'as-typed' | 'empty';

interface Expansion {
  readonly world: World;
  readonly unresolved: UnresolvedReferences;
  readonly depth: number;
}

/** The value that a reference has in the end: of a secret of this folder, else of its imports, the last one first. */
function resolve(expansion: Expansion, folder: FolderRecord, key: string): string | undefined {
  for (const layer of [folder, ...[...folder.imports].reverse()]) {
    const found = layer.secrets.find((secret) => secret.key === key && secret.type === 'shared');
    if (found !== undefined) return expandIn(expansion, layer, found.value);
  }
  return undefined;
}

function expandIn({ world, unresolved, depth }: Expansion, folder: FolderRecord, value: string): string {
  if (depth > DEEPEST) return '';
  return value.replace(/\$\{([^}]+)\}/g, (reference, path: string) => {
    const parts = path.split('.');
    const key = parts.pop() ?? '';
    const [environment, ...names] = parts;
    const target =
      environment === undefined
        ? folder
        : folderAt(world, { ...folder.place, environment, secretPath: `/${names.join('/')}` });
    const found = target && resolve({ world, unresolved, depth: depth + 1 }, target, key);
    return found ?? (unresolved === 'empty' ? '' : reference);
  });
}

/** Replaces the references in a value of a folder. */
export const expand = (
  world: World,
  folder: FolderRecord,
  value: string,
  unresolved: UnresolvedReferences,
): string => expandIn({ world, unresolved, depth: 0 }, folder, value);
