/** The program in a runtime with a file system: Node.js, Bun, Deno. Prints its trials as JSON. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { generateFingerprintKey, memorySource, memoryStore, SecretSyncEngine } from 'secret-sync-engine';
import { SecretSyncService } from 'secret-sync-engine/service';
import { dotenvSource } from 'secret-sync-engine/sources/dotenv';
import { fileStore } from 'secret-sync-engine/stores/file';
import {
  attempt,
  driversOf,
  expectEqual,
  KEYS,
  qoverySync,
  runProgram,
  secretsOf,
  type RuntimeServices,
} from './program.js';

const [, , servicesJson = '', directory = ''] = process.argv;
const services = JSON.parse(servicesJson) as RuntimeServices;
const fingerprintKey = generateFingerprintKey();

/** A new engine each time, as a new process would have, over the same files. */
async function syncsFromFiles(folder: string): Promise<void> {
  const file = join(folder, '.env');
  const lines = Object.entries(secretsOf('FILE')).map(([key, value]) => `${key}="${value}"`);
  await writeFile(file, lines.join('\n'));
  const newEngine = () =>
    new SecretSyncEngine({
      source: dotenvSource(file),
      drivers: driversOf(services),
      store: fileStore(join(folder, 'state')),
      fingerprintKey,
      allowPrivateNetwork: true,
    });
  const first = await newEngine().sync(qoverySync(services, 1));
  expectEqual('keys written', first.summary.applied, KEYS);
  const second = await newEngine().sync(qoverySync(services, 1));
  expectEqual('keys written by a second engine', second.summary.applied, 0);
}

/** Runs on a change of the source, while the program does nothing else. */
async function servesForSomeTime(): Promise<void> {
  const source = memorySource(secretsOf('SERVED'));
  const store = memoryStore();
  const engine = new SecretSyncEngine({
    source,
    drivers: driversOf(services),
    store,
    fingerprintKey,
    allowPrivateNetwork: true,
  });
  let ended = 0;
  /** Waits, for half a minute at most, until so many runs have ended. */
  const whenEnded = async (runs: number) => {
    for (let waited = 0; ended < runs && waited < 30_000; waited += 100) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expectEqual('runs that ended well', ended, runs);
  };
  const service = new SecretSyncService({
    engine,
    store,
    autoSync: { debounce: 200 },
    onEvent: (event) => {
      if (event.type === 'run-succeeded') ended += 1;
    },
  });
  try {
    await service.start();
    await service.createSync({ ...qoverySync(services, 2), syncOptions: { autoSyncEnabled: true } });
    await whenEnded(1);
    source.set('SERVED_0', 'changed');
    await whenEnded(2);
    expectEqual('status', (await service.getSync('qovery-2')).syncStatus, 'succeeded');
    expectEqual('updates left', (await service.plan('qovery-2')).summary.update, 0);
  } finally {
    await service.stop({ timeout: 5_000 });
  }
}

const folder = await mkdtemp(join(directory, 'run-'));
try {
  const trials = [
    ...(await runProgram(services, { tellsFailuresApart: true })),
    await attempt('keeps state in files, from a dotenv file', () => syncsFromFiles(folder)),
    await attempt('serves: a change of the source is synced by itself', servesForSomeTime),
  ];
  console.log(JSON.stringify(trials));
} finally {
  await rm(folder, { recursive: true, force: true });
}
