// A worker of the fleet, in a process of its own, until it is killed. It tells what it does, one JSON object a line.
import { bullmqWorker } from '../../src/workers/bullmq/index.js';
import { openService } from './open.js';
import { SETTINGS, type WorkerLine, type WorkerSettings } from './settings.js';

// Standard output is a pipe, so that a line is out when this returns.
const tell = (line: WorkerLine) => void process.stdout.write(`${JSON.stringify(line)}\n`);

const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings;
const { service, queue } = openService(settings, (event) => {
  if (event.type === 'run-started')
    tell({ type: 'begun', run: event.runId ?? event.jobId, syncId: event.syncId, at: Date.now() });
  if (event.type === 'run-succeeded' || event.type === 'run-failed') {
    const applied = event.type === 'run-succeeded' ? event.summary.applied : null;
    tell({ type: 'ended', run: event.runId ?? event.jobId, at: Date.now(), applied });
  }
});
const { concurrency, runsPerConnection, pollInterval, debounce } = SETTINGS;
const worker = bullmqWorker({
  service: {
    findDue(options) {
      tell({ type: 'look' });
      return service.findDue(options);
    },
    perform: (job, options) => service.perform(job, options),
  },
  queue,
  concurrency,
  runsPerConnection,
  pollInterval,
  debounce,
});
await worker.start();
