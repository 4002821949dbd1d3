import { describe, expect, it } from 'vitest';
import type { MemoryCall } from '../../../src/testing/memory-destination/faults.js';
import { createRandom } from '../../support/properties/random.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { changesOfHour, FIRST_KEYS } from './hour.js';
import { createWorld, definitionOf, folderSource, type World } from '../support.js';

const LIMIT = 3;
const HOUR = 3_600_000;

interface Size {
  readonly records: number;
  /** The records beyond them share the places of the first ones, under key schemas of their own. */
  readonly places: number;
  readonly connections: number;
  readonly changes: number;
}

const sizeOf = ({ places, connections }: Size) => ({
  placeOf: (record: number) => `place-${record % places}`,
  connectionOf: (record: number) => `connection-${(record % places) % connections}`,
  prefixOf: (record: number) => (record < places ? 'A_' : 'B_'),
});

type Layout = ReturnType<typeof sizeOf>;

/** Counts what is under way, and keeps the most that ever was. */
function createGauge() {
  const underWay = new Map<string, number>();
  let most = 0;
  return {
    get most() {
      return most;
    },
    add(name: string, difference: 1 | -1) {
      const now = (underWay.get(name) ?? 0) + difference;
      underWay.set(name, now);
      most = Math.max(most, now);
    },
  };
}

/** Lets calls take their time, and some fail; measures how many are under way where. */
function watchDestination({ destination, clock }: World, { connectionOf }: Layout) {
  const random = createRandom(2);
  const atPlace = createGauge();
  const throughConnection = createGauge();
  destination.setIntercept(async ({ place, method }: MemoryCall) => {
    const connection = connectionOf(Number(place.slice('place-'.length)));
    atPlace.add(place, 1);
    throughConnection.add(connection, 1);
    await clock.sleep(100 + random.below(method === 'read' ? 1_400 : 700));
    throughConnection.add(connection, -1);
    atPlace.add(place, -1);
    return random.chance(0.02) ? 'unavailable' : undefined;
  });
  return { atPlace, throughConnection };
}

/** Measures by the events how many runs are under way where. */
function runsUnderWay({ events }: World, { placeOf, connectionOf }: Layout) {
  const atPlace = createGauge();
  const throughConnection = createGauge();
  let count = 0;
  for (const event of events) {
    const isStart = event.type === 'run-started';
    if (!isStart && event.type !== 'run-succeeded' && event.type !== 'run-failed') continue;
    if (isStart) count += 1;
    const record = Number(event.name.slice('record-'.length));
    atPlace.add(placeOf(record), isStart ? 1 : -1);
    throughConnection.add(connectionOf(record), isStart ? 1 : -1);
  }
  return { atPlace, throughConnection, count };
}

const wantedAt = (
  { folders }: World,
  { places, records }: Size,
  { prefixOf }: Layout,
  place: number,
): Map<string, string> =>
  new Map(
    [place, place + places]
      .filter((record) => record < records)
      .flatMap((record) =>
        [...folders.folder(`/record-${record}`)].map(
          ([key, value]) => [prefixOf(record) + key, value] as const,
        ),
      )
      .sort(),
  );

describe('many records, in an hour of many changes', { timeout: 300_000 }, () => {
  it.each([
    ['told by the source', true, { records: 200, places: 160, connections: 20, changes: 1_000 }],
    ['found by polling', false, { records: 40, places: 32, connections: 4, changes: 200 }],
  ])('%s, end equal to their source, in turns, with few runs', async (title, watchable, size) => {
    const layout = sizeOf(size);
    const { placeOf, connectionOf, prefixOf } = layout;
    const { records, places, connections, changes } = size;
    const clock = createVirtualClock({ auto: true });
    const credentials = { accessToken: 'memory-destination-token' };
    const world = createWorld({
      clock,
      folders: folderSource({ watchable }),
      connections: () => ({ app: 'memory', credentials }),
      // Nobody else changes the records.
      autoSync: { runsPerConnection: LIMIT, refreshInterval: HOUR },
    });
    const { service, folders, destination, events } = world;
    const measured = watchDestination(world, layout);
    for (let record = 0; record < records; record += 1) {
      const name = `record-${record}`;
      for (const key of FIRST_KEYS) folders.folder(`/${name}`).set(key, `first-of-${name}`);
      await service.createSync({
        ...definitionOf(name),
        connectionId: connectionOf(record),
        destinationConfig: { place: placeOf(record) },
        syncOptions: { keySchema: `${prefixOf(record)}{{secretKey}}` },
      });
    }
    await service.start();
    await service.whenIdle();
    const first = runsUnderWay(world, layout);
    expect(first.count).toBeGreaterThanOrEqual(records);

    const start = clock.now();
    const hour = changesOfHour({ seed: 1, folders: records, changes, length: HOUR });
    expect(hour).toHaveLength(changes);
    for (const { at, folder, key, value } of hour) {
      if (start + at > clock.now()) await clock.sleep(start + at - clock.now());
      const path = `/record-${folder}`;
      if (value === undefined) folders.delete(path, key);
      else folders.set(path, key, value);
    }
    await clock.sleep(start + HOUR - clock.now());
    // The last changes are still to be polled, and what failed is still to be tried again.
    await clock.sleep(HOUR / 6);
    await service.whenIdle();
    await service.stop();

    for (let place = 0; place < places; place += 1) {
      const held = new Map([...destination.values({ place: placeOf(place) })].sort());
      expect(held).toEqual(wantedAt(world, size, layout, place));
    }
    const all = runsUnderWay(world, layout);
    for (const { atPlace, throughConnection } of [all, measured]) {
      expect(atPlace.most).toBe(1);
      expect(throughConnection.most).toBeLessThanOrEqual(LIMIT);
    }
    const runs = all.count - first.count;
    const retries = events.filter(({ type }) => type === 'retry-scheduled').length;
    const share = Math.round((100 * runs) / changes);
    console.info(
      `${records} records, ${connections} connections, ${changes} changes ${title}: ${runs} runs (${share} %), ` +
        `${retries} retries, ${first.count} first runs; most at a place ${all.atPlace.most}, through a connection ${all.throughConnection.most}`,
    );
    expect(runs).toBeLessThanOrEqual(0.3 * changes);
    expect(events.filter(({ type }) => type === 'sync-left' || type === 'service-failed')).toEqual([]);
  });
});
