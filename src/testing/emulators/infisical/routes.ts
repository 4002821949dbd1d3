import type * as z from 'zod';
import type { EmulatorAnswer } from '../server/answers.js';
import type { RequestLogEntry } from '../server/types.js';
import type { InfisicalStreams } from './events.js';
import type { InfisicalState } from './state.js';
import type { InfisicalSwitches } from './switches.js';
import type { InfisicalApproval, InfisicalFolderPlace } from './types.js';
import {
  createSchema,
  editSchema,
  eventsSchema,
  foldersSchema,
  listSchemas,
  loginSchema,
  nothingSchema,
  present,
  refusal,
  withEtag,
} from './wire.js';

export interface InfisicalService {
  readonly state: InfisicalState;
  readonly switches: InfisicalSwitches;
  readonly streams: InfisicalStreams;
  readonly approvals: InfisicalApproval[];
  /** A new token, or `undefined` where the credentials are not accepted. */
  logIn(credentials: z.output<typeof loginSchema>): string | undefined;
}

interface Route {
  readonly method: string;
  /** Segments of the path; those in braces take any. */
  readonly path: string;
  /** Asked without a token. */
  readonly isOpen?: true;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly needs?: 'read' | 'write';
  handle(request: RequestLogEntry, parameters: readonly string[]): EmulatorAnswer;
}

type Written = z.output<typeof createSchema>['secrets'];

/** All routes there are. Whatever else is asked for is answered with 404. */
export function createInfisicalRoutes(service: InfisicalService): readonly Route[] {
  const { state, switches, streams, approvals } = service;
  const notFound = (request: RequestLogEntry, what: string) =>
    refusal(switches, request, 404, 'NotFoundError', `${what} not found`);
  const bad = (request: RequestLogEntry, message: string) =>
    refusal(switches, request, 400, 'BadRequestError', message);
  const listSchema = () => listSchemas[switches.importsFlag];
  const approval = (
    place: InfisicalFolderPlace,
    secrets: readonly { secretKey: string }[],
  ): EmulatorAnswer => {
    const { projectId, environment, secretPath = '/' } = place;
    const keys = secrets.map(({ secretKey }) => secretKey);
    const id = state.nextId();
    approvals.push({ id, place: { projectId, environment, secretPath }, keys });
    return { status: 200, body: { approval: { id, slug: 'emulated', status: 'open' } } };
  };
  const setups = (secrets: Written) =>
    secrets.map(({ secretKey, secretValue, secretComment }) => ({
      key: secretKey,
      value: secretValue,
      ...(secretComment === undefined ? {} : { comment: secretComment }),
    }));

  return [
    {
      method: 'POST',
      path: '/api/v1/auth/universal-auth/login',
      isOpen: true,
      body: loginSchema,
      handle(request) {
        const accessToken = service.logIn(loginSchema.parse(request.body));
        if (accessToken === undefined)
          return refusal(switches, request, 401, 'UnauthorizedError', 'Invalid credentials');
        const expiresIn = switches.tokenLife;
        return {
          status: 200,
          body: { accessToken, expiresIn, accessTokenMaxTTL: expiresIn, tokenType: 'Bearer' },
        };
      },
    },
    {
      method: 'GET',
      path: '/api/v4/secrets',
      get query() {
        return listSchema();
      },
      needs: 'read',
      handle(request) {
        const query = listSchema().parse(request.query);
        if (!state.environmentAt(query.projectId, query.environment)) return notFound(request, 'Environment');
        const folder = state.folderAt(query);
        if (!folder) {
          return switches.missingFolder === 'empty'
            ? { status: 200, body: { secrets: [], imports: [] } }
            : notFound(request, 'Folder');
        }
        const show = (from: typeof folder) =>
          from.secrets.map((secret) => present(state, switches, from, secret, query));
        const imports = folder.imports.map((imported) => ({
          secretPath: imported.path,
          environment: imported.place.environment,
          folderId: imported.id,
          secrets: show({ ...imported, secrets: imported.secrets.filter(({ type }) => type === 'shared') }),
        }));
        const isShown = query.includeImports && (imports.length > 0 || switches.importsWhenNone === 'empty');
        const answer = { status: 200, body: { secrets: show(folder), ...(isShown ? { imports } : {}) } };
        return switches.etag ? withEtag(request, answer) : answer;
      },
    },
    {
      method: 'POST',
      path: '/api/v4/secrets/batch',
      body: createSchema,
      needs: 'write',
      handle(request) {
        const { secrets, ...place } = createSchema.parse(request.body);
        const folder = state.folderAt(place);
        if (!folder) return notFound(request, 'Folder');
        const keys = secrets.map(({ secretKey }) => secretKey);
        const standing = new Set(
          folder.secrets.filter(({ type }) => type === 'shared').map(({ key }) => key),
        );
        const taken = keys.find((key, index) => standing.has(key) || keys.indexOf(key) !== index);
        if (taken !== undefined) return bad(request, `Secret already exists: ${taken}`);
        if (switches.approvalPolicy) return approval(place, secrets);
        const added = state.add(place, setups(secrets));
        const view = { viewSecretValue: true, expandSecretReferences: false };
        return {
          status: 200,
          body: { secrets: added.map((secret) => present(state, switches, folder, secret, view)) },
        };
      },
    },
    {
      method: 'PATCH',
      path: '/api/v4/secrets/batch',
      body: editSchema,
      needs: 'write',
      handle(request) {
        const { secrets, mode, ...place } = editSchema.parse(request.body);
        const folder = state.folderAt(place);
        if (!folder) return notFound(request, 'Folder');
        const standing = new Map(
          folder.secrets
            .filter(({ type }) => type === 'shared')
            .map((secret) => [secret.key, secret] as const),
        );
        const missing = secrets.filter(({ secretKey }) => !standing.has(secretKey));
        if (missing.length > 0 && mode === 'failOnNotFound') return notFound(request, 'Secret');
        if (switches.approvalPolicy) return approval(place, secrets);
        const filled = secrets.map(({ secretValue, ...rest }) => ({
          ...rest,
          secretValue: secretValue ?? standing.get(rest.secretKey)?.value ?? '',
        }));
        const isNew = ({ secretKey }: { readonly secretKey: string }) => !standing.has(secretKey);
        const edits = setups(filled.filter((secret) => !isNew(secret)));
        const additions = mode === 'upsert' ? setups(filled.filter(isNew)) : [];
        const written = [
          ...(edits.length > 0 ? state.edit(place, edits) : []),
          ...(additions.length > 0 ? state.add(place, additions) : []),
        ];
        const view = { viewSecretValue: true, expandSecretReferences: false };
        return {
          status: 200,
          body: { secrets: written.map((secret) => present(state, switches, folder, secret, view)) },
        };
      },
    },
    {
      method: 'POST',
      path: '/api/v1/events/subscribe/project-events',
      body: eventsSchema,
      needs: 'read',
      handle(request) {
        const registration = eventsSchema.parse(request.body);
        if (!/\btext\/event-stream\b/.test(request.headers['accept'] ?? ''))
          return bad(request, 'Accept must name text/event-stream');
        if (switches.events === 'refused')
          return bad(request, 'Your plan does not include event subscriptions');
        return {
          status: 200,
          headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
          stream: (sink) => streams.open(registration, sink),
        };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/projects/{projectId}/environments/slug/{slug}',
      needs: 'read',
      handle(request, [projectId = '', slug = '']) {
        const environment = state.environmentAt(projectId, slug);
        if (!environment) return notFound(request, 'Environment');
        const { id, name } = environment;
        return { status: 200, body: { environment: { id, name, slug, position: 1, projectId } } };
      },
    },
    {
      method: 'GET',
      path: '/api/v2/folders',
      query: foldersSchema,
      needs: 'read',
      handle(request) {
        const { path, ...place } = foldersSchema.parse(request.query);
        const environment = state.environmentAt(place.projectId, place.environment);
        if (!environment?.folders.has(path)) return notFound(request, 'Folder');
        const inside = path === '/' ? '/' : `${path}/`;
        const children = [...environment.folders.values()].filter(
          ({ name, path: own }) => name !== '' && own === `${inside}${name}`,
        );
        return { status: 200, body: { folders: children.map(({ id, name }) => ({ id, name, version: 1 })) } };
      },
    },
  ];
}

/** The route of a request, and what stands in the braces of its path. */
export function findRoute(
  routes: readonly Route[],
  { method, path }: { readonly method: string; readonly path: string },
): { route: Route; parameters: readonly string[] } | undefined {
  const segments = path.split('/').map(decode);
  for (const route of routes) {
    const pattern = route.path.split('/');
    const isOpen = (index: number) => pattern[index]?.startsWith('{') === true;
    const fits =
      route.method === method &&
      pattern.length === segments.length &&
      segments.every((segment, index) => (isOpen(index) ? segment !== '' : segment === pattern[index]));
    if (fits) return { route, parameters: segments.filter((_segment, index) => isOpen(index)) };
  }
  return undefined;
}

/** Why a request is not what its route takes: the issues of its query and body. */
export function findIssues(route: Route, request: RequestLogEntry): readonly unknown[] {
  const names = [...new URL(request.url, 'http://127.0.0.1').searchParams.keys()];
  if (new Set(names).size < names.length) return [{ message: 'a query parameter is given twice' }];
  const isJson = /^application\/json\b/.test(request.headers['content-type'] ?? '');
  if (route.body && !isJson) return [{ message: 'the body must be JSON, and its content type must say so' }];
  const query = (route.query ?? nothingSchema).safeParse(request.query);
  const body = (route.body ?? nothingSchema.optional()).safeParse(request.body);
  return [query, body].flatMap(({ error }) =>
    (error?.issues ?? []).map(({ code, path, message }) => ({ code, path, message })),
  );
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
