import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Context,
  type ContextManager,
} from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qovery } from '../../src/drivers/qovery/index.js';
import { openTelemetry, type TelemetryOptions } from '../../src/opentelemetry/index.js';
import { SecretSyncService } from '../../src/service/secret-sync-service.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { createCanaries } from '../../src/testing/leaks/canaries.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createEngine, failure, memoryDefinition, qoveryTarget } from '../support/engine.js';

let emulator: QoveryEmulator;
beforeAll(async () => {
  emulator = await startQoveryEmulator();
});
afterAll(() => emulator.close());

/** Telemetry whose exports stay in memory. */
function record(options: TelemetryOptions = {}) {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const { onEvent } = openTelemetry({ tracerProvider, meterProvider, ...options });
  return {
    onEvent,
    tracerProvider,
    spans: () => spans.getFinishedSpans(),
    /** The points of the metrics by name, and then shuts everything down. */
    metrics: async () => {
      await meterProvider.forceFlush();
      const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
      const points = new Map(
        all.flatMap(({ metrics }) =>
          metrics.map(({ descriptor, dataPoints }) => [
            descriptor.name,
            dataPoints.map(({ attributes, value }) => ({
              attributes,
              value: typeof value === 'number' ? value : value.count,
            })),
          ]),
        ),
      );
      await meterProvider.shutdown();
      return points;
    },
  };
}

const named = (spans: readonly ReadableSpan[], name: string) => spans.filter((span) => span.name === name);
const isBelow = (parent: ReadableSpan) => (span: ReadableSpan) =>
  span.parentSpanContext?.spanId === parent.spanContext().spanId;
const millis = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6;

describe('the spans', () => {
  it('are one for each run, with one below it for each request and read', async () => {
    const { onEvent, spans } = record();
    const target = qoveryTarget(emulator);
    const source = memorySource({ A: '1', B: '2' });
    const { engine } = createEngine({ drivers: [target.driver], source, onEvent });
    await engine.sync(target.definition());
    const [run, ...others] = named(spans(), 'secret-sync sync');
    expect(others).toEqual([]);
    if (run === undefined) throw new Error('There is no span.');
    expect(run.attributes).toMatchObject({
      'secret_sync.definition_id': 'nightly',
      'secret_sync.operation': 'sync',
      'secret_sync.outcome': 'succeeded',
      'secret_sync.plan.create': 2,
      'secret_sync.result.applied': 2,
    });
    const below = spans().filter(isBelow(run));
    expect(below).toHaveLength(spans().length - 1);
    expect(below.map(({ name }) => name).sort()).toEqual([
      'GET',
      'POST',
      'POST',
      'read the destination',
      'read the source',
    ]);
    expect(named(below, 'POST')[0]?.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.response.status_code': 201,
      'server.address': new URL(emulator.url).host,
      'secret_sync.request': 'create a variable',
    });
    for (const { startTime, endTime } of spans())
      expect(millis(endTime)).toBeGreaterThanOrEqual(millis(startTime));
  });

  it('stand below the span that is active where the run begins', async () => {
    const { onEvent, spans, tracerProvider } = record();
    const { engine } = createEngine({ drivers: [memoryDestination()], onEvent });
    const outer = tracerProvider.getTracer('test').startSpan('deploy');
    const storage = new AsyncLocalStorage<Context>();
    const manager: ContextManager = {
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active, work, thisArg, ...args) => storage.run(active, () => work.apply(thisArg, args)),
      bind: (_active, target) => target,
      enable: () => manager,
      disable: () => manager,
    };
    context.setGlobalContextManager(manager);
    try {
      await context.with(trace.setSpan(context.active(), outer), () => engine.plan(memoryDefinition()));
    } finally {
      context.disable();
    }
    outer.end();
    const [run] = named(spans(), 'secret-sync sync');
    const [deploy] = named(spans(), 'deploy');
    expect(run && deploy && isBelow(deploy)(run)).toBe(true);
  });

  it('of a plan, of a failure and of an abort say how they ended', async () => {
    const { onEvent, spans } = record();
    const destination = memoryDestination();
    const { engine } = createEngine({ drivers: [destination], source: memorySource({ A: '1' }), onEvent });
    await engine.plan(memoryDefinition());
    destination.failNext('forbidden', { method: 'read' });
    await failure(engine.sync(memoryDefinition()), 'FORBIDDEN');
    const abort = new AbortController();
    destination.setIntercept(() => {
      abort.abort('enough');
      return undefined;
    });
    await expect(engine.sync(memoryDefinition(), { signal: abort.signal })).rejects.toBe('enough');
    const runs = named(spans(), 'secret-sync sync');
    expect(runs.map(({ attributes }) => attributes['secret_sync.outcome'])).toEqual([
      'planned',
      'failed',
      'aborted',
    ]);
    expect(runs.map(({ status }) => status)).toEqual([
      { code: SpanStatusCode.UNSET },
      { code: SpanStatusCode.ERROR, message: 'FORBIDDEN' },
      { code: SpanStatusCode.ERROR, message: 'ABORTED' },
    ]);
  });

  it('hold one for each wait between attempts', async () => {
    const { onEvent, spans } = record();
    const target = qoveryTarget(emulator);
    const source = memorySource({ A: '1' });
    const { engine } = createEngine({ drivers: [target.driver], source, onEvent });
    let refused = 0;
    emulator.setIntercept(({ method }) =>
      method === 'GET' && refused++ === 0 ? { status: 503, body: {} } : undefined,
    );
    await engine.sync(target.definition());
    emulator.setIntercept(undefined);
    const [wait, ...others] = named(spans(), 'wait before another attempt');
    expect(others).toEqual([]);
    expect(wait?.attributes).toEqual({
      'secret_sync.request': 'list the variables',
      'error.type': 'DESTINATION_UNAVAILABLE',
    });
    const attempts = named(spans(), 'GET');
    expect(attempts.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([503, 200]);
    expect(attempts[1]?.attributes['http.request.resend_count']).toBe(1);
    expect(attempts[0]?.status.code).toBe(SpanStatusCode.ERROR);
  });

  it('hold one for the wait for the place, which ends when the run goes on', async () => {
    const { onEvent, spans } = record();
    const store = memoryStore();
    const destination = memoryDestination();
    const first = createEngine({ drivers: [destination], store, source: memorySource({ A: '1' }) });
    let second: Promise<unknown> | undefined;
    destination.setIntercept(async ({ method }) => {
      if (method !== 'read' || second !== undefined) return undefined;
      const isWaiting = new Promise<void>((resolve) => {
        const waits = createEngine({
          drivers: [destination],
          store,
          onEvent(event) {
            onEvent(event);
            if (event.type === 'lease-waiting') resolve();
          },
        });
        second = waits.engine.sync(memoryDefinition());
      });
      await isWaiting;
      return undefined;
    });
    await first.engine.sync(memoryDefinition());
    await second?.catch(() => undefined);
    const [run] = named(spans(), 'secret-sync sync');
    const [wait, ...others] = named(spans(), 'wait for the place');
    expect(others).toEqual([]);
    expect(run && wait && isBelow(run)(wait)).toBe(true);
  });

  it('name keys only where that is asked for', async () => {
    const shown: string[] = [];
    for (const keyNames of [false, true]) {
      const { onEvent, spans } = record({ keyNames });
      const source = memorySource({ VERY_OWN_KEY: '1' });
      const { engine } = createEngine({ drivers: [memoryDestination()], source, onEvent });
      await engine.sync(memoryDefinition());
      shown.push(
        JSON.stringify(
          spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
        ),
      );
    }
    expect(shown.map((text) => text.includes('VERY_OWN_KEY'))).toEqual([false, true]);
  });
});

describe('the metrics', () => {
  it('count runs, keys and requests, and measure times', async () => {
    const { onEvent, metrics } = record();
    const target = qoveryTarget(emulator);
    const source = memorySource({ A: '1', B: '2' });
    const { engine } = createEngine({ drivers: [target.driver], source, onEvent });
    await engine.sync(target.definition());
    await engine.plan(target.definition());
    await failure(engine.sync({ ...target.definition(), isEnabled: false }), 'SYNC_DISABLED');
    const points = await metrics();
    const run = (outcome: string) => ({ attributes: { operation: 'sync', outcome }, value: 1 });
    expect(points.get('secret_sync.runs')).toEqual([run('succeeded'), run('planned')]);
    expect(points.get('secret_sync.run.duration')).toEqual([run('succeeded'), run('planned')]);
    expect(points.get('secret_sync.keys')).toEqual([
      { attributes: { operation: 'sync', action: 'create', status: 'applied' }, value: 2 },
    ]);
    const request = (method: string, status: number, value: number) => ({
      attributes: {
        'http.request.method': method,
        'server.address': new URL(emulator.url).host,
        'http.response.status_code': status,
      },
      value,
    });
    expect(points.get('secret_sync.requests')).toEqual([request('GET', 200, 2), request('POST', 201, 2)]);
    expect(points.get('secret_sync.read.duration')).toEqual([
      { attributes: { of: 'source-read' }, value: 2 },
      { attributes: { of: 'destination-read' }, value: 2 },
    ]);
  });

  it('count the runs of a service by cause and outcome, and what troubles it', async () => {
    const { onEvent, metrics } = record();
    const destination = memoryDestination();
    const source = memorySource({ A: '1' });
    const { engine } = createEngine({ drivers: [destination], source, onEvent });
    const service = new SecretSyncService({ engine, store: memoryStore(), onEvent });
    await service.createSync(memoryDefinition());
    await service.whenIdle();
    destination.failNext('forbidden', { method: 'read' });
    await failure(service.sync('nightly'), 'FORBIDDEN');
    onEvent({ type: 'source-failed' });
    onEvent({ type: 'something-new' });
    const points = await metrics();
    expect(points.get('secret_sync.jobs')).toEqual([
      { attributes: { operation: 'sync', cause: 'created', outcome: 'succeeded' }, value: 1 },
      {
        attributes: { operation: 'sync', cause: 'manual', outcome: 'failed', 'error.type': 'FORBIDDEN' },
        value: 1,
      },
    ]);
    expect(points.get('secret_sync.service.troubles')).toContainEqual({
      attributes: { type: 'source-failed' },
      value: 1,
    });
    expect(JSON.stringify(points.get('secret_sync.service.troubles'))).not.toContain('something-new');
  });
});

describe('openTelemetry', () => {
  it('exports no value and no token, in success and failure', async () => {
    const canaries = createCanaries(14);
    const [token] = canaries.tokens;
    await using own = await startQoveryEmulator({ accessToken: token?.text ?? '' });
    const target = qoveryTarget(own);
    const secrets = Object.fromEntries(canaries.values.map(({ text }, index) => [`KEY_${index}`, text]));
    const { onEvent, spans, metrics } = record({ keyNames: true });
    const source = memorySource(secrets);
    const { engine } = createEngine({
      drivers: [qovery({ accessToken: own.accessToken, instanceUrl: own.url })],
      source,
      onEvent,
    });
    await engine.sync(target.definition());
    own.setIntercept(() => ({ status: 500, body: { detail: token?.text ?? '', values: secrets } }));
    source.set('KEY_0', `${canaries.values[1]?.text ?? ''}x`);
    await failure(engine.sync(target.definition()), 'DESTINATION_UNAVAILABLE');
    const exported = spans().map(({ name, attributes, events, status }) => ({
      name,
      attributes,
      events,
      status,
    }));
    expect(exported.length).toBeGreaterThan(8);
    canaries.assertAbsent('spans', JSON.stringify(exported));
    canaries.assertAbsent('metrics', JSON.stringify([...(await metrics())]));
  });

  it('refuses an option that is unknown, and serves with the global providers', async () => {
    expect(() => openTelemetry({ keynames: true } as TelemetryOptions)).toThrow(/"keynames"/);
    const { onEvent } = openTelemetry();
    const { engine } = createEngine({ drivers: [memoryDestination()], onEvent });
    await engine.sync(memoryDefinition());
  });
});
