import { metrics, trace, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import { checkCall } from '../shared/arguments/check.js';
import { aFlag, optional, withMethods, type Rules } from '../shared/arguments/rules.js';
import { isRunEvent, type TelemetryEvent } from './event-kinds.js';
import { createRunMetrics } from './run-metrics.js';
import { createRunSpans } from './run-spans.js';

export type { TelemetryEvent } from './event-kinds.js';

export interface TelemetryOptions {
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Default: the global one. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Adds the name of each key that has ended, and the messages of errors, which can name keys. Default: false. */
  readonly keyNames?: boolean | undefined;
}

export interface Telemetry {
  /** Takes the events of engines and services: give it to both. Needs no `this`. */
  readonly onEvent: (event: TelemetryEvent) => void;
}

const NAME = 'secret-sync-engine';
const OPTIONS: Rules = {
  tracerProvider: optional(withMethods('getTracer')),
  meterProvider: optional(withMethods('getMeter')),
  keyNames: optional(aFlag),
};

/**
 * Turns events into spans and metrics: a span for each run, below the one that is active where it begins, with one for
 * each request, read and wait; counters and histograms of runs, keys, requests and jobs. It exports no value, and no name of
 * a key unless `keyNames` asks for it.
 *
 * @throws SecretSyncError `INVALID_OPTION` for options that are not valid, or unknown.
 * @example
 * const { onEvent } = openTelemetry();
 * const engine = new SecretSyncEngine({ source, drivers, onEvent });
 * const service = new SecretSyncService({ engine, store, onEvent });
 */
export function openTelemetry(options: TelemetryOptions = {}): Telemetry {
  checkCall('openTelemetry', {}, {}, options, OPTIONS);
  const { tracerProvider, meterProvider, keyNames = false } = options;
  const tracer = () => (tracerProvider ?? trace).getTracer(NAME);
  const meter = () => (meterProvider ?? metrics).getMeter(NAME);
  // Time stamps of spans are of the wall clock, whatever clock the engine was given.
  const toSpans = createRunSpans(tracer, () => Date.now(), keyNames);
  const toMetrics = createRunMetrics(meter);
  return {
    onEvent(event) {
      if (isRunEvent(event)) toSpans(event);
      toMetrics(event);
    },
  };
}
