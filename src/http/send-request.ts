import { AbortError } from 'p-retry';
import type { FetchHeaders, HttpRequest, HttpResult } from '../contracts/http.js';
import { checkHeaders } from './address.js';
import { backoff, isTooLate } from './backoff.js';
import { inTurn } from './pacing/in-turn.js';
import type { Semaphore } from '../shared/joint/semaphore.js';
import type { HttpRun } from './http-run.js';
import type { ResolvedClientOptions } from './client-options.js';
import { rateLimited, type RequestFacts } from './errors.js';
import { exchange } from './exchange.js';
import type { IsTooLate, Throttle, Ticket } from './pacing/throttle.js';
import { readQuota, readToldTime } from './pacing/told-times.js';
import { urlOf } from './request-url.js';
import { withRetries } from './retry.js';

/** What all requests of a connection share. */
export interface HttpConnection {
  readonly options: ResolvedClientOptions;
  readonly semaphore: Semaphore;
  readonly throttle: Throttle;
}

/** What one request gets from its run. */
export interface RequestRun extends Required<Omit<HttpRun, 'signal' | 'deadline'>> {
  readonly deadline: number | undefined;
  /** The retries that all requests of the run still have together. */
  readonly budget: { left: number };
  readonly signal: AbortSignal;
}

/** One request on its way, through all its attempts. */
interface Sending<Data> {
  readonly connection: HttpConnection;
  readonly request: HttpRequest<Data>;
  readonly run: RequestRun;
  readonly url: URL;
  /**
   * Until when the throttle is closed for what failed, where the server did not say until when: the wait of the retry
   * too.
   */
  backoffUntil: number | undefined;
  /** For how long the server said that nothing is left of its quota, in ms, in the response to the last attempt. */
  pauseMs: number | undefined;
}

/** Tells the throttle what the head of a response says of the pace; returns when the server may be asked again. */
function readHead(
  sending: Sending<unknown>,
  ticket: Ticket,
  attempt: number,
  head: { readonly status: number; readonly headers: FetchHeaders; readonly wait: number | undefined },
): number | undefined {
  const { throttle, options } = sending.connection;
  const { clock, random, retry } = options;
  const { status, headers, wait } = head;
  const now = clock.now();
  const told = readToldTime(headers, now, wait);
  if (status === 429) {
    const until = throttle.refused(ticket, told, () => backoff(attempt, random(), retry));
    if (told === undefined) sending.backoffUntil = until;
  } else if (status === 503 && told !== undefined) throttle.hold(ticket, told);
  else {
    const quota = readQuota(headers, now);
    throttle.accepted(ticket, quota);
    if (quota?.remaining === 0) sending.pauseMs = quota.resetAt - now;
  }
  return told;
}

/** One attempt; `undefined`: the server closed before it was sent. */
async function attemptOnce<Data>(
  sending: Sending<Data>,
  facts: RequestFacts,
  attempt: number,
): Promise<HttpResult<Data> | undefined> {
  const { connection, request, run, url } = sending;
  const { clock, headers, fetch, timeout, maxResponseBytes } = connection.options;
  const { signal } = run;
  const ticket = await connection.throttle.turn(signal);
  if (!ticket) return undefined;
  run.onSend();
  signal.throwIfAborted();
  sending.pauseMs = undefined;
  const sentAt = clock.now();
  let isSent = false;
  let status: number | undefined;
  try {
    return await exchange(
      {
        url,
        headers,
        fetch,
        clock,
        timeout,
        maxResponseBytes,
        signal,
        facts,
        onSend: () => (isSent = true),
        onHead(code, head, wait) {
          status = code;
          return readHead(sending, ticket, attempt, { status: code, headers: head, wait });
        },
      },
      request,
    );
  } finally {
    const durationMs = Math.max(clock.now() - sentAt, 0);
    const { method, operation: name } = request;
    const { pauseMs } = sending;
    const event = {
      ...{ method, name, host: url.host, attempt, durationMs },
      ...(status !== undefined && { status }),
      ...(pauseMs !== undefined && { pauseMs }),
    };
    // A run that ended in this very moment has sent nothing.
    if (isSent) run.onRequest(event);
  }
}

/** One attempt, as soon as the server may be asked. */
async function attemptWhenOpen<Data>(
  sending: Sending<Data>,
  attempt: number,
  doubt: boolean,
): Promise<HttpResult<Data>> {
  const { connection, request, run, url } = sending;
  const { clock, retry } = connection.options;
  const { method, operation } = request;
  const { signal, budget, deadline } = run;
  const facts = { operation, method, host: url.host, path: url.pathname, doubt };
  const isPointless: IsTooLate = (until, isTold, inARow) =>
    isTooLate(until, clock.now(), isTold ? retry.maxWait : Infinity, deadline) ||
    // The server takes nothing, and the run has no more retries to find out when that ends.
    (budget.left <= 0 && inARow > retry.retries);
  sending.backoffUntil = undefined;
  for (;;) {
    // Outside of the queue: a permit is for what can be sent.
    const closure = await connection.throttle.open(signal, isPointless);
    if (closure) throw new AbortError(rateLimited(facts, closure.isTold ? closure.until : undefined));
    // What was begun is ended before more is begun: a later attempt goes before a first one.
    const request = { priority: attempt, signal };
    const result = await inTurn(connection.semaphore, request, () => attemptOnce(sending, facts, attempt));
    if (result) return result;
  }
}

/** Sends a request of a run, with retries, at the pace of its connection. */
export async function sendRequest<Data>(
  connection: HttpConnection,
  request: HttpRequest<Data>,
  run: RequestRun,
): Promise<HttpResult<Data>> {
  const { retry, clock, random, endpoint } = connection.options;
  const { method, operation } = request;
  const { signal, deadline, budget } = run;
  signal.throwIfAborted();
  checkHeaders(request.headers ?? {});
  const sending: Sending<Data> = {
    connection,
    request,
    run,
    url: urlOf(endpoint, request),
    backoffUntil: undefined,
    pauseMs: undefined,
  };
  return withRetries(
    {
      options: retry,
      clock,
      random,
      signal,
      deadline,
      repeatable: request.repeatable ?? (method !== 'POST' && method !== 'PATCH'),
      budget,
      backoffUntil: () => sending.backoffUntil,
      onRetry: (attempt, code, waitMs) => run.onRetry({ name: operation, attempt, code, waitMs }),
    },
    (attempt, doubt) => attemptWhenOpen(sending, attempt, doubt),
  );
}
