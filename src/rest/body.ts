import { RestError, untilGone } from './errors.js';

/** The longest body that is read, in bytes. */
const BODY_LIMIT = 100_000;

const tooLong = () =>
  new RestError(413, 'BODY_TOO_LARGE', `The body is longer than ${BODY_LIMIT} bytes; send less.`);

const invalid = (what: string) => new RestError(400, 'INVALID_BODY', `The body ${what}.`);

async function readBytes(body: ReadableStream<Uint8Array>, request: Request): Promise<Uint8Array> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await untilGone(request, () => reader.read());
      if (done) break;
      length += value.byteLength;
      if (length > BODY_LIMIT) throw tooLong();
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The error of a parser quotes what it read.
    throw invalid('is not JSON; send an object as JSON in UTF-8');
  }
}

/**
 * Reads the JSON object in the body of a request; no body is an empty object.
 *
 * @throws RestError 400, 413, 415; 500 where `authorize` has read the body.
 */
export async function readBody(request: Request): Promise<Readonly<Record<string, unknown>>> {
  if (request.bodyUsed) {
    const message = 'The body was read by authorize; let it read a clone of the request.';
    throw new RestError(500, 'BODY_ALREADY_READ', message);
  }
  if (request.body === null) return {};
  if (Number(request.headers.get('content-length')) > BODY_LIMIT) throw tooLong();
  // The request itself stays unread, since authorize is called with it once more.
  const { body } = request.clone();
  const bytes = body === null ? new Uint8Array() : await readBytes(body, request);
  if (bytes.byteLength === 0) return {};
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';');
  if (!/^application\/(?:[\w.-]+\+)?json$/i.test(type.trim())) {
    const message = 'The body is not declared as JSON; send the header content-type: application/json.';
    throw new RestError(415, 'UNSUPPORTED_MEDIA_TYPE', message);
  }
  const parsed = parse(bytes);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw invalid('is not a JSON object; send one');
  return parsed as Record<string, unknown>;
}
