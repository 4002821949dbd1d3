import type { StandardSchemaV1 } from '@standard-schema/spec';
import ky from 'ky';
import type { Clock } from '../contracts/clock.js';
import { isSecretSyncError } from '../contracts/errors.js';
import type { Fetch, FetchHeaders, FetchResponse, HttpResult, HttpRequest } from '../contracts/http.js';
import { endUnneeded, onAbort, untilAborted } from '../shared/abort.js';
import { discardBody, readBody, serializeBody, streamOf } from './body.js';
import { httpError, networkFailure, refusal, type RequestFacts } from './errors.js';

/** What one attempt needs besides the request. */
export interface ExchangeOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: Fetch | undefined;
  readonly clock: Clock;
  /** In ms, until the last byte of the response. */
  readonly timeout: number;
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal;
  readonly facts: RequestFacts;
  /** Called at the moment in which the request is handed to `fetch`. */
  onSend(): void;
  /**
   * Called with what a response says of the pace: as soon as its head is in, and for one that is not a success when its
   * body is, with the wait, in ms, that the body asks for. Returns when the server may be asked again.
   */
  onHead(status: number, headers: FetchHeaders, wait?: number): number | undefined;
}

/** The body of a response that is not a success only tells such responses apart. */
const REFUSAL_BYTES = 65_536;

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function send(
  options: ExchangeOptions,
  request: HttpRequest<unknown>,
  body: string | undefined,
  signal: AbortSignal,
): Promise<FetchResponse> {
  // Looked up for each request: it can be replaced after this module was loaded.
  const { url } = options;
  const ownFetch: Fetch = options.fetch ?? globalThis.fetch;
  const init = {
    method: request.method,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...lowerCased(options.headers),
      ...lowerCased(request.headers),
    },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    signal,
  } as const;
  return ky(url, {
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    // A fetch of another implementation does not know this one's Request: it gets what that would be made of, of which
    // the Request needs nothing.
    async fetch() {
      // It comes to this a little later, in which the run can have ended.
      signal.throwIfAborted();
      options.onSend();
      const response = await ownFetch(url.href, init);
      // It can be of another implementation: with these options ky only hands it back.
      return response as Response;
    },
  });
}

function parseJson(text: string | undefined): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** The caller's opinion of a response that is not a success. What it throws could quote the body. */
function opinion<Opinion>(ask: () => Opinion | undefined): Opinion | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** The parsed data of a success, or what is wrong with it: never in the words of a parser, which quote the response. */
function parseData<Data>(
  text: string | undefined,
  schema: StandardSchemaV1<unknown, Data>,
): { readonly data: Data } | string {
  if (text === undefined) return 'the response is too long';
  try {
    const result = schema['~standard'].validate(text === '' ? undefined : JSON.parse(text));
    if (result instanceof Promise) {
      // Some validators turn asynchronous only when a check throws; what becomes of it is ignored.
      result.catch(() => undefined);
      return 'the schema for the response threw, or is asynchronous, which is not supported';
    }
    return result.issues ? 'the response does not have the expected shape' : { data: result.value };
  } catch {
    return 'the response is not JSON';
  }
}

async function understand<Data>(
  response: FetchResponse,
  options: ExchangeOptions,
  request: HttpRequest<Data>,
  signal: AbortSignal,
): Promise<HttpResult<Data>> {
  const { facts, maxResponseBytes } = options;
  const { status } = response;
  if (!response.ok) {
    const body = parseJson(await readBody(response, REFUSAL_BYTES, signal).catch(() => undefined));
    const wait = opinion(() => request.retryAfter?.({ status, body }));
    const retryAt = options.onHead(status, response.headers, wait);
    const code = opinion(() => request.classify?.({ status, body }));
    throw refusal(status, code, facts, retryAt);
  }
  options.onHead(status, response.headers);
  if (request.stream && response.body) {
    const [mediaType = ''] = (response.headers.get('content-type') ?? '').split(';');
    return { status, data: request.stream(streamOf(response.body), mediaType.trim().toLowerCase()) };
  }
  if (!request.schema) {
    discardBody(response);
    return { status, data: undefined as Data };
  }
  const parsed = parseData(await readBody(response, maxResponseBytes, signal), request.schema);
  if (typeof parsed !== 'string') return { status, data: parsed.data };
  // A response to a write that can't be understood is as good as lost.
  throw httpError('INVALID_RESPONSE', facts, `${parsed}. Check the URL`, { status, maybeWritten: true });
}

/**
 * Makes one attempt: sends, waits for the whole response within the timeout, and makes a result or a `SecretSyncError`
 * of what comes. When `signal` is aborted it rejects with its reason immediately, whatever `fetch` does.
 */
export async function exchange<Data>(
  options: ExchangeOptions,
  request: HttpRequest<Data>,
): Promise<HttpResult<Data>> {
  const { clock, facts, signal, timeout } = options;
  const body = request.body === undefined ? undefined : serializeBody(request.body);
  const attempt = new AbortController();
  const timer = new AbortController();
  let late = false;
  const stop = () => attempt.abort();
  const release = onAbort(signal, stop);
  clock.sleep(timeout, timer.signal).then(
    () => {
      late = true;
      stop();
    },
    () => undefined,
  );
  try {
    // The clock is not ours, and a fetch need not look at its signal.
    signal.throwIfAborted();
    const sending = send(options, request, body, attempt.signal);
    sending.then(
      (response) => attempt.signal.aborted && discardBody(response),
      () => undefined,
    );
    const response = await untilAborted(sending, attempt.signal);
    return await understand(response, options, request, attempt.signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isSecretSyncError(error)) throw error;
    if (!late) throw networkFailure(error, facts);
    throw httpError('TIMEOUT', facts, `no complete response came within ${timeout} ms. Try again later`, {
      maybeWritten: true,
    });
  } finally {
    endUnneeded(timer);
    release();
  }
}
