import type { Clock } from '../../src/contracts/clock.js';
import type { SecretSource } from '../../src/contracts/source.js';
import type { StateStore } from '../../src/contracts/state-store.js';
import { createRandom } from '../support/properties/random.js';
import { drawnFate, type Encounter, type Fate } from './fate.js';
import type { Mishap, Trouble } from './steps.js';
import { checkSourceWrite, checkStorePut } from './rules/state.js';
import { createWire } from './world/wire.js';
import type { Watched } from './world/watched.js';
import { PARTS, partOf } from './world/setting.js';
import { TOKEN, type World } from './world/world.js';

/** Longer than a lease. */
const PAUSE_MS = 45_000;
const JUMP_MS = 3_600_000;
/** Longer than any run takes in which nothing hangs. */
const RUN_TIMEOUT_MS = 1_200_000;

/** A process with an engine in it: it can be paused, and it can die. */
export interface Worker {
  readonly engine: InstanceType<World['library']['SecretSyncEngine']>;
  /** Keeps records, and runs what it is told to. */
  readonly service: InstanceType<World['library']['SecretSyncService']>;
  /** The call that it works on: one at a time. */
  run: Watched | undefined;
  /** Resolves when the process ends. */
  readonly died: Promise<void>;
  readonly isDead: boolean;
  /** Ends the process: nothing of it goes on. */
  kill(): void;
  /** Sleeps under way. */
  readonly sleepers: number;
  /** By the origin of a service: when it was told, and until when it takes no requests. */
  readonly notBefore: Map<string, { readonly toldAt: number; readonly until: number }>;
}

/** What the parts of a process share. */
export interface Life {
  readonly worker: Pick<Worker, 'run' | 'notBefore'>;
  /** What the clock shows that the process reads. */
  readonly now: () => number;
  /** Resolves when the process runs; never, once it is dead. */
  alive(): Promise<void>;
  isDead(): boolean;
  /** Ends the process: nothing of it goes on. */
  die(): Promise<never>;
  /** What a call becomes that never settles. */
  readonly hang: () => Promise<never>;
  /** Waits until the next step may be taken, and says what goes wrong there. `what` names the step. */
  meet(moments: readonly Encounter[], what: string): Promise<Trouble | undefined>;
  /** Notes what the process is told: with the steps before, it makes what the process does next. */
  hear(what: string | undefined): void;
  /** Pauses the process or sets its clock, if that is the mishap. */
  stumble(mishap: Mishap | undefined): void;
}

/** What a run writes comes from what it read before its first write; what it deletes must be absent from every read. */
function noteRead(run: Watched, secrets: ReadonlyMap<string, string>, partial: boolean): void {
  const early = run.acts.length > 0 ? run.read : undefined;
  run.read =
    early === undefined
      ? { secrets, partial }
      : { secrets: early.secrets, partial: early.partial || partial };
}

function sourceOf(world: World, life: Life): SecretSource {
  return {
    name: 'simulated',
    async read({ secretPath = '' }) {
      await life.alive();
      const { run } = life.worker;
      const held = new Map(world.sources.get(secretPath));
      const mishap = (await life.meet(['source-read'], secretPath))?.mishap;
      if (mishap === 'crash-before' || mishap === 'crash-after') return life.die();
      if (mishap === 'abort') run?.controller.abort(new Error('aborted'));
      life.stumble(mishap);
      await life.alive();
      if (mishap === 'never') return life.hang();
      if (mishap === 'fail-before') throw new Error('The source is out of order.');
      const isPartial = mishap === 'incomplete' || mishap === 'unreadable';
      const [hidden] = isPartial ? [...held.keys()].slice(-1) : [];
      if (hidden !== undefined) held.delete(hidden);
      if (run) noteRead(run, held, isPartial);
      life.hear(JSON.stringify([...held]));
      const parts = PARTS.map((name) => ({
        name,
        keys: [...held.keys()].filter((key) => partOf(key) === name),
      }));
      return {
        secrets: held,
        ...(world.setting.hasParts ? { parts } : {}),
        ...(mishap === 'incomplete' ? { complete: false } : {}),
        ...(mishap === 'unreadable' ? { unreadable: [hidden ?? 'GONE'] } : {}),
      };
    },
    async write({ secretPath = '' }, changes) {
      await life.alive();
      const { run } = life.worker;
      const mishap = (await life.meet(['source-write'], secretPath))?.mishap;
      if (mishap === 'crash-before') return life.die();
      if (mishap === 'fail-before') throw new Error('The source takes nothing.');
      for (const { key, value } of changes) {
        if (run) checkSourceWrite(world, run, key, value.reveal());
        run?.imported.set(key, value.reveal());
        world.sources.get(secretPath)?.set(key, value.reveal());
      }
      if (mishap === 'crash-after') return life.die();
      if (mishap === 'fail-after') throw new Error('The source said nothing.');
      if (mishap === 'abort') run?.controller.abort(new Error('aborted'));
      life.stumble(mishap);
      await life.alive();
    },
  };
}

function storeOf(world: World, life: Life): StateStore {
  const { store, documents } = world;
  const put: StateStore['put'] = async (key, document, options) => {
    await life.alive();
    const { run } = life.worker;
    const mishap = (await life.meet([isLease(key) ? 'lease-put' : 'state-put'], `put ${key}`))?.mishap;
    if (mishap === 'crash-before') return life.die();
    if (mishap === 'fail-before') throw new Error('The store takes nothing.');
    const answer = await store.put(key, document, options);
    documents.set(key, { document, version: answer.version, putAt: world.clock.now() });
    life.hear(world.nameVersion(key, answer.version));
    checkStorePut(world, run, key, document);
    if (mishap === 'crash-after') return life.die();
    if (mishap === 'fail-after') throw new Error('The store said nothing.');
    if (mishap === 'abort') run?.controller.abort(new Error('aborted'));
    life.stumble(mishap);
    await life.alive();
    return answer;
  };
  return {
    ...store,
    put,
    async get(key) {
      await life.alive();
      const { run } = life.worker;
      const mishap = (await life.meet([isLease(key) ? 'lease-get' : 'state-get'], `get ${key}`))?.mishap;
      if (mishap === 'crash-before' || mishap === 'crash-after') return life.die();
      if (mishap === 'never') return life.hang();
      if (mishap === 'fail-before' || mishap === 'fail-after') throw new Error('The store is out of order.');
      if (mishap === 'abort') run?.controller.abort(new Error('aborted'));
      const found = await store.get(key);
      life.hear(world.tellDocument(key));
      life.stumble(mishap);
      await life.alive();
      const forged = world.forged.get(key);
      return found === undefined || forged === undefined ? found : { ...found, document: forged };
    },
    async delete(key, options) {
      await life.alive();
      const mishap = (await life.meet([isLease(key) ? 'lease-delete' : 'state-delete'], `delete ${key}`))
        ?.mishap;
      if (mishap === 'crash-before') return life.die();
      if (mishap === 'fail-before') throw new Error('The store takes nothing.');
      await store.delete(key, options);
      documents.delete(key);
      if (mishap === 'fail-after') throw new Error('The store said nothing.');
      life.stumble(mishap);
      await life.alive();
    },
  };
}

/** Whether a document of the store is the lease of a place. */
export const isLease = (key: string): boolean => key.startsWith('leases/');

/** `ahead`: by how many ms its clock is. */
export function createWorker(
  world: World,
  seed: number,
  ahead: number,
  fate: Fate = drawnFate(world),
): Worker {
  const { clock, library } = world;
  const random = createRandom(seed);
  let isDead = false;
  let pausedUntil = 0;
  let sleepers = 0;
  let tellDeath: () => void = () => undefined;
  const died = new Promise<void>((resolve) => (tellDeath = resolve));
  const never = new Promise<never>(() => undefined);
  const worker: Pick<Worker, 'run' | 'notBefore'> = { run: undefined, notBefore: new Map() };
  const life: Life = {
    worker,
    now: () => world.machineTime() + ahead,
    async alive() {
      while (!isDead && clock.now() < pausedUntil) await fate.sleep(pausedUntil - clock.now());
      if (isDead) await never;
    },
    isDead: () => isDead,
    die() {
      isDead = true;
      fate.end();
      tellDeath();
      return never;
    },
    hang: () => never,
    meet: (encounters, what) => fate.meet(worker.run, encounters, what),
    hear: (what) => fate.hear(what),
    stumble(mishap) {
      // A response that comes after the end of its process meets nothing: the next call is undisturbed.
      if (isDead) return;
      if (mishap === 'jump-on') world.setClock(JUMP_MS);
      if (mishap === 'jump-back') world.setClock(-JUMP_MS);
      if (mishap !== 'pause') return;
      world.count('paused');
      pausedUntil = clock.now() + PAUSE_MS;
    },
  };
  const workerClock: Clock = {
    now: life.now,
    async sleep(ms, signal) {
      if (isDead) await never;
      sleepers += 1;
      try {
        await fate.sleep(ms, signal);
      } finally {
        sleepers -= 1;
        await life.alive();
      }
    },
  };
  const store = storeOf(world, life);
  let service: Worker['service'] | undefined;
  const engine = new library.SecretSyncEngine({
    source: sourceOf(world, life),
    drivers: [
      library.hasuraCloud({ accessToken: TOKEN, apiUrl: world.site('hasura').url }),
      library.qovery({ accessToken: TOKEN, instanceUrl: world.site('project').url }),
    ],
    store,
    fingerprintKey: [...world.fingerprintKeys],
    acceptUnverifiedState: world.hasLostKey,
    fetch: createWire(world, life),
    clock: workerClock,
    random: () => random.next(),
    allowPrivateNetwork: true,
    concurrency: 3,
    timeout: 5_000,
    runTimeout: RUN_TIMEOUT_MS,
    retry: { retries: 2, minTimeout: 100, maxTimeout: 1_000, maxWait: 20_000 },
    onEvent: (event) => {
      const { run } = worker;
      if (run !== undefined && event.type === 'planned') world.count(`planned ${event.operation}`);
      if (event.type === 'conflict') world.count('conflict');
      world.checkLeak(`the event ${event.type}`, JSON.stringify(event));
    },
  });
  return {
    engine,
    get service() {
      service ??= new library.SecretSyncService({
        engine,
        store,
        queue: { enqueue: () => Promise.resolve('a job that the test does') },
        clock: workerClock,
        random: () => random.next(),
        onEvent: (event) => world.checkLeak(`the event ${event.type}`, JSON.stringify(event)),
      });
      return service;
    },
    died,
    notBefore: worker.notBefore,
    get run() {
      return worker.run;
    },
    set run(run) {
      worker.run = run;
    },
    get isDead() {
      return isDead;
    },
    kill: () => void life.die(),
    get sleepers() {
      return sleepers;
    },
  };
}
