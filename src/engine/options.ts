import * as z from 'zod';
import type { Clock } from '../contracts/clock.js';
import type { AnyDestinationDriver } from '../contracts/definition.js';
import { errorFromProblems, type ErrorProblem } from '../contracts/errors.js';
import type { SyncEvent } from '../contracts/events.js';
import type { SecretSource } from '../contracts/source.js';
import type { StateStore } from '../contracts/state-store.js';
import { createKeyring, ephemeralKeyring, type FingerprintKeys, type Keyring } from '../core/fingerprint.js';
import { validate } from '../core/validate.js';
import { systemClock } from '../http/clock.js';
import { RETRY_DEFAULTS, type RetryOptions } from '../http/retry-timing.js';
import { memoryStore } from '../stores/memory.js';

/** Credentials for a driver, as an engine's `connections` hands them out. */
export interface Connection {
  /** The name of the driver that they are for. */
  readonly app: string;
  readonly credentials: unknown;
}

/** Connections by id, or a function that looks one up: `undefined` means that there is none. */
export type Connections =
  | Readonly<Record<string, Connection>>
  | ((connectionId: string) => Connection | undefined | Promise<Connection | undefined>);

export interface EngineOptions<Drivers extends readonly AnyDestinationDriver[]> {
  readonly source: SecretSource;
  /** What definitions can point at; each name once. */
  readonly drivers: Drivers;
  /**
   * Where it is remembered who wrote what. Default: `memoryStore()`, which forgets when the process ends: ownership
   * and first syncs are then unknown at the next start, and what can't be read back is written again.
   */
  readonly store?: StateStore;
  /**
   * Text or bytes of a length of at least 32, or the current key and previous ones. Default: drawn for the life of
   * the engine; saved plans and fingerprints then end with it.
   */
  readonly fingerprintKey?: FingerprintKeys;
  /** For definitions with a `connectionId`. */
  readonly connections?: Connections;
  /** Requests under way at once, for each connection. Default: 10. */
  readonly concurrency?: number;
  /** For one request, in ms. Default: 30,000. */
  readonly timeout?: number;
  /** Default: `{ retries: 4, minTimeout: 500, maxTimeout: 30_000, maxWait: 60_000 }`, in ms. */
  readonly retry?: Partial<RetryOptions>;
  /** For one call of the engine, in ms. Default: none. */
  readonly runTimeout?: number;
  /** How long a run waits for another one at the same place, in ms. Default: 60,000. */
  readonly leaseWait?: number;
  /** Lets HTTPS go to private addresses and plain HTTP to loopback. Default: false. */
  readonly allowPrivateNetwork?: boolean;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Gets every event. What it throws is ignored. */
  readonly onEvent?: (event: SyncEvent) => void;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** 0 up to 1, for jitter. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly source: SecretSource;
  readonly drivers: readonly AnyDestinationDriver[];
  readonly store: StateStore;
  /** False when the store is the default one. */
  readonly isStoreExplicit: boolean;
  readonly keyring: Keyring;
  readonly connections?: Connections;
  readonly concurrency: number;
  readonly timeout: number;
  readonly retry: RetryOptions;
  readonly runTimeout?: number;
  readonly leaseWait: number;
  readonly allowPrivateNetwork: boolean;
  readonly fetch?: typeof globalThis.fetch;
  readonly onEvent?: (event: SyncEvent) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

const milliseconds = z
  .int('it must be a whole number of ms')
  .min(1, 'it must be at least 1 ms')
  .max(2 ** 31 - 1, 'it must be less than 25 days');
const call = z.custom<unknown>((value) => typeof value === 'function', 'it must be a function');
const withMethods = (...names: readonly string[]) =>
  z.custom<unknown>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => typeof Reflect.get(value, name) === 'function'),
    `it must be an object with ${names.map((name) => `${name}()`).join(', ')}`,
  );

const optionsSchema = z.strictObject({
  source: withMethods('read'),
  drivers: z
    .array(withMethods('endpoint', 'authorization', 'identity', 'connect'))
    .min(1, 'pass at least one driver'),
  store: withMethods('get', 'put', 'delete', 'list').optional(),
  fingerprintKey: z.unknown(),
  connections: z
    .custom<unknown>(
      (value) => typeof value === 'function' || (typeof value === 'object' && value !== null),
      {
        error: 'it must be a record or a function',
      },
    )
    .optional(),
  concurrency: z
    .int('it must be a whole number')
    .min(1, 'it must be at least 1')
    .max(1000, 'use at most 1,000')
    .optional(),
  timeout: milliseconds.optional(),
  retry: z
    .strictObject({
      retries: z.int('it must be a whole number').min(0, 'it must be at least 0').optional(),
      minTimeout: milliseconds.optional(),
      maxTimeout: milliseconds.optional(),
      maxWait: milliseconds.optional(),
      budget: z.int('it must be a whole number').min(0, 'it must be at least 0').optional(),
    })
    .optional(),
  runTimeout: milliseconds.optional(),
  leaseWait: z.int('it must be a whole number of ms').min(0, 'it must be at least 0 ms').optional(),
  allowPrivateNetwork: z.boolean('it must be true or false').optional(),
  fetch: call.optional(),
  onEvent: call.optional(),
  clock: withMethods('now', 'sleep').optional(),
  random: call.optional(),
});

function driverProblems(drivers: readonly AnyDestinationDriver[]): ErrorProblem[] {
  const problems: ErrorProblem[] = [];
  const names = new Set<string>();
  drivers.forEach((driver, index) => {
    const path = `drivers[${index}]`;
    const version: unknown = driver.specVersion;
    if (version !== 1) {
      problems.push({
        code: 'INVALID_OPTION',
        path,
        message: 'its specVersion is not 1; use a driver for this version',
      });
    }
    if (names.has(driver.name)) {
      const message = `a driver named ${JSON.stringify(driver.name)} stands before it; pass each name once`;
      problems.push({ code: 'INVALID_OPTION', path, message });
    }
    names.add(driver.name);
  });
  return problems;
}

/**
 * Checks all options and fills in the defaults.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export function resolveOptions<Drivers extends readonly AnyDestinationDriver[]>(
  options: EngineOptions<Drivers>,
): ResolvedOptions {
  const parsed = validate(optionsSchema, options, { code: 'INVALID_OPTION', discreet: false });
  const problems = parsed.problems ?? driverProblems(options.drivers);
  if (problems.length > 0)
    throw errorFromProblems('INVALID_OPTION', 'The options of the engine are not valid', problems);
  const { fingerprintKey, retry = {}, ...rest } = options;
  return {
    ...rest,
    store: options.store ?? memoryStore(),
    isStoreExplicit: options.store !== undefined,
    keyring: fingerprintKey === undefined ? ephemeralKeyring() : createKeyring(fingerprintKey),
    concurrency: options.concurrency ?? 10,
    timeout: options.timeout ?? 30_000,
    retry: { ...RETRY_DEFAULTS, ...retry },
    leaseWait: options.leaseWait ?? 60_000,
    allowPrivateNetwork: options.allowPrivateNetwork ?? false,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}
