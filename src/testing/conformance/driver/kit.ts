import type { DestinationConnection, Facts } from '../../../contracts/destination.js';
import type { SyncDefinitionInput, SyncOptionsInput } from '../../../contracts/definition.js';
import type { SyncEvent } from '../../../contracts/events.js';
import type { SecretSource } from '../../../contracts/source.js';
import type { StateStore } from '../../../contracts/state-store.js';
import type { EngineOptions } from '../../../engine/options.js';
import { SecretSyncEngine } from '../../../engine/secret-sync-engine.js';
import { createHttpClient } from '../../../http/client.js';
import { memorySource } from '../../../sources/memory.js';
import { memoryStore } from '../../../stores/memory.js';
import { parsed } from './assertions.js';
import type { DriverFixture } from './fixture.js';
import type { Skip } from '../runner.js';
import { watch, watchFetch, type Watched } from './watch.js';
import { hurriedClock } from '../hurried-clock.js';
import type { AnyDestinationDriver } from '../../../contracts/typed-definition.js';

export type Pairs = readonly (readonly [key: string, value: string])[];

/** Keys of the suite's syncs begin with this; what does not belongs to others. */
export const PREFIX = 'SSE_';

export interface EngineSetup {
  readonly source?: SecretSource | Pairs;
  readonly store?: StateStore;
  readonly concurrency?: number;
  readonly onEvent?: (event: SyncEvent) => void;
}

export interface DefinitionSetup {
  readonly config?: unknown;
  readonly connectionId?: 'accepted' | 'refused';
  readonly syncOptions?: SyncOptionsInput;
  /** Default: a schema that puts {@link PREFIX} before the source key. */
  readonly withoutSchema?: boolean;
}

export const FEW: Pairs = [
  ['A', '1'],
  ['B', '2'],
  ['C', '3'],
];

/** The pairs with their keys as the suite's schema renders them. */
export const below = (pairs: Pairs): Pairs => pairs.map(([key, value]) => [PREFIX + key, value] as const);

/** What each test of the suite works with. */
export type Kit = ReturnType<typeof createKit>;

const FINGERPRINT_KEY = 'a fingerprint key of the conformance suite';
const RETRY = { retries: 1, minTimeout: 1, maxTimeout: 1, maxWait: 1 };

/** Freezes plain data all the way down, so that whoever changes it is found out. */
export function frozen<Data>(data: Data): Data {
  if (typeof data === 'object' && data !== null && !Object.isFrozen(data)) {
    Object.freeze(data);
    Object.values(data).forEach(frozen);
  }
  return data;
}

export function memoryFacts(): Facts {
  const facts = new Map<string, string>();
  return {
    get: (name) => facts.get(name),
    set: (name, value) => void facts.set(name, value),
    delete: (name) => void facts.delete(name),
  };
}

export function createKit(fixture: DriverFixture, skip: Skip) {
  const { driver, credentials, refusedCredentials, place } = fixture;
  const watched: Watched = { batches: [] };
  const network = watchFetch(fixture.engineOptions?.fetch);
  const watchedDriver = watch(driver, watched);
  const callOptions = { ...fixture.engineOptions, fetch: network.fetch };
  const configOf = (config: unknown) => frozen(parsed(driver.configSchema, config));
  const accepted = frozen(parsed(driver.credentialsSchema, credentials));
  const refused = frozen(parsed(driver.credentialsSchema, refusedCredentials));

  return {
    fixture,
    skip,
    driver,
    place,
    watched,
    network,
    /** For `validateConnection`. */
    callOptions,
    accepted,
    refused,
    config: configOf(place.config),
    configOf,
    capabilitiesOf(config: unknown = place.config) {
      const { capabilities } = driver;
      return typeof capabilities === 'function' ? capabilities(configOf(config)) : capabilities;
    },

    engine({ source = [], store = memoryStore(), ...rest }: EngineSetup = {}) {
      const options: EngineOptions<readonly [AnyDestinationDriver]> = {
        ...callOptions,
        source: 'read' in source ? source : memorySource(source),
        drivers: [watchedDriver],
        store,
        fingerprintKey: FINGERPRINT_KEY,
        connections: {
          accepted: { app: driver.name, credentials },
          refused: { app: driver.name, credentials: refusedCredentials },
        },
        retry: RETRY,
        clock: hurriedClock(),
        ...rest,
      };
      return new SecretSyncEngine(options);
    },

    definition({
      config = place.config,
      connectionId = 'accepted',
      syncOptions,
      withoutSchema = false,
    }: DefinitionSetup = {}): SyncDefinitionInput {
      return {
        name: 'conformance',
        destination: driver.name,
        destinationConfig: config,
        connectionId,
        syncOptions: {
          ...(withoutSchema ? {} : { keySchema: `${PREFIX}{{secretKey}}` }),
          deletionScope: 'matching',
          maxDeletions: { count: 1_000, ratio: 1 },
          ...syncOptions,
        },
      };
    },

    /** A connection without an engine. */
    open(): DestinationConnection {
      const client = createHttpClient({
        ...callOptions,
        endpoint: driver.endpoint(accepted),
        headers: driver.authorization(accepted),
        retry: RETRY,
        clock: hurriedClock(),
      });
      const config = configOf(place.config);
      return driver.connect({ credentials: accepted, config, http: client.forRun({}), facts: memoryFacts() });
    },
  };
}
