import type { Reply } from './answers.js';

/** One request as it came, over a socket or without one. */
export interface IncomingCall {
  readonly method: string;
  /** The path and query as sent. */
  readonly url: string;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** What `fetch` rejects with where a connection is reset. */
const resetError = () =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });

interface ResponseReply extends Reply {
  /** The client goes away, for this reason. */
  leave(reason: unknown): void;
}

/** A reply that becomes a `Response`, or the rejection of a `fetch`. `onOver` is called once, at its end. */
function createReply(
  resolve: (response: Response) => void,
  reject: (reason: unknown) => void,
  onOver: () => void,
): ResponseReply {
  let body: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isOver = false;
  const listeners: (() => void)[] = [onOver];
  const end = (how: () => void) => {
    if (isOver) return;
    isOver = true;
    how();
    for (const listener of listeners) listener();
  };
  const leave = (reason: unknown) => end(() => (body === undefined ? reject(reason) : body.error(reason)));
  return {
    get headersSent() {
      return body !== undefined;
    },
    writeHead(status, headers) {
      const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller) });
      resolve(new Response(status === 204 ? null : stream, { status, headers: { ...headers } }));
    },
    write: (bytes) => {
      if (!isOver) body?.enqueue(bytes);
    },
    end: (bytes) =>
      end(() => {
        if (bytes.byteLength > 0) body?.enqueue(bytes);
        body?.close();
      }),
    cut: (bytes) => {
      if (!isOver) body?.enqueue(bytes);
      leave(resetError());
    },
    destroy: () => leave(resetError()),
    onClose: (listener) => void listeners.push(listener),
    leave,
  };
}

/**
 * A `fetch` that hands requests to a server in this process, without a socket. `begin` is told when a request comes,
 * and returns what to call at its end.
 */
export function inProcessFetch(
  serve: (call: IncomingCall, reply: Reply) => Promise<void>,
  begin: () => () => void,
  closing: AbortSignal,
): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { method } = request;
    // The signal of a Request that is gone may follow no more.
    const signal = init?.signal ?? request.signal;
    const { pathname, search } = new URL(request.url);
    const body = [new Uint8Array(await request.arrayBuffer())];
    const headers = Object.fromEntries(request.headers);
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const end = begin();
      const reply = createReply(resolve, reject, () => {
        signal.removeEventListener('abort', abort);
        closing.removeEventListener('abort', close);
        end();
      });
      const abort = () => reply.leave(signal.reason);
      const close = () => reply.destroy();
      signal.addEventListener('abort', abort, { once: true });
      closing.addEventListener('abort', close, { once: true });
      if (closing.aborted) return close();
      serve({ method, url: pathname + search, headers, body }, reply).catch(close);
    });
  };
}
