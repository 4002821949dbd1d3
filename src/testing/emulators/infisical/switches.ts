/** A limit of requests, in windows that start with the first request after the last one's end. */
export interface InfisicalRateLimit {
  /** Requests that are carried out in one window; the next ones get status 429. */
  readonly limit: number;
  /** The length of a window in ms, by the emulator's clock. */
  readonly windowMs: number;
  /** Whether a 429 has a `Retry-After`, in seconds, beside its words. Default: false. */
  readonly retryAfter?: boolean;
}

/**
 * What is unknown about Infisical, and what an installation can be set to. Each default is what is documented or was
 * reported; its source is named.
 */
export interface InfisicalSwitches {
  /** How long a token lives, in seconds, by the emulator's clock; 0: it has no end. Default: 7,200 (documentation). */
  readonly tokenLife: number;
  /**
   * How a token that is unknown or has expired is refused: 403 with `TokenError`, or 401. Default: `403` (official
   * implementation of the error handler).
   */
  readonly tokenRefusal: '403' | '401';
  /** What the identity may do. Default: `write`. */
  readonly access: 'write' | 'read' | 'none';
  /**
   * Whether writes wait for an approval: 200, and not carried out (official specification). Default:
   * false.
   */
  readonly approvalPolicy: boolean;
  /** Whether all values are hidden from the identity, as those of secrets with `hidden` always are. Default: false. */
  readonly valuesHidden: boolean;
  /**
   * Which families of routes for secrets there are: `/api/v4/secrets`, `/api/v3/secrets/raw`. Default: `both`, since
   * older versions of a route are left in place (API reference, "API versioning").
   */
  readonly secretsApi: 'both' | 'v4' | 'v3' | 'none';
  /**
   * Whether unknown and missing parameters are taken, with the documented defaults, or refused with 422, so that nothing
   * depends on a default. Default: `lenient` (the official SDK sends names that a route does not know).
   */
  readonly parameters: 'lenient' | 'strict';
  /** What `/api/v4` calls the flag for imports; `/api/v3` has `include_imports`. Default: `includeImports`. */
  readonly importsFlag: 'includeImports' | 'include_imports';
  /**
   * What becomes of a reference that can't be resolved: left as it was typed, or replaced by nothing. Default: `as-typed`
   * (Infisical issues 3844 and 7613).
   */
  readonly unresolvedReferences: 'as-typed' | 'empty';
  /** How a list that asks for imports says that there are none. Default: `empty`, an empty list (specification). */
  readonly importsWhenNone: 'empty' | 'absent';
  /** The response to a list of a folder that does not exist. Default: `404` (official implementation). */
  readonly missingFolder: '404' | 'empty';
  /** Whether events are pushed, or refused for want of a license. Default: `refused` (an enterprise feature). */
  readonly events: 'pushed' | 'refused';
  /** Whether lists have an `ETag`, and the response to one that is known is 304. Default: false. */
  readonly etag: boolean;
  /**
   * Whether the `message` of an error is a string or a list. Validation errors always have a list (specification).
   * Default: `text`.
   */
  readonly errorMessage: 'text' | 'list';
  /** The limit of requests, logins included; `null` for none. Changing it starts a new window. Default: null. */
  readonly rateLimit: InfisicalRateLimit | null;
  /** Every error shows the headers and body of the request: to test that nothing leaks. Default: false. */
  readonly echo: boolean;
}

export const INFISICAL_DEFAULTS: InfisicalSwitches = {
  tokenLife: 7_200,
  tokenRefusal: '403',
  access: 'write',
  approvalPolicy: false,
  valuesHidden: false,
  secretsApi: 'both',
  parameters: 'lenient',
  importsFlag: 'includeImports',
  unresolvedReferences: 'as-typed',
  importsWhenNone: 'empty',
  missingFolder: '404',
  events: 'refused',
  etag: false,
  errorMessage: 'text',
  rateLimit: null,
  echo: false,
};
