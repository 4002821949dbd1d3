import {
  SpanKind,
  SpanStatusCode,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { noteEnd, outcomeOf, type RunEnd, type RunEvent } from './event-kinds.js';

/** One run, from its first event to its last. */
export interface OpenRun {
  readonly tracer: Tracer;
  /** The wall clock, in ms since the epoch. */
  readonly now: () => number;
  readonly keyNames: boolean;
  readonly span: Span;
  /** What the spans below that of the run are made in. */
  readonly inside: Context;
  readonly end: RunEnd;
  /** The wait for the place, what follows the writes, and the waits between the attempts of a request, by both. */
  readonly waits: Map<string, readonly Span[]>;
}

export type EventOf<Type extends RunEvent['type']> = Extract<RunEvent, { readonly type: Type }>;

/** What happens between the first event and the last. */
export type MiddleEvent = Exclude<RunEvent, EventOf<'run-started' | 'run-ended'>>;

export const PREFIX = 'secret_sync';
const LEASE = 'lease';
const FOLLOW_UP = 'follow-up';

const numbered = (prefix: string, numbers: object): Attributes =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, count]) => [`${PREFIX}.${prefix}.${name}`, Number(count)]),
  );

/** Begins the span of a wait. */
function beginWait(run: OpenRun, id: string, name: string, attributes: Attributes = {}): void {
  const span = run.tracer.startSpan(name, { attributes, startTime: run.now() }, run.inside);
  run.waits.set(id, [...(run.waits.get(id) ?? []), span]);
}

/** Ends the wait before something that has just taken `durationMs`. */
function endWait(run: OpenRun, id: string, durationMs = 0): void {
  const [first, ...others] = run.waits.get(id) ?? [];
  run.waits.set(id, others);
  first?.end(run.now() - durationMs);
}

/** Ends the span of what followed the writes, and says how that went. */
function endFollowUp(run: OpenRun, { status, message }: EventOf<'redeploy-finished'>): void {
  const [span] = run.waits.get(FOLLOW_UP) ?? [];
  span?.setAttribute(`${PREFIX}.status`, status);
  const isError = status === 'failed' || status === 'timed-out';
  // The message can name keys.
  if (isError) span?.setStatus({ code: SpanStatusCode.ERROR, message: run.keyNames ? message : status });
  endWait(run, FOLLOW_UP);
}

/** Makes the span of something that has ended. */
function addSpan(
  run: OpenRun,
  name: string,
  durationMs: number,
  attributes: Attributes,
  { kind = SpanKind.INTERNAL, isError = false } = {},
): void {
  const endTime = run.now();
  const options = { kind, attributes, startTime: endTime - durationMs };
  const span = run.tracer.startSpan(name, options, run.inside);
  if (isError) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(endTime);
}

function addRequest(run: OpenRun, event: EventOf<'request'>): void {
  const { method, name, host, attempt, status, durationMs } = event;
  endWait(run, `${name} ${attempt}`, durationMs);
  const attributes = {
    'http.request.method': method,
    'server.address': host,
    [`${PREFIX}.request`]: name,
    ...(status !== undefined && { 'http.response.status_code': status }),
    ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
  };
  const isError = status === undefined || status >= 400;
  addSpan(run, method, durationMs, attributes, { kind: SpanKind.CLIENT, isError });
}

function describe(run: OpenRun, event: MiddleEvent): void {
  const { span, keyNames, now } = run;
  switch (event.type) {
    case 'lease-waiting':
      return beginWait(run, LEASE, 'wait for the place');
    case 'source-read': {
      const counts = { [`${PREFIX}.keys`]: event.keys, [`${PREFIX}.partial`]: event.partial };
      return addSpan(run, 'read the source', event.durationMs, counts);
    }
    case 'destination-read': {
      const counts = { [`${PREFIX}.entries`]: event.entries };
      return addSpan(run, 'read the destination', event.durationMs, counts);
    }
    case 'request':
      return addRequest(run, event);
    case 'retry': {
      const attributes = { [`${PREFIX}.request`]: event.name, 'error.type': event.code };
      const next = `${event.name} ${event.attempt + 1}`;
      return beginWait(run, next, 'wait before another attempt', attributes);
    }
    case 'planned':
      span.setAttribute(`${PREFIX}.applicable`, event.applicable);
      return void span.setAttributes(numbered('plan', event.summary));
    case 'progress': {
      const { key, action, status } = event;
      if (keyNames) span.addEvent('key', { key, action, status }, now());
      return;
    }
    case 'conflict':
      return void span.addEvent('conflict', { attempt: event.attempt }, now());
    case 'redeploy-started':
      return beginWait(run, FOLLOW_UP, event.action, { [`${PREFIX}.wait`]: event.wait });
    case 'redeploy-finished':
      return endFollowUp(run, event);
    case 'run-unneeded':
      return;
    case 'run-finished':
      return void span.setAttributes(numbered('result', event.summary));
    case 'run-failed':
      span.setAttribute('error.type', event.code);
      // The message can name keys.
      return void span.setStatus({
        code: SpanStatusCode.ERROR,
        message: keyNames ? event.message : event.code,
      });
  }
}

/** Adds what an event says to the spans of its run. */
export function note(run: OpenRun, event: MiddleEvent): void {
  // Whatever comes next has waited for the place.
  if (event.type !== 'lease-waiting') endWait(run, LEASE, 'durationMs' in event ? event.durationMs : 0);
  noteEnd(run.end, event);
  describe(run, event);
}

/** Ends the span of a run, and those below it that are still open. */
export function finish(run: OpenRun): void {
  for (const [id, spans] of run.waits) spans.forEach(() => endWait(run, id));
  run.span.setAttribute(`${PREFIX}.outcome`, outcomeOf(run.end));
  run.span.end(run.now());
}
