import { z } from '@hono/zod-openapi';
import { accessOf, type Gate, type RestAction } from './access.js';
import { readBody } from './body.js';
import { parseQuery, parseStrictly } from './parse.js';
import { noFields } from './schemas/common.js';

/** One request, once it was let in. */
export interface Call<Query, Body> {
  /** The parameters of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly signal: AbortSignal;
  /** Asks `authorize` for what only the body or the record says. Throws where that is refused. */
  readonly permit: (
    more: Partial<Record<'syncId' | 'projectId' | 'connectionId', string | null>>,
  ) => Promise<void>;
  /** Whether records of this project may be shown. */
  readonly maySee: (projectId: string | null) => Promise<boolean>;
}

/** What a body is, to the document, and how it is parsed. */
export interface BodySpec<Body> {
  /** Absent for none. */
  readonly schema?: z.ZodObject;
  readonly parse: (body: Readonly<Record<string, unknown>>) => Body;
}

/** A body that is parsed by what the document says of it. */
export const strictBody = <Body>(schema: z.ZodObject & z.ZodType<Body>): BodySpec<Body> => ({
  schema,
  parse: (body) => parseStrictly<Body>(schema, body, 'The body is not valid'),
});

/** No body, or an empty object. */
export const noBody: BodySpec<unknown> = {
  parse: (body) => parseStrictly(noFields, body, 'The body is not valid'),
};

interface EndpointSpec<Query, Body> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** With the names of parameters in braces. */
  readonly path: string;
  readonly action: RestAction;
  readonly summary: string;
  /** The destination that the path names, where it has no parameter for it. */
  readonly destination?: string;
  /** Default: no parameter. */
  readonly query?: z.ZodType<Query> & z.ZodObject;
  readonly body: BodySpec<Body>;
  readonly response: z.ZodType;
  /** More actions that a request needs, by its query string. */
  readonly alsoNeeds?: (query: Query) => readonly RestAction[];
  readonly handle: (call: Call<Query, Body>) => Promise<unknown>;
}

/** A route: what the document says of it, and how it responds. */
export interface Endpoint extends Pick<
  EndpointSpec<unknown, unknown>,
  'method' | 'path' | 'summary' | 'response'
> {
  readonly body?: z.ZodObject;
  readonly query: z.ZodObject;
  respond(request: Request, params: Readonly<Record<string, string>>, gate: Gate): Promise<unknown>;
}

const NOTHING_ASKED = z.strictObject({});

/**
 * Makes a route whose steps are always the same: it asks `authorize`, then reads the query string, the body and the
 * records.
 */
export function endpoint<Query, Body>(spec: EndpointSpec<Query, Body>): Endpoint {
  const { method, path, action, summary, response, body, handle } = spec;
  const query = spec.query ?? NOTHING_ASKED;
  return {
    method,
    path,
    summary,
    query,
    response,
    ...(body.schema !== undefined && { body: body.schema }),
    async respond(request, params, gate) {
      const named = new URL(request.url).searchParams.get('projectId');
      const { destination = spec.destination, syncId, connectionId } = params;
      const known = { destination, syncId, connectionId, projectId: named };
      await gate.pass(accessOf(action, known));
      const asked = parseQuery(query, request.url) as Query;
      const actions = [action, ...(spec.alsoNeeds?.(asked) ?? [])];
      for (const other of actions.slice(1)) await gate.pass(accessOf(other, known));
      const given = body.parse(method === 'get' ? {} : await readBody(request));
      return handle({
        params,
        query: asked,
        body: given,
        signal: request.signal,
        async permit(more) {
          const fields = Object.entries(more).filter(([, value]) => typeof value === 'string');
          const isNew = fields.some(([name, value]) => known[name as keyof typeof known] !== value);
          if (!isNew) return;
          for (const needed of actions)
            await gate.pass(accessOf(needed, { ...known, ...Object.fromEntries(fields) }));
        },
        maySee: async (projectId) =>
          projectId === null || projectId === named || gate.isOpen(accessOf(action, { ...known, projectId })),
      });
    },
  };
}
