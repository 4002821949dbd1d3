import type { Clock } from '../contracts/clock.js';
import type { ErrorProblem } from '../contracts/error-codes.js';
import type { Fetch } from '../contracts/http.js';
import { systemClock } from '../shared/clock.js';
import { checkArguments } from '../shared/arguments/check.js';
import { anObject } from '../shared/arguments/rules.js';
import { errorFromProblems } from '../shared/problems.js';
import { checkEndpoint, checkHeaders } from './address.js';
import { resolveRetry, type RetryOptions, type RetryOptionsInput } from './backoff.js';

/** Options of {@link createHttpClient}. */
export interface HttpClientOptions {
  /** The base URL of all requests: HTTPS, without credentials, and not at a private address unless that is allowed. */
  readonly endpoint: string;
  /** Sent with every request: what authenticates it. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Called with a URL and options. Default: the global `fetch` at the time of the request. */
  readonly fetch?: Fetch | undefined;
  /** The time limit of one attempt, until its response is complete, in ms. Default: 30,000. */
  readonly timeout?: number | undefined;
  /** How often and how patiently requests are repeated. Default: see {@link RetryOptions}. */
  readonly retry?: RetryOptionsInput | undefined;
  /** The most requests that are in flight at the same time. Default: 10. */
  readonly concurrency?: number | undefined;
  /** Lets HTTPS go to private addresses and plain HTTP to loopback. Default: false. */
  readonly allowPrivateNetwork?: boolean | undefined;
  /** Default: that of the machine. */
  readonly clock?: Clock | undefined;
  /** Returns a number from 0 up to, not including, 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** The longest response, in bytes. Default: 16 MiB. */
  readonly maxResponseBytes?: number | undefined;
}

/** Options with every default filled in. */
export interface ResolvedClientOptions {
  readonly endpoint: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: Fetch | undefined;
  readonly timeout: number;
  readonly retry: RetryOptions;
  readonly concurrency: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxResponseBytes: number;
  readonly allowPrivateNetwork: boolean;
}

function checkNumbers(numbers: Readonly<Record<string, number>>): void {
  const problems = Object.entries(numbers).flatMap(([path, value]): ErrorProblem[] => {
    const whole = path === 'concurrency' || path.startsWith('retry.retries');
    const least = path.startsWith('retry.') ? 0 : 1;
    const fits = value >= least && (!whole || Number.isInteger(value));
    const message = `it must be a ${whole ? 'whole ' : ''}number from ${least} on`;
    return fits ? [] : [{ code: 'INVALID_OPTION', path, message }];
  });
  if (problems.length > 0) {
    throw errorFromProblems('INVALID_OPTION', 'The options of the HTTP client are not valid', problems);
  }
}

/** Checks all options and fills in the defaults, or throws `UNSAFE_URL` or `INVALID_OPTION`. */
export function resolveClientOptions(options: HttpClientOptions): ResolvedClientOptions {
  checkArguments('createHttpClient', { options }, { options: anObject });
  const { headers = {}, timeout = 30_000, concurrency = 10, maxResponseBytes = 16 * 1024 * 1024 } = options;
  const { clock = systemClock, random = Math.random, fetch, allowPrivateNetwork = false } = options;
  const retry = resolveRetry(options.retry);
  const retryNumbers = Object.entries(retry).map(([name, value]) => [`retry.${name}`, value] as const);
  checkNumbers({ timeout, concurrency, maxResponseBytes, ...Object.fromEntries(retryNumbers) });
  checkHeaders(headers);
  const endpoint = checkEndpoint(options.endpoint, options);
  return {
    endpoint,
    headers,
    fetch,
    timeout,
    retry,
    concurrency,
    clock,
    random,
    maxResponseBytes,
    allowPrivateNetwork,
  };
}
