import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SyncDefinitionInput } from '../../src/contracts/definition.js';
import type { JsonValue } from '../../src/contracts/json.js';
import { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import { memorySource, type MemorySource } from '../../src/sources/memory.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
} from '../../src/testing/emulators/hasura-cloud/index.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { QOVERY_DEFAULTS, type QoverySwitches } from '../../src/testing/emulators/qovery/switches.js';
import { memoryStore } from '../../src/stores/memory.js';
import { crashAt, stoppedClock, type Crash, type CrashMode } from '../support/crash.js';
import {
  FINGERPRINT_KEY,
  hasuraTarget,
  memoryDefinition,
  qoveryTarget,
  sourceValues,
} from '../support/engine.js';
import { recordingStore } from '../support/recording-store.js';
import type { SyncResult } from '../../src/contracts/result.js';
import type { AnyDestinationDriver } from '../../src/contracts/typed-definition.js';

type Definition = SyncDefinitionInput;
type Operation = (engine: SecretSyncEngine, definition: Definition) => Promise<SyncResult>;

/** A place as one story begins: what was synced before, what is to happen now. */
interface Scene {
  readonly driver: AnyDestinationDriver;
  /** Where it is reached by requests. */
  readonly fetch?: typeof globalThis.fetch;
  readonly definition: Definition;
  readonly source: MemorySource;
  /** All that stands at the destination, to be compared. */
  readonly look: () => unknown;
  /** Makes the destination part of the crash, where it is not reached by requests. */
  readonly arm?: (crash: Crash | undefined) => void;
  readonly operation: Operation;
}

const sync: Operation = (engine, definition) => engine.sync(definition);
const remove: Operation = (engine, definition) => engine.removeSecrets(definition);

const START = Date.parse('2026-01-01T00:00:00Z');
const STEPS_AT_MOST = 200;

/** The time of the store, in minutes from the start: that of the engine that was made last. */
let storeMinutes = 0;
const newStore = () => recordingStore(memoryStore({ clock: { now: () => START + storeMinutes * 60_000 } }));

function newEngine(
  scene: Scene,
  store: ReturnType<typeof recordingStore>,
  minutes: number,
  crash?: Crash,
  mode?: CrashMode,
) {
  storeMinutes = minutes;
  return new SecretSyncEngine<readonly AnyDestinationDriver[]>({
    source: crash?.source(scene.source) ?? scene.source,
    drivers: [scene.driver],
    store: crash?.store(store) ?? store,
    fingerprintKey: FINGERPRINT_KEY,
    allowPrivateNetwork: true,
    retry: { retries: 1, minTimeout: 1, maxTimeout: 1 },
    clock: stoppedClock(START + minutes * 60_000, mode ?? 'killed'),
    fetch: crash?.fetch ?? scene.fetch ?? globalThis.fetch,
  });
}

/** What is remembered, without what may rightly differ: fingerprints cover ids, and revisions are times. */
async function remembered(store: ReturnType<typeof recordingStore>): Promise<unknown> {
  const { document } = await store.place();
  const strip = (value: JsonValue): JsonValue => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(strip);
    const fields = Object.entries(value as Readonly<Record<string, JsonValue>>);
    const left = fields.filter(
      ([name]) => !['mac', 'id', 'revision', 'importedAt', 'facts', 'place'].includes(name),
    );
    return Object.fromEntries(
      left.map(([name, field]) => [name, name === 'fingerprint' ? true : strip(field)]),
    );
  };
  return strip(document);
}

/** Plays a scene undisturbed, then with a crash at each of its steps and a rerun, and compares the ends. */
async function tryEveryStep(
  begin: (store: ReturnType<typeof recordingStore>) => Promise<Scene>,
  mode: CrashMode,
): Promise<number> {
  const calm = newStore();
  const undisturbed = await begin(calm);
  await undisturbed.operation(newEngine(undisturbed, calm, 1), undisturbed.definition);
  const end = {
    there: undisturbed.look(),
    source: sourceValues(undisturbed.source),
    state: await remembered(calm),
  };

  for (let step = 0; step < STEPS_AT_MOST; step += 1) {
    const store = newStore();
    const scene = await begin(store);
    const crash = crashAt(step, mode, scene.fetch);
    scene.arm?.(crash);
    const run = scene.operation(newEngine(scene, store, 1, crash, mode), scene.definition).then(
      () => 'finished' as const,
      () => 'failed' as const,
    );
    const outcome = await Promise.race([run, crash.died.then(() => 'died' as const)]);
    if (mode === 'cut-off') await run;
    scene.arm?.(undefined);
    await scene.operation(newEngine(scene, store, 2), scene.definition);
    const told = `crash at step ${step}`;
    expect(scene.look(), told).toEqual(end.there);
    expect(sourceValues(scene.source), told).toEqual(end.source);
    if (scene.operation === sync) {
      expect(await remembered(store), told).toEqual(end.state);
      const settled = await scene.operation(newEngine(scene, store, 3), scene.definition);
      expect(settled.outcomes, told).toEqual([]);
    }
    if (outcome === 'finished') return step;
  }
  throw new Error('the run has more steps than were expected');
}

const modes: readonly CrashMode[] = ['killed', 'cut-off'];

describe('a crash at any request or any write of the store, then a rerun, ends as an undisturbed run', () => {
  let hasura: HasuraCloudEmulator;
  let deploys: QoveryEmulator;
  beforeAll(async () => {
    hasura = await startHasuraCloudEmulator();
    deploys = await startQoveryEmulator();
  });
  afterEach(() => deploys.configure(QOVERY_DEFAULTS));
  afterAll(async () => {
    await hasura.close();
    await deploys.close();
  });

  const change = (source: MemorySource) => {
    source.set('A', 'one');
    source.set('NEW', 'x');
    source.set('NEWER', 'y');
    source.delete('B');
  };
  const before = () => memorySource({ A: '1', B: '2', SAME: '4' });

  async function hasuraScene(store: ReturnType<typeof recordingStore>): Promise<Scene> {
    const target = hasuraTarget(hasura, {
      environment: { THEIRS: 'x' },
      topLevel: { HASURA_GRAPHQL_DEV_MODE: 'true' },
    });
    const scene = {
      driver: target.driver,
      fetch: hasura.fetch,
      definition: target.definition({ syncOptions: { deletionScope: 'owned' } }),
      source: before(),
      look: target.values,
      operation: sync,
    };
    await sync(newEngine(scene, store, 0), scene.definition);
    return scene;
  }

  it.each(modes)('of a sync to Hasura Cloud: %s', async (mode) => {
    const steps = await tryEveryStep(async (store) => {
      const scene = await hasuraScene(store);
      change(scene.source);
      return scene;
    }, mode);
    // Lease, intent, confirmation and the end of the lease; a read and two mutations; each before and after.
    expect(steps).toBeGreaterThanOrEqual(14);
  });

  it.each(['import-prioritize-source', 'import-prioritize-destination'] as const)(
    'of a first sync to Hasura Cloud: %s',
    async (initialSyncBehavior) => {
      const steps = await tryEveryStep(async () => {
        const environment = { A: 'theirs', ONLY: 'x', EMPTY: '', SAME: '4' };
        const target = hasuraTarget(hasura, { environment });
        return {
          driver: target.driver,
          fetch: hasura.fetch,
          definition: target.definition({ syncOptions: { initialSyncBehavior } }),
          source: memorySource({ A: '1', EMPTY: 'full', SAME: '4', NEW: 'x' }),
          look: target.values,
          operation: sync,
        };
      }, 'killed');
      // The write of the source is one more.
      expect(steps).toBeGreaterThanOrEqual(14);
    },
  );

  it('of a removal at Hasura Cloud', async () => {
    await tryEveryStep(async (store) => ({ ...(await hasuraScene(store)), operation: remove }), 'killed');
  });

  async function qoveryScene(
    store: ReturnType<typeof recordingStore>,
    switches: Partial<QoverySwitches> = {},
    first: 'secret' | 'variable' = 'secret',
    then = first,
  ): Promise<Scene> {
    deploys.configure({ ...QOVERY_DEFAULTS, ...switches });
    const target = qoveryTarget(deploys);
    target.add({ key: 'THEIRS', value: 'x' });
    target.add({ key: 'DOPPLER', value: 'x', owned_by: 'Doppler' });
    const syncOptions = { deletionScope: 'owned' } as const;
    const scene = {
      driver: target.driver,
      fetch: deploys.fetch,
      definition: target.definition({ syncOptions }, first),
      source: before(),
      // An entry that was made twice would show here.
      look: () =>
        deploys
          .variables()
          .filter(({ parent_id }) => parent_id === target.environmentId)
          .map(({ key, value, is_secret, owned_by }) => JSON.stringify([key, is_secret, value, owned_by]))
          .filter((text) => !text.includes('QOVERY_ENVIRONMENT_ID'))
          .sort(),
      operation: sync,
    };
    await sync(newEngine(scene, store, 0), scene.definition);
    return { ...scene, definition: target.definition({ syncOptions }, then) };
  }

  it.each(modes)('of a sync to Qovery: %s', async (mode) => {
    const steps = await tryEveryStep(async (store) => {
      const scene = await qoveryScene(store);
      change(scene.source);
      return scene;
    }, mode);
    // Four writes of the store; a read and four writes; each before and after.
    expect(steps).toBeGreaterThanOrEqual(18);
  });

  it.each([
    ['secret', 'variable'],
    ['variable', 'secret'],
  ] as const)('of a change of kind at Qovery, from %s to %s', async (first, then) => {
    const steps = await tryEveryStep((store) => qoveryScene(store, {}, first, then), 'killed');
    // Each of three keys is deleted and created.
    expect(steps).toBeGreaterThanOrEqual(22);
  });

  it('of a first sync to Qovery that says who owns what a token made', async () => {
    await tryEveryStep(async () => {
      deploys.configure({ ownedBy: 'token-7' });
      const target = qoveryTarget(deploys);
      return {
        driver: target.driver,
        fetch: deploys.fetch,
        definition: target.definition(),
        source: before(),
        look: target.values,
        operation: sync,
      };
    }, 'killed');
  });

  it('of a removal at Qovery', async () => {
    await tryEveryStep(async (store) => ({ ...(await qoveryScene(store)), operation: remove }), 'killed');
  });

  /** A destination in memory, where another sync has written A. */
  async function memoryScene(store: ReturnType<typeof recordingStore>, readable: boolean): Promise<Scene> {
    const destination = memoryDestination({ readable });
    destination.set('THEIRS', 'x');
    const definition = memoryDefinition({ syncOptions: { deletionScope: 'owned' } });
    const source = memorySource({ B: '2', SAME: '4' });
    const scene = {
      driver: destination,
      definition,
      source,
      look: () => new Map([...destination.values()].sort()),
      arm: (crash: Crash | undefined) =>
        destination.setIntercept(crash && (() => crash.gate().then(() => undefined))),
      operation: sync,
    };
    await sync(newEngine({ ...scene, source: memorySource({ A: '1' }) }, store, 0), {
      ...definition,
      name: 'other',
    });
    await sync(newEngine(scene, store, 0), definition);
    change(source);
    return scene;
  }

  it.each(modes)('of a sync that takes over what cannot be read back: %s', async (mode) => {
    const steps = await tryEveryStep((store) => memoryScene(store, false), mode);
    expect(steps).toBeGreaterThanOrEqual(13);
  });

  it.each(modes)('of a sync that takes over what can be read back: %s', async (mode) => {
    await tryEveryStep((store) => memoryScene(store, true), mode);
  });
});
