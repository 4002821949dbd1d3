import { RestError, untilGone } from './errors.js';

/** What a request wants to do. */
export type RestAction =
  | 'read-openapi'
  | 'list-destinations'
  | 'list'
  | 'read'
  | 'create'
  | 'update'
  | 'delete'
  | 'sync'
  | 'import'
  | 'remove'
  | 'plan'
  | 'check-destination'
  | 'discover';

/** What a request wants to do, and to what; a field is absent where it is not known, or there is none. */
export interface RestAccess {
  readonly action: RestAction;
  /** The name of a driver. */
  readonly destination?: string;
  /** The id of a record. */
  readonly syncId?: string;
  /** The project that the request names, or that of the record. */
  readonly projectId?: string;
  /** The connection that the request names, or that of the record. */
  readonly connectionId?: string;
}

/**
 * Says whether a request may do what it wants: only `true` lets it. What it throws is 401, anything else 403.
 *
 * Called before anything is read, the body included, with what the URL says; and once more where the body or the record says
 * more: the `projectId`, the `syncId`, the `connectionId`. Leave the body of the request unread, or read a clone.
 */
export type Authorize = (request: Request, access: RestAccess) => boolean | Promise<boolean>;

/** Asks for more than the request was let in for. */
export interface Gate {
  /** Whether `authorize` returns `true`. */
  isOpen(access: RestAccess): Promise<boolean>;
  /** Throws where it does not. */
  pass(access: RestAccess): Promise<void>;
}

/** Without what is `undefined` or `null`. */
export const accessOf = (
  action: RestAction,
  fields: { readonly [Name in Exclude<keyof RestAccess, 'action'>]?: string | null | undefined },
): RestAccess => ({
  action,
  ...Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === 'string')),
});

/** Lets nothing through but what `authorize` returns `true` for. `onError` is told what it throws. */
export function createGate(authorize: Authorize, request: Request, onError: (error: unknown) => void): Gate {
  async function isOpen(access: RestAccess): Promise<boolean> {
    let allowed: unknown;
    try {
      allowed = await untilGone(request, async () => authorize(request, access));
    } catch (error) {
      if (error instanceof RestError) throw error;
      onError(error);
      throw new RestError(401, 'UNAUTHORIZED', 'The request is not authenticated; send valid credentials.');
    }
    return allowed === true;
  }
  return {
    isOpen,
    async pass(access) {
      if (await isOpen(access)) return;
      const message = `The request may not do this: ${access.action}. Ask for access.`;
      throw new RestError(403, 'FORBIDDEN', message);
    },
  };
}
