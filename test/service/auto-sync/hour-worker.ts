// A process that lives through a short hour of changes, with all that it knows in files. Told when to begin, it says
// what time it is before each step that it takes. It kills itself at the step that it is told, so that another one can
// go on from there.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { SecretSyncEngine } from '../../../src/engine/secret-sync-engine.js';
import { SecretSyncService } from '../../../src/service/index.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { fileDestination, fileSource, readSecrets, writeSecrets } from '../file-sides.js';
import { changesOfHour, FIRST_KEYS } from './hour.js';
import { createHold, heldStore } from '../held.js';

const RECORDS = 8;
const HOUR = 600_000;
const START = Date.parse('2026-01-01T00:00:00.000Z');

const [directory = '', beginning = '', mostSteps = 'Infinity'] = process.argv.slice(2);
const clock = createVirtualClock({ auto: true, start: Math.max(Number(beginning), START) });
let steps = 0;
const step = async () => {
  // Not by process.stdout, which may keep it for later.
  writeSync(1, `${clock.now()}\n`);
  steps += 1;
  if (steps >= Number(mostSteps)) process.kill(process.pid, 'SIGKILL');
};

const files = fileStore(join(directory, 'store'));
const store = heldStore(
  {
    get: (key) => files.get(key),
    list: (prefix) => files.list(prefix),
    async put(...given) {
      await step();
      return files.put(...given);
    },
    async delete(...given) {
      await step();
      return files.delete(...given);
    },
  },
  clock,
);
const sourceFiles = join(directory, 'source');
const source = fileSource(sourceFiles, step);
const hold = createHold(clock);
const engine = new SecretSyncEngine({
  // A look has a time limit, which must not pass while a file is read.
  source: { ...source, read: (...given) => hold(async () => source.read(...given)) },
  drivers: [fileDestination(join(directory, 'destination'), step)],
  store,
  fingerprintKey: 'a fingerprint key that only the tests know',
  connections: (account) => ({ app: 'files', credentials: { account } }),
  clock,
  random: () => 0.5,
});
const service = new SecretSyncService({
  engine,
  store,
  autoSync: { pollInterval: 20_000, runsPerConnection: 2 },
  clock,
  random: () => 0.5,
});

/** How many changes were made at the source, by this process and those before it. */
const progressFile = join(directory, 'progress.json');
const done = Number((await readSecrets(progressFile)).get('done') ?? 0);

for (let record = 0; record < RECORDS; record += 1) {
  const path = join(sourceFiles, `/record-${record}.json`);
  if ((await readSecrets(path)).size === 0) {
    await writeSecrets(path, new Map(FIRST_KEYS.map((key) => [key, `first-of-${record}`])));
  }
  try {
    await service.createSync({
      id: `id-${record}`,
      name: `record-${record}`,
      secretPath: `/record-${record}`,
      connectionId: `account-${record % 3}`,
      destination: 'files',
      // Two records share each of the last places.
      destinationConfig: { place: `place-${record % (RECORDS - 2)}` },
      syncOptions: { keySchema: `${record < RECORDS - 2 ? 'A' : 'B'}_{{secretKey}}` },
    });
  } catch (error) {
    // Made by a process before this one; or, for as long as that could still be alive, on its way.
    if (!isSecretSyncError(error, 'SYNC_EXISTS')) throw error;
    const names = (await service.listSyncs()).map(({ name }) => name);
    if (names.includes(`record-${record}`)) continue;
    await clock.sleep(31_000);
    record -= 1;
  }
}
await service.start();

const changes = changesOfHour({ seed: 3, folders: RECORDS, changes: 60, length: HOUR });
for (const [index, { at, folder, key, value }] of changes.entries()) {
  if (index < done) continue;
  if (START + at > clock.now()) await clock.sleep(START + at - clock.now());
  await step();
  const path = join(sourceFiles, `/record-${folder}.json`);
  const secrets = await readSecrets(path);
  if (value === undefined) secrets.delete(key);
  else secrets.set(key, value);
  await writeSecrets(path, secrets);
  await step();
  await writeSecrets(progressFile, new Map([['done', String(index + 1)]]));
}
await clock.sleep(120_000);
await service.whenIdle();
await service.stop();
writeSync(1, 'done\n');
