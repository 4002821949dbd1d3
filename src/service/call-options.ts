import * as z from 'zod/mini';
import type { DiscoveryRequest } from '../engine/destinations.js';
import type { CallSignal, RemoveCallOptions, SyncCallOptions } from '../engine/secret-sync-engine.js';
import {
  atLeast,
  flag,
  milliseconds,
  oneOf,
  optionsOf,
  signal,
  string,
  functionOf,
} from '../shared/option-schemas.js';
import type { FindDueOptions, PerformOptions, RunOptions, SyncJob } from './runs/sync-job.js';
import { isRecord } from '../shared/arguments/rules.js';
import { parseOptions } from '../shared/validation.js';

/** Which records `listSyncs` returns. Default: all. */
export interface SyncFilter {
  readonly projectId?: string | undefined;
  readonly destination?: string | undefined;
  readonly connectionId?: string | undefined;
}

export interface UpdateOptions {
  /** The version of the record that the changes were made for: with another one, they are refused. */
  readonly version?: number | undefined;
}

export interface DeleteOptions extends RemoveCallOptions {
  /** Whether the secrets at the destination are deleted first. Default: false: they stay, and no sync owns them. */
  readonly removeSecrets?: boolean | undefined;
}

/** A destination that a sync may be created for. */
export interface DestinationQuery {
  /** The name of a driver. */
  readonly destination: string;
  readonly destinationConfig: unknown;
  /** Default: that of `excludeSyncId`; without one, the credentials of the driver. */
  readonly connectionId?: string | undefined;
  /** The id of a sync that does not count: the one that is being changed. */
  readonly excludeSyncId?: string | undefined;
}

/** Options of a sync that a caller waits for. The service itself knows whether the source has changed. */
export type ServiceSyncOptions = Omit<SyncCallOptions, 'unlessDigest'>;

/** Options of a run that no caller waits for. */
export type RunRequest<Options> = Omit<Options, 'signal' | 'onEvent' | 'unlessDigest'>;

export interface StopOptions {
  /** How long runs that are in progress may take to end, in ms; then they are aborted. Default: 30,000. */
  readonly timeout?: number | undefined;
}

/** The options of the methods that only a service has. */
interface OwnOptions {
  readonly sync: ServiceSyncOptions;
  readonly requestSync: Pick<RunOptions, 'force' | 'confirmDeletions'>;
  readonly requestImport: Pick<RunOptions, 'importBehavior'>;
  readonly requestRemoval: Pick<RunOptions, 'confirmDeletions'>;
  readonly findDue: FindDueOptions;
  readonly perform: PerformOptions;
  readonly listSyncs: SyncFilter;
  readonly updateSync: UpdateOptions;
  readonly deleteSync: DeleteOptions;
  readonly stop: StopOptions;
  readonly discover: CallSignal;
  readonly check: DestinationQuery;
}

const optionalString = z.optional(string);
const importBehavior = z.optional(oneOf('prioritize-source', 'prioritize-destination'));
const onEvent = z.optional(functionOf<NonNullable<RemoveCallOptions['onEvent']>>());
const confirmDeletions = z.optional(atLeast(0, ', the number of deletions that the plan shows'));

const OWN_SCHEMAS: { readonly [Method in keyof OwnOptions]: z.ZodMiniType<OwnOptions[Method]> } = {
  sync: optionsOf({ signal: z.optional(signal), onEvent, force: z.optional(flag), confirmDeletions }),
  listSyncs: optionsOf({
    projectId: optionalString,
    destination: optionalString,
    connectionId: optionalString,
  }),
  updateSync: optionsOf({ version: z.optional(atLeast(1)) }),
  deleteSync: optionsOf({
    signal: z.optional(signal),
    onEvent,
    confirmDeletions,
    removeSecrets: z.optional(flag),
  }),
  requestSync: optionsOf({ force: z.optional(flag), confirmDeletions }),
  requestImport: optionsOf({ importBehavior }),
  requestRemoval: optionsOf({ confirmDeletions }),
  findDue: optionsOf({
    location: z.optional(
      optionsOf({ projectId: optionalString, environment: optionalString, secretPath: optionalString }),
    ),
    signal: z.optional(signal),
  }),
  perform: optionsOf({
    signal: z.optional(signal),
    jobId: optionalString,
    runsPerConnection: z.optional(atLeast(1)),
    onEvent,
  }),
  stop: optionsOf({ timeout: z.optional(milliseconds(0)) }),
  discover: optionsOf({ signal: z.optional(signal), onEvent }),
  check: optionsOf({
    destination: string,
    destinationConfig: z.unknown(),
    connectionId: optionalString,
    excludeSyncId: optionalString,
  }),
};

/**
 * Parses the options of a call of a service's method.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong; before any I/O.
 */
export function parseServiceOptions<Method extends keyof OwnOptions>(
  method: Method,
  options: unknown,
): OwnOptions[Method] {
  return parseOptions(OWN_SCHEMAS[method], options, `The options of ${method}() are not valid`);
}

const idSchema = string.check(z.minLength(1, 'it is empty; pass the id or the name of a sync'));

/** Returns the id or name of a record as it was given, or throws `INVALID_OPTION` where it is none. */
export function parseIdOrName(idOrName: unknown): string {
  return parseOptions(idSchema, idOrName, 'The id or name of a sync is not valid', { path: 'idOrName' });
}

const changesSchema = z.custom<object>(isRecord, 'it must be an object');

/** Returns the changes of a definition as they were given, or throws `INVALID_OPTION` where they are no object. */
export const parseChanges = <Changes extends object>(changes: Changes): Changes => {
  parseOptions(changesSchema, changes, 'The changes of a sync are not valid', { path: 'changes' });
  return changes;
};

const discoverySchema: z.ZodMiniType<DiscoveryRequest> = optionsOf({
  destination: string,
  connectionId: optionalString,
  path: string,
  ids: z.optional(z.record(string, string)),
});

/** Returns what `discover` is asked for, or throws `INVALID_OPTION`, with everything that is wrong. */
export const parseDiscovery = (request: unknown): DiscoveryRequest =>
  parseOptions(discoverySchema, request, 'The request of discover() is not valid');

const jobSchema: z.ZodMiniType<SyncJob> = optionsOf({
  syncId: string,
  operation: oneOf('sync', 'import', 'remove'),
  cause: oneOf('created', 'manual', 'change', 'retry', 'reconcile', 'deleted'),
  options: z.exactOptional(optionsOf({ force: z.optional(flag), confirmDeletions, importBehavior })),
  sourceDigest: z.exactOptional(string),
});

/** Returns a job as a queue gave it back, or throws `INVALID_OPTION`: what it holds comes into records. */
export const parseJob = (job: unknown): SyncJob =>
  parseOptions(jobSchema, job, 'The job is not valid', { path: 'job' });
