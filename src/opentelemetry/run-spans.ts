import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { noteEnd, outcomeOf, type RunEnd, type RunEvent } from './event-kinds.js';

/** The spans of one run, from its first event to its last. */
interface OpenRun {
  readonly span: Span;
  readonly inside: Context;
  readonly end: RunEnd;
  /** The wait for the place, and those between the attempts of a request, by request and attempt. */
  readonly waits: Map<string, Span[]>;
}

type EventOf<Type extends RunEvent['type']> = Extract<RunEvent, { readonly type: Type }>;

const PREFIX = 'secret_sync';
const LEASE = 'lease';

const numbered = (prefix: string, numbers: object): Attributes =>
  Object.fromEntries(
    Object.entries(numbers).map(([name, count]) => [`${PREFIX}.${prefix}.${name}`, Number(count)]),
  );

/** Makes the spans of runs: one for each run, with one below it for each request, read and wait. */
export function createRunSpans(
  tracer: () => Tracer,
  now: () => number,
  keyNames: boolean,
): (event: RunEvent) => void {
  const runs = new Map<string, OpenRun>();

  function begin(event: EventOf<'run-started'>): void {
    const attributes = {
      [`${PREFIX}.run_id`]: event.runId,
      [`${PREFIX}.operation`]: event.operation,
      [`${PREFIX}.definition_id`]: event.definitionId,
      [`${PREFIX}.place`]: event.place,
    };
    const span = tracer().startSpan(`secret-sync ${event.operation}`, { attributes, startTime: now() });
    const inside = trace.setSpan(context.active(), span);
    runs.set(event.runId, { span, inside, end: { isPlanned: false, isFinished: false }, waits: new Map() });
  }

  const open = ({ inside }: OpenRun, name: string, attributes: Attributes = {}): Span =>
    tracer().startSpan(name, { attributes, startTime: now() }, inside);

  function wait(run: OpenRun, id: string, span: Span): void {
    run.waits.set(id, [...(run.waits.get(id) ?? []), span]);
  }

  /** Ends the wait that what has just taken `durationMs` followed. */
  function endWait(run: OpenRun, id: string, durationMs = 0): void {
    const [first, ...others] = run.waits.get(id) ?? [];
    if (first === undefined) return;
    run.waits.set(id, others);
    first.end(now() - durationMs);
  }

  /** A span for something that has ended. */
  function ended(run: OpenRun, name: string, durationMs: number, attributes: Attributes, kind?: SpanKind) {
    const endTime = now();
    const startTime = endTime - durationMs;
    const options = { attributes, startTime, ...(kind !== undefined && { kind }) };
    const span = tracer().startSpan(name, options, run.inside);
    return { span, end: () => span.end(endTime) };
  }

  function request(run: OpenRun, event: EventOf<'request'>): void {
    const { method, name, host, attempt, status, durationMs } = event;
    endWait(run, `${name} ${attempt}`, durationMs);
    const attributes = {
      'http.request.method': method,
      'server.address': host,
      [`${PREFIX}.request`]: name,
      ...(status !== undefined && { 'http.response.status_code': status }),
      ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
    };
    const { span, end } = ended(run, method, durationMs, attributes, SpanKind.CLIENT);
    if (status === undefined || status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
    end();
  }

  function note(run: OpenRun, event: Exclude<RunEvent, EventOf<'run-started' | 'run-ended'>>): void {
    switch (event.type) {
      case 'lease-waiting':
        return wait(run, LEASE, open(run, 'wait for the place'));
      case 'source-read': {
        const { keys, partial, durationMs } = event;
        const counts = { [`${PREFIX}.keys`]: keys, [`${PREFIX}.partial`]: partial };
        return ended(run, 'read the source', durationMs, counts).end();
      }
      case 'destination-read': {
        const counts = { [`${PREFIX}.entries`]: event.entries };
        return ended(run, 'read the destination', event.durationMs, counts).end();
      }
      case 'request':
        return request(run, event);
      case 'retry': {
        const attributes = { [`${PREFIX}.request`]: event.name, 'error.type': event.code };
        const span = open(run, 'wait before another attempt', attributes);
        return wait(run, `${event.name} ${event.attempt + 1}`, span);
      }
      case 'planned':
        run.span.setAttribute(`${PREFIX}.applicable`, event.applicable);
        return void run.span.setAttributes(numbered('plan', event.summary));
      case 'progress': {
        const { key, action, status } = event;
        if (keyNames) run.span.addEvent('key', { key, action, status }, now());
        return;
      }
      case 'conflict':
        return void run.span.addEvent('conflict', { attempt: event.attempt }, now());
      case 'run-finished':
        return void run.span.setAttributes(numbered('result', event.result.summary));
      case 'run-failed':
        // The message can name keys.
        run.span.setAttribute('error.type', event.code);
        return void run.span.setStatus({
          code: SpanStatusCode.ERROR,
          message: keyNames ? event.message : event.code,
        });
    }
  }

  function finish(run: OpenRun, runId: string): void {
    for (const id of run.waits.keys()) while ((run.waits.get(id) ?? []).length > 0) endWait(run, id);
    run.span.setAttribute(`${PREFIX}.outcome`, outcomeOf(run.end));
    run.span.end(now());
    runs.delete(runId);
  }

  return (event) => {
    if (event.type === 'run-started') return begin(event);
    const run = runs.get(event.runId);
    if (run === undefined) return;
    // Whatever comes next has waited for the place.
    if (event.type === 'run-ended') return finish(run, event.runId);
    if (event.type !== 'lease-waiting') endWait(run, LEASE, 'durationMs' in event ? event.durationMs : 0);
    noteEnd(run.end, event);
    note(run, event);
  };
}
