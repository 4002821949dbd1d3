import type { FetchBody, FetchResponse, HttpBody } from '../contracts/http.js';
import { onAbort } from '../shared/abort.js';
import { SecretValue } from '../contracts/secret.js';

/** Returns the JSON of a body as it goes over the wire: the one place of the HTTP client that reveals secrets. */
export function serializeBody(body: HttpBody): string {
  // `value` has been through `toJSON`, which redacts; the holder still has the secret itself.
  return JSON.stringify(
    body,
    function (this: Readonly<Record<string, unknown>>, key: string, value: unknown) {
      const original = this[key];
      return SecretValue.is(original) ? original.reveal() : value;
    },
  );
}

/** Lets go of the body of a response, so that no socket is kept for it. */
export function discardBody(response: FetchResponse): void {
  void response.body?.cancel().catch(() => undefined);
}

/**
 * Returns the text of a response, without a byte order mark; `undefined`, with the rest cancelled, when it is longer
 * than `limit` bytes. What Content-Length says only helps to refuse early. Rejects with `signal.reason` immediately.
 */
export async function readBody(
  response: FetchResponse,
  limit: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (Number(response.headers.get('content-length')) > limit) return (discardBody(response), undefined);
  const reader = response.body?.getReader();
  if (!reader) return '';
  const cancel = () => void reader.cancel().catch(() => undefined);
  const release = onAbort(signal, cancel);
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  try {
    for (;;) {
      const read = await reader.read();
      signal.throwIfAborted();
      if (read.done) return text + decoder.decode();
      size += read.value.byteLength;
      if (size > limit) {
        cancel();
        return undefined;
      }
      text += decoder.decode(read.value, { stream: true });
    }
  } finally {
    release();
  }
}

const isStream = (body: FetchBody): body is ReadableStream<Uint8Array> => body instanceof ReadableStream;

/** Returns a body as a stream of this platform, which that of another implementation of `fetch` need not be. */
export function streamOf(body: FetchBody): ReadableStream<Uint8Array> {
  if (isStream(body)) return body;
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const read = await reader.read();
        if (read.done) controller.close();
        else controller.enqueue(read.value);
      },
      async cancel() {
        await reader.cancel();
      },
    },
    { highWaterMark: 0 },
  );
}
