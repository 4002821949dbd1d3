// Known also to a project that has neither a newer `lib` nor the types of Node.js.
/// <reference lib="esnext.disposable" preserve="true" />
import type { JsonValue } from '../../../contracts/json.js';

/** One request that reached an emulator, as it is in the log and as `intercept` gets it. */
export interface RequestLogEntry {
  readonly method: string;
  /** The path as sent, without the query. */
  readonly path: string;
  /** The path and query as sent. */
  readonly url: string;
  /** The query, decoded. Of a name that is repeated, the last value. */
  readonly query: Readonly<Record<string, string>>;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body: parsed where it was JSON, else its text; `undefined` where there was none. */
  readonly body: unknown;
  /** The body as it came. */
  readonly text: string;
  /**
   * What the request asks for, free of ids: `PUT /variable/{id}` at the Qovery emulator, `mutation updateTenantEnv`
   * at the Hasura Cloud emulator, `unknown` where the emulator can't tell.
   */
  readonly operation: string;
  /** When it came, by the emulator's clock, in ms since the Unix epoch. */
  readonly at: number;
  /** The status of the response. Absent while the request is in progress and where the connection was reset. */
  readonly status?: number;
  /** What `intercept` asked for. */
  readonly fault?: Fault;
}

/** A response that is altered, delayed or replaced. */
export interface AlteredAnswer {
  /** Waits so many ms, in real time, before anything is done. */
  readonly delay?: number;
  /**
   * Whether the request is carried out. Default: true where `status` and `body` are absent (the real response is then
   * sent), else false (a request that was refused).
   */
  readonly act?: boolean;
  /** Default: the real one, or 200 where there is a `body`. */
  readonly status?: number;
  /** Added to the headers of the response. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, anything else as JSON. Default: the real body, or an error in the service's manner. */
  readonly body?: JsonValue;
  /** Sends the body in 8 pieces with so many ms, in real time, between them. */
  readonly trickle?: number;
}

/**
 * What goes wrong with one request.
 *
 * | fault | carried out | what the client sees |
 * |---|---|---|
 * | `reset-before` | no | the connection is reset |
 * | `reset-after` | yes | the connection is reset: a lost response |
 * | `hang-before` | no | no response, until the client gives up or the emulator is closed |
 * | `hang-after` | yes | the same |
 * | `html-before` | no | status 200 with a page of HTML |
 * | `html-after` | yes | the same |
 * | `truncate` | yes | a complete HTTP response whose JSON ends in the middle |
 * | `cut` | yes | the connection ends in the middle of the body |
 * | an {@link AlteredAnswer} | as it says | as it says |
 */
export type Fault =
  | 'reset-before'
  | 'reset-after'
  | 'hang-before'
  | 'hang-after'
  | 'html-before'
  | 'html-after'
  | 'truncate'
  | 'cut'
  | AlteredAnswer;

/**
 * Called with each request before it is carried out; `undefined` lets it pass. It may wait (which holds the request
 * back) and may change the emulator's state. If it throws, the request is answered with status 500 and `close`
 * rejects with the error, so that an assertion in a hook is not lost.
 */
export type Intercept = (request: RequestLogEntry) => Fault | undefined | Promise<Fault | undefined>;

/** What all emulators take. */
export interface EmulatorOptions {
  /** The one token that is accepted. Default: a fixed text. */
  readonly accessToken?: string;
  /** The current time in ms since the Unix epoch. Default: `Date.now`. */
  readonly now?: () => number;
  readonly intercept?: Intercept;
  /** A longer request body is refused with status 413. Default: 8 MiB. */
  readonly maxBodyBytes?: number;
}

/** What all emulators are. */
export interface Emulator extends AsyncDisposable {
  /** The base URL to hand to a driver. Always `http://127.0.0.1` and a free port. */
  readonly url: string;
  readonly accessToken: string;
  /**
   * Reaches the emulator without a socket, whatever the host of the URL: for an engine's or a driver's `fetch` in tests
   * of many requests. All else, faults included, is as over a socket.
   */
  readonly fetch: typeof globalThis.fetch;
  /** All requests since the start or {@link clearRequests}, in the order of their arrival. A live list. */
  readonly requests: readonly RequestLogEntry[];
  /** The most requests that were in flight at one moment, since the start or {@link clearRequests}. */
  readonly peakInFlight: number;
  clearRequests(): void;
  /** Replaces the hook of {@link EmulatorOptions.intercept}; `undefined` removes it. */
  setIntercept(intercept: Intercept | undefined): void;
  /** Ends all connections, also those that are kept alive or hang. Safe to call twice. */
  close(): Promise<void>;
}
