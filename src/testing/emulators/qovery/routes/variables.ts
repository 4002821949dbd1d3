import type { EmulatorAnswer } from '../../server/answers.js';
import type { QoveryService } from '../conflict.js';
import { present } from '../present.js';
import type { Route } from './route.js';
import {
  aliasSchema,
  createSchema,
  editSchema,
  importQuerySchema,
  importSchema,
  listSchema,
  overrideSchema,
} from '../schemas.js';
import type { QoveryVariable } from '../types.js';
import { missing } from '../wire.js';
import { addAlias, addFree, addOverride, edit, extrasOf, remove, type Written } from '../writes.js';

function listRoute({ state, switches }: QoveryService): Route {
  return {
    method: 'GET',
    path: '/variable',
    query: listSchema,
    handle(request) {
      const { parent_id, scope, is_secret } = listSchema.parse(request.query);
      if (!state.place(parent_id, scope)) return missing(switches, request, 'Parent');
      const results = state
        .list(parent_id)
        .filter((variable) => is_secret === undefined || String(variable.is_secret) === is_secret)
        .map((variable) => present(state, switches, variable, switches.listPrecision));
      return { status: 200, body: { results } };
    },
  };
}

function createRoute(
  service: QoveryService,
  show: (written: Written, status: number) => EmulatorAnswer,
): Route {
  const { state, switches } = service;
  return {
    method: 'POST',
    path: '/variable',
    body: createSchema,
    handle(request) {
      const body = createSchema.parse(request.body);
      const { key, value, is_secret, variable_parent_id: parent_id } = body;
      if (!state.place(parent_id, body.variable_scope)) return missing(switches, request, 'Parent');
      const aliased =
        switches.valueNamingKey === 'alias'
          ? state.list(parent_id).find((variable) => variable.key === value)
          : undefined;
      const mount_path = body.mount_path ?? null;
      const aliased_variable_id = aliased?.id ?? null;
      const setup = { key, value, is_secret, parent_id, mount_path, aliased_variable_id };
      return show(addFree(service, request, { ...setup, ...extrasOf(body) }), 201);
    },
  };
}

/** `POST /variable/import`: wants a service's id, and takes variables of the scopes above it in one request. */
function importRoute(service: QoveryService): Route {
  const { state, switches } = service;
  return {
    method: 'POST',
    path: '/variable/import',
    query: importQuerySchema,
    body: importSchema,
    handle(request) {
      const { service_id } = importQuerySchema.parse(request.query);
      const { overwrite, vars } = importSchema.parse(request.body);
      const environment = state.environmentOf(service_id);
      if (environment === undefined) return missing(switches, request, 'Service');
      const [, project = ''] = state.ancestry(environment);
      const imported = vars.filter(({ name: key, value, scope, is_secret }) => {
        const parent_id = scope === 'PROJECT' ? project : environment;
        const known = state.all().find((one) => one.key === key && one.parent_id === parent_id);
        if (known === undefined)
          return 'variable' in addFree(service, request, { key, value, is_secret, parent_id });
        if (overwrite) state.edit(known.id, { value });
        return overwrite;
      });
      const body = {
        total_variables_to_import: vars.length,
        successful_imported_variables: imported.map(({ value, ...one }) =>
          one.is_secret ? one : { ...one, value },
        ),
      };
      return { status: 200, body };
    },
  };
}

/** The unified family, the one that the official console uses. */
export function variableRoutes(service: QoveryService): readonly Route[] {
  const { state, switches } = service;
  const shown = (variable: QoveryVariable, status: number): EmulatorAnswer => ({
    status,
    body: present(state, switches, variable, switches.answerPrecision),
  });
  const show = (written: Written, status: number): EmulatorAnswer =>
    'refused' in written ? written.refused : shown(written.variable, status);
  return [
    listRoute(service),
    importRoute(service),
    createRoute(service, show),
    {
      method: 'POST',
      path: '/variable/{id}/alias',
      body: aliasSchema,
      handle(request, id) {
        const body = aliasSchema.parse(request.body);
        const { key, alias_parent_id: parent_id } = body;
        if (!state.place(parent_id, body.alias_scope)) return missing(switches, request, 'Parent');
        return show(addAlias(service, request, id, { ...extrasOf(body), key, parent_id }), 201);
      },
    },
    {
      method: 'POST',
      path: '/variable/{id}/override',
      body: overrideSchema,
      handle(request, id) {
        const body = overrideSchema.parse(request.body);
        const { value, override_parent_id: parent_id } = body;
        if (!state.place(parent_id, body.override_scope)) return missing(switches, request, 'Parent');
        return show(addOverride(service, request, id, { ...extrasOf(body), value, parent_id }), 201);
      },
    },
    {
      method: 'PUT',
      path: '/variable/{id}',
      body: editSchema,
      handle: (request, id) =>
        show(edit(service, request, state.get(id), editSchema.parse(request.body)), 200),
    },
    {
      method: 'DELETE',
      path: '/variable/{id}',
      handle: (request, id) => remove(service, request, state.get(id)),
    },
  ];
}
