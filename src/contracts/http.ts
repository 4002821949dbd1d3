import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { SecretValue } from './secret.js';
import type { ErrorCode } from './error-codes.js';

/** What a {@link Fetch} is called with: each request says all of it, but for the body where there is none. */
export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Redirects are for the caller to refuse. */
  readonly redirect?: 'manual';
  /** Aborted when the response is no longer wanted, its body included. */
  readonly signal?: AbortSignal;
}

/** The part of `Headers` that is used of a response. */
export interface FetchHeaders {
  get(name: string): string | null;
}

/** The part of a `ReadableStream` of bytes that is used of a response. */
export interface FetchBody {
  getReader(): {
    read(): Promise<{ readonly done: true } | { readonly done: false; readonly value: Uint8Array }>;
    cancel(): Promise<unknown>;
  };
  cancel(): Promise<unknown>;
}

/** The part of a `Response` that is used. */
export interface FetchResponse {
  /** Whether the status is one of success. */
  readonly ok: boolean;
  readonly status: number;
  readonly headers: FetchHeaders;
  readonly body: FetchBody | null;
}

/**
 * A `fetch`, such as the global one, that of undici, or a function of a test. It is called with a URL and options, and
 * never with a `Request`, which belongs to one implementation.
 */
export type Fetch = (url: string | URL, options?: FetchOptions) => Promise<FetchResponse>;

/** JSON whose leaves may be secrets: they are revealed only while the body is written to the wire. */
export type HttpBody =
  | string
  | number
  | boolean
  | null
  | SecretValue
  | readonly HttpBody[]
  | { readonly [key: string]: HttpBody | undefined };

/** A response that is not a success, for {@link HttpRequest.classify}. Nothing else is shown its body. */
export interface HttpErrorResponse {
  readonly status: number;
  /** The parsed JSON of the body, or `undefined` where it was not JSON. */
  readonly body: unknown;
}

export interface HttpRequest<Data> {
  /** What the request does, in words that follow "could not": `list the variables`. For messages, events and spans: no key. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Segments below the endpoint, each percent-encoded as one segment. Absent: the endpoint itself. */
  readonly path?: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
  /** Parses the JSON of a success. Absent: the body is not read and `data` is `undefined`. */
  readonly schema?: StandardSchemaV1<unknown, Data>;
  /**
   * Takes the body of a success as it comes, in place of `schema`: what it returns is the data. The request ends with
   * the head of the response, and so do its timeout and what its signal does: whoever takes the body ends it.
   * `mediaType` is what the response says that it is, in lower case and without parameters.
   */
  stream?(body: ReadableStream<Uint8Array>, mediaType: string): Data;
  /**
   * Whether the request may be sent again when it is unknown whether the server carried it out. Default: true for
   * GET, PUT and DELETE, false for POST and PATCH.
   */
  readonly repeatable?: boolean;
  /** Returns what a response that is not a success means, where the status alone does not say it. `undefined`: by the status. */
  classify?(response: HttpErrorResponse): ErrorCode | undefined;
  /**
   * Returns in how many ms the server says that it may be asked again, where it says so in the body of a response that
   * is not a success. Where the headers say it too, the later moment counts. `undefined`: the body says nothing.
   */
  retryAfter?(response: HttpErrorResponse): number | undefined;
  readonly signal?: AbortSignal;
}

/** A response that is a success. */
export interface HttpResult<Data> {
  readonly status: number;
  readonly data: Data;
}

/**
 * The guarded client that drivers and sources get: it checks addresses, authenticates, limits the size of responses,
 * follows no redirects, retries, waits as told by the server, counts, and throws only `SecretSyncError`s that show
 * nothing of a request or a response but method, host, path, status and `operation`.
 *
 * Errors by status: 401 `UNAUTHORIZED`, 403 `FORBIDDEN`, 404 `NOT_FOUND`, 409 and 412 `CONFLICT`, 429
 * `RATE_LIMITED`, other 3xx and 4xx `DESTINATION_REJECTED`, 5xx and no response `DESTINATION_UNAVAILABLE`, no
 * response in time `TIMEOUT`, a response that can't be understood `INVALID_RESPONSE`. `maybeWritten` on the error tells
 * whether a write can have happened all the same. An abort rejects with `signal.reason`.
 */
export interface HttpClient {
  /** The most requests that it has in flight at the same time: a bound for a driver's own parallel work. */
  readonly concurrency: number;
  request<Data = undefined>(request: HttpRequest<Data>): Promise<HttpResult<Data>>;
  /**
   * Returns a client for another base URL, such as that of a project whose health is asked for. Its address is checked
   * alike (`UNSAFE_URL`), its requests have the limits of this one and are told of, but **nothing that authenticates is
   * sent**, and nothing is sent again: each failure is for the caller to judge.
   */
  anonymous(endpoint: string): HttpClient;
}
