// One worker of the demo, in a process of its own.
import { bullmqWorker } from 'secret-sync-engine/workers/bullmq';
import { openFleetService, type FleetSettings } from './fleet-service.js';

const { service, queue, close } = openFleetService(
  JSON.parse(process.argv[2] ?? '{}') as FleetSettings,
  (event) => {
    if (event.type === 'run-started' || event.type === 'run-succeeded' || event.type === 'run-failed')
      process.send?.({ type: event.type, name: event.name });
  },
);
const worker = bullmqWorker({ service, queue, runsPerConnection: 3, pollInterval: 2_000, debounce: 200 });
await worker.start();
process.send?.({ type: 'started' });

process.once('SIGTERM', () => {
  void worker
    .stop({ timeout: 5_000 })
    .then(close)
    .then(() => process.exit(0));
});
