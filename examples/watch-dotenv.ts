// While you develop: keeps a Qovery environment equal to your .env, as often as you save it. Ends with Ctrl+C.
// Needs the same environment variables as plan-in-ci.
import { fileStore } from 'secret-sync-engine/stores/file';
import { isSecretSyncError } from 'secret-sync-engine';
import { SecretSyncService } from 'secret-sync-engine/service';
import { definition, engine } from './plan-in-ci/engine.js';

const service = new SecretSyncService({
  engine,
  store: fileStore(process.env['STATE_DIRECTORY'] ?? '.secret-sync'),
  // An editor writes a file once: there is nothing to wait for.
  autoSync: { debounce: 100 },
  onEvent(event) {
    switch (event.type) {
      case 'run-succeeded':
        return console.log(`${event.name}: ${event.summary.applied} keys written`);
      case 'run-failed':
      case 'source-failed':
        return console.warn(event.message);
      default:
        return undefined;
    }
  },
});

try {
  await service.createSync(definition);
} catch (error) {
  // It exists since this program ran before.
  if (!isSecretSyncError(error, 'SYNC_EXISTS')) throw error;
}
await service.start();
console.log('Watching');
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void service.stop());
