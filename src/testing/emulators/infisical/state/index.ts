import { createDeterministicIds } from '../../server/ids.js';
import { addEnvironment, addFolder, addImport, addProject, removeFolder } from './places.js';
import { expand, type UnresolvedReferences } from './references.js';
import { addSecrets, editSecrets, removeSecret } from './secrets.js';
import type {
  InfisicalEnvironmentSetup,
  InfisicalFolderPlace,
  InfisicalProjectSetup,
  InfisicalSecret,
  InfisicalSecretSetup,
} from '../types.js';
import {
  environmentAt,
  folderAt,
  needFolder,
  type FolderRecord,
  type InfisicalChange,
  type World,
} from './world.js';

/** Projects, environments, folders and secrets of one emulator, and all that changes them. */
export type InfisicalState = ReturnType<typeof createInfisicalState>;

/** The seed of the ids: those of two kinds of emulators never meet. */
const SEED = 0x1f;

export function createInfisicalState(now: () => number, onChange: (change: InfisicalChange) => void) {
  const nextId = createDeterministicIds(SEED);
  const world: World = { projects: new Map(), nextId, now, onChange };
  return {
    nextId,
    folderAt: (place: InfisicalFolderPlace) => folderAt(world, place),
    environmentAt: (projectId: string, slug: string) => environmentAt(world, projectId, slug),
    addProject: (setup: InfisicalProjectSetup) => addProject(world, setup),
    addEnvironment: (setup: InfisicalEnvironmentSetup) => addEnvironment(world, setup),
    addFolder: (place: InfisicalFolderPlace) => addFolder(world, place),
    removeFolder: (place: InfisicalFolderPlace) => removeFolder(world, place),
    addImport: (place: InfisicalFolderPlace, from: InfisicalFolderPlace) => addImport(world, place, from),
    add: (place: InfisicalFolderPlace, setups: readonly InfisicalSecretSetup[]) =>
      addSecrets(world, place, setups),
    edit: (place: InfisicalFolderPlace, edits: readonly InfisicalSecretSetup[]) =>
      editSecrets(world, place, edits),
    remove: (place: InfisicalFolderPlace, key: string) => removeSecret(world, place, key),
    expand: (folder: FolderRecord, value: string, unresolved: UnresolvedReferences) =>
      expand(world, folder, value, unresolved),
    /** All secrets of a folder, personal ones too. */
    secrets: (place: InfisicalFolderPlace): InfisicalSecret[] => [...needFolder(world, place).secrets],
  };
}
