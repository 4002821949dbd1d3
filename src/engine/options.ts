import * as z from 'zod/mini';
import type { Clock } from '../contracts/clock.js';
import type { SyncEvent } from '../contracts/events.js';
import type { Fetch } from '../contracts/http.js';
import type { SecretSource } from '../contracts/source.js';
import type { StateStore } from '../contracts/state-store.js';
import { validate } from '../shared/validation.js';
import { atLeast, flag, functionOf, milliseconds, optionsOf, withMethods } from '../shared/option-schemas.js';
import { systemClock } from '../shared/clock.js';
import { resolveRetry, type RetryOptions, type RetryOptionsInput } from '../http/backoff.js';
import { quote } from '../shared/text.js';
import { createSealedStore, type SealedStore } from './state/sealed-store.js';
import { memoryStore } from '../stores/memory.js';
import { errorFromProblems } from '../shared/problems.js';
import { type ErrorProblem } from '../contracts/error-codes.js';
import type { AnyDestinationDriver } from '../contracts/typed-definition.js';
import { reporting, reportingMethods, type OnForeignError } from './boundary/report-errors.js';
import {
  ephemeralKeyring,
  tryKeyring,
  type FingerprintKeys,
  type Keyring,
} from '../core/fingerprint/keyring.js';

/** Credentials for a driver, as an engine's `connections` hands them out. */
export interface Connection {
  /** The name of the driver that they are for. */
  readonly app: string;
  /** What people call it; shown by the records of a service. At most 256 characters. */
  readonly name?: string | undefined;
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
  readonly store?: StateStore | undefined;
  /**
   * A string or bytes of a length of at least 32, or the current key and previous ones. Default: drawn for the life of
   * the engine; saved plans and fingerprints then end with it.
   */
  readonly fingerprintKey?: FingerprintKeys | undefined;
  /**
   * Accepts state whose MAC this engine can't check: after the fingerprint key was lost, when an engine without
   * a key gets one, or once for the service records of 0.1.0. Plans then warn of it (`STATE_UNVERIFIED`), and what is
   * saved is sealed under the current key. Default: false; such state is `STATE_UNREADABLE`.
   */
  readonly acceptUnverifiedState?: boolean | undefined;
  /** For definitions with a `connectionId`. */
  readonly connections?: Connections | undefined;
  /** The most requests that are in flight at the same time, for each connection. Default: 10. */
  readonly concurrency?: number | undefined;
  /** The time limit of one request, in ms. Default: 30,000. */
  readonly timeout?: number | undefined;
  /** Default: `{ retries: 4, minTimeout: 500, maxTimeout: 30_000, maxWait: 60_000, budget: 100 }`; times in ms. */
  readonly retry?: RetryOptionsInput | undefined;
  /** The time limit of one call of the engine, in ms. Default: none. */
  readonly runTimeout?: number | undefined;
  /** How long a run waits for another one at the same place, in ms. Default: 60,000. */
  readonly leaseWait?: number | undefined;
  /** Lets HTTPS go to private addresses and plain HTTP to loopback. Default: false. */
  readonly allowPrivateNetwork?: boolean | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Gets every event. What it throws is ignored. */
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
  /**
   * Gets the raw error that a source, a store, a driver, `connections` or `fetch` threw, for debugging. **It can hold
   * secrets**: the library shows nothing of it but its class. What this function throws is ignored.
   */
  readonly onForeignError?: OnForeignError | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** Returns a number from 0 up to, not including, 1, for jitter. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** The options of an engine with every default filled in. */
export interface ResolvedOptions {
  readonly acceptUnverifiedState: boolean;
  readonly source: SecretSource;
  readonly drivers: readonly AnyDestinationDriver[];
  /** The store, which seals what is put into it. */
  readonly store: SealedStore;
  /** False when the store is the default one. */
  readonly isStoreExplicit: boolean;
  readonly keyring: Keyring;
  readonly connections?: Connections | undefined;
  readonly concurrency: number;
  readonly timeout: number;
  readonly retry: RetryOptions;
  readonly runTimeout?: number | undefined;
  readonly leaseWait: number;
  readonly allowPrivateNetwork: boolean;
  readonly fetch?: Fetch | undefined;
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
  readonly onForeignError?: OnForeignError | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

const time = z.optional(milliseconds());
const call = z.optional(functionOf<unknown>());
const optionsSchema = optionsOf({
  source: withMethods('read'),
  drivers: z
    .array(
      withMethods('endpoint', 'authorization', 'identity', 'connect'),
      'it must be a list of at least one driver, and of at most 1,000',
    )
    .check(z.minLength(1, 'pass at least one driver')),
  store: z.optional(withMethods('get', 'put', 'delete', 'list')),
  // Its keys are checked by who makes digesters of them.
  fingerprintKey: z.optional(z.unknown()),
  acceptUnverifiedState: z.optional(flag),
  connections: z.optional(
    z.custom<unknown>(
      (value) => typeof value === 'function' || (typeof value === 'object' && value !== null),
      'it must be a record or a function',
    ),
  ),
  concurrency: z.optional(atLeast(1).check(z.maximum(1000, 'use at most 1,000'))),
  timeout: time,
  retry: z.optional(
    optionsOf({
      retries: z.optional(atLeast(0)),
      minTimeout: time,
      maxTimeout: time,
      maxWait: time,
      budget: z.optional(atLeast(0)),
    }),
  ),
  runTimeout: time,
  leaseWait: z.optional(atLeast(0, ' of ms')),
  allowPrivateNetwork: z.optional(flag),
  fetch: call,
  onEvent: call,
  onForeignError: call,
  clock: z.optional(withMethods('now', 'sleep')),
  random: call,
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
        message: 'its specVersion is not 1; use a driver that was made for this version of the library',
      });
    }
    if (names.has(driver.name)) {
      const message = `another driver has the name ${quote(driver.name)} too; pass each name once`;
      problems.push({ code: 'INVALID_OPTION', path, message });
    }
    names.add(driver.name);
  });
  return problems;
}

/** The foreign code among the options. */
type ForeignCode = Pick<
  ResolvedOptions,
  'source' | 'drivers' | 'connections' | 'fetch' | 'onForeignError'
> & {
  readonly store: StateStore;
};

/** Returns the same code; with `onForeignError`, what it throws is told to it on its way. */
function reportingCode<Code extends ForeignCode>(options: Code): Code {
  const { onForeignError: report, connections, fetch } = options;
  if (report === undefined) return options;
  return {
    ...options,
    source: reportingMethods(options.source, 'source', report),
    store: reportingMethods(options.store, 'store', report),
    drivers: options.drivers.map((driver) => reportingMethods(driver, 'driver', report)),
    ...(typeof connections === 'function' && {
      connections: reporting(connections, 'connections', report),
    }),
    ...(fetch !== undefined && { fetch: reporting(fetch, 'fetch', report) }),
  };
}

/** So many drivers are looked at; a list of more is a mistake. */
const MOST_DRIVERS = 1_000;

function withFewDrivers(options: unknown): unknown {
  if (typeof options !== 'object' || options === null) return options;
  const drivers: unknown = Reflect.get(options, 'drivers');
  const isLong = Array.isArray(drivers) && drivers.length > MOST_DRIVERS;
  return isLong ? { ...options, drivers: 'too many' } : options;
}

const optionsError = (problems: readonly ErrorProblem[]) =>
  errorFromProblems('INVALID_OPTION', 'The options of the engine are not valid', problems);

/**
 * Checks all options and fills in the defaults.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export function resolveOptions<Drivers extends readonly AnyDestinationDriver[]>(
  options: EngineOptions<Drivers>,
): ResolvedOptions {
  const parsed = validate(optionsSchema, withFewDrivers(options), { code: 'INVALID_OPTION' });
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) throw optionsError(parsed.problems ?? []);
  const { fingerprintKey, acceptUnverifiedState = false, retry, ...rest } = options;
  const problems = [...(parsed.problems ?? driverProblems(options.drivers))];
  const made = tryKeyring(fingerprintKey);
  for (const problem of made.problems ?? []) problems.push(problem);
  const keyring = fingerprintKey === undefined ? ephemeralKeyring() : made.keyring;
  if (keyring === undefined || problems.length > 0) throw optionsError(problems);
  const code = reportingCode({ ...rest, store: options.store ?? memoryStore() });
  return {
    ...code,
    store: createSealedStore(code.store, keyring, { acceptUnverifiedState }),
    acceptUnverifiedState,
    isStoreExplicit: options.store !== undefined,
    keyring,
    concurrency: options.concurrency ?? 10,
    timeout: options.timeout ?? 30_000,
    retry: resolveRetry(retry),
    leaseWait: options.leaseWait ?? 60_000,
    allowPrivateNetwork: options.allowPrivateNetwork ?? false,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}
