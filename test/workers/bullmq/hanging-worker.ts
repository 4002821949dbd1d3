// A worker in a process of its own whose runs do not end: it says which it has begun, until it is killed.
import { bullmqWorker } from '../../../src/workers/bullmq/index.js';
import type { ServerName } from '../../support/servers/servers.js';
import { openQueue } from './open-queue.js';

const [server, url = '', name = ''] = process.argv.slice(2);
const worker = bullmqWorker({
  service: {
    findDue: async () => [],
    perform: (_job, options = {}) => {
      process.stdout.write(`${options.jobId ?? ''}\n`);
      return new Promise(() => undefined);
    },
  },
  queue: openQueue(server as ServerName, url, name).queue,
  pollInterval: 3_600_000,
});
await worker.start();
