import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerWith, send, type EmulatedService, type OpenLogEntry, type Reply } from './answers.js';
import { inProcessFetch, type IncomingCall } from './fetch.js';
import type { Emulator, EmulatorOptions } from './types.js';

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
  // Every request that waits listens to it: many are no leak.
  setMaxListeners(0, closing.signal);
  let failure: { readonly error: unknown } | undefined;
  let inFlight = 0;
  let peakInFlight = 0;

  async function serve(call: IncomingCall, reply: Reply): Promise<void> {
    const content = await readBody(call.body, maxBodyBytes);
    const request = logEntry(service, call, content.text, now());
    requests.push(request);
    const exchange = { service, request, reply, closing: closing.signal };
    try {
      if (content.tooLong)
        return send(exchange, service.refuse(request, 413, 'the request body is too long'));
      const fault = await intercept?.(request);
      if (fault !== undefined) request.fault = fault;
      await answerWith(exchange, fault);
    } catch (error) {
      failure ??= { error };
      if (reply.headersSent) reply.destroy();
      else send(exchange, service.refuse(request, 500, 'the intercept hook or the emulator itself threw'));
    }
  }

  function begin(): () => void {
    inFlight += 1;
    peakInFlight = Math.max(peakInFlight, inFlight);
    return () => void (inFlight -= 1);
  }

  const server = createServer((incoming, response) => {
    response.on('close', begin());
    // A client that goes away in the middle of its request leaves nothing to respond to.
    serve(callOf(incoming), replyTo(response)).catch(() => response.destroy());
  });
  // Longer than a client keeps an idle connection: a request must not meet a connection that is being closed.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const port = await listen(server);

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
    url: `http://127.0.0.1:${port}`,
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
    fetch: inProcessFetch(serve, begin, closing.signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Lets a server listen on a free port of this machine, and returns the port. */
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The emulator got no port to listen on.');
  return address.port;
}

function callOf(incoming: IncomingMessage): IncomingCall {
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const);
  return {
    method: incoming.method ?? '',
    url: incoming.url ?? '/',
    headers: Object.fromEntries(headers),
    body: incoming as AsyncIterable<Uint8Array>,
  };
}

function replyTo(response: ServerResponse): Reply {
  return {
    get headersSent() {
      return response.headersSent;
    },
    writeHead: (status, headers) => void response.writeHead(status, { ...headers }),
    write: (bytes) => void response.write(bytes),
    end: (bytes) => void response.end(bytes),
    cut(bytes) {
      response.flushHeaders();
      response.write(bytes, () => response.destroy());
    },
    destroy: () => response.socket?.resetAndDestroy(),
    onClose: (listener) => void response.once('close', listener),
  };
}

async function readBody(
  body: IncomingCall['body'],
  limit: number,
): Promise<{ text: string; tooLong: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length <= limit) chunks.push(chunk);
  }
  return { text: Buffer.concat(chunks).toString('utf8'), tooLong: length > limit };
}

function logEntry(
  service: EmulatedService,
  { method, url, headers }: IncomingCall,
  text: string,
  at: number,
): OpenLogEntry {
  const { pathname, searchParams } = new URL(`http://127.0.0.1${url}`);
  const request = {
    method,
    path: pathname,
    url,
    query: Object.fromEntries(searchParams),
    headers,
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
