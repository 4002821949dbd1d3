import type { EmulatorAnswer } from '../../server/answers.js';
import type { RequestLogEntry } from '../../server/types.js';
import { bad, notFound, type InfisicalService, type Route } from './route.js';
import { AS_WRITTEN, isServed, SECRET_PATHS } from './secret-family.js';
import { secretSchemas, type SecretsFamily } from '../schemas.js';
import type { InfisicalFolderPlace, InfisicalSecret, InfisicalSecretSetup } from '../types.js';
import { present, withEtag } from '../wire.js';
import type { FolderRecord } from '../state/world.js';

/** A change that waits for approval: 200 and not carried out (official specification). */
export function approval(
  { state, approvals }: InfisicalService,
  { projectId, environment, secretPath = '/' }: InfisicalFolderPlace,
  keys: readonly string[],
): EmulatorAnswer {
  const id = state.nextId();
  approvals.push({ id, place: { projectId, environment, secretPath }, keys });
  return { status: 200, body: { approval: { id, slug: 'emulated', status: 'open' } } };
}

const sharedIn = ({ secrets }: FolderRecord): Map<string, InfisicalSecret> =>
  new Map(secrets.filter(({ type }) => type === 'shared').map((secret) => [secret.key, secret]));

const setupOf = (secret: {
  readonly secretKey: string;
  readonly secretValue: string;
  readonly secretComment?: string | undefined;
}): InfisicalSecretSetup => ({
  key: secret.secretKey,
  value: secret.secretValue,
  ...(secret.secretComment === undefined ? {} : { comment: secret.secretComment }),
});

function written(
  { state, switches }: InfisicalService,
  folder: FolderRecord,
  secrets: readonly InfisicalSecret[],
): EmulatorAnswer {
  return {
    status: 200,
    body: { secrets: secrets.map((secret) => present(state, switches, folder, secret, AS_WRITTEN)) },
  };
}

function listSecrets(
  service: InfisicalService,
  family: SecretsFamily,
  request: RequestLogEntry,
): EmulatorAnswer {
  const { state, switches } = service;
  const query = listSchema(service, family).parse(request.query);
  const environment = state.environmentAt(query.projectId, query.environment);
  if (!environment) return notFound(service, request, 'Environment');
  const folder = state.folderAt(query);
  if (!folder) {
    return switches.missingFolder === 'empty'
      ? { status: 200, body: { secrets: [], imports: [] } }
      : notFound(service, request, 'Folder');
  }
  const show = (from: FolderRecord) =>
    from.secrets.map((secret) => present(state, switches, from, secret, query));
  const imports = folder.imports.map((imported) => ({
    secretPath: imported.path,
    environment: imported.place.environment,
    folderId: imported.id,
    secrets: show({ ...imported, secrets: imported.secrets.filter(({ type }) => type === 'shared') }),
  }));
  const start = folder.path === '/' ? '/' : `${folder.path}/`;
  const below = query.recursive
    ? [...environment.folders.values()].filter((one) => one !== folder && one.path.startsWith(start))
    : [];
  const secrets = [folder, ...below].flatMap(show);
  const isShown = query.includeImports && (imports.length > 0 || switches.importsWhenNone === 'empty');
  const answer = { status: 200, body: { secrets, ...(isShown ? { imports } : {}) } };
  return switches.etag ? withEtag(request, answer) : answer;
}

function listSchema({ switches }: InfisicalService, family: SecretsFamily) {
  const schemas = secretSchemas(family, switches);
  const isNewName = family === 'v4' && switches.importsFlag === 'includeImports';
  return isNewName ? schemas.listByNewName : schemas.listByOldName;
}

function createBatch(
  service: InfisicalService,
  family: SecretsFamily,
  request: RequestLogEntry,
): EmulatorAnswer {
  const { state, switches } = service;
  const { secrets, ...place } = secretSchemas(family, switches).create.parse(request.body);
  const folder = state.folderAt(place);
  if (!folder) return notFound(service, request, 'Folder');
  const keys = secrets.map(({ secretKey }) => secretKey);
  const standing = sharedIn(folder);
  const taken = keys.find((key, index) => standing.has(key) || keys.indexOf(key) !== index);
  if (taken !== undefined) return bad(service, request, `Secret already exists: ${taken}`);
  if (switches.approvalPolicy) return approval(service, place, keys);
  return written(service, folder, state.add(place, secrets.map(setupOf)));
}

function editBatch(
  service: InfisicalService,
  family: SecretsFamily,
  request: RequestLogEntry,
): EmulatorAnswer {
  const { state, switches } = service;
  const { secrets, mode, ...place } = secretSchemas(family, switches).edit.parse(request.body);
  const folder = state.folderAt(place);
  if (!folder) return notFound(service, request, 'Folder');
  const standing = sharedIn(folder);
  const isNew = ({ secretKey }: { readonly secretKey: string }) => !standing.has(secretKey);
  if (mode === 'failOnNotFound' && secrets.some(isNew)) return notFound(service, request, 'Secret');
  const keys = secrets.map(({ secretKey }) => secretKey);
  if (switches.approvalPolicy) return approval(service, place, keys);
  const filled = secrets.map(({ secretValue, ...rest }) => ({
    ...rest,
    secretValue: secretValue ?? standing.get(rest.secretKey)?.value ?? '',
  }));
  const edits = filled.filter((secret) => !isNew(secret)).map(setupOf);
  const additions = mode === 'upsert' ? filled.filter(isNew).map(setupOf) : [];
  return written(service, folder, [
    ...(edits.length > 0 ? state.edit(place, edits) : []),
    ...(additions.length > 0 ? state.add(place, additions) : []),
  ]);
}

function removeBatch(
  service: InfisicalService,
  family: SecretsFamily,
  request: RequestLogEntry,
): EmulatorAnswer {
  const { state, switches } = service;
  const { secrets, ...place } = secretSchemas(family, switches).remove.parse(request.body);
  const folder = state.folderAt(place);
  if (!folder) return notFound(service, request, 'Folder');
  const standing = sharedIn(folder);
  const keys = secrets.map(({ secretKey }) => secretKey);
  if (keys.some((key) => !standing.has(key))) return notFound(service, request, 'Secret');
  if (switches.approvalPolicy) return approval(service, place, keys);
  const removed = keys.flatMap((key) => standing.get(key) ?? []);
  for (const key of keys) state.remove(place, key);
  return written(service, folder, removed);
}

/** The routes for many secrets at a time. */
export function batchRoutes(service: InfisicalService, family: SecretsFamily): readonly Route[] {
  const { list, batch } = SECRET_PATHS[family];
  const schemas = () => secretSchemas(family, service.switches);
  const isThere = () => isServed(service, family);
  return [
    {
      method: 'GET',
      path: list,
      isThere,
      query: () => listSchema(service, family),
      needs: 'read',
      handle: (request) => listSecrets(service, family, request),
    },
    {
      method: 'POST',
      path: batch,
      isThere,
      body: () => schemas().create,
      needs: 'write',
      handle: (request) => createBatch(service, family, request),
    },
    {
      method: 'PATCH',
      path: batch,
      isThere,
      body: () => schemas().edit,
      needs: 'write',
      handle: (request) => editBatch(service, family, request),
    },
    {
      method: 'DELETE',
      path: batch,
      isThere,
      body: () => schemas().remove,
      needs: 'write',
      handle: (request) => removeBatch(service, family, request),
    },
  ];
}
