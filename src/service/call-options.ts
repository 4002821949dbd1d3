import * as z from 'zod/mini';
import type { DiscoveryRequest } from '../engine/destinations.js';
import {
  CALL_SCHEMAS,
  type CallSignal,
  type ImportCallOptions,
  type PlanCallOptions,
  type RemoveCallOptions,
  type SyncCallOptions,
} from '../engine/call-options.js';
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
import { isSecretSyncError, type SecretSyncError } from '../contracts/errors.js';
import { isRecord } from '../shared/arguments/rules.js';
import { errorFromProblems } from '../shared/problems.js';
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

/** The options that each method of a service takes. */
interface ServiceMethods {
  readonly plan: PlanCallOptions;
  readonly sync: ServiceSyncOptions;
  readonly importSecrets: ImportCallOptions;
  readonly removeSecrets: RemoveCallOptions;
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

const SCHEMAS: { readonly [Method in keyof ServiceMethods]: z.ZodMiniType<ServiceMethods[Method]> } = {
  plan: CALL_SCHEMAS.plan,
  importSecrets: CALL_SCHEMAS.importSecrets,
  removeSecrets: CALL_SCHEMAS.removeSecrets,
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
export function parseServiceOptions<Method extends keyof ServiceMethods>(
  method: Method,
  options: unknown,
): ServiceMethods[Method] {
  return parseOptions(SCHEMAS[method], options, `The options of ${method}() are not valid`);
}

type Attempt<Value> = { readonly value: Value } | { readonly error: SecretSyncError };

function attempt<Value>(parse: () => Value): Attempt<Value> {
  try {
    return { value: parse() };
  } catch (error) {
    if (isSecretSyncError(error)) return { error };
    throw error;
  }
}

/**
 * Parses the two arguments of a method.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong with either.
 */
export function parseBoth<First, Second>(
  method: string,
  first: () => First,
  second: () => Second,
): readonly [First, Second] {
  const one = attempt(first);
  const other = attempt(second);
  if ('error' in one && 'error' in other) {
    const problems = [one.error, other.error].flatMap((error) => error.problems ?? []);
    throw errorFromProblems('INVALID_OPTION', `The arguments of ${method}() are not valid`, problems);
  }
  if ('error' in one) throw one.error;
  if ('error' in other) throw other.error;
  return [one.value, other.value];
}

const idSchema = string.check(z.minLength(1, 'it is empty; pass the id or the name of a sync'));

/** Returns the id or name of a record as it was given, or throws `INVALID_OPTION` where it is none. */
export function parseIdOrName(idOrName: unknown): string {
  return parseOptions(idSchema, idOrName, 'The id or name of a sync is not valid', { path: 'idOrName' });
}

const changesSchema = z.custom<object>(isRecord, 'it must be an object');

const parseChanges = <Changes extends object>(changes: Changes): Changes => {
  parseOptions(changesSchema, changes, 'The changes of a sync are not valid', { path: 'changes' });
  return changes;
};

/**
 * Parses the arguments of a method that is called for one sync: its id or name, and options.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong with either; before any I/O.
 */
export const parseSyncCall = <Method extends keyof ServiceMethods>(
  method: Method,
  idOrName: unknown,
  options: unknown,
): readonly [idOrName: string, options: ServiceMethods[Method]] =>
  parseBoth(
    method,
    () => parseIdOrName(idOrName),
    () => parseServiceOptions(method, options),
  );

/** Parses the arguments of `updateSync`, as {@link parseSyncCall}; the changes are returned as they were given. */
export function parseUpdateCall<Changes extends object>(
  idOrName: unknown,
  changes: Changes,
  options: unknown,
): readonly [idOrName: string, changes: Changes, version: number | undefined] {
  const [given, [sync, { version }]] = parseBoth(
    'updateSync',
    () => parseChanges(changes),
    () => parseSyncCall('updateSync', idOrName, options),
  );
  return [sync, given, version];
}

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
