import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerWith, send, type EmulatedService, type OpenLogEntry } from './emulator-answers.js';
import type { Emulator, EmulatorOptions } from './emulator-types.js';

const KEEP_ALIVE_MS = 60_000;
const DEFAULT_MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Starts a service on a free port of 127.0.0.1. `url` is its origin, without a slash at the end. */
export async function startEmulatorServer(
  service: EmulatedService,
  options: EmulatorOptions,
): Promise<Omit<Emulator, 'accessToken'>> {
  const { now = Date.now, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = options;
  let intercept = options.intercept;
  const requests: OpenLogEntry[] = [];
  const closing = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  let inFlight = 0;
  let peakInFlight = 0;

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const content = await readBody(incoming, maxBodyBytes);
    const request = logEntry(service, incoming, content.text, now());
    requests.push(request);
    const exchange = { service, request, response, closing: closing.signal };
    try {
      if (content.tooLong)
        return send(exchange, service.refuse(request, 413, 'the request body is too long'));
      const fault = await intercept?.(request);
      if (fault !== undefined) request.fault = fault;
      await answerWith(exchange, fault);
    } catch (error) {
      failure ??= { error };
      if (response.headersSent) response.destroy();
      else send(exchange, service.refuse(request, 500, 'the intercept hook or the emulator itself threw'));
    }
  }

  const server = createServer((incoming, response) => {
    inFlight += 1;
    peakInFlight = Math.max(peakInFlight, inFlight);
    response.on('close', () => (inFlight -= 1));
    // A client that goes away in the middle of its request leaves nothing to answer.
    serve(incoming, response).catch(() => response.destroy());
  });
  // Longer than a client keeps an idle connection: a request must not meet a connection that is being closed.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The emulator got no port to listen on.');

  let closed: Promise<void> | undefined;
  async function shutDown(): Promise<void> {
    closing.abort();
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await ended;
    if (failure) throw failure.error;
  }
  const close = () => (closed ??= shutDown());

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    get peakInFlight() {
      return peakInFlight;
    },
    clearRequests() {
      requests.length = 0;
      peakInFlight = inFlight;
    },
    setIntercept(next) {
      intercept = next;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function readBody(
  incoming: IncomingMessage,
  limit: number,
): Promise<{ text: string; tooLong: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length <= limit) chunks.push(chunk);
  }
  return { text: Buffer.concat(chunks).toString('utf8'), tooLong: length > limit };
}

function logEntry(
  service: EmulatedService,
  incoming: IncomingMessage,
  text: string,
  at: number,
): OpenLogEntry {
  const url = incoming.url ?? '/';
  const { pathname, searchParams } = new URL(`http://127.0.0.1${url}`);
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const);
  const request = {
    method: incoming.method ?? '',
    path: pathname,
    url,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries(headers),
    body: parseJson(text),
    text,
    at,
  };
  return { ...request, operation: service.describe(request) };
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
