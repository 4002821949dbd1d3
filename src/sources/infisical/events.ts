import type { Clock } from '../../contracts/clock.js';
import { SecretSyncError } from '../../contracts/errors.js';
import { readBody } from '../../http/body.js';
import type { InfisicalPlace } from './options.js';
import type { InfisicalSession } from './session.js';
import { classify } from './wire.js';

/** Nothing came for so long, in ms: the connection may be dead without a word. Nothing is known of a heartbeat. */
const SILENCE = 300_000;
/** The longest line that can be about a secret: keys and paths, never values. */
const LONGEST_LINE = 65_536;
const REFUSAL_BYTES = 65_536;

const EVENTS = ['secret:create', 'secret:update', 'secret:delete', 'secret:import-mutation'];

/** An open stream of events. */
export interface EventStream {
  /** Calls `onEvent` for each event about secrets, until the stream ends or falls silent. Rejects only with what it throws. */
  follow(onEvent: () => void): Promise<void>;
  /** Ends it without following it. */
  close(): void;
}

export interface EventsOptions {
  readonly session: InfisicalSession;
  /** The checked base URL. */
  readonly endpoint: URL;
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly clock: Clock;
  /** Until the head of the answer, in ms. */
  readonly timeout: number;
}

/** `refused`: the server does not push events, at least not to this identity; `failed`: it may later. */
export type Subscription = EventStream | 'refused' | 'failed';

async function outcomeOf(response: Response, signal: AbortSignal): Promise<'stream' | 'refused' | 'failed'> {
  const { ok, status, headers } = response;
  if (ok && headers.get('content-type')?.startsWith('text/event-stream')) return 'stream';
  const text = await readBody(response, REFUSAL_BYTES, signal).catch(() => undefined);
  let body: unknown;
  try {
    body = JSON.parse(text ?? '');
  } catch {
    body = undefined;
  }
  if (status === 401 || classify({ status, body }) === 'UNAUTHORIZED') {
    throw new SecretSyncError(
      'UNAUTHORIZED',
      'Infisical does not accept the token for its events. Log in again.',
    );
  }
  return status >= 500 || status === 429 ? 'failed' : 'refused';
}

/** Resolves after `ms`, or at once when `signal` is aborted. */
const rest = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  clock.sleep(ms, signal).catch(() => undefined);

async function follow(
  body: ReadableStream<Uint8Array>,
  connection: AbortController,
  clock: Clock,
  onEvent: () => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const silence = new AbortController();
      const chunk = await Promise.race([
        reader.read().catch(() => undefined),
        rest(clock, SILENCE, silence.signal),
      ]);
      silence.abort();
      if (!chunk || chunk.done) return;
      const lines = (text + decoder.decode(chunk.value, { stream: true })).split('\n');
      text = lines.pop() ?? '';
      if (lines.some((line) => /^(?:event|data):.*\bsecret:/.test(line))) onEvent();
      if (text.length > LONGEST_LINE) return;
    }
  } finally {
    connection.abort();
  }
}

/** Asks for the events of a folder (official documentation: an enterprise feature, without replay). */
export async function subscribe(
  { session, endpoint, fetch, clock, timeout }: EventsOptions,
  { projectId, environment, secretPath }: InfisicalPlace,
  signal: AbortSignal,
): Promise<Subscription> {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/events/subscribe/project-events`;
  const conditions = { environmentSlug: environment, secretPath };
  const body = JSON.stringify({ projectId, register: EVENTS.map((event) => ({ event, conditions })) });

  const open = async (authorization: string): Promise<Subscription> => {
    const connection = new AbortController();
    const stop = () => connection.abort();
    // The abort may have come since the login, which is when nobody listened.
    signal.throwIfAborted();
    signal.addEventListener('abort', stop, { once: true });
    connection.signal.addEventListener('abort', () => signal.removeEventListener('abort', stop), {
      once: true,
    });
    const timer = new AbortController();
    void rest(clock, timeout, timer.signal).then(() => timer.signal.aborted || stop());
    let isOpen = false;
    try {
      const response = await (fetch ?? globalThis.fetch)(url.href, {
        method: 'POST',
        headers: { accept: 'text/event-stream', 'content-type': 'application/json', authorization },
        body,
        redirect: 'manual',
        signal: connection.signal,
      });
      const outcome = await outcomeOf(response, connection.signal);
      if (outcome !== 'stream') return outcome;
      const stream = response.body;
      if (stream === null) return 'failed';
      isOpen = true;
      return { follow: (onEvent) => follow(stream, connection, clock, onEvent), close: stop };
    } finally {
      timer.abort();
      if (!isOpen) stop();
    }
  };

  try {
    return await session.authorized(open, signal);
  } catch {
    signal.throwIfAborted();
    return 'failed';
  }
}
