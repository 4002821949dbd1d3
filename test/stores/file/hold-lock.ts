// A process that takes a lock, says so, and never lets go: it is killed.
import { acquireLock } from '../../../src/stores/file/lock.js';

const [path = ''] = process.argv.slice(2);
await acquireLock(path, Date.now() + 60_000);
process.stdout.write('held\n');
setInterval(() => undefined, 1_000);
