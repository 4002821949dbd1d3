import * as z from 'zod/mini';
import type { Clock } from '../contracts/clock.js';
import type { StateStore } from '../contracts/state-store.js';
import { validate } from '../shared/validation.js';
import { atLeast, functionOf, share, unknownFields, withMethods } from '../shared/option-schemas.js';
import { notify } from '../engine/boundary/guard-call.js';
import type { SecretSyncEngine } from '../engine/secret-sync-engine.js';
import { systemClock } from '../shared/clock.js';
import type { ServiceEvent } from './events.js';
import { errorFromProblems } from '../shared/problems.js';
import type { AnyDestinationDriver } from '../contracts/typed-definition.js';

/** How a service runs syncs by itself. Times in ms. */
export interface AutoSyncOptions {
  /** How long nothing must have changed at the source before a run. Default: 5,000. */
  readonly debounce?: number;
  /** The longest that a run is put off by changes that do not end. Default: 60,000. */
  readonly maxDebounce?: number;
  /** How often a source without `watch` is looked at. Default: 60,000. */
  readonly pollInterval?: number;
  /** By how much of itself that interval varies, to both sides: 0 to 1. Default: 0.1. */
  readonly pollJitter?: number;
  /** How many runs go through one connection at once. Default: 3. */
  readonly runsPerConnection?: number;
  /** How often a run that failed is tried again before it is left until the next change. Default: 10. */
  readonly retries?: number;
  /** The pause before the first of these; it doubles with each. Default: 10,000. */
  readonly minPause?: number;
  /** The longest such pause. Default: 600,000. */
  readonly maxPause?: number;
  /**
   * How often each record is run although nothing has changed at its source, to put right what was changed at the
   * destination. Default: never.
   */
  readonly reconcileInterval?: number;
  /** How often the records are read again, to see what other processes made of them. Default: 30,000. */
  readonly refreshInterval?: number;
}

/** What to do when another record writes to the same place and can match the same keys. */
export type CrossSyncCheck = 'warn' | 'refuse' | 'off';

export interface ServiceOptions<Drivers extends readonly AnyDestinationDriver[]> {
  /** Give it a durable `store` and a `fingerprintKey`: else every record runs once after each restart. */
  readonly engine: SecretSyncEngine<Drivers>;
  /** Where the records are kept. May be the engine's own. */
  readonly store: StateStore;
  /** Default: `warn`, by the event `cross-sync-conflict`. */
  readonly crossSyncCheck?: CrossSyncCheck;
  readonly autoSync?: AutoSyncOptions;
  /** Gets every event. What it throws is ignored. */
  readonly onEvent?: (event: ServiceEvent) => void;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** 0 up to 1, for jitter. Default: `Math.random`. */
  readonly random?: () => number;
}

/** The engine, as the service uses it: with definitions that were read from JSON. */
export type ServiceEngine = Pick<
  SecretSyncEngine,
  | 'source'
  | 'destinations'
  | 'inspect'
  | 'digestSource'
  | 'plan'
  | 'sync'
  | 'importSecrets'
  | 'removeSecrets'
  | 'release'
>;

/** Options with every default filled in. */
export interface ResolvedServiceOptions {
  readonly engine: ServiceEngine;
  readonly store: StateStore;
  readonly crossSyncCheck: CrossSyncCheck;
  readonly autoSync: Required<Omit<AutoSyncOptions, 'reconcileInterval'>> &
    Pick<AutoSyncOptions, 'reconcileInterval'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: (event: ServiceEvent) => void;
}

const optional = (least: number) => z.optional(atLeast(least));
const call = z.optional(functionOf<unknown>());

const optionsSchema = z.strictObject(
  {
    engine: withMethods('inspect', 'digestSource', 'plan', 'sync'),
    store: withMethods('get', 'put', 'delete', 'list'),
    crossSyncCheck: z.optional(z.enum(['warn', 'refuse', 'off'], 'use "warn", "refuse" or "off"')),
    autoSync: z.optional(
      z.strictObject(
        {
          debounce: optional(0),
          maxDebounce: optional(0),
          pollInterval: optional(1),
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
  const { engine, store, crossSyncCheck = 'warn', autoSync = {}, onEvent } = options;
  const given = Object.entries(autoSync).filter(([, value]) => value !== undefined);
  return {
    engine,
    store,
    crossSyncCheck,
    autoSync: { ...AUTO_SYNC_DEFAULTS, ...Object.fromEntries(given) },
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    emit: (event) => notify(onEvent, event),
  };
}
