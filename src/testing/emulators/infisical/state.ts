import { createDeterministicIds } from '../server/ids.js';
import type {
  InfisicalEnvironment,
  InfisicalEnvironmentSetup,
  InfisicalFolder,
  InfisicalFolderPlace,
  InfisicalProjectSetup,
  InfisicalSecret,
  InfisicalSecretSetup,
} from './types.js';

/** What happened to secrets, as it is pushed. */
export interface InfisicalChange {
  readonly event: 'secret:create' | 'secret:update' | 'secret:delete' | 'secret:import-mutation';
  readonly place: Required<InfisicalFolderPlace>;
  readonly keys: readonly string[];
}

interface FolderRecord extends InfisicalFolder {
  readonly place: Required<InfisicalFolderPlace>;
  readonly secrets: InfisicalSecret[];
  readonly imports: FolderRecord[];
}

interface EnvironmentRecord extends InfisicalEnvironment {
  readonly folders: Map<string, FolderRecord>;
}

/** Projects, environments, folders and secrets of one emulator, and all that changes them. */
export type InfisicalState = ReturnType<typeof createInfisicalState>;

/** The seed of the ids: those of two kinds of emulators never meet. */
const SEED = 0x1f;
const DEEPEST_REFERENCE = 10;

export function createInfisicalState(now: () => number, onChange: (change: InfisicalChange) => void) {
  const nextId = createDeterministicIds(SEED);
  const projects = new Map<
    string,
    { readonly name: string; readonly environments: Map<string, EnvironmentRecord> }
  >();

  const environmentAt = (projectId: string, slug: string) => projects.get(projectId)?.environments.get(slug);
  const folderAt = ({ projectId, environment, secretPath = '/' }: InfisicalFolderPlace) =>
    environmentAt(projectId, environment)?.folders.get(secretPath);

  function need<Thing>(thing: Thing | undefined, what: string): Thing {
    if (thing === undefined) throw new Error(`The emulator has no ${what}.`);
    return thing;
  }
  const needFolder = (place: InfisicalFolderPlace) =>
    need(folderAt(place), `folder ${JSON.stringify(place)}`);

  function addFolder(place: InfisicalFolderPlace): InfisicalFolder {
    const { projectId, environment, secretPath = '/' } = place;
    const { folders } = need(
      environmentAt(projectId, environment),
      `environment ${JSON.stringify(environment)}`,
    );
    const names = secretPath.split('/').filter(Boolean);
    for (let depth = 0; depth <= names.length; depth += 1) {
      const path = `/${names.slice(0, depth).join('/')}`;
      if (folders.has(path)) continue;
      folders.set(path, {
        id: nextId(),
        name: names[depth - 1] ?? '',
        path,
        place: { projectId, environment, secretPath: path },
        secrets: [],
        imports: [],
      });
    }
    const { id, name, path } = needFolder(place);
    return { id, name, path };
  }

  /** Tells of a change, also on behalf of the folders that import this one. */
  function tell(event: InfisicalChange['event'], folder: FolderRecord, keys: readonly string[]): void {
    onChange({ event, place: folder.place, keys });
    const all = [...projects.values()].flatMap(({ environments }) =>
      [...environments.values()].flatMap(({ folders }) => [...folders.values()]),
    );
    for (const importing of all) {
      if (importing.imports.includes(folder))
        onChange({ event: 'secret:import-mutation', place: importing.place, keys });
    }
  }

  function add(place: InfisicalFolderPlace, setups: readonly InfisicalSecretSetup[]): InfisicalSecret[] {
    const folder = needFolder(place);
    const added = setups.map((setup): InfisicalSecret => ({
      id: nextId(),
      value: '',
      comment: '',
      type: 'shared',
      hidden: false,
      ...setup,
      version: 1,
      createdAt: now(),
      updatedAt: now(),
    }));
    folder.secrets.push(...added);
    tell(
      'secret:create',
      folder,
      added.map(({ key }) => key),
    );
    return added;
  }

  function edit(place: InfisicalFolderPlace, edits: readonly InfisicalSecretSetup[]): InfisicalSecret[] {
    const folder = needFolder(place);
    const edited = edits.map((change) => {
      const index = folder.secrets.findIndex(
        ({ key, type }) => key === change.key && type === (change.type ?? 'shared'),
      );
      const before = need(folder.secrets[index], `secret ${JSON.stringify(change.key)}`);
      const after = { ...before, ...change, version: before.version + 1, updatedAt: now() };
      folder.secrets[index] = after;
      return after;
    });
    tell(
      'secret:update',
      folder,
      edited.map(({ key }) => key),
    );
    return edited;
  }

  /** The value that a reference has in the end: of a secret of this folder, else of its imports, the last one first. */
  function resolve(folder: FolderRecord, key: string, depth: number): string {
    for (const layer of [folder, ...[...folder.imports].reverse()]) {
      const found = layer.secrets.find((secret) => secret.key === key && secret.type === 'shared');
      if (found !== undefined) return expand(layer, found.value, depth);
    }
    return '';
  }

  function expand(folder: FolderRecord, value: string, depth = 0): string {
    if (depth > DEEPEST_REFERENCE) return '';
    return value.replace(/\$\{([^}]+)\}/g, (_reference, path: string) => {
      const parts = path.split('.');
      const key = parts.pop() ?? '';
      const [environment, ...names] = parts;
      if (environment === undefined) return resolve(folder, key, depth + 1);
      const target = folderAt({ ...folder.place, environment, secretPath: `/${names.join('/')}` });
      return target === undefined ? '' : resolve(target, key, depth + 1);
    });
  }

  function addProject({ id = nextId(), name }: InfisicalProjectSetup): { id: string; name: string } {
    if (projects.has(id))
      throw new Error(`The emulator already has a project with the id ${JSON.stringify(id)}.`);
    projects.set(id, { name, environments: new Map() });
    return { id, name };
  }

  function addEnvironment({ projectId, slug, name = slug }: InfisicalEnvironmentSetup): InfisicalEnvironment {
    const { environments } = need(projects.get(projectId), `project ${JSON.stringify(projectId)}`);
    const environment = { id: nextId(), name, slug };
    environments.set(slug, { ...environment, folders: new Map() });
    addFolder({ projectId, environment: slug });
    return environment;
  }

  function addImport(place: InfisicalFolderPlace, from: InfisicalFolderPlace): void {
    const folder = needFolder(place);
    folder.imports.push(needFolder(from));
    onChange({ event: 'secret:import-mutation', place: folder.place, keys: [] });
  }

  /** Deletes a secret, also its personal override. Whether there was one. */
  function remove(place: InfisicalFolderPlace, key: string): boolean {
    const folder = needFolder(place);
    const left = folder.secrets.filter((secret) => secret.key !== key);
    if (left.length === folder.secrets.length) return false;
    folder.secrets.splice(0, Infinity, ...left);
    tell('secret:delete', folder, [key]);
    return true;
  }

  return {
    nextId,
    folderAt,
    environmentAt,
    addFolder,
    add,
    edit,
    expand,
    addProject,
    addEnvironment,
    addImport,
    remove,
    /** All secrets of a folder, personal ones too. */
    secrets: (place: InfisicalFolderPlace): InfisicalSecret[] => [...needFolder(place).secrets],
  };
}
