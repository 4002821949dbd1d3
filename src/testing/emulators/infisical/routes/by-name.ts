import type { EmulatorAnswer } from '../../server/answers.js';
import type { RequestLogEntry } from '../../server/types.js';
import { bad, notFound, type InfisicalService, type Route } from './route.js';
import { secretSchemas, type SecretsFamily } from '../schemas.js';
import { approval } from './batches.js';
import { AS_WRITTEN, isServed, SECRET_PATHS } from './secret-family.js';
import type { InfisicalSecret } from '../types.js';
import { present } from '../wire.js';
import type { FolderRecord } from '../state/world.js';

type Type = InfisicalSecret['type'];

const find = ({ secrets }: FolderRecord, key: string, type: Type): InfisicalSecret | undefined =>
  secrets.find((secret) => secret.key === key && secret.type === type);

function shown(
  { state, switches }: InfisicalService,
  folder: FolderRecord,
  secret: InfisicalSecret,
  view = AS_WRITTEN,
): EmulatorAnswer {
  return { status: 200, body: { secret: present(state, switches, folder, secret, view) } };
}

function read(
  service: InfisicalService,
  family: SecretsFamily,
  request: RequestLogEntry,
  key: string,
): EmulatorAnswer {
  const query = secretSchemas(family, service.switches).one.parse(request.query);
  const folder = service.state.folderAt(query);
  const secret = folder && find(folder, key, query.type);
  return secret
    ? shown(service, folder, secret, query)
    : notFound(service, request, folder ? 'Secret' : 'Folder');
}

function create(
  service: InfisicalService,
  family: SecretsFamily,
  request: RequestLogEntry,
  key: string,
): EmulatorAnswer {
  const { state, switches } = service;
  const {
    secretValue: value,
    secretComment: comment = '',
    type,
    ...place
  } = secretSchemas(family, switches).createOne.parse(request.body);
  const folder = state.folderAt(place);
  if (!folder) return notFound(service, request, 'Folder');
  if (find(folder, key, type)) return bad(service, request, 'Secret already exists');
  if (switches.approvalPolicy) return approval(service, place, [key]);
  const [added] = state.add(place, [{ key, value, comment, type }]);
  return added ? shown(service, folder, added) : notFound(service, request, 'Secret');
}

function edit(
  service: InfisicalService,
  family: SecretsFamily,
  request: RequestLogEntry,
  key: string,
): EmulatorAnswer {
  const { state, switches } = service;
  const { secretValue, secretComment, newSecretName, type, ...place } = secretSchemas(
    family,
    switches,
  ).editOne.parse(request.body);
  const folder = state.folderAt(place);
  const before = folder && find(folder, key, type);
  if (!before) return notFound(service, request, folder ? 'Secret' : 'Folder');
  if (newSecretName !== undefined && find(folder, newSecretName, type))
    return bad(service, request, 'Secret already exists');
  if (switches.approvalPolicy) return approval(service, place, [key]);
  const [edited] = state.edit(place, [
    { key, type, value: secretValue ?? before.value, comment: secretComment ?? before.comment },
  ]);
  if (!edited) return notFound(service, request, 'Secret');
  if (newSecretName === undefined) return shown(service, folder, edited);
  state.remove(place, key);
  const [renamed = edited] = state.add(place, [{ ...edited, key: newSecretName }]);
  return shown(service, folder, renamed);
}

function remove(
  service: InfisicalService,
  family: SecretsFamily,
  request: RequestLogEntry,
  key: string,
): EmulatorAnswer {
  const { state, switches } = service;
  const { type, ...place } = secretSchemas(family, switches).removeOne.parse(request.body);
  const folder = state.folderAt(place);
  const secret = folder && find(folder, key, type);
  if (!secret) return notFound(service, request, folder ? 'Secret' : 'Folder');
  if (switches.approvalPolicy) return approval(service, place, [key]);
  state.remove(place, key);
  return shown(service, folder, secret);
}

/** The routes for one secret by its name. */
export function nameRoutes(service: InfisicalService, family: SecretsFamily): readonly Route[] {
  const schemas = () => secretSchemas(family, service.switches);
  const common = {
    path: SECRET_PATHS[family].one,
    isThere: () => isServed(service, family),
  };
  return [
    {
      ...common,
      method: 'GET',
      query: () => schemas().one,
      needs: 'read',
      handle: (request, [key = '']) => read(service, family, request, key),
    },
    {
      ...common,
      method: 'POST',
      body: () => schemas().createOne,
      needs: 'write',
      handle: (request, [key = '']) => create(service, family, request, key),
    },
    {
      ...common,
      method: 'PATCH',
      body: () => schemas().editOne,
      needs: 'write',
      handle: (request, [key = '']) => edit(service, family, request, key),
    },
    {
      ...common,
      method: 'DELETE',
      body: () => schemas().removeOne,
      needs: 'write',
      handle: (request, [key = '']) => remove(service, family, request, key),
    },
  ];
}
