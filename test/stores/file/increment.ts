// A process that adds 1 to a document, many times, reading again after each conflict, and says what it wrote.
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { fileStore } from '../../../src/stores/file/index.js';

const [directory = '', times = '0'] = process.argv.slice(2);
// The others may be in the way for long: nobody's turn is guaranteed.
const store = fileStore(directory, { lockWait: 240_000 });
for (let done = 0; done < Number(times);) {
  const found = await store.get('counter');
  const count = typeof found?.document === 'number' ? found.document : 0;
  try {
    await store.put('counter', count + 1, { ifVersion: found?.version ?? null, flush: false });
    done += 1;
    process.stdout.write(`${count + 1}\n`);
  } catch (error) {
    if (!isSecretSyncError(error, 'STATE_CONFLICT')) throw error;
  }
}
