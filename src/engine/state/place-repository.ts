import type { Capabilities } from '../../contracts/destination.js';
import { canonicalKey } from '../../core/inputs/destination-index.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { RememberedEntry } from '../../contracts/state-store.js';
import { isEphemeralKeyId, keyIdOf } from '../../core/fingerprint/keyring.js';
import { entryId } from '../../core/inputs/ownership.js';
import { quote } from '../../shared/text.js';
import { inTurns, mapInTurns, turnAfter, type Turns } from '../../shared/turns/turns.js';
import type { ResolvedOptions } from '../options.js';
import {
  checkVersion,
  parseIntent,
  parsePlace,
  renderIntent,
  renderPlace,
  sameContents,
  type Intent,
  type PlaceContents,
} from './place-document.js';
import { createPlaceMemory, type PlaceMemory } from './place-memory.js';
import type { DocumentFields } from './seal.js';
import type { SealedDocument } from './sealed-store.js';
import { readDocument, storeKeys } from './store-keys.js';

/** A place's memory, as loaded. */
export interface LoadedPlace {
  readonly memory: PlaceMemory;
  /** True where some of it was taken for true although its seal could not be checked. */
  readonly unverified: boolean;
  /**
   * Saves, in a small document of its own, the writes that are marked as pending, and which syncs were here.
   *
   * @throws SecretSyncError `STATE_NOT_SAVED`; then nothing may be written.
   */
  readonly saveIntent: () => Promise<void>;
  /**
   * Saves all of it, if it has changed, and takes the intent back.
   *
   * @throws SecretSyncError `STATE_NOT_SAVED`; then the stored documents are the old ones.
   */
  readonly save: () => Promise<void>;
}

/** A place, and how its destination compares keys. */
export interface PlaceToLoad {
  readonly place: string;
  /** Absent where only its syncs are looked at: keys are compared as they are. */
  readonly capabilities?: Pick<Capabilities, 'canonicalKey'>;
}

/** Loads and saves what is remembered of places. */
export interface StateRepository {
  /** @throws SecretSyncError `STATE_UNREADABLE`. */
  load(place: PlaceToLoad, signal: AbortSignal): Promise<LoadedPlace>;
}

/**
 * What an engine without a fingerprint key of its own keeps of a place: fingerprints that no one else could verify
 * are not written to the store. They hold for the very document they were saved with, and no other.
 */
interface ProcessFingerprints {
  readonly version: string;
  readonly fingerprints: ReadonlyMap<string, string>;
}

/** What an engine keeps of places between its runs. */
interface Known {
  readonly fingerprints: Map<string, ProcessFingerprints>;
  readonly facts: Map<string, Map<string, string>>;
}

/** What the store holds of a place. */
interface Stored {
  readonly version: string | null;
  readonly contents: PlaceContents | undefined;
  /** False for a document that is to be sealed again, or written in a newer form. */
  readonly isCurrent: boolean;
  readonly intentVersion: string | null;
  readonly intent: Intent | undefined;
  readonly unverified: boolean;
}

const NOTHING: PlaceContents = { syncs: [], entries: [], facts: [] };

/** Both documents of a place. An intent that a later save of the place has overtaken says nothing. */
async function read({ store }: ResolvedOptions, place: string, signal: AbortSignal): Promise<Stored> {
  const keys = storeKeys(place);
  const [stored, pending] = await Promise.all([
    readDocument(store, keys.state, signal),
    readDocument(store, keys.intent, signal),
  ]);
  let unverified = false;
  const opened = <Parsed>(
    what: string,
    found: SealedDocument | undefined,
    parse: (what: string, place: string, document: SealedDocument['document']) => Parsed,
  ): Parsed | undefined => {
    if (found === undefined) return undefined;
    checkVersion(what, found.document);
    if (!store.assertUsable(what, found)) unverified = true;
    return parse(what, place, found.document);
  };
  const contents = opened(`What is remembered of ${quote(place)}`, stored, parsePlace);
  const intent = opened(`What was begun at ${quote(place)}`, pending, parseIntent);
  const version = stored?.version ?? null;
  return {
    version,
    contents,
    isCurrent: stored?.isCurrent === true,
    intentVersion: pending?.version ?? null,
    intent: intent?.base === version ? intent : undefined,
    unverified,
  };
}

/** Puts back what only this process knows of a document. */
function withFingerprints(
  known: ProcessFingerprints | undefined,
  version: string | null,
  entries: readonly RememberedEntry[],
): readonly RememberedEntry[] {
  if (known === undefined || known.version !== version || known.fingerprints.size === 0) return entries;
  return entries.map((entry) => {
    const fingerprint = known.fingerprints.get(entryId(entry.key, entry.kind));
    return fingerprint === undefined ? entry : { ...entry, fingerprint };
  });
}

/** Parts what is written to the store from what only this process may know. */
function* withoutFingerprints(entries: readonly RememberedEntry[]): Turns<{
  readonly persistent: readonly RememberedEntry[];
  readonly fingerprints: ReadonlyMap<string, string>;
}> {
  const fingerprints = new Map<string, string>();
  const persistent = yield* mapInTurns(entries, (entry) => {
    // Before the entry is taken apart: there can be 100,000 of them.
    if (entry.fingerprint === undefined || !isEphemeralKeyId(keyIdOf(entry.fingerprint))) return entry;
    const { fingerprint, ...rest } = entry;
    fingerprints.set(entryId(entry.key, entry.kind), fingerprint);
    return rest;
  });
  return { persistent, fingerprints };
}

/** The facts of a place: shared with the engine, so that what was looked up for a plan is known to the apply after it. */
function factsOf(known: Known, place: string, stored: PlaceContents): Map<string, string> {
  const facts = known.facts.get(place) ?? new Map<string, string>();
  for (const [name, value] of stored.facts) if (!facts.has(name)) facts.set(name, value);
  known.facts.set(place, facts);
  return facts;
}

/** The memory of a place: what its document says, and what was begun since. */
function recall(
  known: Known,
  { place, capabilities }: PlaceToLoad,
  { version, contents = NOTHING, intent }: Stored,
  entries: readonly RememberedEntry[],
): PlaceMemory {
  const memory = createPlaceMemory(
    { syncs: contents.syncs, entries },
    factsOf(known, place, contents),
    capabilities === undefined ? undefined : canonicalKey(capabilities),
  );
  for (const { syncId, importedAt } of intent?.syncs ?? []) memory.markImported(syncId, importedAt);
  const begun = withFingerprints(known.fingerprints.get(place), version, intent?.entries ?? []);
  memory.recallBegun(begun);
  return memory;
}

function createLoadedPlace(
  options: ResolvedOptions,
  known: Known,
  toLoad: PlaceToLoad,
  stored: Stored,
): LoadedPlace {
  const { store } = options;
  const { place } = toLoad;
  const keys = storeKeys(place);
  let { version, intentVersion } = stored;
  const { contents = NOTHING } = stored;
  const entries = withFingerprints(known.fingerprints.get(place), version, contents.entries);
  const memory = recall(known, toLoad, stored, entries);
  let saved = stored.isCurrent ? { ...contents, entries } : undefined;

  return {
    memory,
    unverified: stored.unverified,
    async saveIntent() {
      const { syncs, entries: begun } = memory.begun();
      const { persistent } = await inTurns(withoutFingerprints(begun));
      const document = await inTurns(renderIntent(place, { base: version, syncs, entries: persistent }));
      intentVersion = await putDocument(options, keys.intent, place, document, intentVersion);
    },
    async save() {
      const now = await inTurns(memory.contents());
      const isEmpty = version === null && now.syncs.length + now.entries.length === 0;
      if (!isEmpty && (saved === undefined || !sameContents(saved, now))) {
        const { persistent, fingerprints } = await inTurns(withoutFingerprints(now.entries));
        const document = await inTurns(renderPlace(place, { ...now, entries: persistent }));
        version = await putDocument(options, keys.state, place, document, version);
        saved = now;
        known.fingerprints.set(place, { version, fingerprints });
      }
      if (intentVersion === null) return;
      // One that stays is void from now on, or says of what was not written that it may have been.
      await store.delete(keys.intent, { ifVersion: intentVersion, flush: false }).catch(() => undefined);
      intentVersion = null;
    },
  };
}

export function createStateRepository(options: ResolvedOptions): StateRepository {
  const known: Known = { fingerprints: new Map(), facts: new Map() };
  return {
    async load(toLoad, signal) {
      const stored = await read(options, toLoad.place, signal);
      const { length } = stored.contents?.entries ?? [];
      await turnAfter(length);
      const loaded = createLoadedPlace(options, known, toLoad, stored);
      await turnAfter(length);
      signal.throwIfAborted();
      return loaded;
    },
  };
}

/** Puts a document of a place. @throws SecretSyncError `STATE_NOT_SAVED`. */
export async function putDocument(
  { store }: Pick<ResolvedOptions, 'store'>,
  key: string,
  place: string,
  document: DocumentFields,
  ifVersion: string | null,
): Promise<string> {
  try {
    return (await store.put(key, document, { ifVersion })).version;
  } catch (error) {
    const why = isSecretSyncError(error, 'STATE_CONFLICT')
      ? 'another process changed it in the meantime'
      : 'the store refused it; check the store';
    const message = `What is to be remembered of ${quote(place)} could not be saved: ${why}. Run again.`;
    throw new SecretSyncError('STATE_NOT_SAVED', message, { retryable: true });
  }
}
