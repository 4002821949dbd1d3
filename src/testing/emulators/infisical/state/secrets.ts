import type { InfisicalFolderPlace, InfisicalSecret, InfisicalSecretSetup } from '../types.js';
import {
  allFolders,
  need,
  needFolder,
  type FolderRecord,
  type InfisicalChange,
  type World,
} from './world.js';

/** Tells of a change, also on behalf of the folders that import this one. */
function tell(
  world: World,
  event: InfisicalChange['event'],
  folder: FolderRecord,
  keys: readonly string[],
): void {
  world.onChange({ event, place: folder.place, keys });
  for (const importing of allFolders(world)) {
    if (importing.imports.includes(folder))
      world.onChange({ event: 'secret:import-mutation', place: importing.place, keys });
  }
}

const keysOf = (secrets: readonly InfisicalSecret[]): string[] => secrets.map(({ key }) => key);

export function addSecrets(
  world: World,
  place: InfisicalFolderPlace,
  setups: readonly InfisicalSecretSetup[],
): InfisicalSecret[] {
  const folder = needFolder(world, place);
  const added = setups.map((setup): InfisicalSecret => ({
    id: world.nextId(),
    value: '',
    comment: '',
    type: 'shared',
    hidden: false,
    ...setup,
    version: 1,
    createdAt: world.now(),
    updatedAt: world.now(),
  }));
  folder.secrets.push(...added);
  tell(world, 'secret:create', folder, keysOf(added));
  return added;
}

export function editSecrets(
  world: World,
  place: InfisicalFolderPlace,
  edits: readonly InfisicalSecretSetup[],
): InfisicalSecret[] {
  const folder = needFolder(world, place);
  const edited = edits.map((change) => {
    const index = folder.secrets.findIndex(
      ({ key, type }) => key === change.key && type === (change.type ?? 'shared'),
    );
    const before = need(folder.secrets[index], `secret ${JSON.stringify(change.key)}`);
    const after = { ...before, ...change, version: before.version + 1, updatedAt: world.now() };
    folder.secrets[index] = after;
    return after;
  });
  tell(world, 'secret:update', folder, keysOf(edited));
  return edited;
}

/** Deletes a secret, also its personal override. Whether there was one. */
export function removeSecret(world: World, place: InfisicalFolderPlace, key: string): boolean {
  const folder = needFolder(world, place);
  const left = folder.secrets.filter((secret) => secret.key !== key);
  if (left.length === folder.secrets.length) return false;
  folder.secrets.splice(0, Infinity, ...left);
  tell(world, 'secret:delete', folder, [key]);
  return true;
}
