import type { Capabilities } from '../../contracts/destination.js';
import { canonicalKey } from '../../core/inputs/destination-index.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import type { PlaceDocument, RememberedEntry } from '../../contracts/state-store.js';
import { entryId } from '../../core/inputs/ownership.js';
import type { ResolvedOptions } from '../options.js';
import { createPlaceMemory, type PlaceMemory } from './place-memory.js';
import { readDocument, storeKeys } from './store-keys.js';
import { canonicalJson } from '../../shared/canonical-json.js';
import { isEphemeralKeyId, keyIdOf, type Keyring } from '../../core/fingerprint/keyring.js';
import { FORMAT_VERSION, macOf, parseDocument, toJson } from './place-document.js';

/** A place's memory, as loaded; `save` writes it back if it has changed. */
export interface LoadedPlace {
  readonly memory: PlaceMemory;
  /** @throws SecretSyncError `STATE_NOT_SAVED`; then the stored document is the old one. */
  save(): Promise<void>;
}

/**
 * What an engine without a fingerprint key of its own keeps of a place: fingerprints that nobody else could verify
 * are not written to the store. They hold for the very document they were saved with, and no other.
 */
interface ProcessFingerprints {
  readonly version: string;
  readonly fingerprints: ReadonlyMap<string, string>;
}

/** A place, and how its destination compares keys. */
export interface PlaceToLoad {
  readonly place: string;
  readonly capabilities: Capabilities;
}

/** Loads and saves what is remembered of places. */
export interface StateRepository {
  /** @throws SecretSyncError `STATE_UNREADABLE`. */
  load(place: PlaceToLoad, signal: AbortSignal): Promise<LoadedPlace>;
}

export function createStateRepository(options: ResolvedOptions): StateRepository {
  const { store, keyring } = options;
  const processFingerprints = new Map<string, ProcessFingerprints>();
  const knownFacts = new Map<string, Map<string, string>>();

  const withProcessFingerprints = (place: string, version: string, entries: readonly RememberedEntry[]) => {
    const known = processFingerprints.get(place);
    if (known?.version !== version) return entries;
    return entries.map((entry) => {
      const fingerprint = known.fingerprints.get(entryId(entry.key, entry.kind));
      return fingerprint === undefined ? entry : { ...entry, fingerprint };
    });
  };

  return {
    async load({ place, capabilities }, signal) {
      const key = storeKeys(place).state;
      const stored = await readDocument(store, key, signal);
      const document = stored === undefined ? undefined : parseDocument(stored.document, place, keyring);
      const entries = withProcessFingerprints(place, stored?.version ?? '', document?.entries ?? []);
      const facts = knownFacts.get(place) ?? new Map<string, string>();
      for (const [name, value] of document?.facts ?? []) if (!facts.has(name)) facts.set(name, value);
      knownFacts.set(place, facts);

      const memory = createPlaceMemory(
        { syncs: document?.syncs ?? [], entries },
        facts,
        canonicalKey(capabilities),
      );
      let version = stored?.version ?? null;
      // A document under another key is saved anew, so that its MAC moves to the current one.
      let saved = document?.keyId === currentKeyId(keyring) ? canonicalJson(memory.contents()) : undefined;

      return {
        memory,
        async save() {
          const contents = memory.contents();
          const text = canonicalJson(contents);
          if (text === saved || (version === null && contents.syncs.length + contents.entries.length === 0))
            return;
          const fingerprints = new Map<string, string>();
          const persistent = contents.entries.map((entry) => {
            const { fingerprint, ...rest } = entry;
            if (fingerprint === undefined || !isEphemeralKeyId(keyIdOf(fingerprint))) return entry;
            fingerprints.set(entryId(entry.key, entry.kind), fingerprint);
            return rest;
          });
          const keyId = currentKeyId(keyring);
          const body = {
            formatVersion: FORMAT_VERSION,
            place,
            keyId,
            ...contents,
            entries: persistent,
          } as const;
          const mac = macOf(keyring, keyId, body) ?? '';
          version = await put(options, key, place, { ...body, mac }, version);
          saved = text;
          processFingerprints.set(place, { version, fingerprints });
        },
      };
    },
  };
}

const currentKeyId = (keyring: Keyring): string | null => (keyring.ephemeral ? null : keyring.current.keyId);

async function put(
  { store }: ResolvedOptions,
  key: string,
  place: string,
  document: PlaceDocument,
  ifVersion: string | null,
): Promise<string> {
  try {
    return (await store.put(key, toJson(document), { ifVersion })).version;
  } catch (error) {
    const why = isSecretSyncError(error, 'STATE_CONFLICT')
      ? 'another process changed it meanwhile'
      : 'the store refused it; check the store';
    const message = `What is to be remembered of ${quote(place)} could not be saved: ${why}. Run again.`;
    throw new SecretSyncError('STATE_NOT_SAVED', message, { retryable: true });
  }
}
