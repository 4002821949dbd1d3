// Spans and metrics on the console, without a collector:
// npm install @opentelemetry/api @opentelemetry/sdk-trace-base @opentelemetry/sdk-metrics.
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, ConsoleSpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { memorySource, SecretSyncEngine } from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { openTelemetry } from 'secret-sync-engine/opentelemetry';
import { startQoveryEmulator } from 'secret-sync-engine/testing';

const tracerProvider = new BasicTracerProvider({
  spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
});
const reader = new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() });
const meterProvider = new MeterProvider({ readers: [reader] });
const { onEvent } = openTelemetry({ tracerProvider, meterProvider });

// An emulator, in place of the real service.
await using emulator = await startQoveryEmulator();
const organization = emulator.addOrganization({ name: 'acme' });
const project = emulator.addProject({ name: 'shop', organizationId: organization.id });
const engine = new SecretSyncEngine({
  source: memorySource({ API_KEY: 'api-key-value', REGION: 'region-value' }),
  drivers: [qovery({ accessToken: emulator.accessToken, instanceUrl: emulator.url })],
  allowPrivateNetwork: true,
  onEvent,
});
await engine.sync({
  name: 'production',
  destination: 'qovery',
  destinationConfig: { organizationId: organization.id, projectId: project.id },
});

await tracerProvider.shutdown();
await meterProvider.shutdown();
