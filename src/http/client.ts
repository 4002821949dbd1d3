import PQueue from 'p-queue';
import { AbortError } from 'p-retry';
import type { Clock } from '../contracts/clock.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../contracts/http.js';
import { checkEndpoint, checkHeaders } from './address.js';
import { systemClock } from '../shared/clock.js';
import { rateLimited, type RequestFacts } from './errors.js';
import { exchange } from './exchange.js';
import { backoff, isTooLate, RETRY_DEFAULTS, type RetryOptions } from './backoff.js';
import { withRetries } from './retry.js';
import { createSignalHub } from '../shared/abort.js';
import { inTurn } from './pacing/in-turn.js';
import { createThrottle, type IsTooLate } from './pacing/throttle.js';
import { errorFromProblems } from '../shared/problems.js';
import { type ErrorCode, type ErrorProblem } from '../contracts/error-codes.js';
import { readQuota, readToldTime } from './pacing/told-times.js';
import { urlOf } from './request-url.js';

export type { RetryOptions } from './backoff.js';

export interface HttpClientOptions {
  /** The base URL of all requests: HTTPS, without credentials, at an address that may be reached. */
  readonly endpoint: string;
  /** Sent with every request: what authenticates it. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Called with a URL and options. Default: the global `fetch` of the moment. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How long one attempt may take until its answer is complete, in ms. Default: 30,000. */
  readonly timeout?: number | undefined;
  readonly retry?: Partial<RetryOptions> | undefined;
  /** How many requests are under way at most. Default: 10. */
  readonly concurrency?: number | undefined;
  readonly allowPrivateNetwork?: boolean | undefined;
  /** Default: that of the machine. */
  readonly clock?: Clock | undefined;
  /** From 0 up to, not including, 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** How long an answer can be. Default: 16 MiB. */
  readonly maxResponseBytes?: number | undefined;
}

/** A run's part in a connection. */
export interface HttpRun {
  /** Ends all requests of the run, which then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * In ms since the epoch, on the client's clock. A wait that would reach it is not begun: the request fails at
   * once. What ends work when it passes is the signal.
   */
  readonly deadline?: number | undefined;
  /** Called right before each attempt is sent: it may end the run, and then nothing is. */
  onSend?(): void;
  /** Called after each attempt that was sent. `attempt` counts from 1; no `status`: no answer came. */
  onRequest?(event: {
    readonly method: string;
    readonly name: string;
    readonly attempt: number;
    readonly status?: number;
    readonly durationMs: number;
  }): void;
  /** Called before the wait for another attempt; `attempt` is the one that failed. */
  onRetry?(event: {
    readonly name: string;
    readonly attempt: number;
    readonly code: ErrorCode;
    readonly waitMs: number;
  }): void;
}

/** A connection. Called directly, each request is a run of its own. */
export interface GuardedHttpClient extends HttpClient {
  /** The same connection, with its limits and its pace, for one run with its signal, events and retry budget. */
  forRun(run: HttpRun): HttpClient;
}

function checkNumbers(numbers: Readonly<Record<string, number>>): void {
  const problems = Object.entries(numbers).flatMap(([path, value]): ErrorProblem[] => {
    const whole = path === 'concurrency' || path.startsWith('retry.retries');
    const least = path.startsWith('retry.') ? 0 : 1;
    const fits = value >= least && (!whole || Number.isInteger(value));
    const message = `must be a ${whole ? 'whole ' : ''}number from ${least} on`;
    return fits ? [] : [{ code: 'INVALID_OPTION', path, message }];
  });
  if (problems.length > 0) throw errorFromProblems('INVALID_OPTION', 'Invalid options', problems);
}

/**
 * The client of one connection. Checks endpoint, headers and options, or throws `UNSAFE_URL` or `INVALID_OPTION`,
 * before anything is sent; sends nothing itself. What requests promise stands at {@link HttpClient}.
 */
export function createHttpClient(options: HttpClientOptions): GuardedHttpClient {
  const { headers = {}, timeout = 30_000, concurrency = 10, maxResponseBytes = 16 * 1024 * 1024 } = options;
  const { clock = systemClock, random = Math.random } = options;
  const retry: RetryOptions = { ...RETRY_DEFAULTS, ...options.retry };
  const retryNumbers = Object.entries(retry).map(([name, value]) => [`retry.${name}`, value] as const);
  checkNumbers({ timeout, concurrency, maxResponseBytes, ...Object.fromEntries(retryNumbers) });
  checkHeaders(headers);
  const endpoint = checkEndpoint(options.endpoint, options);
  const queue = new PQueue({ concurrency });
  const throttle = createThrottle(clock);
  const follow = createSignalHub();

  async function perform<Data>(
    request: HttpRequest<Data>,
    run: HttpRun,
    budget: { left: number },
    signal: AbortSignal,
  ): Promise<HttpAnswer<Data>> {
    const { method, operation } = request;
    const { deadline } = run;
    signal.throwIfAborted();
    checkHeaders(request.headers ?? {});
    const url = urlOf(endpoint, request);
    /** Until when the throttle is closed for what failed, where the server told no time: the wait of the retry too. */
    let backoffUntil: number | undefined;
    const isPointless: IsTooLate = (until, isTold, inARow) =>
      isTooLate(until, clock.now(), isTold ? retry.maxWait : Infinity, deadline) ||
      // Nothing is taken, and the run has no more retries to find out when that ends.
      (budget.left <= 0 && inARow > retry.retries);

    /** `undefined`: the server closed before it was sent. */
    const attempt = async (facts: RequestFacts, number: number): Promise<HttpAnswer<Data> | undefined> => {
      const ticket = await throttle.turn(signal);
      if (!ticket) return undefined;
      run.onSend?.();
      signal.throwIfAborted();
      const sentAt = clock.now();
      let isSent = false;
      let status: number | undefined;
      const onHead = (code: number, answered: Headers, wait?: number) => {
        status = code;
        const now = clock.now();
        const told = readToldTime(answered, now, wait);
        if (status === 429) {
          const until = throttle.refused(ticket, told, () => backoff(number, random(), retry));
          if (told === undefined) backoffUntil = until;
        } else if (status === 503 && told !== undefined) throttle.hold(ticket, told);
        else throttle.accepted(ticket, readQuota(answered, now));
        return told;
      };
      const { fetch } = options;
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
            onHead,
          },
          request,
        );
      } finally {
        const durationMs = Math.max(clock.now() - sentAt, 0);
        const told = { method, name: operation, attempt: number, durationMs };
        // A run that ended in this very moment has sent nothing.
        if (isSent) run.onRequest?.({ ...told, ...(status === undefined ? {} : { status }) });
      }
    };

    const attemptWhenOpen = async (number: number, doubt: boolean): Promise<HttpAnswer<Data>> => {
      const facts = { operation, method, path: url.pathname, doubt };
      backoffUntil = undefined;
      for (;;) {
        // Outside of the queue: a place in it is for what can be sent.
        const closure = await throttle.open(signal, isPointless);
        if (closure) throw new AbortError(rateLimited(facts, closure.isTold ? closure.until : undefined));
        // What was begun is ended before more is begun: a later attempt goes before a first one.
        const answer = await inTurn(queue, { priority: number, signal }, () => attempt(facts, number));
        if (answer) return answer;
      }
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
        backoffUntil: () => backoffUntil,
        onRetry: (failed, code, waitMs) => run.onRetry?.({ name: operation, attempt: failed, code, waitMs }),
      },
      attemptWhenOpen,
    );
  }

  const forRun = (run: HttpRun): HttpClient => {
    const budget = { left: retry.budget };
    return {
      concurrency,
      async request(request) {
        const { signal, release } = follow([run.signal, request.signal]);
        try {
          return await perform(request, run, budget, signal);
        } finally {
          release();
        }
      },
    };
  };
  return { concurrency, request: (request) => forRun({}).request(request), forRun };
}
