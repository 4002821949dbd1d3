import { context, trace, type Tracer } from '@opentelemetry/api';
import { notEnded, type RunEvent } from './event-kinds.js';
import { finish, note, PREFIX, type EventOf, type OpenRun } from './open-run.js';

/** Makes the spans of runs: one for each run, with one below it for each request, read and wait. */
export function createRunSpans(
  findTracer: () => Tracer,
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
    const tracer = findTracer();
    const span = tracer.startSpan(`secret-sync ${event.operation}`, { attributes, startTime: now() });
    const inside = trace.setSpan(context.active(), span);
    runs.set(event.runId, { tracer, now, keyNames, span, inside, end: notEnded(), waits: new Map() });
  }

  return (event) => {
    if (event.type === 'run-started') return begin(event);
    const run = runs.get(event.runId);
    if (run === undefined) return;
    if (event.type !== 'run-ended') return note(run, event);
    runs.delete(event.runId);
    finish(run);
  };
}
