import assert from 'node:assert/strict';
import type {
  DestinationConnection,
  Facts,
  WriteBatch,
  WriteOutcome,
} from '../../../contracts/destination.js';
import type { SyncDefinitionInput, SyncOptionsInput } from '../../../contracts/definition.js';
import { isSecretSyncError } from '../../../contracts/errors.js';
import type { SyncEvent } from '../../../contracts/events.js';
import type { SecretSource } from '../../../contracts/source.js';
import type { StateStore } from '../../../contracts/state-store.js';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { EngineOptions } from '../../../engine/options.js';
import { SecretSyncEngine } from '../../../engine/secret-sync-engine.js';
import { createHttpClient } from '../../../http/client.js';
import { memorySource } from '../../../sources/memory.js';
import { memoryStore } from '../../../stores/memory.js';
import type { DriverFixture, DriverPlace, SeenRequest } from './fixture.js';
import { hurriedClock } from '../hurried-clock.js';
import { type ErrorCode } from '../../../contracts/error-codes.js';
import type { AnyDestinationDriver } from '../../../contracts/typed-definition.js';

export type Pairs = readonly (readonly [key: string, value: string])[];

/** Keys of the suite's syncs stand below this; what stands beside it is somebody else's. */
export const PREFIX = 'SSE_';

/** What is watched of a driver while an engine uses it. */
export interface Watched {
  /** All batches that it was handed. */
  readonly batches: WriteBatch[];
  /** Awaited before each batch. */
  beforeWrite?: ((batch: WriteBatch) => void | Promise<void>) | undefined;
}

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

/** What each test of the suite works with. */
export type Kit = ReturnType<typeof createKit>;

const FINGERPRINT_KEY = 'a fingerprint key of the conformance suite';
const RETRY = { retries: 1, minTimeout: 1, maxTimeout: 1, maxWait: 1 };

export const calm = (): AbortSignal => new AbortController().signal;

/** Parses by a Standard Schema that must answer at once. */
export function parse(schema: StandardSchemaV1, input: unknown): StandardSchemaV1.Result<unknown> {
  const result = schema['~standard'].validate(input);
  assert(!(result instanceof Promise), 'the schema is asynchronous');
  return result;
}

/** The parsed value; fails where there are issues. */
export function parsed(schema: StandardSchemaV1, input: unknown): unknown {
  const result = parse(schema, input);
  assert(result.issues === undefined, 'the schema refuses what the fixture gives');
  return result.value;
}

/** What a call throws, at once or later. */
export async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return assert.fail('the call did not fail');
}

/** Fails unless the call throws a `SecretSyncError` of this code. */
export async function assertThrows(call: () => unknown, code: ErrorCode): Promise<void> {
  const error = await failureOf(call);
  assert(
    isSecretSyncError(error),
    `it threw no SecretSyncError but ${error instanceof Error ? error.name : typeof error}`,
  );
  assert.equal(error.code, code);
}

/**
 * Fails unless a place holds what it held `before`, with these changes; `undefined` stands for a deletion. Only keys
 * are shown, since a failed comparison of values would print them.
 */
export async function assertHolds(
  place: DriverPlace,
  before: ReadonlyMap<string, string>,
  changes: readonly (readonly [key: string, value: string | undefined])[],
): Promise<void> {
  const expected = new Map(before);
  for (const [key, value] of changes) {
    if (value === undefined) expected.delete(key);
    else expected.set(key, value);
  }
  const found = await place.peek();
  assert.deepEqual(
    [...found.keys()].sort(),
    [...expected.keys()].sort(),
    'other keys stand there than should',
  );
  const different = [...expected].filter(([key, value]) => found.get(key) !== value).map(([key]) => key);
  assert.deepEqual(different, [], 'these keys have another value than they should');
}

export function memoryFacts(): Facts {
  const facts = new Map<string, string>();
  return {
    get: (name) => facts.get(name),
    set: (name, value) => void facts.set(name, value),
    delete: (name) => void facts.delete(name),
  };
}

/** Freezes plain data all the way down, so that whoever changes it is found out. */
export function frozen<Data>(data: Data): Data {
  if (typeof data === 'object' && data !== null && !Object.isFrozen(data)) {
    Object.freeze(data);
    Object.values(data).forEach(frozen);
  }
  return data;
}

/** A driver that tells what it is handed. */
function watch(driver: AnyDestinationDriver, watched: Watched): AnyDestinationDriver {
  return {
    ...driver,
    connect(options) {
      const connection = driver.connect(options);
      return {
        read: (readOptions) => connection.read(readOptions),
        async write(batch, writeOptions) {
          watched.batches.push(batch);
          await watched.beforeWrite?.(batch);
          return connection.write(batch, writeOptions);
        },
      };
    },
  };
}

/** A fetch that notes what is sent and how much is under way. */
function watchFetch(own: typeof globalThis.fetch | undefined) {
  const requests: SeenRequest[] = [];
  let inFlight = 0;
  let peak = 0;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const isRequest = input instanceof Request;
    const headers = new Headers(init?.headers ?? (isRequest ? input.headers : undefined));
    requests.push({ url: isRequest ? input.url : String(input), headers: Object.fromEntries(headers) });
    inFlight += 1;
    peak = Math.max(peak, inFlight);
    try {
      return await (own ?? globalThis.fetch)(input, init);
    } finally {
      inFlight -= 1;
    }
  };
  return { fetch, requests, peak: () => peak };
}

export function createKit(fixture: DriverFixture) {
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

/** Writes a batch of frozen changes; fails unless each key has one outcome, the same in the answer as was told. */
export async function writeBatch(
  connection: DestinationConnection,
  batch: WriteBatch,
  signal = calm(),
): Promise<Map<string, WriteOutcome>> {
  const told: WriteOutcome[] = [];
  for (const change of batch.changes) Object.freeze(change);
  Object.freeze(batch.changes);
  const answered = await connection.write(Object.freeze(batch), {
    signal,
    onOutcome: (outcome) => void told.push(outcome),
  });
  const describe = (outcomes: readonly WriteOutcome[]) =>
    outcomes.map(({ key, status }) => `${key} ${status}`).sort();
  assert.deepEqual(
    describe(told),
    describe(answered),
    'the outcomes that were told are not those of the answer',
  );
  const keys = answered.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length, 'a key has more than one outcome');
  return new Map(answered.map((outcome) => [outcome.key, outcome]));
}
