import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import {
  isJobEvent,
  isRunEvent,
  noteEnd,
  notEnded,
  outcomeOf,
  type RunEnd,
  type RunEvent,
  type TelemetryEvent,
} from './event-kinds.js';

interface Instruments {
  readonly runs: Counter;
  readonly runDuration: Histogram;
  readonly keys: Counter;
  readonly requests: Counter;
  readonly requestDuration: Histogram;
  readonly retries: Counter;
  readonly readDuration: Histogram;
  readonly followUps: Counter;
  readonly jobs: Counter;
  readonly troubles: Counter;
}

const createInstruments = (meter: Meter): Instruments => ({
  runs: meter.createCounter('secret_sync.runs', { description: 'Calls of the engine, by outcome.' }),
  runDuration: meter.createHistogram('secret_sync.run.duration', {
    unit: 's',
    description: 'Time of a call of the engine.',
  }),
  keys: meter.createCounter('secret_sync.keys', {
    description: 'Keys that have ended, by action and status.',
  }),
  requests: meter.createCounter('secret_sync.requests', { description: 'HTTP requests, by status.' }),
  requestDuration: meter.createHistogram('secret_sync.request.duration', {
    unit: 's',
    description: 'Time of one HTTP request.',
  }),
  retries: meter.createCounter('secret_sync.retries', { description: 'Requests that are sent again.' }),
  readDuration: meter.createHistogram('secret_sync.read.duration', {
    unit: 's',
    description: 'Time of reading the source or the destination.',
  }),
  followUps: meter.createCounter('secret_sync.redeploys', {
    description: 'Redeployments and restarts that followed writes, by status.',
  }),
  jobs: meter.createCounter('secret_sync.jobs', {
    description: 'Runs of records by a service, by cause and outcome.',
  }),
  troubles: meter.createCounter('secret_sync.service.troubles', {
    description: 'What a service could not do by itself, by the type of its event.',
  }),
});

/** Events of a service that something is wrong with. */
const TROUBLES: ReadonlySet<string> = new Set([
  'retry-scheduled',
  'sync-left',
  'source-failed',
  'watch-failed',
  'cross-sync-conflict',
  'record-unreadable',
  'record-unverified',
  'service-failed',
]);

const seconds = (ms: number): number => ms / 1000;

/** Makes the counters and histograms of runs, keys, requests and jobs. No attribute names a key, a sync or a place. */
export function createRunMetrics(meter: () => Meter): (event: TelemetryEvent) => void {
  const ends = new Map<string, RunEnd>();
  let made: Instruments | undefined;
  // Not before the first event: a global provider that is set later would be missed.
  const instruments = () => (made ??= createInstruments(meter()));

  function ended({ runId, operation, durationMs }: Extract<RunEvent, { readonly type: 'run-ended' }>): void {
    const end = ends.get(runId) ?? notEnded();
    ends.delete(runId);
    const outcome = outcomeOf(end);
    const attributes = { operation, outcome, ...(end.code !== undefined && { 'error.type': end.code }) };
    instruments().runs.add(1, attributes);
    instruments().runDuration.record(seconds(durationMs), attributes);
  }

  function ofRun(event: RunEvent): void {
    const { operation } = event;
    switch (event.type) {
      case 'run-started':
        return void ends.set(event.runId, notEnded());
      case 'progress':
        return instruments().keys.add(1, { operation, action: event.action, status: event.status });
      case 'request': {
        const { method, host, status, durationMs } = event;
        const attributes = {
          'http.request.method': method,
          'server.address': host,
          ...(status !== undefined && { 'http.response.status_code': status }),
        };
        instruments().requests.add(1, attributes);
        return instruments().requestDuration.record(seconds(durationMs), attributes);
      }
      case 'retry':
        return instruments().retries.add(1, { 'error.type': event.code });
      case 'source-read':
      case 'destination-read':
        return instruments().readDuration.record(seconds(event.durationMs), { of: event.type });
      case 'run-ended':
        return ended(event);
      case 'redeploy-finished':
        return instruments().followUps.add(1, { action: event.action, status: event.status });
      case 'redeploy-started':
      case 'lease-waiting':
      case 'planned':
      case 'conflict':
      case 'run-finished':
      case 'run-unneeded':
      case 'run-failed':
        return;
    }
  }

  return (event) => {
    if (isRunEvent(event)) {
      const end = ends.get(event.runId);
      if (end !== undefined) noteEnd(end, event);
      return ofRun(event);
    }
    if (isJobEvent(event)) {
      const { operation, cause, code } = event;
      const outcome = code === undefined ? 'succeeded' : code === 'ABORTED' ? 'aborted' : 'failed';
      const attributes = { operation, cause, outcome, ...(code !== undefined && { 'error.type': code }) };
      return instruments().jobs.add(1, attributes);
    }
    if (TROUBLES.has(event.type)) instruments().troubles.add(1, { type: event.type });
  };
}
