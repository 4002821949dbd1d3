import type { Clock } from '../../contracts/clock.js';
import { isSecretSyncError } from '../../contracts/errors.js';
import type { ErrorCode } from '../../contracts/error-codes.js';
import { onAbort } from '../../shared/abort.js';
import type { InfisicalPlace } from './options.js';
import type { InfisicalSession } from './session.js';

/** Nothing came for so long, in ms: the connection may be dead without a word. Nothing is known of a heartbeat. */
const SILENCE = 300_000;
/** The longest line that can be about a secret: keys and paths, never values. */
const LONGEST_LINE = 65_536;

const EVENTS = ['secret:create', 'secret:update', 'secret:delete', 'secret:import-mutation'];

/** What says that the server pushes no events to this identity, and will not soon. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['FORBIDDEN', 'NOT_FOUND', 'DESTINATION_REJECTED']);

/** An open stream of events. */
export interface EventStream {
  /** Calls `onEvent` for each event about secrets, until the stream ends or falls silent. Rejects only with what it throws. */
  follow(onEvent: () => void): Promise<void>;
  /** Ends it without following it. */
  close(): void;
}

export interface EventsOptions {
  readonly session: InfisicalSession;
  readonly clock: Clock;
}

/** `refused`: the server does not push events, at least not to this identity; `failed`: it may later. */
export type Subscription = EventStream | 'refused' | 'failed';

/** Resolves after `ms`, or immediately when `signal` is aborted. */
const rest = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  clock.sleep(ms, signal).catch(() => undefined);

/** Follows the body of a response, which ends with the signal. */
function streamOf(body: ReadableStream<Uint8Array>, clock: Clock, signal: AbortSignal): EventStream {
  const reader = body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  const stopListening = onAbort(signal, cancel);
  const close = (): void => {
    stopListening();
    cancel();
  };
  return {
    close,
    async follow(onEvent) {
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
        close();
      }
    },
  };
}

/** Asks for the events of a folder (official documentation: an enterprise feature, without replay). */
export async function subscribe(
  { session, clock }: EventsOptions,
  { projectId, environment, secretPath }: InfisicalPlace,
  signal: AbortSignal,
): Promise<Subscription> {
  const conditions = { environmentSlug: environment, secretPath };
  let stream: EventStream | undefined;
  try {
    await session.request(
      {
        operation: 'subscribe to the events of Infisical',
        method: 'POST',
        path: ['api', 'v1', 'events', 'subscribe', 'project-events'],
        headers: { accept: 'text/event-stream' },
        body: { projectId, register: EVENTS.map((event) => ({ event, conditions })) },
        stream(body, mediaType) {
          if (mediaType === 'text/event-stream') stream = streamOf(body, clock, signal);
          else void body.cancel().catch(() => undefined);
        },
      },
      signal,
    );
    return stream ?? 'refused';
  } catch (error) {
    stream?.close();
    signal.throwIfAborted();
    return isSecretSyncError(error) && REFUSALS.has(error.code) ? 'refused' : 'failed';
  }
}
