import * as z from 'zod/mini';
import type { Clock } from '../contracts/clock.js';
import type { StateStore } from '../contracts/state-store.js';
import { validate } from '../shared/validation.js';
import { atLeast, functionOf, share, unknownFields, withMethods } from '../shared/option-schemas.js';
import { notify } from '../shared/async.js';
import { ENGINE_PORT, type EnginePort } from '../engine/port.js';
import type { SecretSyncEngine } from '../engine/secret-sync-engine.js';
import { systemClock } from '../shared/clock.js';
import type { ServiceEvent } from './events.js';
import type { SyncQueue } from './runs/sync-job.js';
import { SecretSyncError } from '../contracts/errors.js';
import { errorFromProblems } from '../shared/problems.js';
import type { AnyDestinationDriver } from '../contracts/typed-definition.js';

/** How a service runs syncs by itself. Times in ms. */
export interface AutoSyncOptions {
  /** How long nothing must have changed at the source before a run. Default: 5,000. */
  readonly debounce?: number | undefined;
  /** The longest that a run is put off by changes that do not end. Default: 60,000. */
  readonly maxDebounce?: number | undefined;
  /** How often a source without `watch` is read. Default: 60,000. */
  readonly pollInterval?: number | undefined;
  /** By how much of itself that interval varies, to both sides: 0 to 1. Default: 0.1. */
  readonly pollJitter?: number | undefined;
  /** How many runs go through one connection at the same time, in this process. Default: 3. */
  readonly runsPerConnection?: number | undefined;
  /** How often a source with `watch` is read all the same, because a watch can miss changes. Default: 5 times `pollInterval`. */
  readonly watchPollInterval?: number | undefined;
  /** After how many failures in a row a record is reported by `sync-left`. It goes on being tried. Default: 10. */
  readonly retries?: number | undefined;
  /** The pause after the first failure; it doubles with each. Default: 10,000. */
  readonly minPause?: number | undefined;
  /** The longest such pause. Default: 600,000. */
  readonly maxPause?: number | undefined;
  /**
   * How often each record is run although nothing has changed at its source, to undo what was changed at the destination.
   * Default: never.
   */
  readonly reconcileInterval?: number | undefined;
  /** How often the records are read again, to see what other processes changed. Default: 30,000. */
  readonly refreshInterval?: number | undefined;
}

/** What to do when another record writes to the same place and can match the same keys. */
export type CrossSyncCheck = 'warn' | 'refuse' | 'off';

export interface ServiceOptions<Drivers extends readonly AnyDestinationDriver[]> {
  /** Give it a durable `store` and a `fingerprintKey`: without them, every record runs once after each restart. */
  readonly engine: SecretSyncEngine<Drivers>;
  /** Where the records are kept. May be the engine's own. */
  readonly store: StateStore;
  /**
   * Carries jobs to the processes that run them. With it nothing runs in this process by itself: what is asked for is put
   * into the queue, and `perform` does it. Default: the service runs its syncs itself, once it was started.
   */
  readonly queue?: SyncQueue | undefined;
  /** Default: `warn`, by the event `cross-sync-conflict`. */
  readonly crossSyncCheck?: CrossSyncCheck | undefined;
  readonly autoSync?: AutoSyncOptions | undefined;
  /** Gets every event. What it throws is ignored. */
  readonly onEvent?: ((event: ServiceEvent) => void) | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  /** 0 up to 1, for jitter. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** Options with every default filled in. */
export interface ResolvedServiceOptions {
  readonly engine: Pick<SecretSyncEngine, 'plan'>;
  readonly port: EnginePort;
  readonly store: StateStore;
  readonly queue: SyncQueue | undefined;
  readonly crossSyncCheck: CrossSyncCheck;
  readonly autoSync: Readonly<Record<Exclude<keyof AutoSyncOptions, 'reconcileInterval'>, number>> &
    Pick<AutoSyncOptions, 'reconcileInterval'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: (event: ServiceEvent) => void;
}

const optional = (least: number) => z.optional(atLeast(least));
const call = z.optional(functionOf<unknown>());

/** The port of an engine; `undefined` for anything else. */
const portOf = (engine: unknown): unknown =>
  typeof engine === 'object' && engine !== null ? Reflect.get(engine, ENGINE_PORT) : undefined;

const optionsSchema = z.strictObject(
  {
    engine: z.custom<unknown>(
      (value) => portOf(value) !== undefined,
      'it must be a SecretSyncEngine of this version',
    ),
    store: withMethods('get', 'put', 'delete', 'list'),
    queue: z.optional(withMethods('enqueue')),
    crossSyncCheck: z.optional(z.enum(['warn', 'refuse', 'off'], 'use "warn", "refuse" or "off"')),
    autoSync: z.optional(
      z.strictObject(
        {
          debounce: optional(0),
          maxDebounce: optional(0),
          pollInterval: optional(1),
          watchPollInterval: optional(1),
          pollJitter: z.optional(share),
          runsPerConnection: optional(1),
          retries: optional(0),
          minPause: optional(1),
          maxPause: optional(1),
          reconcileInterval: optional(1),
          refreshInterval: optional(1),
        },
        unknownFields,
      ),
    ),
    onEvent: call,
    clock: z.optional(withMethods('now', 'sleep')),
    random: call,
  },
  unknownFields,
);

const AUTO_SYNC_DEFAULTS = {
  debounce: 5_000,
  maxDebounce: 60_000,
  pollInterval: 60_000,
  pollJitter: 0.1,
  runsPerConnection: 3,
  retries: 10,
  minPause: 10_000,
  maxPause: 600_000,
  refreshInterval: 30_000,
};

/**
 * Checks all options and fills in the defaults.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export function resolveServiceOptions<Drivers extends readonly AnyDestinationDriver[]>(
  options: ServiceOptions<Drivers>,
): ResolvedServiceOptions {
  const { problems } = validate(optionsSchema, options, { code: 'INVALID_OPTION' });
  if (problems !== undefined)
    throw errorFromProblems('INVALID_OPTION', 'The options of the service are not valid', problems);
  const { engine, store, queue, crossSyncCheck = 'warn', autoSync = {}, onEvent } = options;
  const given = Object.entries(autoSync).filter(([, value]) => value !== undefined);
  return {
    engine,
    port: engine[ENGINE_PORT],
    store,
    queue,
    crossSyncCheck,
    autoSync: {
      ...AUTO_SYNC_DEFAULTS,
      watchPollInterval: 5 * (autoSync.pollInterval ?? AUTO_SYNC_DEFAULTS.pollInterval),
      ...Object.fromEntries(given),
    },
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    emit: (event) => notify(onEvent, event),
  };
}

/** @throws SecretSyncError `INVALID_OPTION` for a service that only puts jobs into a queue. */
export function assertSelfDriven({ queue }: Pick<ResolvedServiceOptions, 'queue'>): void {
  if (queue === undefined) return;
  const message = 'A service with a queue runs nothing by itself; do the jobs of the queue with perform().';
  throw new SecretSyncError('INVALID_OPTION', message);
}
