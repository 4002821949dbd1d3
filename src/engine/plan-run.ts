import type { DestinationConnection, DestinationEntry } from '../contracts/destination.js';
import type { Operation, PlanOptions, SyncPlan } from '../contracts/plan.js';
import type { SecretSource } from '../contracts/source.js';
import { decide } from '../core/build-plan.js';
import { sourceDigest } from '../core/fingerprint/fingerprint.js';
import type { Keyring } from '../core/fingerprint/keyring.js';
import { assertImportable } from '../core/imports.js';
import type { SourceSnapshot } from '../core/inputs/source-snapshot.js';
import { isRemembered } from '../core/removal.js';
import type { DecidedPlan } from '../core/situation.js';
import { both } from '../shared/async.js';
import { inTurns, turnAfter } from '../shared/turns/turns.js';
import { checkSourceWrites, sourceChanges } from './imports.js';
import { planOptions, type PlanCallOptions } from './call-options.js';
import type { ResolvedOptions } from './options.js';
import type { EngineContext } from './run/clients.js';
import {
  checkEchoes,
  clientFor,
  connect,
  locationOf,
  NO_SECRETS,
  readDestination,
  readSource,
} from './run/read.js';
import type { Run } from './run/run.js';
import type { SavedPlan } from './saved-plan.js';
import type { Lease } from './state/lease.js';
import { dueRedeploysOf, type DueRedeploys } from './state/due-redeploys.js';
import type { LoadedPlace } from './state/place-repository.js';

/** What a decision needs beyond the definition. */
export interface DecisionRequest {
  readonly operation: Operation;
  readonly options: PlanOptions;
  /** Seals with this key, so that digests can be compared with those of a saved plan. */
  readonly keyring: Keyring;
  /** Whether the plan will be compared later. */
  readonly seal: boolean;
  /** The plan that must come out, if one must. */
  readonly saved?: SavedPlan;
  /** The first sync was not done when the run began. */
  readonly isStillInitial?: boolean;
  /** Read in place of the engine's source. */
  readonly source?: SecretSource;
  /** Called with the digest of what the source holds each time that it was read, also where the rest fails. */
  readonly onSourceDigest?: ((digest: string) => void) | undefined;
  /** Called with a plan right before its first write, and with the digest of what the source then holds. */
  readonly beforeWrites?: ((plan: SyncPlan, sourceDigest: string | undefined) => Promise<void>) | undefined;
}

/** A decision, with what it was made from. */
export interface PlannedRun {
  readonly decided: DecidedPlan;
  readonly loaded: LoadedPlace;
  readonly due: DueRedeploys;
  readonly connection: DestinationConnection;
  readonly entries: readonly DestinationEntry[];
  /** Of what the source holds once the imports of the decision are written; absent where it was not read. */
  readonly sourceDigest: string | undefined;
}

/** Returns the digest of what a run's location of the source holds. */
const digestOfSource = (
  { keyring }: ResolvedOptions,
  run: Run,
  source: SourceSnapshot,
  signal: AbortSignal,
): Promise<string> => inTurns(sourceDigest(keyring.current, locationOf(run), source), signal);

/** A source as it was read for a decision. */
export interface ReadSource {
  readonly snapshot: SourceSnapshot;
  /** Absent where the source did not have to be read. */
  readonly digest?: string;
}

/** Reads the source, and tells its digest. */
export async function readWithDigest(
  options: ResolvedOptions,
  run: Run,
  { source = options.source, onSourceDigest }: DecisionRequest,
  signal: AbortSignal = run.signal,
): Promise<ReadSource> {
  const snapshot = await readSource({ ...options, source }, run, signal);
  await turnAfter(snapshot.secrets.size);
  const digest = await digestOfSource(options, run, snapshot, signal);
  onSourceDigest?.(digest);
  return { snapshot, digest };
}

/** The digest of the source with what a decision writes to it. */
async function digestAfter(
  options: ResolvedOptions,
  run: Run,
  { snapshot: source, digest }: ReadSource,
  decided: DecidedPlan,
): Promise<string | undefined> {
  const changes = sourceChanges(decided);
  if (digest === undefined || changes.length === 0) return digest;
  const written = changes.map(({ key, value }) => [key, value] as const);
  const after = { ...source, secrets: new Map([...source.secrets, ...written]) };
  return digestOfSource(options, run, after, run.signal);
}

/** Returns what a call asks for. */
export const decisionRequest = (
  { keyring }: ResolvedOptions,
  operation: Operation,
  options: PlanCallOptions,
): DecisionRequest => ({ operation, options: planOptions(operation, options), keyring, seal: false });

/** Reads both sides and decides. Writes nothing. `source`: what was read of it already. */
export async function planRun(
  { options, state: repository, clientOf }: EngineContext,
  run: Run,
  request: DecisionRequest,
  lease: Lease | undefined,
  known?: ReadSource,
): Promise<PlannedRun> {
  const { prepared } = run;
  const { definition, capabilities, place, driver } = prepared;
  const { operation, keyring, seal, isStillInitial } = request;
  assertImportable({
    operation,
    definition,
    capabilities,
    displayName: driver.displayName,
    remembersFirstSync: options.isStoreExplicit,
  });
  const [loaded, due] = await Promise.all([
    repository.load(prepared, run.signal),
    dueRedeploysOf(options, prepared, run.signal),
  ]);
  const isRedeployDue = due.has(definition.id);
  const connection = connect(run, clientFor(clientOf(prepared), run, lease), loaded.memory.facts);
  const needsSource =
    operation !== 'remove' || !(isRedeployDue || isRemembered(loaded.memory, definition.id));
  const [read, entries] = await both(
    run.signal,
    async (signal): Promise<ReadSource> =>
      known ?? (needsSource ? readWithDigest(options, run, request, signal) : { snapshot: NO_SECRETS }),
    (signal) => readDestination(run, connection, signal),
  );
  // Not before: the destination can have been read before the source was.
  await checkEchoes(run, entries);
  const deciding = decide({
    operation,
    definition,
    place,
    source: read.snapshot,
    entries,
    ownership: loaded.memory,
    isUnverified: loaded.unverified,
    isRedeployDue,
    capabilities,
    options: request.options,
    keyring,
    seal,
    isStillInitial,
  });
  const decided = await inTurns(deciding, run.signal);
  await checkSourceWrites(options, run, operation, decided);
  const { applicable, summary } = decided.plan;
  run.emit({ ...run.fields, type: 'planned', applicable, summary });
  return {
    decided,
    loaded,
    due,
    connection,
    entries,
    sourceDigest: await digestAfter(options, run, read, decided),
  };
}
