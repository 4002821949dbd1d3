import { runMigrations } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startServer } from '../../test/support/servers/server-programs.js';
import { createRandom } from '../../test/support/properties/random.js';
import { Fleet, mostTogether } from './fleet.js';
import { openService } from './open.js';
import { connectionIds, SETTINGS, type WorkerSettings } from './settings.js';
import { openWorld, type World } from './world.js';

/** What was measured of one fleet. */
export interface Measured {
  readonly server: WorkerSettings['server'];
  readonly workers: number;
  /** How long the first syncs of all records took, in ms. */
  readonly firstSyncs: number;
  readonly kills: number;
  /** How long after the last change all was equal, in ms. */
  readonly settled: number;
  readonly runs: number;
  readonly unended: number;
  readonly failed: number;
  readonly withoutWrite: number;
  readonly requests: number;
  readonly reads: number;
  /** Looks a minute, of the whole fleet. */
  readonly looks: number;
  readonly mostAtPlace: number;
  readonly mostOnConnection: number;
  readonly meetings: number;
  readonly different: number;
}

const PATIENCE_MS = 300_000;

/** Waits until all places hold what their folders hold. */
async function untilEqual(world: World): Promise<number> {
  const begun = Date.now();
  while (world.different().length > 0 && Date.now() - begun < PATIENCE_MS) await sleep(50);
  return Date.now() - begun;
}

async function changeAll(world: World, fleet: Fleet): Promise<void> {
  const { changes, changesTake, records, keys, killEvery } = SETTINGS;
  const random = createRandom(1);
  const begun = Date.now();
  let killed = begun;
  for (let change = 1; change <= changes; change += 1) {
    world.change(random.below(records), random.below(keys), `changed-${change}`);
    if (Date.now() - killed >= killEvery) {
      killed = Date.now();
      await fleet.kill();
      fleet.start();
    }
    await sleep(Math.max(0, begun + (change * changesTake) / changes - Date.now()));
  }
}

/** Lets a fleet sync all records, then kills its workers in turn while the source changes. */
export async function measureFleet(server: WorkerSettings['server'], workers: number): Promise<Measured> {
  const own = await startServer(server);
  const world = await openWorld();
  const { accessToken, url: destinationUrl } = world.destination;
  const { sourceUrl } = world;
  const settings = { server, url: own.url, name: `fleet_${workers}`, sourceUrl, destinationUrl, accessToken };
  if (server === 'PostgreSQL') {
    const client = new pg.Client({ connectionString: own.url });
    await client.connect();
    await runMigrations(client).finally(() => client.end());
  }
  const producer = openService(settings);
  const fleet = new Fleet(settings);
  try {
    const connections = new Map<string, string>();
    for (let record = 0; record < SETTINGS.records; record += 1) {
      const connectionId = connectionIds[record % connectionIds.length] ?? '';
      const { id } = await producer.service.createSync({
        name: `record-${record}`,
        secretPath: `/${record}`,
        destination: 'hasura-cloud',
        connectionId,
        destinationConfig: { projectId: world.projectOf(record) },
      });
      connections.set(id, connectionId);
    }
    const begun = Date.now();
    for (let started = 0; started < workers; started += 1) fleet.start();
    await untilEqual(world);
    // From the first run on: how long a process takes to start is not what is measured.
    const first = Math.min(...[...fleet.runs.values()].map(({ begunAt }) => begunAt));
    const firstSyncs = Date.now() - first;
    await changeAll(world, fleet);
    const settled = await untilEqual(world);
    const took = Date.now() - begun;
    const different = world.different().length;
    // Nothing that was equal becomes different again.
    await sleep(3 * SETTINGS.pollInterval);
    const differentLater = world.different().length;
    await fleet.killAll();
    const runs = [...fleet.runs.values()];
    const ended = runs.filter(({ isKilled }) => !isKilled);
    if (fleet.complaints.length > 0) console.error(fleet.complaints.join('').slice(0, 2_000));
    return {
      server,
      workers,
      firstSyncs,
      kills: fleet.kills,
      settled,
      runs: runs.length,
      unended: runs.length - ended.length,
      failed: ended.filter(({ applied }) => applied === null).length,
      withoutWrite: ended.filter(({ applied }) => applied === 0).length,
      ...world.counts(),
      looks: (fleet.looks * 60_000) / (took + 3 * SETTINGS.pollInterval),
      mostAtPlace: mostTogether(runs, ({ syncId }) => syncId),
      mostOnConnection: mostTogether(runs, ({ syncId }) => connections.get(syncId) ?? ''),
      meetings: world.meetings.length,
      different: different + differentLater,
    };
  } finally {
    await fleet.killAll();
    await producer.close();
    await world.close();
    await own.stop();
  }
}
