import type { AlteredAnswer, Fault, RequestLogEntry } from './types.js';

/** What a service responds. A string is sent as it is, anything else as JSON; without a body, nothing is. */
export interface EmulatorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In place of a body: called with what writes one for as long as the connection lasts. */
  stream?(sink: EmulatorSink): void;
}

/** The body of a response that goes on. */
export interface EmulatorSink {
  write(text: string): void;
  end(): void;
  /** Aborted when the connection has ended. */
  readonly closed: AbortSignal;
}

/** What makes one service of the server. */
export interface EmulatedService {
  /** Carries a request out. */
  handle(request: RequestLogEntry): EmulatorAnswer | Promise<EmulatorAnswer>;
  /** Names what a request asks for; see {@link RequestLogEntry.operation}. */
  describe(request: Omit<RequestLogEntry, 'operation'>): string;
  /** An error in the manner of the service, for a status that a test asked for or that the server found. */
  refuse(request: RequestLogEntry, status: number, message: string): EmulatorAnswer;
  /** Whether errors show the headers and body of the request. */
  echoes(): boolean;
}

/** A log entry while its request is in flight. */
export type OpenLogEntry = { -readonly [Field in keyof RequestLogEntry]: RequestLogEntry[Field] };

/** Where the response to one request goes. */
export interface Reply {
  readonly headersSent: boolean;
  writeHead(status: number, headers: Readonly<Record<string, string>>): void;
  write(bytes: Uint8Array): void;
  /** The last bytes of a complete response. */
  end(bytes: Uint8Array): void;
  /** The last bytes of a response that is cut off there. */
  cut(bytes: Uint8Array): void;
  /** Resets the connection. */
  destroy(): void;
  /** Calls back once, when the response has ended or the client has gone away. */
  onClose(listener: () => void): void;
}

/** One request that waits for its response. */
export interface Exchange {
  readonly service: EmulatedService;
  readonly request: OpenLogEntry;
  readonly reply: Reply;
  /** Aborted when the emulator is closed: ends every wait. */
  readonly closing: AbortSignal;
}

const TRICKLE_PIECES = 8;

/** All that a request said, as text: what a careless server might put into an error. */
export function echoOf(request: RequestLogEntry): string {
  return `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${request.text}`;
}

/** Carries a request out and responds, as far as the fault lets it. */
export async function answerWith(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { service, request } = exchange;
  if (typeof fault === 'object') return answerAltered(exchange, fault);
  if (fault === 'reset-before' || fault === 'hang-before') return leave(exchange, fault);
  if (fault === 'html-before') return send(exchange, page(exchange));
  const real = await service.handle(request);
  if (fault === undefined) return send(exchange, real);
  if (fault === 'reset-after' || fault === 'hang-after') return leave(exchange, fault);
  if (fault === 'html-after') return send(exchange, page(exchange));
  const { bytes, headers } = render(real);
  const half = bytes.subarray(0, Math.floor(bytes.byteLength / 2));
  if (fault === 'truncate') return begin(exchange, real.status, headers).end(half);
  begin(exchange, real.status, { ...headers, 'content-length': String(bytes.byteLength + 1) }).cut(half);
}

/** Sends a complete response. */
export function send(exchange: Exchange, answer: EmulatorAnswer): void {
  const { bytes, headers } = render(answer);
  const reply = begin(exchange, answer.status, headers);
  if (answer.stream === undefined) return reply.end(bytes);
  const closed = new AbortController();
  reply.onClose(() => closed.abort());
  answer.stream({
    write: (text) => reply.write(new TextEncoder().encode(text)),
    end: () => reply.end(new Uint8Array()),
    closed: closed.signal,
  });
}

/** Leaves a request without a response. One that hangs ends with its connection. */
function leave(
  { reply }: Exchange,
  fault: 'reset-before' | 'reset-after' | 'hang-before' | 'hang-after',
): void {
  if (fault.startsWith('reset')) reply.destroy();
}

async function answerAltered(exchange: Exchange, fault: AlteredAnswer): Promise<void> {
  const { service, request, closing } = exchange;
  if (fault.delay !== undefined) await pause(fault.delay, closing);
  if (closing.aborted) return;
  const replaced = fault.status !== undefined || fault.body !== undefined;
  const acts = fault.act ?? !replaced;
  const real = acts ? await service.handle(request) : undefined;
  const status = fault.status ?? (fault.body === undefined ? (real?.status ?? 500) : 200);
  const basis = replaced ? undefined : real;
  const { headers, body } = basis ?? service.refuse(request, status, 'the test asked for this response');
  const altered =
    fault.body === undefined
      ? { status, headers: { ...headers, ...fault.headers }, body }
      : { status, headers: { ...fault.headers }, body: fault.body };
  if (fault.trickle === undefined) return send(exchange, altered);
  const rendered = render(altered);
  const reply = begin(exchange, status, rendered.headers);
  const size = Math.max(1, Math.ceil(rendered.bytes.byteLength / TRICKLE_PIECES));
  for (let start = 0; start < rendered.bytes.byteLength && !closing.aborted; start += size) {
    reply.write(rendered.bytes.subarray(start, start + size));
    await pause(fault.trickle, closing);
  }
  reply.end(new Uint8Array());
}

/** The status is logged before the first byte leaves: a client that has the response finds it in the log. */
function begin({ request, reply }: Exchange, status: number, headers: Record<string, string>): Reply {
  request.status = status;
  reply.writeHead(status, headers);
  return reply;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}

function page({ service, request }: Exchange): EmulatorAnswer {
  const echo = service.echoes() ? `<pre>${echoOf(request)}</pre>` : '';
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<!doctype html><html><body><h1>Please wait</h1>${echo}</body></html>`,
  };
}

function render({ headers, body }: EmulatorAnswer): { bytes: Uint8Array; headers: Record<string, string> } {
  if (body === undefined) return { bytes: new Uint8Array(), headers: { ...headers } };
  const [type, text] =
    typeof body === 'string'
      ? ['text/plain; charset=utf-8', body]
      : ['application/json', JSON.stringify(body)];
  return { bytes: new TextEncoder().encode(text), headers: { 'content-type': type, ...headers } };
}
