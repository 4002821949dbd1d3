import { concealed } from '../../shared/concealed.js';
import * as z from 'zod';
import type { Capabilities, DestinationDriver } from '../../contracts/destination.js';
import { SecretSyncError } from '../../contracts/errors.js';
import { SecretValue } from '../../contracts/secret.js';
import { connectMemory } from './connection.js';
import type { MemoryCall, MemoryFault, MemoryIntercept } from './faults.js';
import { createMemoryPlace, type MemoryEntry, type MemoryEntrySetup, type MemoryPlace } from './place.js';

export interface MemoryCredentials {
  readonly accessToken: string;
}

/** The `destinationConfig` of a memory destination, as a user types it. */
export interface MemoryConfigInput {
  /** Default: `default`. */
  readonly place?: string | undefined;
  /** What is written there. Default: the option `kind`. */
  readonly kind?: string | undefined;
}

/** {@link MemoryConfigInput} with its defaults. */
export interface MemoryConfig {
  readonly place: string;
  readonly kind?: string | undefined;
}

/** How a memory destination behaves. */
export interface MemoryDestinationOptions<Name extends string = string> {
  /** What definitions call it. Default: `memory`. */
  readonly name?: Name | undefined;
  /** The token that is accepted, and that the driver has by itself. Default: a fixed string. */
  readonly accessToken?: string | undefined;
  /** Whether all keys of a phase are one call, which conflicts when the place moved. Default: `each`. */
  readonly writes?: Capabilities['writes'] | undefined;
  /** The kind that is written where a config names none. Default: entries have no kind. */
  readonly kind?: string | undefined;
  /** Which values can be read back: all, none, or those of some kinds. Default: true. */
  readonly readable?: boolean | ((kind: string | undefined) => boolean);
  /** Whether it can be imported from. Default: true where what is written can be read back. */
  readonly import?: boolean | undefined;
  /** Keys that start with it belong to the platform. Default: none do. */
  readonly reservedPrefix?: string | undefined;
  /** Whether a reserved key is written when the source holds it. Default: false. */
  readonly reservedWritable?: boolean | undefined;
  /** Whether entries show an id. Default: true. */
  readonly ids?: boolean | undefined;
  /** Whether entries show a revision. Default: true. */
  readonly revisions?: boolean | undefined;
  /** How many single writes are in flight at the same time, at most as many as the engine's `concurrency`. Default: 1. */
  readonly concurrency?: number | undefined;
  readonly limits?: NonNullable<Capabilities['limits']> | undefined;
  readonly canonicalKey?: ((key: string) => string) | undefined;
  /** Default: any key but the empty one is taken. */
  readonly checkKey?: Capabilities['checkKey'] | undefined;
  /** Default: any value is taken. */
  readonly checkValue?: Capabilities['checkValue'] | undefined;
}

/** Where an entry is. Defaults: the place `default`, and the kind that is written by default. */
export interface MemoryWhere {
  readonly place?: string;
  readonly kind?: string;
}

/** Which calls {@link MemoryDestination.failNext} means. */
export interface MemoryFailureFilter {
  /** Default: `write`. */
  readonly method?: MemoryCall['method'] | undefined;
  /** Only calls that write this key. */
  readonly key?: string | undefined;
  readonly phase?: 'upsert' | 'delete' | undefined;
  /** How many calls fail; `Infinity` for all from now on. Default: 1. */
  readonly times?: number | undefined;
}

/** A driver whose destination is in memory, with what a test needs to set it up, to look into it and to break it. */
export interface MemoryDestination<Name extends string = string> extends DestinationDriver<
  Name,
  MemoryCredentials,
  MemoryConfig,
  MemoryConfigInput
> {
  readonly credentials: MemoryCredentials;
  capabilities(config: MemoryConfig): Capabilities;
  /** The value of an entry; `undefined` where there is none. */
  get(key: string, where?: MemoryWhere): string | undefined;
  /** An edit by hand: makes or changes an entry. */
  set(key: string, value: string, where?: MemoryWhere & MemoryEntrySetup): void;
  /** A deletion by hand. Whether there was such an entry. */
  delete(key: string, where?: MemoryWhere): boolean;
  /** All keys with their values at a place, in one kind. */
  values(where?: MemoryWhere): Map<string, string>;
  /** All entries at a place, their values closed. */
  entries(place?: string): readonly MemoryEntry[];
  /** All reads and writes that reached it, oldest first, refused ones included. A live list. */
  readonly calls: readonly MemoryCall[];
  clearCalls(): void;
  /** Makes the next calls that fit fail. Failures are used up in the order in which they were asked for. */
  failNext(fault: MemoryFault, filter?: MemoryFailureFilter): void;
  /** Sets a hook that sees every call and may let it fail or wait; `undefined` removes it. Asked after `failNext`. */
  setIntercept(intercept: MemoryIntercept | undefined): void;
}

const credentialsSchema: z.ZodType<MemoryCredentials> = z.strictObject({
  accessToken: z.string('it must be text').min(1, 'it is empty'),
});
const configSchema: z.ZodType<MemoryConfig, MemoryConfigInput> = z.strictObject({
  place: z.string('it must be text').min(1, 'it is empty').default('default'),
  kind: z.string('it must be text').min(1, 'it is empty').optional(),
});

interface PlannedFailure {
  readonly fault: MemoryFault;
  readonly filter: MemoryFailureFilter;
  left: number;
}

/**
 * Makes a destination in memory: for unit tests of your own syncs, without a network. It keeps the promises of a
 * driver, has any number of places, and several engines may share it.
 *
 * @example
 * const destination = memoryDestination();
 * destination.set('OLD', 'x');
 * const engine = new SecretSyncEngine({ source: memorySource({ A: '1' }), drivers: [destination] });
 * await engine.sync({ name: 'test', destination: 'memory', destinationConfig: {} }, { confirmDeletions: 1 });
 * destination.values(); // Map { 'A' => '1' }
 */
export function memoryDestination(options?: MemoryDestinationOptions<'memory'>): MemoryDestination<'memory'>;
export function memoryDestination<const Name extends string>(
  options: MemoryDestinationOptions<Name> & { readonly name: Name },
): MemoryDestination<Name>;
export function memoryDestination(options: MemoryDestinationOptions = {}): MemoryDestination {
  const {
    name = 'memory',
    accessToken = 'memory-destination-token',
    writes = 'each',
    readable = true,
  } = options;
  const { reservedPrefix, limits, canonicalKey = (key: string) => key } = options;
  const isReserved = (key: string) => reservedPrefix !== undefined && key.startsWith(reservedPrefix);
  const isReadable = (kind: string | undefined) =>
    typeof readable === 'function' ? readable(kind) : readable;
  const places = new Map<string, MemoryPlace>();
  const calls: MemoryCall[] = [];
  const failures: PlannedFailure[] = [];
  let intercept: MemoryIntercept | undefined;

  function placeOf(place = 'default'): MemoryPlace {
    const known = places.get(place) ?? createMemoryPlace(canonicalKey);
    places.set(place, known);
    return known;
  }

  function failureOf(call: MemoryCall): MemoryFault | undefined {
    const index = failures.findIndex(({ filter: { method = 'write', phase, key } }) => {
      const isKey = key === undefined || call.changes.some((change) => change.key === key);
      return method === call.method && isKey && (phase === undefined || phase === call.phase);
    });
    const found = failures[index];
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) failures.splice(index, 1);
    return found.fault;
  }

  const checkToken = (credentials: MemoryCredentials) => {
    if (credentials.accessToken === accessToken) return;
    const message =
      'The memory destination does not accept this access token; use the one that it was made with.';
    throw new SecretSyncError('UNAUTHORIZED', message);
  };
  const kindOf = (where: { readonly kind?: string | undefined } = {}) => where.kind ?? options.kind;

  return {
    specVersion: 1,
    name,
    displayName: 'Memory',
    credentials: concealed({ accessToken }),
    credentialsSchema,
    configSchema,
    capabilities: (config) => ({
      import: options.import ?? isReadable(kindOf(config)),
      writes,
      ...(kindOf(config) !== undefined && { kind: kindOf(config) ?? '' }),
      reservedWritable: options.reservedWritable ?? false,
      checkKey: options.checkKey ?? ((key) => (key === '' ? 'it is empty; name it' : undefined)),
      checkValue: options.checkValue ?? (() => undefined),
      isReserved,
      ...(options.canonicalKey !== undefined && { canonicalKey }),
      ...(limits !== undefined && { limits }),
    }),
    endpoint: () => 'https://memory.invalid',
    authorization: (credentials) => ({ authorization: `Bearer ${credentials.accessToken}` }),
    identity: (_credentials, { place }) => `${name}:${encodeURIComponent(place)}`,
    connect: ({ credentials, config, http }) =>
      connectMemory({
        place: placeOf(config.place),
        isBatch: writes === 'batch',
        concurrency: Math.min(options.concurrency ?? 1, http.concurrency),
        kind: kindOf(config),
        show: (entry) => ({
          value: isReadable(entry.kind),
          id: options.ids ?? true,
          revision: options.revisions ?? true,
        }),
        async enter(call) {
          const full: MemoryCall = { ...call, place: config.place };
          calls.push(full);
          checkToken(credentials);
          return failureOf(full) ?? intercept?.(full);
        },
      }),
    validateConnection: async (credentials, { signal } = {}) => {
      signal?.throwIfAborted();
      checkToken(credentials);
    },

    get: (key, where) => placeOf(where?.place).find(key, kindOf(where))?.value.reveal(),
    set(key, value, { place, ...setup } = {}) {
      placeOf(place).set(key, new SecretValue(value), { ...setup, kind: kindOf(setup) });
    },
    delete: (key, where) => placeOf(where?.place).remove(key, kindOf(where)),
    values(where) {
      const here = placeOf(where?.place)
        .entries()
        .filter(({ kind }) => kind === kindOf(where));
      return new Map(here.map((entry) => [entry.key, entry.value.reveal()]));
    },
    entries: (place) => placeOf(place).entries(),
    calls,
    clearCalls: () => void calls.splice(0),
    failNext: (fault, filter = {}) => void failures.push({ fault, filter, left: filter.times ?? 1 }),
    setIntercept: (next) => void (intercept = next),
  };
}
