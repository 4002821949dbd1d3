import type { RequestLogEntry } from '../../server/types.js';
import { bad, notFound, type InfisicalService, type Route } from './route.js';
import { otherSchemas } from '../schemas.js';
import type { FolderRecord } from '../state/world.js';

const show = ({ id, name, path }: FolderRecord) => ({ id, name, path, version: 1 });
const below = (path: string, name: string) => (path === '/' ? `/${name}` : `${path}/${name}`);

function list(service: InfisicalService, request: RequestLogEntry) {
  const { path, ...place } = otherSchemas(service.switches).folders.parse(request.query);
  const environment = service.state.environmentAt(place.projectId, place.environment);
  if (!environment?.folders.has(path)) return notFound(service, request, 'Folder');
  const children = [...environment.folders.values()].filter(
    ({ name, path: own }) => name !== '' && own === below(path, name),
  );
  return { status: 200, body: { folders: children.map(show) } };
}

function create(service: InfisicalService, request: RequestLogEntry) {
  const { path, name, projectId, environment } = otherSchemas(service.switches).createFolder.parse(
    request.body,
  );
  const parent = service.state.folderAt({ projectId, environment, secretPath: path });
  if (!parent) return notFound(service, request, 'Folder');
  const place = { projectId, environment, secretPath: below(path, name) };
  if (service.state.folderAt(place)) return bad(service, request, 'Folder already exists');
  service.state.addFolder(place);
  const folder = service.state.folderAt(place);
  return folder ? { status: 200, body: { folder: show(folder) } } : notFound(service, request, 'Folder');
}

/** A folder is deleted by its name or its id. */
function remove(service: InfisicalService, request: RequestLogEntry, idOrName: string) {
  const { path, projectId, environment } = otherSchemas(service.switches).removeFolder.parse(request.body);
  const folders = service.state.environmentAt(projectId, environment)?.folders.values() ?? [];
  const folder = [...folders].find(
    ({ id, name, path: own }) =>
      name !== '' && own === below(path, name) && (id === idOrName || name === idOrName),
  );
  if (!folder) return notFound(service, request, 'Folder');
  service.state.removeFolder(folder.place);
  return { status: 200, body: { folder: show(folder) } };
}

/** The routes for folders and environments (official specification; `/api/v1/folders` is what the official SDK calls). */
export function folderRoutes(service: InfisicalService): readonly Route[] {
  const schemas = () => otherSchemas(service.switches);
  const families = ['/api/v2/folders', '/api/v1/folders'].flatMap((path): readonly Route[] => [
    {
      method: 'GET',
      path,
      query: () => schemas().folders,
      needs: 'read',
      handle: (request) => list(service, request),
    },
    {
      method: 'POST',
      path,
      body: () => schemas().createFolder,
      needs: 'write',
      handle: (request) => create(service, request),
    },
    {
      method: 'DELETE',
      path: `${path}/{idOrName}`,
      body: () => schemas().removeFolder,
      needs: 'write',
      handle: (request, [idOrName = '']) => remove(service, request, idOrName),
    },
  ]);
  return [
    ...families,
    {
      method: 'GET',
      path: '/api/v1/projects/{projectId}/environments/slug/{slug}',
      needs: 'read',
      handle(request, [projectId = '', slug = '']) {
        const environment = service.state.environmentAt(projectId, slug);
        if (!environment) return notFound(service, request, 'Environment');
        const { id, name } = environment;
        return { status: 200, body: { environment: { id, name, slug, position: 1, projectId } } };
      },
    },
  ];
}
