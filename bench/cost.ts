import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  changeSecrets,
  createCronSync,
  createEngineSync,
  createReferenceSync,
  makeSecrets,
  type Sync,
} from './contestants.js';
import { createCountingFetch } from './counting-fetch.js';
import type { BenchServer, BenchServers } from './servers.js';
import { writtenIn, type CostCell } from './settings.js';
import { median } from './report/statistics.js';

/** What one run of one contestant came to, in medians. */
export interface Cost {
  readonly time: number;
  /** How long the emulator was at work, which is in the time. */
  readonly emulator: number;
  readonly requests: number;
  /** Of all bodies. */
  readonly bytes: number;
}

export interface MeasuredCell extends CostCell {
  readonly ours: Cost;
  readonly reference: Cost;
}

type Contestant = (
  server: BenchServer,
  place: Readonly<Record<string, string>>,
  secrets: ReadonlyMap<string, string>,
  folder: string,
  fetch?: typeof globalThis.fetch,
) => Sync;

const contestants = ({ use }: CostCell): readonly [ours: Contestant, reference: Contestant] => [
  use === 'lives on'
    ? (server, place, secrets, _folder, fetch) =>
        createEngineSync(server, place, secrets, fetch === undefined ? {} : { fetch })
    : (server, place, secrets, folder, fetch) =>
        createCronSync(server, place, secrets, { folder, ...(fetch && { fetch }) }),
  (server, place, secrets, _folder, fetch) =>
    createReferenceSync(server, place, secrets, fetch === undefined ? {} : { fetch }),
];

/** Measures one contestant, run by run: each call of `run` is one. */
async function open(servers: BenchServers, cell: CostCell, contestant: Contestant, folder: string) {
  const { destination, what, size, roundTrip } = cell;
  const server = await servers.open(destination);
  const secrets = makeSecrets(size);
  const times: number[] = [];
  const emulator: number[] = [];
  let [requests, revision, places] = [0, 0, 0];
  const prepare = async (fetch?: typeof globalThis.fetch) => {
    const place = await server.addPlace();
    const sync = contestant(server, place, secrets, join(folder, String((places += 1))), fetch);
    await server.setRoundTrip(0);
    if (what !== 'first') await sync();
    await server.setRoundTrip(roundTrip);
    return sync;
  };
  let ready = await prepare();
  return {
    async run(isCounted: boolean): Promise<void> {
      if (what === 'first') ready = await prepare();
      else changeSecrets(secrets, writtenIn(what, size), (revision += 1));
      await server.clear();
      const start = performance.now();
      await ready();
      const time = performance.now() - start;
      const counts = await server.counts();
      requests = counts.requests;
      if (!isCounted) return;
      times.push(time);
      emulator.push(counts.busy);
    },
    /** Counts the bytes in a run of its own, since that costs time. */
    async end(): Promise<Cost> {
      const counting = createCountingFetch();
      const sync = await prepare(counting.fetch);
      const before = counting.bytes();
      if (what !== 'first') changeSecrets(secrets, writtenIn(what, size), (revision += 1));
      await sync();
      await server.close();
      return { time: median(times), emulator: median(emulator), requests, bytes: counting.bytes() - before };
    },
  };
}

/** Measures one row: both contestants in turns, so that what else the machine does is in both alike. */
export async function measureCost(
  servers: BenchServers,
  cell: CostCell,
  runs: number,
): Promise<MeasuredCell> {
  const folder = await mkdtemp(join(tmpdir(), 'secret-sync-bench-'));
  try {
    const [first, second] = contestants(cell);
    const ours = await open(servers, cell, first, join(folder, 'ours'));
    const reference = await open(servers, cell, second, join(folder, 'reference'));
    // One write after the other of 100 secrets takes seconds: three runs say enough.
    const isSlow = cell.destination === 'qovery' && cell.roundTrip > 0;
    for (let run = -2; run < runs; run += 1) {
      await ours.run(run >= 0);
      if (!isSlow || (run >= 0 && run < 2)) await reference.run(run >= 0);
    }
    return { ...cell, ours: await ours.end(), reference: await reference.end() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
