import type {
  AnyDestinationDriver,
  DefinitionFor,
  DefinitionArgument,
  ImportBehavior,
  SyncDefinition,
} from '../contracts/definition.js';
import { errorFromProblems, isSecretSyncError, SecretSyncError } from '../contracts/errors.js';
import type { Operation, PlanOptions, SyncPlan, SyncResult } from '../contracts/plan.js';
import { quote } from '../contracts/quote.js';
import { decide, type DecidedPlan } from '../core/decide.js';
import type { SecretSource, SourceLocation } from '../contracts/source.js';
import { sourceDigest, type Keyring } from '../core/fingerprint.js';
import { isRemembered } from '../core/removal.js';
import { createHttpClient, type GuardedHttpClient } from '../http/client.js';
import { applyDecided, sourceChanges } from './apply.js';
import { guarded } from './failures.js';
import { acquireLease, type Lease } from './lease.js';
import { resolveOptions, type EngineOptions, type ResolvedOptions } from './options.js';
import { prepareSync, type PreparedSync } from './prepare.js';
import {
  both,
  clientFor,
  connect,
  locationIn,
  locationOf,
  NO_SECRETS,
  readDestination,
  readLocation,
  readSource,
} from './read.js';
import { emitEvent, withRun, type Run } from './run.js';
import {
  assertApplicable,
  assertConfirmable,
  assertNotStale,
  checkSavedPlan,
  type SavedPlan,
} from './saved-plan.js';
import { createStateRepository, type LoadedPlace, type StateRepository } from './state.js';
import { storeKeys } from './store-access.js';

/** Options of every call. */
export interface CallSignal {
  /** Ends the call, which then rejects with `signal.reason`. What had been written is remembered. */
  readonly signal?: AbortSignal;
}

export interface SyncCallOptions extends CallSignal {
  /** Write also what looks equal. Default: false. */
  readonly force?: boolean;
  /** The number of deletions that the plan shows, to let it do what it would else refuse. */
  readonly confirmDeletions?: number;
  /** Gets the digest of the source as this call read it, as `digestSource` gives it; of the last read, if it reads again. */
  readonly onSourceDigest?: (digest: string) => void;
}

/** What an engine makes of a definition. */
export interface InspectedSync {
  /** With every default filled in. */
  readonly definition: SyncDefinition;
  /** The identity of the place. */
  readonly place: string;
  /** The name of the driver. */
  readonly app: string;
}

export interface PlanCallOptions extends SyncCallOptions {
  /** Default: `sync`. */
  readonly operation?: Operation;
  /** For the operation `import`. Default: `prioritize-source`. */
  readonly importBehavior?: ImportBehavior;
}

export interface ApplyCallOptions extends CallSignal {
  /** The number of deletions that the plan shows; wins over the number that it was planned with. */
  readonly confirmDeletions?: number;
}

export interface ImportCallOptions extends CallSignal {
  /** Which side wins where both hold a key. Default: `prioritize-source`. */
  readonly importBehavior?: ImportBehavior;
}

export interface RemoveCallOptions extends CallSignal {
  /** Needed where nothing is remembered of the sync: the number of deletions that the plan shows. */
  readonly confirmDeletions?: number;
}

/** What a decision needs beyond the definition. */
interface Request {
  readonly operation: Operation;
  readonly options: PlanOptions;
  /** Seals with this key, so that digests can be compared with those of a saved plan. */
  readonly keyring: Keyring;
  /** The plan that must come out, if one must. */
  readonly saved?: SavedPlan;
  readonly onSourceDigest?: ((digest: string) => void) | undefined;
}

/** A decision, with what it was made from. */
interface Considered {
  readonly decided: DecidedPlan;
  readonly loaded: LoadedPlace;
  readonly connection: ReturnType<typeof connect>;
  readonly entries: Awaited<ReturnType<typeof readDestination>>;
}

const MAX_ATTEMPTS = 4;

function checkConfirmation(deletions: number | undefined): void {
  if (deletions === undefined || (Number.isInteger(deletions) && deletions >= 0)) return;
  const message = 'confirmDeletions must be the whole number of deletions that the plan shows.';
  throw new SecretSyncError('INVALID_OPTION', message);
}

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
  readonly #state: StateRepository;
  readonly #clients = new Map<string, GuardedHttpClient>();
  #toldAboutStore = false;

  /**
   * Does no I/O.
   *
   * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
   */
  constructor(options: EngineOptions<Drivers>) {
    this.#options = resolveOptions(options);
    this.#state = createStateRepository(this.#options);
  }

  /** Where the secrets come from. */
  get source(): SecretSource {
    return this.#options.source;
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
  async digestSource(location: SourceLocation, { signal }: CallSignal = {}): Promise<string> {
    const place = locationIn(location);
    const snapshot = await readLocation(this.#options, place, signal ?? new AbortController().signal);
    return sourceDigest(this.#options.keyring.current, place, snapshot);
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
    const prepared = await prepareSync(definition, this.#options);
    const request = this.#request(operation, options);
    return withRun(this.#options, prepared, operation, options.signal, async (run) => {
      const { decided } = await this.#consider(run, request, undefined);
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
    const prepared = await prepareSync(saved.definition, this.#options).catch((error: unknown) => {
      if (!isSecretSyncError(error) || error.problems === undefined) throw error;
      const message = `The plan does not fit this engine: ${error.message}`;
      throw new SecretSyncError('PLAN_INVALID', message, { problems: error.problems });
    });
    if (prepared.place !== saved.place) {
      const message = `The plan is for ${quote(saved.place)}, and its definition points at ${quote(prepared.place)} with this engine's connection; make a new plan.`;
      throw new SecretSyncError('PLAN_INVALID', message);
    }
    assertConfirmable(saved.plan, options.confirmDeletions);
    return this.#run(prepared, options.signal, {
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
    const prepared = await prepareSync(definition, this.#options);
    return this.#run(prepared, options.signal, this.#request('sync', options));
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
    const prepared = await prepareSync(definition, this.#options);
    return this.#run(prepared, options.signal, this.#request('import', options));
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
    const prepared = await prepareSync(definition, this.#options);
    return this.#run(prepared, options.signal, this.#request('remove', options));
  }

  /** Forgets what this sync owns at its place without deleting it there: for a sync that is handed over. */
  async release<Destination extends string>(
    definition: DefinitionArgument<Drivers, Destination>,
    options: CallSignal = {},
  ): Promise<void> {
    const prepared = await prepareSync(definition, this.#options);
    await this.#leased(prepared, 'remove', options.signal, async (_run, lease) => {
      const loaded = await this.#state.load(prepared.place);
      loaded.memory.forgetSync(prepared.definition.id);
      lease.check();
      await loaded.save();
    });
  }

  #request(operation: Operation, options: PlanCallOptions): Request {
    const { force = false, confirmDeletions, onSourceDigest } = options;
    checkConfirmation(confirmDeletions);
    return {
      operation,
      onSourceDigest,
      keyring: this.#options.keyring,
      options: {
        force,
        ...(operation === 'import' ? { importBehavior: options.importBehavior ?? 'prioritize-source' } : {}),
        ...(confirmDeletions === undefined ? {} : { confirmDeletions }),
      },
    };
  }

  #client({ driver, endpoint, headers }: PreparedSync): GuardedHttpClient {
    const id = JSON.stringify([driver.name, endpoint, headers]);
    const known = this.#clients.get(id);
    if (known !== undefined) return known;
    const client = createHttpClient({ ...this.#options, endpoint, headers });
    this.#clients.set(id, client);
    return client;
  }

  /** Reads both sides and decides. Writes nothing. */
  async #consider(run: Run, request: Request, lease: Lease | undefined): Promise<Considered> {
    const { prepared } = run;
    const { definition, capabilities, place } = prepared;
    this.#checkImport(request.operation, prepared);
    const loaded = await this.#state.load(place);
    const state = loaded.memory.state();
    const connection = connect(run, clientFor(this.#client(prepared), run, lease), loaded.memory.facts);
    const needsSource = request.operation !== 'remove' || !isRemembered(state, definition.id);
    const [source, entries] = await both(
      needsSource ? readSource(this.#options, run) : Promise.resolve(NO_SECRETS),
      readDestination(run, connection),
    );
    const { operation, options, keyring, onSourceDigest } = request;
    onSourceDigest?.(sourceDigest(this.#options.keyring.current, locationOf(run), source));
    const decided = decide({
      operation,
      definition,
      place,
      source,
      entries,
      state,
      capabilities,
      options,
      keyring,
    });
    await this.#checkSourceWrites(run, decided, request.operation);
    const { applicable, summary } = decided.plan;
    run.emit({ ...run.fields, type: 'planned', applicable, summary });
    return { decided, loaded, connection, entries };
  }

  #checkImport(operation: Operation, { definition, capabilities, driver }: PreparedSync): void {
    const { initialSyncBehavior } = definition.syncOptions;
    const imports =
      operation === 'import' || (operation === 'sync' && initialSyncBehavior !== 'overwrite-destination');
    if (!imports) return;
    if (!capabilities.import) {
      const message = `${driver.displayName} can't be imported from; use initialSyncBehavior "overwrite-destination".`;
      throw new SecretSyncError('IMPORT_NOT_SUPPORTED', message);
    }
    if (operation === 'sync' && !this.#options.isStoreExplicit) {
      const message = `initialSyncBehavior ${quote(initialSyncBehavior)} needs a store that remembers that the first sync was done; pass the engine a store (memoryStore() if forgetting is fine).`;
      throw new SecretSyncError('DURABLE_STORE_REQUIRED', message);
    }
  }

  async #checkSourceWrites(run: Run, decided: DecidedPlan, operation: Operation): Promise<void> {
    const { plan } = decided;
    const { source } = this.#options;
    const isImport =
      operation === 'import' ||
      (operation === 'sync' &&
        plan.isInitialSync &&
        plan.definition.syncOptions.initialSyncBehavior !== 'overwrite-destination');
    if (!isImport) return;
    if (source.write === undefined) {
      const message = `The source ${quote(source.name)} can't be written, so that nothing can be imported into it; use one with write(), or "overwrite-destination".`;
      throw new SecretSyncError('SOURCE_NOT_WRITABLE', message);
    }
    const changes = sourceChanges(decided);
    if (changes.length === 0 || source.checkWrite === undefined) return;
    const refused = await guarded(
      () => source.checkWrite?.(locationOf(run), changes, { signal: run.signal }) ?? [],
      run.signal,
      'SOURCE_READ_FAILED',
      `The source ${quote(source.name)} could not be asked what it takes; nothing was written.`,
      { retryable: true },
    );
    if (refused.length === 0) return;
    const problems = refused.map(
      ({ key, message }) => ({ code: 'SOURCE_NOT_WRITABLE', key, message }) as const,
    );
    throw errorFromProblems(
      'SOURCE_NOT_WRITABLE',
      `The source ${quote(source.name)} can't take these keys; nothing was imported`,
      problems,
    );
  }

  async #leased<Result>(
    prepared: PreparedSync,
    operation: Operation,
    signal: AbortSignal | undefined,
    work: (run: Run, lease: Lease) => Promise<Result>,
  ): Promise<Result> {
    this.#tellAboutStore();
    return withRun(this.#options, prepared, operation, signal, async (run) => {
      const lease = await acquireLease(this.#options, run, storeKeys(prepared.place).lease);
      try {
        return await work(run, lease);
      } finally {
        await lease.release();
      }
    });
  }

  async #run(prepared: PreparedSync, signal: AbortSignal | undefined, request: Request): Promise<SyncResult> {
    const { definition } = prepared;
    if (!definition.isEnabled && request.operation !== 'remove') {
      const message = `The sync ${quote(definition.name)} is disabled; set isEnabled, or plan it.`;
      throw new SecretSyncError('SYNC_DISABLED', message);
    }
    return this.#leased(prepared, request.operation, signal, async (run, lease) => {
      for (let attempt = 1; ; attempt += 1) {
        const considered = await this.#consider(run, request, lease);
        if (request.saved !== undefined)
          assertNotStale(request.saved.plan, considered.decided, attempt === 1);
        assertApplicable(considered.decided.plan);
        try {
          return await applyDecided({
            ...considered,
            options: this.#options,
            run,
            lease,
            // What was forced has been written by then.
            decideAgain: () => {
              const { keyring } = this.#options;
              const options = { ...request.options, force: false };
              return this.#consider(run, { ...request, keyring, options }, lease);
            },
          });
        } catch (error) {
          if (!isSecretSyncError(error, 'CONFLICT')) throw error;
          if (attempt === MAX_ATTEMPTS) {
            const message = `${prepared.driver.displayName} was changed by somebody else each of ${attempt} times that it was decided upon; run again. ${error.message}`;
            throw new SecretSyncError('CONFLICT', message, { retryable: true });
          }
          run.emit({ ...run.fields, type: 'conflict', attempt });
        }
      }
    });
  }

  #tellAboutStore(): void {
    if (this.#options.isStoreExplicit || this.#toldAboutStore) return;
    this.#toldAboutStore = true;
    const message =
      'No store was passed: ownership and first syncs are forgotten when this process ends, and nothing keeps two processes from one place. Pass a durable store.';
    emitEvent(this.#options, { type: 'store-not-durable', message });
  }
}

/** A parsed definition of an engine's drivers. */
export type DefinitionOf<Engine> =
  Engine extends SecretSyncEngine<infer Drivers> ? DefinitionFor<Drivers> : never;
