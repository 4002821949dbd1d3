import { isSecretSyncError, SecretSyncError } from '../contracts/errors.js';
import type { Operation, SyncPlan } from '../contracts/plan.js';
import { quote } from '../shared/text.js';
import {
  checkConfirmation,
  planOptions,
  type ApplyCallOptions,
  type CallSignal,
  type ImportCallOptions,
  type PlanCallOptions,
  type RemoveCallOptions,
  type SyncCallOptions,
} from './call-options.js';
import { consider, type DecisionRequest } from './plan-run.js';
import { considerAndApply } from './plan-and-apply.js';
import { untilAborted } from '../shared/abort.js';
import { notify } from './boundary/guard-call.js';
import { acquireLease, type Lease } from './state/lease.js';
import { resolveOptions, type EngineOptions, type ResolvedOptions } from './options.js';
import { prepareSync, type PreparedSync } from './resolve/resolve-sync.js';
import { createPort, ENGINE_PORT, type EnginePort, type RunHooks, type SyncAtPlace } from './port.js';
import { withRun, type AtPlace, type Run } from './run/run.js';
import { assertConfirmable, checkSavedPlan } from './saved-plan.js';
import { storeKeys } from './state/store-keys.js';
import type { ErrorProblem } from '../contracts/error-codes.js';
import type { SyncResult } from '../contracts/result.js';
import { errorFromProblems } from '../shared/problems.js';
import { valueAt } from '../shared/validation.js';
import type {
  AnyDestinationDriver,
  DefinitionArgument,
  DefinitionFor,
} from '../contracts/typed-definition.js';
import { createEngineContext, type EngineContext } from './run/clients.js';

export type {
  ApplyCallOptions,
  CallSignal,
  ImportCallOptions,
  PlanCallOptions,
  RemoveCallOptions,
  SyncCallOptions,
} from './call-options.js';

export type { SyncAtPlace } from './port.js';

type Prepare = (signal: AbortSignal) => Promise<PreparedSync>;

/** How a call is made, beyond what it asks for. */
type Call = Pick<ImportCallOptions, 'signal'> & RunHooks;

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
  #toldAboutStore = false;

  /**
   * Does no I/O.
   *
   * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
   */
  constructor(options: EngineOptions<Drivers>) {
    this.#options = resolveOptions(options);
    this.#context = createEngineContext(this.#options);
    this.#port = createPort(this.#options, {
      run: async (operation, prepare, call, source) =>
        this.#run(prepare, call, { ...this.#request(operation, call), source }),
      release: (target, call) => this.#release(target, call),
    });
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
   * `SOURCE_NOT_WRITABLE` for imports. Blocked keys and refused deletions stand in the plan's `problems`.
   */
  async plan<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: PlanCallOptions = {},
  ): Promise<SyncPlan> {
    const { operation = 'sync' } = options;
    const request = this.#request(operation, options);
    const prepare = this.#prepare(definition);
    return withRun(this.#options, prepare, operation, options.signal, async (run) => {
      const { decided } = await consider(this.#context, run, request, undefined);
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
    checkConfirmation(options.confirmDeletions);
    const saved = checkSavedPlan(plan, this.#options.keyring);
    const { confirmDeletions = saved.options.confirmDeletions } = options;
    const prepare = async (signal: AbortSignal) => {
      const prepared = await this.#prepare(saved.definition)(signal).catch((error: unknown) => {
        if (!isSecretSyncError(error) || error.problems === undefined) throw error;
        const message = `The plan does not fit this engine: ${error.message}`;
        throw new SecretSyncError('PLAN_INVALID', message, { problems: error.problems });
      });
      if (prepared.place !== saved.place) {
        const message = `The plan is for ${quote(saved.place)}, and its definition points at ${quote(prepared.place)} with this engine's connection; make a new plan.`;
        throw new SecretSyncError('PLAN_INVALID', message);
      }
      assertConfirmable(saved.plan, options.confirmDeletions);
      return prepared;
    };
    return this.#runAlways(prepare, options, {
      operation: saved.operation,
      options: { ...saved.options, ...(confirmDeletions === undefined ? {} : { confirmDeletions }) },
      keyring: { ...this.#options.keyring, current: saved.digester },
      saved,
    });
  }

  /**
   * Plans and applies in one, without reading twice.
   *
   * @throws SecretSyncError as `plan` and `apply` do.
   */
  async sync<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: SyncCallOptions = {},
  ): Promise<SyncResult> {
    return this.#runAlways(this.#prepare(definition), options, this.#request('sync', options));
  }

  /**
   * Writes secrets of the destination into the source; never writes the destination.
   *
   * @throws SecretSyncError `IMPORT_NOT_SUPPORTED`, `SOURCE_NOT_WRITABLE`, `SOURCE_WRITE_FAILED`, `SYNC_DISABLED`.
   */
  async importSecrets<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: ImportCallOptions = {},
  ): Promise<SyncResult> {
    return this.#runAlways(this.#prepare(definition), options, this.#request('import', options));
  }

  /**
   * Deletes what this sync wrote or adopted, and forgets the sync at this place. Works for a disabled sync.
   *
   * @throws SecretSyncError `DELETION_REFUSED` where nothing is remembered and `confirmDeletions` does not fit.
   */
  async removeSecrets<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: RemoveCallOptions = {},
  ): Promise<SyncResult> {
    return this.#runAlways(this.#prepare(definition), options, this.#request('remove', options));
  }

  /** Forgets what this sync owns at its place without deleting it there: for a sync that is handed over. */
  async release<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
    options?: CallSignal,
  ): Promise<void>;
  /** The same for a sync whose definition or connection is gone: by its id, and the identity of the place. */
  async release(target: SyncAtPlace, options?: CallSignal): Promise<void>;
  async release(target: unknown, options: CallSignal = {}): Promise<void> {
    await this.#release(target, options);
  }

  async #release(target: unknown, call: Call): Promise<void> {
    const atPlace = syncAtPlace(target);
    const prepare: (signal: AbortSignal) => Promise<AtPlace> =
      atPlace === undefined ? this.#prepare(target) : async () => atPlace;
    await this.#leased(prepare, 'remove', call, async (run, lease) => {
      const { definition, place } = run.prepared;
      const loaded = await this.#context.state.load(place, run.signal);
      loaded.memory.forgetSync(definition.id);
      lease.check();
      await untilAborted(loaded.save(), run.signal, run.clock);
      await call.onSucceeded?.();
    });
  }

  #prepare(definition: unknown) {
    return (signal: AbortSignal) => prepareSync(definition, this.#options, signal);
  }

  #request(operation: Operation, options: PlanCallOptions & RunHooks): DecisionRequest {
    return {
      operation,
      options: planOptions(operation, options),
      keyring: this.#options.keyring,
      onSourceDigest: options.onSourceDigest,
    };
  }

  async #leased<Result, Prepared extends AtPlace>(
    prepare: (signal: AbortSignal) => Promise<Prepared>,
    operation: Operation,
    { signal }: Call,
    work: (run: Run<Prepared>, lease: Lease) => Promise<Result>,
  ): Promise<Result> {
    const prepareAndTell = async (ended: AbortSignal) => {
      const prepared = await prepare(ended);
      this.#tellAboutStore();
      return prepared;
    };
    return withRun(this.#options, prepareAndTell, operation, signal, async (run) => {
      const lease = await acquireLease(this.#options, run, storeKeys(run.prepared.place).lease);
      try {
        return await work(run, lease);
      } finally {
        await lease.release();
      }
    });
  }

  /** `undefined` where it was not wanted any more when it had its turn. */
  async #run(prepare: Prepare, call: Call, request: DecisionRequest): Promise<SyncResult | undefined> {
    const prepareEnabled = async (ended: AbortSignal) => {
      const prepared = await prepare(ended);
      const { isEnabled, name } = prepared.definition;
      if (isEnabled || request.operation === 'remove') return prepared;
      const message = `The sync ${quote(name)} is disabled; set isEnabled, or plan it.`;
      throw new SecretSyncError('SYNC_DISABLED', message);
    };
    return this.#leased(prepareEnabled, request.operation, call, async (run, lease) => {
      const { runId } = run.fields;
      const wanted = await call.assertWanted?.({ runId, place: run.prepared.place });
      const result =
        wanted === false
          ? undefined
          : await considerAndApply(this.#context, run, lease, {
              ...request,
              unlessDigest: wanted?.unlessDigest,
            });
      if (result === undefined) run.emit({ ...run.fields, type: 'run-unneeded' });
      else await call.onSucceeded?.();
      return result;
    });
  }

  /** For a call without conditions. */
  async #runAlways(prepare: Prepare, { signal }: CallSignal, request: DecisionRequest): Promise<SyncResult> {
    const result = await this.#run(prepare, { ...(signal && { signal }) }, request);
    if (result === undefined) throw new Error('A run without a condition is always needed.');
    return result;
  }

  #tellAboutStore(): void {
    if (this.#options.isStoreExplicit || this.#toldAboutStore) return;
    this.#toldAboutStore = true;
    const message =
      'No store was passed: ownership and first syncs are forgotten when this process ends, and nothing keeps two processes from one place. Pass a durable store.';
    notify(this.#options.onEvent, { type: 'store-not-durable', message });
  }
}

/** A sync that is named by its id and place; `undefined` for a definition, which has no such fields. */
function syncAtPlace(target: unknown): AtPlace | undefined {
  const [syncId, place] = [valueAt(target, ['syncId']), valueAt(target, ['place'])];
  if (syncId === undefined && place === undefined) return undefined;
  const wrong = Object.entries({ syncId, place }).flatMap(([path, value]): ErrorProblem[] => {
    const message = 'it must be a string that is not empty';
    return typeof value === 'string' && value !== '' ? [] : [{ code: 'INVALID_OPTION', path, message }];
  });
  if (wrong.length > 0) throw errorFromProblems('INVALID_OPTION', 'The sync to release is not valid', wrong);
  return { definition: { id: String(syncId) }, place: String(place) };
}

/** A parsed definition of an engine's drivers. */
export type DefinitionOf<Engine> =
  Engine extends SecretSyncEngine<infer Drivers> ? DefinitionFor<Drivers> : never;
