import type * as z from 'zod';
import type { EmulatorAnswer } from '../../server/answers.js';
import type { RequestLogEntry } from '../../server/types.js';
import { describeIssues, nothingSchema } from '../wire.js';

/** One route of the API. */
export interface Route {
  readonly method: string;
  /** Segments of the path; one in braces, such as `{id}`, takes any. */
  readonly path: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Gets what the path holds in place of its braces. */
  handle(request: RequestLogEntry, id: string, innerId: string): EmulatorAnswer;
}

/** A route with what the path of a request holds in place of its braces. */
export interface FoundRoute {
  readonly route: Route;
  readonly ids: readonly string[];
}

const isOpen = (part: string): boolean => part.startsWith('{');

/** Returns the route of a request. */
export function findRoute(
  routes: readonly Route[],
  { method, path }: { readonly method: string; readonly path: string },
): FoundRoute | undefined {
  const segments = path.split('/').map(decode);
  for (const route of routes) {
    const pattern = route.path.split('/');
    const fits =
      route.method === method &&
      pattern.length === segments.length &&
      pattern.every((part, index) => (isOpen(part) ? segments[index] !== '' : part === segments[index]));
    if (fits) return { route, ids: segments.filter((_, index) => isOpen(pattern[index] ?? '')) };
  }
  return undefined;
}

/** Returns why a request is not what its route takes. */
export function findFault(route: Route, request: RequestLogEntry): string | undefined {
  const names = [...new URL(request.url, 'http://127.0.0.1').searchParams.keys()];
  if (new Set(names).size < names.length) return 'a query parameter is given twice';
  const query = (route.query ?? nothingSchema).safeParse(request.query);
  if (!query.success) return `query: ${describeIssues(query.error)}`;
  const isJson = /^application\/json\b/.test(request.headers['content-type'] ?? '');
  if (route.body && !isJson && !(request.body === undefined && route.body.safeParse(undefined).success)) {
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
