/** A limit of requests, in windows that start with the first request after the last one's end. */
export interface InfisicalRateLimit {
  /** Requests that are answered in one window; the next ones get status 429. */
  readonly limit: number;
  /** The length of a window in ms, by the emulator's clock. */
  readonly windowMs: number;
  /** Whether a 429 has a `Retry-After`, in seconds, beside its words. Default: false. */
  readonly retryAfter?: boolean;
}

/** What is open about Infisical, and what an installation can be set to. Each has the likeliest behaviour as its default. */
export interface InfisicalSwitches {
  /** How long a token lives, in seconds, by the emulator's clock; 0: for ever. Default: 7,200. */
  readonly tokenLife: number;
  /** How a token that is unknown or has expired is refused: 403 with `TokenError`, or 401. Default: `403`. */
  readonly tokenRefusal: '403' | '401';
  /** What the identity may do. Default: `write`. */
  readonly access: 'write' | 'read' | 'none';
  /** Whether writes wait for somebody's approval: answered with 200, and not carried out. Default: false. */
  readonly approvalPolicy: boolean;
  /** Whether all values are hidden from the identity, as those of secrets with `hidden` always are. Default: false. */
  readonly valuesHidden: boolean;
  /** What the flag for imports is called; servers before 2026 ignore `includeImports`. Default: `includeImports`. */
  readonly importsFlag: 'includeImports' | 'include_imports';
  /** How a list that asks for imports says that there are none. Default: `empty`, an empty list. */
  readonly importsWhenNone: 'empty' | 'absent';
  /** How a folder that is not there is answered when it is listed. Default: `404`. */
  readonly missingFolder: '404' | 'empty';
  /** Whether events are pushed, or refused for want of a licence. Default: `refused`. */
  readonly events: 'pushed' | 'refused';
  /** Whether lists have an `ETag`, and answer 304 to one that is known. Default: false. */
  readonly etag: boolean;
  /** Whether the `message` of an error is a text or a list. Validation errors always have a list. Default: `text`. */
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
  importsFlag: 'includeImports',
  importsWhenNone: 'empty',
  missingFolder: '404',
  events: 'refused',
  etag: false,
  errorMessage: 'text',
  rateLimit: null,
  echo: false,
};
