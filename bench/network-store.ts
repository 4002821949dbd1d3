import { defineSource, memoryStore, SecretSyncEngine, type StateStore } from 'secret-sync-engine';
import { SecretSyncService } from 'secret-sync-engine/service';
import { memoryDestination } from 'secret-sync-engine/testing';
import { createEngineSync, makeSecrets } from './contestants.js';
import { median } from './report/statistics.js';
import type { BenchServers } from './servers.js';

/** How long a round trip to the store takes, in ms. */
export const STORE_TRIP_MS = 1;

const SECRETS = 100;
export const RECORDS = 300;

/** The memory store behind a round trip. */
function networkStore(): StateStore {
  const store = memoryStore();
  const afterTrip =
    <Given extends readonly unknown[], Result>(call: (...given: Given) => Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      await new Promise((resolve) => setTimeout(resolve, STORE_TRIP_MS));
      return call(...given);
    };
  return {
    get: afterTrip((key: string) => store.get(key)),
    put: afterTrip((...given: Parameters<StateStore['put']>) => store.put(...given)),
    delete: afterTrip((...given: Parameters<StateStore['delete']>) => store.delete(...given)),
    list: afterTrip((prefix: string) => store.list(prefix)),
    entries: afterTrip(async (prefix: string) => (await store.entries?.(prefix)) ?? []),
  };
}

/** What a sync that changes nothing takes on both stores, in medians, in ms. */
export interface StoreCost {
  readonly roundTrip: number;
  readonly memory: number;
  readonly network: number;
}

/** A sync of Qovery secrets that changes nothing, with both stores in turns. */
export async function measureStore(
  servers: BenchServers,
  roundTrip: number,
  runs: number,
): Promise<StoreCost> {
  const server = await servers.open('qovery');
  const secrets = makeSecrets(SECRETS);
  const contestants = await Promise.all(
    [memoryStore(), networkStore()].map(async (store) => {
      const sync = createEngineSync(server, await server.addPlace(), secrets, { store });
      return { sync, times: [] as number[] };
    }),
  );
  for (const { sync } of contestants) await sync();
  await server.setRoundTrip(roundTrip);
  for (let run = -3; run < runs; run += 1)
    for (const { sync, times } of contestants) {
      const start = performance.now();
      await sync();
      if (run >= 0) times.push(performance.now() - start);
    }
  await server.close();
  const [memory = NaN, network = NaN] = contestants.map(({ times }) => median(times));
  return { roundTrip, memory, network };
}

/** How long a new record takes among the others, on the store behind a round trip; a median, in ms. */
export async function measureCreation(runs: number): Promise<number> {
  const store = networkStore();
  const engine = new SecretSyncEngine({
    source: defineSource('bench', () => ({})),
    drivers: [memoryDestination()],
    store,
    fingerprintKey: 'a fingerprint key that only the bench knows',
  });
  const service = new SecretSyncService({ engine, store });
  const create = (name: string) =>
    service.createSync({ name, destination: 'memory', destinationConfig: { place: name }, isEnabled: false });
  await Promise.all(Array.from({ length: RECORDS }, (_, index) => create(`record-${index}`)));
  const times: number[] = [];
  for (let run = -1; run < runs; run += 1) {
    const name = `one-more-${run + 1}`;
    const start = performance.now();
    await create(name);
    if (run >= 0) times.push(performance.now() - start);
    await service.deleteSync(name);
  }
  return median(times);
}
