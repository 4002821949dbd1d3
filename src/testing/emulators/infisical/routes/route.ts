import type * as z from 'zod';
import type { EmulatorAnswer } from '../../server/answers.js';
import type { RequestLogEntry } from '../../server/types.js';
import type { InfisicalStreams } from '../events.js';
import { nothingSchema } from '../schemas.js';
import type { InfisicalState } from '../state/index.js';
import type { InfisicalSwitches } from '../switches.js';
import type { InfisicalApproval } from '../types.js';
import { refusal } from '../wire.js';

/** What the routes are made of. */
export interface InfisicalService {
  readonly state: InfisicalState;
  readonly switches: InfisicalSwitches;
  readonly streams: InfisicalStreams;
  readonly approvals: InfisicalApproval[];
  /** A new token, or `undefined` where the credentials are not accepted. */
  logIn(credentials: { readonly clientId: string; readonly clientSecret: string }): string | undefined;
  /** Lets a token live on. Whether it was one that still does. */
  renew(accessToken: string): boolean;
}

export interface Route {
  readonly method: string;
  /** Segments of the path; those in braces take any. */
  readonly path: string;
  /** Whether the server has it, as it is set. Default: it has. */
  isThere?(): boolean;
  /** Asked without a token. */
  readonly isOpen?: true;
  query?(): z.ZodType;
  body?(): z.ZodType;
  readonly needs?: 'read' | 'write';
  handle(request: RequestLogEntry, parameters: readonly string[]): EmulatorAnswer;
}

export const notFound = (
  { switches }: InfisicalService,
  request: RequestLogEntry,
  what: string,
): EmulatorAnswer => refusal(switches, request, 404, 'NotFound', `${what} not found`);

export const bad = (
  { switches }: InfisicalService,
  request: RequestLogEntry,
  message: string,
): EmulatorAnswer => refusal(switches, request, 400, 'BadRequest', message);

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The route of a request, and what is in the braces of its path. A path without braces goes first. */
export function findRoute(
  routes: readonly Route[],
  { method, path }: { readonly method: string; readonly path: string },
): { route: Route; parameters: readonly string[] } | undefined {
  const segments = path.split('/').map(decode);
  const matches = routes.flatMap((route) => {
    const pattern = route.path.split('/');
    const isOpen = (index: number) => pattern[index]?.startsWith('{') === true;
    const fits =
      route.method === method &&
      pattern.length === segments.length &&
      segments.every((segment, index) => (isOpen(index) ? segment !== '' : segment === pattern[index]));
    return fits ? [{ route, parameters: segments.filter((_segment, index) => isOpen(index)) }] : [];
  });
  const [first] = matches.sort((one, other) => one.parameters.length - other.parameters.length);
  return first === undefined || first.route.isThere?.() === false ? undefined : first;
}

/** Why a request is not what its route takes: the issues of its query and body. */
export function findIssues(
  route: Route,
  request: RequestLogEntry,
  { parameters }: InfisicalSwitches,
): readonly unknown[] {
  const names = [...new URL(request.url, 'http://127.0.0.1').searchParams.keys()];
  if (new Set(names).size < names.length) return [{ message: 'a query parameter is given twice' }];
  const bodySchema = route.body?.();
  const isJson = /^application\/json\b/.test(request.headers['content-type'] ?? '');
  if (bodySchema && !isJson) return [{ message: 'the body must be JSON, and its content type must say so' }];
  const querySchema = route.query?.() ?? (parameters === 'strict' ? nothingSchema : undefined);
  const query = querySchema?.safeParse(request.query);
  const body = (bodySchema ?? nothingSchema.optional()).safeParse(request.body);
  return [query, body].flatMap((result) =>
    (result?.error?.issues ?? []).map(({ code, path, message }) => ({ code, path, message })),
  );
}
