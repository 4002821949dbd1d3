import type {
  InfisicalEnvironment,
  InfisicalEnvironmentSetup,
  InfisicalFolder,
  InfisicalFolderPlace,
  InfisicalProjectSetup,
} from '../types.js';
import { environmentAt, need, needFolder, type World } from './world.js';

export function addProject(
  world: World,
  { id = world.nextId(), name }: InfisicalProjectSetup,
): { id: string; name: string } {
  if (world.projects.has(id))
    throw new Error(`The emulator already has a project with the id ${JSON.stringify(id)}.`);
  world.projects.set(id, { name, environments: new Map() });
  return { id, name };
}

/** Adds a folder, and those above it that are missing. */
export function addFolder(world: World, place: InfisicalFolderPlace): InfisicalFolder {
  const { projectId, environment, secretPath = '/' } = place;
  const { folders } = need(
    environmentAt(world, projectId, environment),
    `environment ${JSON.stringify(environment)}`,
  );
  const names = secretPath.split('/').filter(Boolean);
  for (let depth = 0; depth <= names.length; depth += 1) {
    const path = `/${names.slice(0, depth).join('/')}`;
    if (folders.has(path)) continue;
    folders.set(path, {
      id: world.nextId(),
      name: names[depth - 1] ?? '',
      path,
      place: { projectId, environment, secretPath: path },
      secrets: [],
      imports: [],
    });
  }
  const { id, name, path } = needFolder(world, place);
  return { id, name, path };
}

/** Removes a folder with all that is below it. */
export function removeFolder(
  world: World,
  { projectId, environment, secretPath = '/' }: InfisicalFolderPlace,
): void {
  const { folders } = need(environmentAt(world, projectId, environment), 'such environment');
  for (const path of [...folders.keys()])
    if (path === secretPath || path.startsWith(`${secretPath}/`)) folders.delete(path);
}

export function addEnvironment(
  world: World,
  { projectId, slug, name = slug }: InfisicalEnvironmentSetup,
): InfisicalEnvironment {
  const { environments } = need(world.projects.get(projectId), `project ${JSON.stringify(projectId)}`);
  const environment = { id: world.nextId(), name, slug };
  environments.set(slug, { ...environment, folders: new Map() });
  addFolder(world, { projectId, environment: slug });
  return environment;
}

export function addImport(world: World, place: InfisicalFolderPlace, from: InfisicalFolderPlace): void {
  const folder = needFolder(world, place);
  folder.imports.push(needFolder(world, from));
  world.onChange({ event: 'secret:import-mutation', place: folder.place, keys: [] });
}
