// Three workers on one queue: one of them is killed while the source changes. Needs Redis: that which REDIS_URL names, or
// `redis-server`, which it starts and ends by itself.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { generateFingerprintKey, type SyncDefinitionInput } from 'secret-sync-engine';
import {
  startHasuraCloudEmulator,
  startInfisicalEmulator,
  startQoveryEmulator,
} from 'secret-sync-engine/testing';
import { openFleetService, type FleetSettings } from './fleet-service.js';

const TEAMS = ['billing', 'search', 'mail', 'shop'];
const PLACES_OF_TEAM = 5;

const say = (text: string) => console.log(text);
const heading = (text: string) => say(`\n== ${text} ==\n`);

const directory = await mkdtemp(join(tmpdir(), 'secret-sync-demo-fleet-'));
/** What is ended with the demo, the last first. */
const cleanUp: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];

async function startRedis(): Promise<string> {
  const url = process.env['REDIS_URL'];
  if (url !== undefined && url !== '') return url;
  const path = join(directory, 'redis.sock');
  const server = spawn('redis-server', [
    ...['--port', '0', '--unixsocket', path, '--dir', directory],
    ...['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
  ]);
  server.once('error', () => {
    console.error('There is no redis-server: install it (apt-get install redis-server), or set REDIS_URL.');
    process.exit(1);
  });
  cleanUp.push(async () => {
    server.kill();
    await once(server, 'exit');
  });
  while (!existsSync(path)) await sleep(20);
  return path;
}

// Emulators on this machine stand in for the three services; nothing leaves it.
const infisical = await startInfisicalEmulator();
const hasura = await startHasuraCloudEmulator();
const qovery = await startQoveryEmulator();
cleanUp.push(() => Promise.all([infisical.close(), hasura.close(), qovery.close()]));

const { id: projectId } = infisical.addProject({ id: 'demo-project', name: 'Demo' });
infisical.addEnvironment({ projectId, slug: 'dev', name: 'Development' });
const folderOf = (team: string) => ({ projectId, environment: 'dev', secretPath: `/${team}` });
const secretsOf = (team: string) =>
  infisical.secrets(folderOf(team)).map(({ key, value }) => [key, value] as const);
for (const team of TEAMS) {
  infisical.addFolder(folderOf(team));
  for (const key of ['DATABASE_URL', 'SMTP_PASSWORD'])
    infisical.addSecret(folderOf(team), { key, value: `${key} of ${team}, first` });
}
const organization = qovery.addOrganization({ name: 'Demo' });
const project = qovery.addProject({ name: 'Demo', organizationId: organization.id });

/** A place, and whether it holds what the folder of its team holds. */
interface Place {
  readonly name: string;
  readonly team: string;
  readonly destination: string;
  readonly destinationConfig: object;
  readonly isEqual: () => boolean;
}

function addPlaces(team: string, number: number): Place[] {
  const atHasura = hasura.addProject({ name: `${team} ${number}` });
  const { id: environmentId } = qovery.addEnvironment({ name: `${team} ${number}`, projectId: project.id });
  const variablesThere = () =>
    new Map(
      qovery
        .variables()
        .filter(({ parent_id, variable_type }) => parent_id === environmentId && variable_type === 'VALUE')
        .map(({ key, value }) => [key, value]),
    );
  return [
    {
      name: `${team}-hasura-${number}`,
      team,
      destination: 'hasura-cloud',
      destinationConfig: { projectId: atHasura.id },
      isEqual: () => {
        const there = hasura.environment(atHasura.id);
        return secretsOf(team).every(([key, value]) => there.get(key) === value);
      },
    },
    {
      name: `${team}-qovery-${number}`,
      team,
      destination: 'qovery',
      destinationConfig: {
        organizationId: organization.id,
        projectId: project.id,
        environmentId,
        // Variables, so that the demo can compare them.
        variableType: 'variable',
      },
      isEqual: () => {
        const there = variablesThere();
        return secretsOf(team).every(([key, value]) => there.get(key) === value);
      },
    },
  ];
}

const places = TEAMS.flatMap((team) =>
  Array.from({ length: PLACES_OF_TEAM }, (_, number) => addPlaces(team, number + 1)).flat(),
);

const settings: FleetSettings = {
  redis: await startRedis(),
  fingerprintKey: generateFingerprintKey(),
  infisical: { url: infisical.url, clientId: infisical.clientId, clientSecret: infisical.clientSecret },
  hasura: { url: hasura.url, accessToken: hasura.accessToken },
  qovery: { url: qovery.url, accessToken: qovery.accessToken },
};

/** A worker process, and what it told. */
interface WorkerProcess {
  readonly name: string;
  readonly child: ChildProcess;
  readonly inProgress: Set<string>;
  ended: number;
  isKilled: boolean;
}
const workers: WorkerProcess[] = [];

async function startWorker(name: string): Promise<void> {
  const program = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const child = fork(program, [JSON.stringify(settings)]);
  const worker: WorkerProcess = { name, child, inProgress: new Set(), ended: 0, isKilled: false };
  workers.push(worker);
  await new Promise<void>((resolve) => {
    child.on('message', (message: { readonly type: string; readonly name?: string }) => {
      if (message.type === 'started') resolve();
      if (message.name === undefined) return;
      if (message.type === 'run-started') worker.inProgress.add(message.name);
      else {
        worker.inProgress.delete(message.name);
        worker.ended += 1;
      }
    });
  });
}

/** Says what each worker did since the last time. */
function report(): void {
  for (const worker of workers) {
    const { name, ended, inProgress, isKilled } = worker;
    say(
      isKilled
        ? `  ${name}: killed, with ${inProgress.size} runs in progress`
        : `  ${name}: ${ended} runs${inProgress.size > 0 ? `, ${inProgress.size} in progress` : ''}`,
    );
    worker.ended = 0;
  }
}

const different = () => places.filter(({ isEqual }) => !isEqual());

async function untilEqual(): Promise<void> {
  const begun = Date.now();
  for (let told = begun; different().length > 0;) {
    await sleep(100);
    if (Date.now() - told < 5_000) continue;
    told = Date.now();
    say(`  … ${different().length} of ${places.length} places still differ`);
  }
  say(
    `  all ${places.length} places equal their source after ${((Date.now() - begun) / 1_000).toFixed(1)} s`,
  );
}

const change = (text: string) => {
  for (const team of TEAMS)
    infisical.editSecret(folderOf(team), {
      key: 'SMTP_PASSWORD',
      value: `SMTP_PASSWORD of ${team}, ${text}`,
    });
};

try {
  heading('1. Create 40 records in a process that runs nothing: their first runs wait in the queue');
  const producer = openFleetService(settings);
  cleanUp.push(() => producer.close());
  for (const { name, team, destination, destinationConfig } of places) {
    const connectionId = destination === 'qovery' ? 'qovery' : 'hasura';
    const definition: SyncDefinitionInput = {
      name,
      ...folderOf(team),
      destination,
      connectionId,
      destinationConfig,
    };
    await producer.service.createSync(definition);
  }
  say(`  ${(await producer.queue.counts()).waiting} jobs wait`);

  heading('2. Start three workers: they share the work, and three runs at a time go through a connection');
  await Promise.all(['worker 1', 'worker 2', 'worker 3'].map(startWorker));
  await untilEqual();
  report();

  heading('3. Change the source, and kill worker 1 in the midst of it');
  change('second');
  const [victim] = workers;
  while (victim !== undefined && victim.inProgress.size === 0 && different().length > 0) await sleep(1);
  if (victim !== undefined) {
    victim.child.kill('SIGKILL');
    victim.isKilled = true;
  }
  change('third');
  say('  What it had begun is taken over when its lease has ended and its job has stalled: within a minute.');
  await untilEqual();
  report();

  heading('4. How the records went');
  const statuses = new Map<string, number>();
  for (const { syncStatus } of await producer.service.listSyncs())
    statuses.set(syncStatus ?? 'none', (statuses.get(syncStatus ?? 'none') ?? 0) + 1);
  for (const [status, count] of statuses) say(`  ${status}: ${count}`);
  say(`  places that differ: ${different().length}`);
} finally {
  for (const { child, isKilled } of workers) {
    if (isKilled || child.exitCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  for (const end of cleanUp.reverse()) await end();
}
