import type { Operation, PlanOptions } from '../contracts/plan.js';
import { decide } from '../core/build-plan.js';
import { sourceDigest } from '../core/fingerprint/fingerprint.js';
import { isRemembered } from '../core/removal.js';
import type { SecretSource } from '../contracts/source.js';
import type { SourceSnapshot } from '../core/inputs/source-snapshot.js';
import { checkImport, checkSourceWrites } from './imports.js';
import type { Lease } from './state/lease.js';
import type { ResolvedOptions } from './options.js';
import { clientFor, connect, locationOf, NO_SECRETS, readDestination, readSource } from './run/read.js';
import type { Run } from './run/run.js';
import type { SavedPlan } from './saved-plan.js';
import { type LoadedPlace } from './state/place-repository.js';
import { both } from '../shared/async.js';
import { type Keyring } from '../core/fingerprint/keyring.js';
import { type DecidedPlan } from '../core/situation.js';
import type { EngineContext } from './run/clients.js';

/** What a decision needs beyond the definition. */
export interface DecisionRequest {
  readonly operation: Operation;
  readonly options: PlanOptions;
  /** Seals with this key, so that digests can be compared with those of a saved plan. */
  readonly keyring: Keyring;
  /** The plan that must come out, if one must. */
  readonly saved?: SavedPlan;
  readonly onSourceDigest?: ((digest: string) => void) | undefined;
  /** Nothing is asked of the destination where the source holds what has this digest. */
  readonly unlessDigest?: string | undefined;
  /** Read in place of the engine's. */
  readonly source?: SecretSource;
  /** What was read of the source already, for this decision. */
  readonly snapshot?: SourceSnapshot | undefined;
}

/** A decision, with what it was made from. */
export interface Considered {
  readonly decided: DecidedPlan;
  readonly source: SourceSnapshot;
  /** `undefined` where the source did not have to be read. */
  readonly digest: string | undefined;
  readonly loaded: LoadedPlace;
  readonly connection: ReturnType<typeof connect>;
  readonly entries: Awaited<ReturnType<typeof readDestination>>;
}

/** Tells what the source held when it was read, or holds with what was written to it since. */
export function tellDigest(
  { keyring }: ResolvedOptions,
  run: Run,
  { onSourceDigest }: DecisionRequest,
  source: SourceSnapshot,
): string {
  const digest = sourceDigest(keyring.current, locationOf(run), source);
  onSourceDigest?.(digest);
  return digest;
}

/**
 * Reads the source alone; `undefined` where it holds what the request says that it need not be run for. What was read is for
 * the first decision.
 */
export async function readUnlessSame(
  options: ResolvedOptions,
  run: Run,
  request: DecisionRequest,
): Promise<SourceSnapshot | undefined> {
  const snapshot = await readRequested(options, run, request, run.signal);
  return tellDigest(options, run, request, snapshot) === request.unlessDigest ? undefined : snapshot;
}

const readRequested = (
  options: ResolvedOptions,
  run: Run,
  { source = options.source }: DecisionRequest,
  signal: AbortSignal,
): Promise<SourceSnapshot> => readSource({ ...options, source }, run, signal);

/** Reads both sides and decides. Writes nothing. */
export async function consider(
  { options, state: repository, clientOf }: EngineContext,
  run: Run,
  request: DecisionRequest,
  lease: Lease | undefined,
): Promise<Considered> {
  const { prepared } = run;
  const { definition, capabilities, place } = prepared;
  checkImport(options, request.operation, prepared);
  const loaded = await repository.load(place, run.signal);
  const state = loaded.memory.state();
  const connection = connect(run, clientFor(clientOf(prepared), run, lease), loaded.memory.facts);
  const needsSource = request.operation !== 'remove' || !isRemembered(state, definition.id);
  let digest: string | undefined;
  const [source, entries] = await both(
    run.signal,
    async (signal) => {
      if (!needsSource) return NO_SECRETS;
      const snapshot = request.snapshot ?? (await readRequested(options, run, request, signal));
      // Told also where the destination can't be read.
      digest = tellDigest(options, run, request, snapshot);
      return snapshot;
    },
    (signal) => readDestination(run, connection, signal),
  );
  const { operation, keyring } = request;
  const decided = decide({
    operation,
    definition,
    place,
    source,
    entries,
    state,
    isStateUnverified: loaded.unverified,
    capabilities,
    options: request.options,
    keyring,
  });
  await checkSourceWrites(options, run, operation, decided);
  const { applicable, summary } = decided.plan;
  run.emit({ ...run.fields, type: 'planned', applicable, summary });
  return { decided, source, digest, loaded, connection, entries };
}
