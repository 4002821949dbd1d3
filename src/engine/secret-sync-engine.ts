import type { SyncDefinition } from '../contracts/definition.js';
import { isSecretSyncError, SecretSyncError } from '../contracts/errors.js';
import type { Operation, SyncPlan } from '../contracts/plan.js';
import { quote } from '../shared/text.js';
import type { SecretSource, SourceLocation } from '../contracts/source.js';
import { sourceDigest } from '../core/fingerprint/fingerprint.js';
import { locationIn } from '../core/inputs/location.js';
import {
  parseCallOptions,
  planOptions,
  type ApplyCallOptions,
  type CallSignal,
  type ImportCallOptions,
  type PlanCallOptions,
  type RemoveCallOptions,
  type SyncCallOptions,
} from './call-options.js';
import { planRun, type DecisionRequest } from './plan-run.js';
import { planAndApply, planAndApplyUnless } from './plan-and-apply.js';
import { followSignals, untilAborted } from '../shared/abort.js';
import { notify } from './boundary/guard-call.js';
import { acquireLease, type Lease } from './state/lease.js';
import { resolveOptions, type EngineOptions, type ResolvedOptions } from './options.js';
import { prepareSync, type PreparedSync } from './resolve/resolve-sync.js';
import { readLocation } from './run/read.js';
import { withRun, type Run } from './run/run.js';
import { assertConfirmable, checkSavedPlan } from './saved-plan.js';
import { storeKeys } from './state/store-keys.js';
import type { SyncResult, UnchangedResult } from '../contracts/result.js';
import type {
  AnyDestinationDriver,
  DefinitionArgument,
  DefinitionFor,
} from '../contracts/typed-definition.js';
import { createEngineContext, type EngineContext } from './run/clients.js';
import { createDestinationCatalog, type DestinationCatalog } from './destinations.js';

export type {
  ApplyCallOptions,
  CallSignal,
  ImportCallOptions,
  PlanCallOptions,
  RemoveCallOptions,
  SyncCallOptions,
} from './call-options.js';

/** What an engine makes of a definition. */
export interface InspectedSync {
  /** With every default filled in. */
  readonly definition: SyncDefinition;
  /** The identity of the place. */
  readonly place: string;
  /** The name of the driver. */
  readonly app: string;
}

type Prepare = (signal: AbortSignal) => Promise<PreparedSync>;

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
  #toldAboutStore = false;

  /**
   * Does no I/O.
   *
   * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
   */
  constructor(options: EngineOptions<Drivers>) {
    this.#options = resolveOptions(options);
    this.#context = createEngineContext(this.#options);
  }

  /** Where the secrets come from. */
  get source(): SecretSource {
    return this.#options.source;
  }

  /** What the engine knows of its drivers. @internal */
  get destinations(): DestinationCatalog {
    return createDestinationCatalog(this.#options);
  }

  /** Checks a definition as every method does, and answers what it means. Sends and reads nothing. */
  async inspect<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
  ): Promise<InspectedSync> {
    const { definition: parsed, place, driver } = await prepareSync(definition, this.#options);
    return { definition: parsed, place, app: driver.name };
  }

  /**
   * A digest, under the fingerprint key, of what the source holds for a definition: equal as long as nothing changes
   * there. Definitions of one location share it.
   *
   * @throws SecretSyncError `SOURCE_READ_FAILED`.
   */
  async digestSource(location: SourceLocation, options: Pick<CallSignal, 'signal'> = {}): Promise<string> {
    const place = locationIn(location);
    // A signal of its own: the source can leave listeners on it.
    const { signal, release } = followSignals(parseCallOptions('digestSource', options).signal);
    try {
      const snapshot = await readLocation(this.#options, place, signal);
      return sourceDigest(this.#options.keyring.current, place, snapshot);
    } finally {
      release();
    }
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
    const saved = checkSavedPlan(plan, this.#options.keyring);
    const { confirmDeletions = saved.options.confirmDeletions } = call;
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
      assertConfirmable(saved.plan, call.confirmDeletions);
      return prepared;
    };
    return this.#run(prepare, call, {
      operation: saved.operation,
      options: { ...saved.options, ...(confirmDeletions === undefined ? {} : { confirmDeletions }) },
      keyring: { ...this.#options.keyring, current: saved.digester },
      seal: true,
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
    options?: SyncCallOptions & { readonly unlessDigest?: undefined },
  ): Promise<SyncResult>;
  /** With `unlessDigest`: does nothing where the source still has that digest. */
  async sync<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: SyncCallOptions,
  ): Promise<SyncResult | UnchangedResult>;
  async sync<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: SyncCallOptions = {},
  ): Promise<SyncResult | UnchangedResult> {
    const call = parseCallOptions('sync', options);
    const { unlessDigest } = call;
    const request = this.#request('sync', call);
    return this.#write(this.#prepare(definition), call, request, (run, lease) =>
      unlessDigest === undefined
        ? planAndApply(this.#context, run, lease, request)
        : planAndApplyUnless(unlessDigest, this.#context, run, lease, request),
    );
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
    const call = parseCallOptions('importSecrets', options);
    return this.#run(this.#prepare(definition), call, this.#request('import', call));
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
    const call = parseCallOptions('removeSecrets', options);
    return this.#run(this.#prepare(definition), call, this.#request('remove', call));
  }

  /** Forgets what this sync owns at its place without deleting it there: for a sync that is handed over. */
  async release<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: CallSignal = {},
  ): Promise<void> {
    const call = parseCallOptions('release', options);
    await this.#leased(this.#prepare(definition), 'remove', call, async (run, lease) => {
      const { definition: released } = run.prepared;
      const loaded = await this.#context.state.load(run.prepared, run.signal);
      loaded.memory.forgetSync(released.id);
      lease.check();
      await untilAborted(loaded.save(), run.signal, run.clock);
    });
  }

  #prepare(definition: unknown) {
    return (signal: AbortSignal) => prepareSync(definition, this.#options, signal);
  }

  #request(operation: Operation, options: PlanCallOptions): DecisionRequest {
    return {
      operation,
      options: planOptions(operation, options),
      keyring: this.#options.keyring,
      seal: false,
    };
  }

  async #leased<Result>(
    prepare: Prepare,
    operation: Operation,
    call: CallSignal,
    work: (run: Run, lease: Lease) => Promise<Result>,
  ): Promise<Result> {
    const prepareAndTell = async (ended: AbortSignal) => {
      const prepared = await prepare(ended);
      this.#tellAboutStore();
      return prepared;
    };
    return withRun(this.#options, prepareAndTell, operation, call, async (run) => {
      const lease = await acquireLease(this.#options, run, storeKeys(run.prepared.place).lease);
      try {
        return await work(run, lease);
      } finally {
        await lease.release();
      }
    });
  }

  async #run(prepare: Prepare, call: CallSignal, request: DecisionRequest): Promise<SyncResult> {
    return this.#write(prepare, call, request, (run, lease) =>
      planAndApply(this.#context, run, lease, request),
    );
  }

  async #write<Result>(
    prepare: Prepare,
    call: CallSignal,
    request: DecisionRequest,
    work: (run: Run, lease: Lease) => Promise<Result>,
  ): Promise<Result> {
    const prepareEnabled = async (ended: AbortSignal) => {
      const prepared = await prepare(ended);
      const { isEnabled, name } = prepared.definition;
      if (isEnabled || request.operation === 'remove') return prepared;
      const message = `The sync ${quote(name)} is disabled; set isEnabled, or plan it.`;
      throw new SecretSyncError('SYNC_DISABLED', message);
    };
    return this.#leased(prepareEnabled, request.operation, call, work);
  }

  #tellAboutStore(): void {
    if (this.#options.isStoreExplicit || this.#toldAboutStore) return;
    this.#toldAboutStore = true;
    const message =
      'No store was passed: ownership and first syncs are forgotten when this process ends, and nothing keeps two processes from one place. Pass a durable store.';
    notify(this.#options.onEvent, { type: 'store-not-durable', message });
  }
}

/** A parsed definition of an engine's drivers. */
export type DefinitionOf<Engine> =
  Engine extends SecretSyncEngine<infer Drivers> ? DefinitionFor<Drivers> : never;
