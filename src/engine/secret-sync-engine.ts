import { isSecretSyncError, SecretSyncError } from '../contracts/errors.js';
import type { Operation, SyncPlan } from '../contracts/plan.js';
import type { SyncResult, UnchangedResult } from '../contracts/result.js';
import type {
  AnyDestinationDriver,
  DefinitionArgument,
  DefinitionFor,
  DefinitionInputFor,
  DestinationName,
} from '../contracts/typed-definition.js';
import { quote } from '../shared/text.js';
import { valueAt } from '../shared/validation.js';
import { inTurns } from '../shared/turns/turns.js';
import {
  parseCallOptions,
  type ApplyCallOptions,
  type CallSignal,
  type ImportCallOptions,
  type PlanCallOptions,
  type RemoveCallOptions,
  type SyncCallOptions,
} from './call-options.js';
import { release, runAlways, runUnless } from './leased-run.js';
import { resolveOptions, type EngineOptions, type ResolvedOptions } from './options.js';
import { decisionRequest, planRun, type DecisionRequest } from './plan-run.js';
import { createPort, ENGINE_PORT, type EnginePort } from './port.js';
import { namingSync } from './resolve/driver-registry.js';
import { prepareSync, type PreparedSync } from './resolve/resolve-sync.js';
import { parseSyncAtPlace, type SyncAtPlace } from './resolve/sync-at-place.js';
import { createEngineContext, type EngineContext } from './run/clients.js';
import { withRun } from './run/run.js';
import { assertConfirmable, checkSavedPlan, type SavedPlan } from './saved-plan.js';

export type {
  ApplyCallOptions,
  CallSignal,
  ImportCallOptions,
  PlanCallOptions,
  RemoveCallOptions,
  SyncCallOptions,
} from './call-options.js';

export type { SyncAtPlace } from './resolve/sync-at-place.js';

/**
 * Keeps destinations equal to a source.
 *
 * Each method prepares the definition before any request and throws `INVALID_DEFINITION` (or the one code that all
 * its problems share) with everything that is wrong. Methods that write hold a lease on the place. Errors are
 * `SecretSyncError`s; an abort rejects with `signal.reason`.
 *
 * @example
 * const engine = new SecretSyncEngine({ source: dotenvSource('.env'), drivers: [qovery({ accessToken })] });
 * const plan = await engine.plan(definition);
 * const result = await engine.apply(plan);
 */
export class SecretSyncEngine<
  const Drivers extends readonly AnyDestinationDriver[] = readonly AnyDestinationDriver[],
> {
  readonly #options: ResolvedOptions;
  readonly #context: EngineContext;
  readonly #port: EnginePort;

  /**
   * Does no I/O.
   *
   * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
   */
  constructor(options: EngineOptions<Drivers>) {
    this.#options = resolveOptions(options);
    this.#context = createEngineContext(this.#options);
    this.#port = createPort(this.#context);
  }

  /**
   * What a service asks of an engine.
   *
   * @internal
   */
  get [ENGINE_PORT](): EnginePort {
    return this.#port;
  }

  /**
   * Decides without writing anything anywhere: the dry run of a sync, an import or a removal.
   *
   * @throws SecretSyncError for what can't be read; `DURABLE_STORE_REQUIRED`, `IMPORT_NOT_SUPPORTED` and
   * `SOURCE_NOT_WRITABLE` for imports. Blocked keys and refused deletions are in the plan's `problems`.
   */
  async plan<Destination extends DestinationName<Drivers>>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: PlanCallOptions = {},
  ): Promise<SyncPlan> {
    const call = parseCallOptions('plan', options);
    const { operation = 'sync' } = call;
    const request = { ...this.#request(operation, call), seal: true };
    const prepare = this.#prepare(definition);
    return withRun(this.#options, prepare, operation, call, async (run) => {
      const { decided } = await planRun(this.#context, run, request, undefined);
      return decided.plan;
    });
  }

  /**
   * Does exactly what a plan says, or refuses. Takes plans that were saved as JSON.
   *
   * @throws SecretSyncError `PLAN_INVALID`, `PLAN_STALE`, `FINGERPRINT_KEY_REQUIRED`, `PLAN_BLOCKED`,
   * `DELETION_REFUSED`, `SYNC_DISABLED`, `SYNC_BUSY`: nothing was written. `SYNC_FAILED`, `STATE_NOT_SAVED`: with
   * the `result`.
   */
  async apply(plan: SyncPlan, options: ApplyCallOptions = {}): Promise<SyncResult> {
    const call = parseCallOptions('apply', options);
    const { keyring, drivers } = this.#options;
    const definition = valueAt(plan, ['definition']);
    const saved = await namingSync(definition, drivers, call.signal, () =>
      inTurns(checkSavedPlan(plan, keyring), call.signal),
    );
    const { confirmDeletions = saved.options.confirmDeletions } = call;
    const prepare = (signal: AbortSignal) =>
      namingSync(definition, drivers, signal, () => this.#prepareSaved(saved, call, signal));
    return runAlways(this.#context, prepare, call, {
      operation: saved.operation,
      options: { ...saved.options, ...(confirmDeletions === undefined ? {} : { confirmDeletions }) },
      keyring: { ...keyring, current: saved.digester },
      seal: true,
      saved,
    });
  }

  /**
   * Plans and applies in one, without reading twice.
   *
   * @throws SecretSyncError as `plan` and `apply` do.
   */
  async sync<Destination extends DestinationName<Drivers>>(
    definition: DefinitionArgument<Drivers, Destination>,
    options?: SyncCallOptions & { readonly unlessDigest?: undefined },
  ): Promise<SyncResult>;
  /** With `unlessDigest`: does nothing where the source still has that digest. */
  async sync<Destination extends DestinationName<Drivers>>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: SyncCallOptions,
  ): Promise<SyncResult | UnchangedResult>;
  async sync<Destination extends DestinationName<Drivers>>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: SyncCallOptions = {},
  ): Promise<SyncResult | UnchangedResult> {
    const call = parseCallOptions('sync', options);
    const { unlessDigest } = call;
    const request = this.#request('sync', call);
    return unlessDigest === undefined
      ? runAlways(this.#context, this.#prepare(definition), call, request)
      : runUnless(unlessDigest, this.#context, this.#prepare(definition), call, request);
  }

  /**
   * Writes secrets of the destination into the source; never writes the destination.
   *
   * @throws SecretSyncError `IMPORT_NOT_SUPPORTED`, `SOURCE_NOT_WRITABLE`, `SOURCE_WRITE_FAILED`, `SYNC_DISABLED`.
   */
  async importSecrets<Destination extends DestinationName<Drivers>>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: ImportCallOptions = {},
  ): Promise<SyncResult> {
    const call = parseCallOptions('importSecrets', options);
    return runAlways(this.#context, this.#prepare(definition), call, this.#request('import', call));
  }

  /**
   * Deletes what this sync wrote or adopted, and forgets the sync at this place. Works for a disabled sync.
   *
   * @throws SecretSyncError `DELETION_REFUSED` where nothing is remembered and `confirmDeletions` does not fit.
   */
  async removeSecrets<Destination extends DestinationName<Drivers>>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: RemoveCallOptions = {},
  ): Promise<SyncResult> {
    const call = parseCallOptions('removeSecrets', options);
    return runAlways(this.#context, this.#prepare(definition), call, this.#request('remove', call));
  }

  /** Forgets what this sync owns at its place without deleting it there: for a sync that is handed over. */
  async release<Destination extends DestinationName<Drivers>>(
    definition: DefinitionArgument<Drivers, Destination>,
    options?: CallSignal,
  ): Promise<void>;
  /** The same for a sync whose definition or connection is gone: by its id, and the identity of the place. */
  async release(target: SyncAtPlace, options?: CallSignal): Promise<void>;
  async release(target: unknown, options: CallSignal = {}): Promise<void> {
    const call = parseCallOptions('release', options);
    const atPlace = parseSyncAtPlace(target);
    await release(this.#context, atPlace === undefined ? this.#prepare(target) : async () => atPlace, call);
  }

  #prepare(definition: unknown) {
    const { drivers } = this.#options;
    return (signal: AbortSignal) =>
      namingSync(definition, drivers, signal, () => prepareSync(definition, this.#options, signal));
  }

  /** Prepares what a plan was made for; refuses a plan that this engine can't apply. */
  async #prepareSaved(saved: SavedPlan, call: ApplyCallOptions, signal: AbortSignal): Promise<PreparedSync> {
    const prepared = await prepareSync(saved.definition, this.#options, signal).catch((error: unknown) => {
      if (!isSecretSyncError(error) || error.problems === undefined) throw error;
      const message = `The plan does not fit this engine: ${error.message}`;
      throw new SecretSyncError('PLAN_INVALID', message, { problems: error.problems });
    });
    if (prepared.place !== saved.place) {
      const message = `The plan is for ${quote(saved.place)}, and its definition points at ${quote(prepared.place)} with this engine's connection; make a new plan.`;
      throw new SecretSyncError('PLAN_INVALID', message);
    }
    assertConfirmable(saved.plan, call.confirmDeletions);
    return prepared;
  }

  #request(operation: Operation, options: PlanCallOptions): DecisionRequest {
    return decisionRequest(this.#options, operation, options);
  }
}

/** A parsed definition of an engine's drivers. */
export type DefinitionOf<Engine> =
  Engine extends SecretSyncEngine<infer Drivers> ? DefinitionFor<Drivers> : never;

/**
 * What a user may type for an engine's drivers: with `satisfies`, a definition that is declared by itself is completed
 * and checked like one that is typed into a call, and needs no `as const`.
 *
 * @example
 * const sync = { name: 'nightly', destination: 'qovery', destinationConfig } satisfies DefinitionInputOf<typeof engine>;
 */
export type DefinitionInputOf<Engine> =
  Engine extends SecretSyncEngine<infer Drivers> ? DefinitionInputFor<Drivers> : never;
