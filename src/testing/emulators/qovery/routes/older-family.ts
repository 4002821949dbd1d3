import type { EmulatorAnswer } from '../../server/answers.js';
import type { RequestLogEntry } from '../../server/types.js';
import type { QoveryService } from '../conflict.js';
import { presentOlder } from '../present.js';
import type { Route } from './route.js';
import { olderAliasSchema, olderOverrideSchema, olderSchema } from '../schemas.js';
import type { QoveryVariable } from '../types.js';
import { missing } from '../wire.js';
import { addAlias, addFree, addOverride, edit, extrasOf, remove, type Written } from '../writes.js';

/** One of the four lists of the older family. */
interface Family {
  readonly scope: 'PROJECT' | 'ENVIRONMENT';
  readonly isSecret: boolean;
  readonly path: string;
}

const FAMILIES: readonly Family[] = [
  { scope: 'PROJECT', isSecret: true, path: '/project/{id}/secret' },
  { scope: 'PROJECT', isSecret: false, path: '/project/{id}/environmentVariable' },
  { scope: 'ENVIRONMENT', isSecret: true, path: '/environment/{id}/secret' },
  { scope: 'ENVIRONMENT', isSecret: false, path: '/environment/{id}/environmentVariable' },
];

/**
 * Creates as the specification says of this family: an existing key is replaced by the new value, and a value that names
 * an existing key makes an alias.
 */
function create(
  service: QoveryService,
  request: RequestLogEntry,
  parent_id: string,
  is_secret: boolean,
): Written {
  const { state } = service;
  const body = olderSchema.parse(request.body);
  const { key, value = '' } = body;
  const here = state
    .list(parent_id)
    .find(
      (one) => one.key === key && one.parent_id === state.place(parent_id)?.id && one.is_secret === is_secret,
    );
  if (here) return edit(service, request, here, { ...body, value });
  const aliased = state.list(parent_id).find((one) => one.key === value && one.is_secret === is_secret);
  if (aliased) return addAlias(service, request, aliased.id, { ...extrasOf(body), key, parent_id });
  const mount_path = body.mount_path ?? null;
  return addFree(service, request, { ...extrasOf(body), key, value, mount_path, is_secret, parent_id });
}

function routesOf(service: QoveryService, { scope, isSecret, path }: Family): readonly Route[] {
  const { state, switches } = service;
  const shown = (written: Written, status: number): EmulatorAnswer =>
    'refused' in written
      ? written.refused
      : { status, body: presentOlder(state, switches, written.variable, switches.answerPrecision) };
  /** Runs a call at a place that must exist. */
  const at =
    (call: (request: RequestLogEntry, parentId: string, id: string) => EmulatorAnswer): Route['handle'] =>
    (request, parentId, id) =>
      state.place(parentId, scope) ? call(request, parentId, id) : missing(switches, request, 'Parent');
  /** An entry of this list: one of the other kind is not in it. */
  const listed = (parentId: string, id: string): QoveryVariable | undefined =>
    state.list(parentId).find((one) => one.id === id && one.is_secret === isSecret);
  const own = (parentId: string, id: string): QoveryVariable | undefined => {
    const found = listed(parentId, id);
    return found !== undefined && state.place(parentId)?.id === found.parent_id ? found : undefined;
  };
  return [
    {
      method: 'GET',
      path,
      handle: at((_, parentId) => ({
        status: 200,
        body: {
          results: state
            .list(parentId)
            .filter(({ is_secret }) => is_secret === isSecret)
            .map((variable) => presentOlder(state, switches, variable, switches.listPrecision)),
        },
      })),
    },
    {
      method: 'POST',
      path,
      body: olderSchema,
      handle: at((request, parentId) => shown(create(service, request, parentId, isSecret), 201)),
    },
    {
      method: 'PUT',
      path: `${path}/{innerId}`,
      body: olderSchema,
      handle: at((request, parentId, id) =>
        shown(edit(service, request, own(parentId, id), olderSchema.parse(request.body)), 200),
      ),
    },
    {
      method: 'DELETE',
      path: `${path}/{innerId}`,
      handle: at((request, parentId, id) => remove(service, request, own(parentId, id))),
    },
    {
      method: 'POST',
      path: `${path}/{innerId}/alias`,
      body: olderAliasSchema,
      handle: at((request, parent_id, id) => {
        const body = olderAliasSchema.parse(request.body);
        if (!listed(parent_id, id)) return missing(switches, request, 'Variable');
        return shown(addAlias(service, request, id, { ...extrasOf(body), key: body.key, parent_id }), 201);
      }),
    },
    {
      method: 'POST',
      path: `${path}/{innerId}/override`,
      body: olderOverrideSchema,
      handle: at((request, parent_id, id) => {
        const body = olderOverrideSchema.parse(request.body);
        if (!listed(parent_id, id)) return missing(switches, request, 'Variable');
        const setup = { ...extrasOf(body), value: body.value ?? '', parent_id };
        return shown(addOverride(service, request, id, setup), 201);
      }),
    },
  ];
}

/** The older family, through which the reference and the official Terraform provider write. */
export const olderRoutes = (service: QoveryService): readonly Route[] =>
  FAMILIES.flatMap((family) => routesOf(service, family));
