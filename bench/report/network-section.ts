import { measureCreation, measureStore, RECORDS, STORE_TRIP_MS, type StoreCost } from '../network-store.js';
import type { BenchServers } from '../servers.js';
import { section, table } from './markdown.js';
import { duration } from './statistics.js';

const [MOST_TIMES, MOST_MS] = [1.3, 20];
const ROUND_TRIPS = [0, 5, 20];
const LEAST_RUNS = 31;

const verdict = (isMet: boolean) => (isMet ? 'met' : '**not met**');

/** A store behind a network: what its round trips add. */
export async function networkSection(
  servers: BenchServers,
  runs: number,
  tell: (text: string) => void,
): Promise<string> {
  const costs: StoreCost[] = [];
  for (const roundTrip of ROUND_TRIPS) {
    tell(`a store behind ${STORE_TRIP_MS} ms, Qovery at ${roundTrip} ms`);
    costs.push(await measureStore(servers, roundTrip, Math.max(runs, LEAST_RUNS)));
  }
  tell(`a new record among ${RECORDS}`);
  const creation = await measureCreation(runs);
  const rows = costs.map(({ roundTrip, memory, network }) => [
    `${roundTrip} ms`,
    duration(memory),
    duration(network),
    `${(network / memory).toFixed(2)} ×`,
    verdict(network <= MOST_TIMES * memory),
  ]);
  return section(
    `A store behind a round trip of ${STORE_TRIP_MS} ms`,
    `A sync of 100 Qovery secrets that changes nothing, by an engine that lives on, at a round trip to Qovery of so many ms: with the memory store, and with one whose every call takes ${STORE_TRIP_MS} ms more. Both in turns; medians. At most ${MOST_TIMES} × is aimed at.`,
    table(['round trip to Qovery', 'memory store', 'store behind a network', 'as many times', ''], rows),
    `\`createSync\` with ${RECORDS} records there, on that store: ${duration(creation)}; under ${MOST_MS} ms is aimed at: ${verdict(creation < MOST_MS)}.`,
  );
}
