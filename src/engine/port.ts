import type { SourceDescription, SecretSource, SourceLocation } from '../contracts/source.js';
import type { SyncDefinition } from '../contracts/definition.js';
import { SecretSyncError } from '../contracts/errors.js';
import type { Operation } from '../contracts/plan.js';
import type { SyncResult } from '../contracts/result.js';
import type { StateStore } from '../contracts/state-store.js';
import { sourceDigest } from '../core/fingerprint/fingerprint.js';
import { locationIn } from '../core/inputs/location.js';
import { withTimeLimit } from '../shared/async.js';
import { quote } from '../shared/text.js';
import { inTurns } from '../shared/turns/turns.js';
import { guarded } from './boundary/guard-call.js';
import type { CallSignal, ImportCallOptions, SyncCallOptions } from './call-options.js';
import type { ResolvedOptions } from './options.js';
import { release, runIfWanted, type ReleaseHooks, type RunHooks } from './leased-run.js';
import { decisionRequest } from './plan-run.js';
import { createDestinationCatalog, type DestinationCatalog } from './destinations.js';
import { namingSync } from './resolve/driver-registry.js';
import { prepareSync } from './resolve/resolve-sync.js';
import type { SyncAtPlace } from './resolve/sync-at-place.js';
import type { EngineContext } from './run/clients.js';

export type { LeasedRun, RunHooks, Wanted } from './leased-run.js';
export type { SyncAtPlace } from './resolve/sync-at-place.js';
import { readLocation } from './run/read.js';
import { unlessSilent } from './run/silence.js';
import { createSealedStore, type SealedStore } from './state/sealed-store.js';

// What the service asks of an engine beyond its public methods. Nothing here is part of the API.

/**
 * The member of an engine that holds its port. Registered, so that an engine of another copy of the package has it too.
 *
 * @internal
 */
export const ENGINE_PORT: unique symbol = Symbol.for('secret-sync-engine.port');

/** How long a call of foreign code may take where the engine has no `runTimeout`, in ms. */
const CALL_LIMIT_MS = 60_000;
/** How long a source may take to say what a location is called, in ms: a record does without. */
const DESCRIBE_LIMIT_MS = 5_000;

/** What an engine makes of a definition. */
export interface InspectedSync {
  /** With every default filled in. */
  readonly definition: SyncDefinition;
  /** The identity of the place. */
  readonly place: string;
  /** What people call its connection; `null` where that has no name. */
  readonly connectionName: string | null;
}

/** The options of a run, and its hooks. */
export interface PortRun extends Omit<SyncCallOptions, 'unlessDigest'>, ImportCallOptions, RunHooks {
  /** Called with the digest of what the source holds each time that it was read, also where the rest fails. */
  readonly onSourceDigest?: ((digest: string) => void) | undefined;
}

/** @internal */
export interface EnginePort {
  readonly source: SecretSource;
  /** What the engine knows of its drivers. */
  readonly destinations: DestinationCatalog;
  /** Seals what is put into a store as the engine does. `onUnverified`: as in its options. */
  seal(store: StateStore, onUnverified: (key: string) => void): SealedStore;
  /** How long a call of foreign code may take: the engine's `runTimeout`, or 60,000 ms. */
  readonly callLimit: number;
  /** Checks a definition as every method does, and returns what it means. Sends and reads nothing. */
  inspect(definition: unknown): Promise<InspectedSync>;
  /** What the source calls a location; `undefined` where it can't say in time. */
  describe(location: SourceLocation): Promise<SourceDescription | undefined>;
  /**
   * A digest, under the fingerprint key, of what a location holds: equal as long as nothing changes there.
   *
   * @throws SecretSyncError `SOURCE_READ_FAILED`, `TIMEOUT`.
   */
  digestSource(location: SourceLocation, options?: CallSignal): Promise<string>;
  /** Does what the engine's method of this operation does; `undefined` where that is not wanted any more. */
  run(operation: Operation, definition: SyncDefinition, options: PortRun): Promise<SyncResult | undefined>;
  /** As the engine's `release` of a place. `onReleased` is called before the lease is given back. */
  release(target: SyncAtPlace, options: CallSignal & ReleaseHooks): Promise<void>;
}

/** The same source, of which no read takes longer than a time. */
function limited(options: ResolvedOptions, limit: number): SecretSource {
  const { source, clock } = options;
  return {
    name: source.name,
    read: async (location, call) => {
      const reading = (signal: AbortSignal) => Promise.resolve(source.read(location, { ...call, signal }));
      return withTimeLimit(reading, { ms: limit, clock, signal: call.signal }, () => tooSlow(source, limit));
    },
    ...(source.write !== undefined && { write: (...given) => source.write?.(...given) }),
    ...(source.checkWrite !== undefined && { checkWrite: (...given) => source.checkWrite?.(...given) ?? [] }),
  };
}

const tooSlow = ({ name }: SecretSource, limit: number) =>
  new SecretSyncError(
    'TIMEOUT',
    `The source ${quote(name)} was not read within ${limit} ms; nothing was written. Check that it can be reached, or raise runTimeout.`,
    { retryable: true },
  );

const connectionTooSlow = (limit: number) =>
  new SecretSyncError(
    'TIMEOUT',
    `The connection of the sync was not found within ${limit} ms; nothing was sent. Check the function connections.`,
    { retryable: true },
  );

/** @internal */
export function createPort(context: EngineContext): EnginePort {
  const { options } = context;
  const { clock, keyring, source, acceptUnverifiedState } = options;
  const callLimit = options.runTimeout ?? CALL_LIMIT_MS;
  const limitedSource = limited(options, callLimit);
  const prepare = (definition: unknown) => (signal?: AbortSignal) =>
    namingSync(definition, options.drivers, signal, () =>
      withTimeLimit(
        (ended) => prepareSync(definition, options, ended),
        { ms: callLimit, clock, signal },
        () => connectionTooSlow(callLimit),
      ),
    );
  return {
    source,
    destinations: createDestinationCatalog(options),
    callLimit,
    seal: (store, onUnverified) => createSealedStore(store, keyring, { acceptUnverifiedState, onUnverified }),
    async inspect(definition) {
      const { definition: parsed, place, connectionName = null } = await prepare(definition)();
      return { definition: parsed, place, connectionName };
    },
    async describe(location) {
      if (source.describe === undefined) return undefined;
      const sentence = `The source ${quote(source.name)} could not describe a location.`;
      const describing = (signal: AbortSignal) =>
        guarded(() => source.describe?.(location, { signal }), signal, 'SOURCE_READ_FAILED', sentence);
      const limit = { ms: Math.min(DESCRIBE_LIMIT_MS, callLimit), clock };
      return withTimeLimit(describing, limit, () => tooSlow(source, limit.ms)).catch(() => undefined);
    },
    async digestSource(location, { signal } = {}) {
      const at = locationIn(location);
      const ended = signal ?? new AbortController().signal;
      const snapshot = await readLocation({ ...options, source: limitedSource }, at, ended);
      return inTurns(sourceDigest(keyring.current, at, snapshot), ended);
    },
    run: (operation, definition, call) =>
      unlessSilent(clock, call, (watched) =>
        runIfWanted(
          context,
          prepare(definition),
          { ...call, ...watched },
          {
            ...decisionRequest(options, operation, call),
            source: limitedSource,
            onSourceDigest: call.onSourceDigest,
            beforeWrites: call.beforeWrites,
          },
        ),
      ),
    release: ({ syncId, place }, call) =>
      unlessSilent(clock, call, (watched) =>
        release(context, async () => ({ definition: { id: syncId }, place }), { ...call, ...watched }),
      ),
  };
}
