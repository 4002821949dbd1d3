import type * as z from 'zod';
import type { EmulatorAnswer } from '../server/answers.js';
import type { RequestLogEntry } from '../server/types.js';
import {
  createSchema,
  describeIssues,
  editSchema,
  listSchema,
  missing,
  nothingSchema,
  present,
  refusal,
} from './wire.js';
import { conflict, findRival, type QoveryService } from './conflict.js';
import type { QoveryVariable } from './types.js';

interface Route {
  readonly method: string;
  /** Segments of the path; `{id}` takes any. */
  readonly path: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  handle(request: RequestLogEntry, id: string): EmulatorAnswer;
}

/** All routes there are. Whatever else is asked for is answered with 404. */
export function createQoveryRoutes(service: QoveryService): readonly Route[] {
  const { state, switches } = service;
  const shown = (variable: QoveryVariable, status: number): EmulatorAnswer => ({
    status,
    body: present(state, switches, variable, switches.answerPrecision),
  });
  const results = (entries: readonly unknown[]): EmulatorAnswer => ({
    status: 200,
    body: { results: entries },
  });
  const children = (parentId: string | null) =>
    results(state.childrenOf(parentId).map(({ id, name }) => ({ id, name })));

  return [
    { method: 'GET', path: '/organization', handle: () => children(null) },
    {
      method: 'GET',
      path: '/organization/{id}/project',
      handle: (request, id) =>
        state.place(id, 'ORGANIZATION') ? children(id) : missing(switches, request, 'Organization'),
    },
    {
      method: 'GET',
      path: '/project/{id}/environment',
      handle: (request, id) =>
        state.place(id, 'PROJECT') ? children(id) : missing(switches, request, 'Project'),
    },
    {
      method: 'GET',
      path: '/variable',
      query: listSchema,
      handle(request) {
        const { parent_id, scope, is_secret } = listSchema.parse(request.query);
        if (!state.place(parent_id, scope)) return missing(switches, request, 'Parent');
        const listed = state
          .list(parent_id)
          .filter((variable) => is_secret === undefined || String(variable.is_secret) === is_secret);
        return results(listed.map((variable) => present(state, switches, variable, switches.listPrecision)));
      },
    },
    {
      method: 'POST',
      path: '/variable',
      body: createSchema,
      handle(request) {
        const body = createSchema.parse(request.body);
        const parentId = body.variable_parent_id;
        if (!state.place(parentId, body.variable_scope)) return missing(switches, request, 'Parent');
        const rival = findRival(service, { key: body.key, is_secret: body.is_secret, parent_id: parentId });
        if (rival) return conflict(service, request, rival);
        const aliased =
          switches.valueNamingKey === 'alias'
            ? state.list(parentId).find((variable) => variable.key === body.value)
            : undefined;
        const created = state.add({
          key: body.key,
          value: body.value,
          is_secret: body.is_secret,
          parent_id: parentId,
          mount_path: body.mount_path ?? null,
          description: body.description ?? null,
          enable_interpolation_in_file: body.enable_interpolation_in_file ?? null,
          aliased_variable_id: aliased?.id ?? null,
          owned_by: switches.ownedBy,
        });
        return shown(created, 201);
      },
    },
    {
      method: 'PUT',
      path: '/variable/{id}',
      body: editSchema,
      handle(request, id) {
        const body = editSchema.parse(request.body);
        const variable = state.get(id);
        const manner = switches.missingOnPut === 'as-missing' ? switches.missing : switches.missingOnPut;
        if (!variable) return missing(switches, request, 'Variable', manner);
        if (variable.variable_type === 'BUILT_IN')
          return refusal(switches, request, 400, 'A built-in is read-only');
        const rival =
          body.key === variable.key ? undefined : findRival(service, { ...variable, key: body.key });
        if (rival) return conflict(service, request, rival);
        const edited = state.edit(id, {
          key: body.key,
          value: body.value ?? variable.value,
          description: body.description ?? null,
          enable_interpolation_in_file: body.enable_interpolation_in_file ?? null,
        });
        return shown(edited, 200);
      },
    },
    {
      method: 'DELETE',
      path: '/variable/{id}',
      handle(request, id) {
        if (state.get(id)?.variable_type === 'BUILT_IN') {
          return refusal(switches, request, 400, 'A built-in is read-only');
        }
        return state.remove(id) ? { status: 204 } : missing(switches, request, 'Variable');
      },
    },
    {
      method: 'POST',
      path: '/environment/{id}/deploy',
      handle(request, id) {
        if (!state.place(id, 'ENVIRONMENT')) return missing(switches, request, 'Environment');
        if (service.deployments.some(({ environmentId, finished }) => environmentId === id && !finished)) {
          return refusal(switches, request, 409, 'An operation is in progress');
        }
        service.deployments.push({
          id: state.nextId(),
          environmentId: id,
          startedAt: service.now(),
          finished: switches.deploymentsEnd === 'at-once',
        });
        return { status: 202, body: { id, state: 'DEPLOYMENT_QUEUED' } };
      },
    },
  ];
}

/** The route of a request, and the id in its path. */
export function findRoute(
  routes: readonly Route[],
  { method, path }: { readonly method: string; readonly path: string },
): { route: Route; id: string } | undefined {
  const segments = path.split('/').map(decode);
  for (const route of routes) {
    const pattern = route.path.split('/');
    const fits =
      route.method === method &&
      pattern.length === segments.length &&
      pattern.every((part, index) => (part === '{id}' ? segments[index] !== '' : part === segments[index]));
    if (fits) return { route, id: segments[pattern.indexOf('{id}')] ?? '' };
  }
  return undefined;
}

/** Why a request is not what its route takes. */
export function findFault(route: Route, request: RequestLogEntry): string | undefined {
  const names = [...new URL(request.url, 'http://127.0.0.1').searchParams.keys()];
  if (new Set(names).size < names.length) return 'a query parameter is given twice';
  const query = (route.query ?? nothingSchema).safeParse(request.query);
  if (!query.success) return `query: ${describeIssues(query.error)}`;
  if (route.body && !/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    return 'the body must be JSON, and its content type must say so';
  }
  const body = (route.body ?? nothingSchema.optional()).safeParse(request.body);
  return body.success ? undefined : describeIssues(body.error);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
