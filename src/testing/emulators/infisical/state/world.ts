import type {
  InfisicalEnvironment,
  InfisicalFolder,
  InfisicalFolderPlace,
  InfisicalSecret,
} from '../types.js';

/** What happened to secrets, as it is pushed. */
export interface InfisicalChange {
  readonly event: 'secret:create' | 'secret:update' | 'secret:delete' | 'secret:import-mutation';
  readonly place: Required<InfisicalFolderPlace>;
  readonly keys: readonly string[];
}

export interface FolderRecord extends InfisicalFolder {
  readonly place: Required<InfisicalFolderPlace>;
  readonly secrets: InfisicalSecret[];
  readonly imports: FolderRecord[];
}

export interface EnvironmentRecord extends InfisicalEnvironment {
  readonly folders: Map<string, FolderRecord>;
}

export interface ProjectRecord {
  readonly name: string;
  readonly environments: Map<string, EnvironmentRecord>;
}

/** All that one emulator holds. */
export interface World {
  readonly projects: Map<string, ProjectRecord>;
  nextId(): string;
  now(): number;
  onChange(change: InfisicalChange): void;
}

export const environmentAt = (world: World, projectId: string, slug: string): EnvironmentRecord | undefined =>
  world.projects.get(projectId)?.environments.get(slug);

export const folderAt = (
  world: World,
  { projectId, environment, secretPath = '/' }: InfisicalFolderPlace,
): FolderRecord | undefined => environmentAt(world, projectId, environment)?.folders.get(secretPath);

export const allFolders = ({ projects }: World): FolderRecord[] =>
  [...projects.values()].flatMap(({ environments }) =>
    [...environments.values()].flatMap(({ folders }) => [...folders.values()]),
  );

/** What a test asks for must be there. */
export function need<Thing>(thing: Thing | undefined, what: string): Thing {
  if (thing === undefined) throw new Error(`The emulator has no ${what}.`);
  return thing;
}

export const needFolder = (world: World, place: InfisicalFolderPlace): FolderRecord =>
  need(folderAt(world, place), `folder ${JSON.stringify(place)}`);
