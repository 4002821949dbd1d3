import * as z from 'zod/mini';
import type { Clock } from '../contracts/clock.js';
import { isSecretSyncError } from '../contracts/errors.js';
import type { SyncEvent } from '../contracts/events.js';
import type { SecretSource } from '../contracts/source.js';
import type { StateStore } from '../contracts/state-store.js';
import { validate, unknownFields } from '../shared/validation.js';
import { systemClock } from '../shared/clock.js';
import { RETRY_DEFAULTS, type RetryOptions } from '../http/backoff.js';
import { createSealedStore, type SealedStore } from './state/sealed-store.js';
import { memoryStore } from '../stores/memory.js';
import { errorFromProblems } from '../shared/problems.js';
import { type ErrorProblem } from '../contracts/error-codes.js';
import type { AnyDestinationDriver } from '../contracts/typed-definition.js';
import { atLeast, withMethods } from '../shared/validation.js';
import {
  createKeyring,
  ephemeralKeyring,
  type FingerprintKeys,
  type Keyring,
} from '../core/fingerprint/keyring.js';

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
  /**
   * Takes state for true whose MAC this engine can't check: after the fingerprint key was lost, when an engine without
   * a key gets one, or once for the service records of 0.1.0. Plans then warn of it (`STATE_UNVERIFIED`), and what is
   * saved is sealed under the current key. Default: false; such state is `STATE_UNREADABLE`.
   */
  readonly acceptUnverifiedState?: boolean;
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
  /** The store, which seals what is put into it. */
  readonly store: SealedStore;
  readonly acceptUnverifiedState: boolean;
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

const milliseconds = atLeast(1, ' of ms').check(z.maximum(2 ** 31 - 1, 'it must be less than 25 days'));
const call = z.optional(z.custom<unknown>((value) => typeof value === 'function', 'it must be a function'));
const optionsSchema = z.strictObject(
  {
    source: withMethods('read'),
    drivers: z
      .array(withMethods('endpoint', 'authorization', 'identity', 'connect'))
      .check(z.minLength(1, 'pass at least one driver')),
    store: z.optional(withMethods('get', 'put', 'delete', 'list')),
    fingerprintKey: z.optional(
      z.custom<unknown>(
        (value) => typeof value === 'string' || value instanceof Uint8Array || Array.isArray(value),
        'it must be text or bytes, or a list of them',
      ),
    ),
    acceptUnverifiedState: z.optional(z.boolean('it must be true or false')),
    connections: z.optional(
      z.custom<unknown>(
        (value) => typeof value === 'function' || (typeof value === 'object' && value !== null),
        {
          error: 'it must be a record or a function',
        },
      ),
    ),
    concurrency: z.optional(atLeast(1).check(z.maximum(1000, 'use at most 1,000'))),
    timeout: z.optional(milliseconds),
    retry: z.optional(
      z.strictObject(
        {
          retries: z.optional(atLeast(0)),
          minTimeout: z.optional(milliseconds),
          maxTimeout: z.optional(milliseconds),
          maxWait: z.optional(milliseconds),
          budget: z.optional(atLeast(0)),
        },
        unknownFields,
      ),
    ),
    runTimeout: z.optional(milliseconds),
    leaseWait: z.optional(atLeast(0, ' of ms')),
    allowPrivateNetwork: z.optional(z.boolean('it must be true or false')),
    fetch: call,
    onEvent: call,
    clock: z.optional(withMethods('now', 'sleep')),
    random: call,
  },
  unknownFields,
);

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

/** The keyring of an engine; what is wrong with its keys is added to `problems`. */
function keyringOf(keys: FingerprintKeys | undefined, problems: ErrorProblem[]): Keyring | undefined {
  try {
    return keys === undefined ? ephemeralKeyring() : createKeyring(keys);
  } catch (error) {
    if (!isSecretSyncError(error) || error.problems === undefined) throw error;
    problems.push(...error.problems);
    return undefined;
  }
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
  const { fingerprintKey, acceptUnverifiedState = false, retry = {}, ...rest } = options;
  const problems = [...(parsed.problems ?? driverProblems(options.drivers))];
  const keyring = problems.some(({ path }) => path === 'fingerprintKey')
    ? undefined
    : keyringOf(fingerprintKey, problems);
  if (keyring === undefined || problems.length > 0)
    throw errorFromProblems('INVALID_OPTION', 'The options of the engine are not valid', problems);
  return {
    ...rest,
    store: createSealedStore(options.store ?? memoryStore(), keyring, { acceptUnverifiedState }),
    acceptUnverifiedState,
    isStoreExplicit: options.store !== undefined,
    keyring,
    concurrency: options.concurrency ?? 10,
    timeout: options.timeout ?? 30_000,
    retry: { ...RETRY_DEFAULTS, ...retry },
    leaseWait: options.leaseWait ?? 60_000,
    allowPrivateNetwork: options.allowPrivateNetwork ?? false,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}
