import {
  changeSecrets,
  createEngineSync,
  createReferenceSync,
  destinationKey,
  makeSecrets,
  type Sync,
} from './contestants.js';
import { section, table } from './report/markdown.js';
import type { Destination } from './server-messages.js';
import type { BenchServers } from './servers.js';
import { count, duration, median, ratio } from './report/statistics.js';

export type Contestant = 'ours' | 'reference';

/** All measurements of one contestant at one destination, size and round trip. */
export interface Series {
  readonly contestant: Contestant;
  readonly destination: Destination;
  readonly size: number;
  /** In ms. */
  readonly roundTrip: number;
}

export interface Measured {
  /** Requests of one sync. */
  readonly requests: number;
  /** The time of each sync, in ms. */
  readonly times: readonly number[];
}

/** What a series came to, by how many secrets had changed. */
export interface MeasuredSeries extends Series {
  readonly byChanged: ReadonlyMap<number, Measured>;
}

const SHARES = [
  ['0', 0],
  ['1 %', 0.01],
  ['10 %', 0.1],
  ['all', 1],
] as const;

const changedOf = (size: number, share: number): number =>
  share === 0 ? 0 : Math.max(1, Math.round(size * share));

/** What the reference's algorithm does at Qovery is the same whatever has changed: one measurement does for all. */
const isAlwaysTheSame = ({ contestant, destination }: Series) =>
  contestant === 'reference' && destination === 'qovery';

/** About how long one sync takes at most, in ms. */
export function longestSync({ contestant, destination, size, roundTrip }: Series): number {
  const writes = destination === 'hasura-cloud' ? 1 : contestant === 'ours' ? size / 10 : size;
  return (2 + writes) * (roundTrip + 2);
}

const MOST_RUNS = 9;
/** Of what lasts so long, in ms, one run is enough. */
const ENOUGH = 15_000;
/** How long all runs of one cell may take, in ms, once there are three. */
const LONGEST = 5_000;

/** Whether one more run is worth its time. */
function isWorthMore(times: readonly number[]): boolean {
  const total = times.reduce((sum, time) => sum + time, 0);
  if (times.length < 3) return (times[0] ?? 0) < ENOUGH;
  return times.length < MOST_RUNS && total < LONGEST;
}

/** Measures one series against a server of its own, and checks that the destination is right in the end. */
export async function measureSeries(servers: BenchServers, series: Series): Promise<MeasuredSeries> {
  const { contestant, destination, size, roundTrip } = series;
  const server = await servers.open(destination);
  const secrets = makeSecrets(size);
  const place = await server.addPlace();
  const create = contestant === 'ours' ? createEngineSync : createReferenceSync;
  const sync: Sync = create(server, place, secrets);
  await sync();
  await server.setRoundTrip(roundTrip);
  const byChanged = new Map<number, Measured>();
  let revision = 0;
  for (const share of isAlwaysTheSame(series) ? [1] : SHARES.map(([, part]) => part)) {
    const changed = changedOf(size, share);
    if (byChanged.has(changed)) continue;
    const times: number[] = [];
    while (isWorthMore(times)) {
      changeSecrets(secrets, changed, (revision += 1));
      await server.clear();
      const start = performance.now();
      await sync();
      times.push(performance.now() - start);
    }
    byChanged.set(changed, { requests: (await server.counts()).requests, times });
  }
  const values = await server.values();
  const isRight =
    values.size === size &&
    Array.from(secrets).every(([key, value]) => values.get(destinationKey(key)) === value);
  if (!isRight) throw new Error(`The destination of ${JSON.stringify(series)} is not equal to its source.`);
  await server.close();
  return { ...series, byChanged };
}

/** What stands in one cell, of one contestant. */
function find(all: readonly MeasuredSeries[], series: Series, changed: number): Measured | undefined {
  const found = all.find(
    ({ contestant, destination, size, roundTrip }) =>
      contestant === series.contestant &&
      destination === series.destination &&
      size === series.size &&
      roundTrip === series.roundTrip,
  );
  return found?.byChanged.get(isAlwaysTheSame(series) ? series.size : changed);
}

const NAMES = { qovery: 'Qovery, secrets', 'hasura-cloud': 'Hasura Cloud' } as const;

function destinationTable(all: readonly MeasuredSeries[], destination: Destination): string {
  const roundTrips = [...new Set(all.map(({ roundTrip }) => roundTrip))];
  const sizes = [...new Set(all.map(({ size }) => size))];
  const rows = sizes.flatMap((size) =>
    SHARES.map(([name, share]) => {
      const changed = changedOf(size, share);
      const pairs = roundTrips.map((roundTrip) => {
        const at = { destination, size, roundTrip };
        return {
          ours: find(all, { contestant: 'ours', ...at }, changed),
          reference: find(all, { contestant: 'reference', ...at }, changed),
        };
      });
      const cells = pairs.map(({ ours, reference }) => {
        if (!ours || !reference) return '–';
        const [first, second] = [median(ours.times), median(reference.times)];
        return `${duration(first)} / ${duration(second)} (${ratio(first, second)})`;
      });
      const requests = (measured: Measured | undefined) => (measured ? count(measured.requests) : '–');
      return [
        count(size),
        name === 'all' || share === 0 ? name : `${name} (${count(changed)})`,
        requests(pairs[0]?.ours),
        requests(pairs[0]?.reference),
        ...cells,
      ];
    }),
  );
  const header = [
    'secrets',
    'changed',
    'requests',
    'of the reference',
    ...roundTrips.map((ms) => `${ms} ms`),
  ];
  return `### ${NAMES[destination]}\n\n${table(header, rows, { left: 0 })}`;
}

/** The tables of both destinations. */
export function comparisonSection(all: readonly MeasuredSeries[]): string {
  const single = all.filter(({ byChanged }) =>
    [...byChanged.values()].some(({ times }) => times.length === 1),
  );
  const fewer = single.map(({ size, roundTrip }) => `${count(size)} secrets at ${roundTrip} ms`).join(', ');
  return section(
    'One sync, against the algorithm of the reference',
    'In each cell: the time of this package / that of the reference (how many times as long), at a simulated round trip of that length. `requests` is for one sync, counted at the server. Both sync into the emulators over real sockets on loopback, the emulators being in another thread; this package with its defaults (10 requests in parallel) and the memory store, all secrets having been synced before.',
    'The reference is a model, written for this comparison: it lists, then writes one secret after the other, whether it changed or not (at Hasura Cloud: looks the project up, reads, and sends all secrets in one mutation if one changed), with the key template compiled for each key. At Qovery it does the same whatever changed, and is measured once for all four rows.',
    `Medians of 3 to 9 runs${single.length === 0 ? '' : `; of a single run of the reference for ${fewer}`}.`,
    destinationTable(all, 'qovery'),
    destinationTable(all, 'hasura-cloud'),
  );
}
