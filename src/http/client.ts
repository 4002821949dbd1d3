import type { HttpClient } from '../contracts/http.js';
import { followSignals } from '../shared/abort.js';
import { resolveClientOptions, type HttpClientOptions } from './client-options.js';
import type { HttpRun } from './http-run.js';
import { Semaphore } from '../shared/joint/semaphore.js';
import { createThrottle } from './pacing/throttle.js';
import { sendRequest, type HttpConnection } from './send-request.js';

export type { RetryOptions } from './backoff.js';
export type { HttpClientOptions } from './client-options.js';
export type { HttpRun } from './http-run.js';

/** A connection. Called directly, each request is a run of its own. */
export interface GuardedHttpClient extends HttpClient {
  /** Returns the same connection, with its limits and its pace, for one run with its signal, events and retry budget. */
  forRun(run: HttpRun): HttpClient;
}

function clientOfRun(connection: HttpConnection, run: HttpRun): HttpClient {
  const budget = { left: connection.options.retry.budget };
  return {
    concurrency: connection.options.concurrency,
    async request(request) {
      const { signal, release } = followSignals(run.signal, request.signal);
      try {
        return await sendRequest(connection, request, { ...runOf(run), budget, signal });
      } finally {
        release();
      }
    },
    anonymous: (endpoint) =>
      clientOfRun(connectionTo({ ...connection.options, ...UNREPEATED, endpoint }), run),
  };
}

/** Nothing of the one whose options are taken over: neither its credentials nor its retries. */
const UNREPEATED = { headers: {}, retry: { retries: 0 } } as const;

const connectionTo = (options: HttpClientOptions): HttpConnection => {
  const resolved = resolveClientOptions(options);
  return {
    options: resolved,
    semaphore: new Semaphore(resolved.concurrency),
    throttle: createThrottle(resolved.clock),
  };
};

/** The functions of a run, which keep it as their `this`. */
const runOf = (run: HttpRun) => ({
  deadline: run.deadline,
  onSend: () => run.onSend?.(),
  onRequest: (event: Parameters<NonNullable<HttpRun['onRequest']>>[0]) => run.onRequest?.(event),
  onRetry: (event: Parameters<NonNullable<HttpRun['onRetry']>>[0]) => run.onRetry?.(event),
});

/**
 * Makes the client of one connection. Checks endpoint, headers and options, or throws `UNSAFE_URL` or `INVALID_OPTION`,
 * before anything is sent; sends nothing itself. What requests promise is written at {@link HttpClient}.
 */
export function createHttpClient(options: HttpClientOptions): GuardedHttpClient {
  // In a closure, so that nothing which prints the client shows a token.
  const connection = connectionTo(options);
  return {
    concurrency: connection.options.concurrency,
    request: (request) => clientOfRun(connection, {}).request(request),
    anonymous: (endpoint) => clientOfRun(connection, {}).anonymous(endpoint),
    forRun: (run) => clientOfRun(connection, run),
  };
}
