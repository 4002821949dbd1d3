import * as z from 'zod/mini';
import { isSecretSyncError, SecretSyncError } from '../contracts/errors.js';
import type { JsonValue } from '../contracts/json.js';
import { quote } from '../contracts/quote.js';
import type { PlaceDocument, RememberedEntry } from '../contracts/state-store.js';
import { canonicalJson, checksum, isEphemeralKeyId, keyIdOf, type Keyring } from '../core/fingerprint.js';
import { entryId } from '../core/remembered.js';
import type { ResolvedOptions } from './options.js';
import { createPlaceMemory, type PlaceMemory } from './place-memory.js';
import { readDocument, storeKeys } from './store-access.js';

const FORMAT_VERSION = 1;

const action = z.enum(['create', 'update', 'replace', 'delete']);
const documentSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  place: z.string(),
  keyId: z.nullable(z.string()),
  mac: z.string(),
  syncs: z.array(z.strictObject({ syncId: z.string(), importedAt: z.string() })),
  entries: z.array(
    z.strictObject({
      key: z.string(),
      kind: z.exactOptional(z.string()),
      syncId: z.string(),
      adopted: z.exactOptional(z.literal(true)),
      fingerprint: z.exactOptional(z.string()),
      id: z.exactOptional(z.string()),
      revision: z.exactOptional(z.string()),
      pending: z.exactOptional(z.strictObject({ syncId: z.string(), action })),
    }),
  ),
  facts: z.array(z.tuple([z.string(), z.string()])),
});

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

/** Loads and saves what is remembered of places. */
export interface StateRepository {
  /** @throws SecretSyncError `STATE_UNREADABLE`. */
  load(place: string, signal: AbortSignal): Promise<LoadedPlace>;
}

function unreadable(place: string, why: string): SecretSyncError {
  const message = `What is remembered of ${quote(place)} can't be used: ${why}. Nothing was written.`;
  return new SecretSyncError('STATE_UNREADABLE', message);
}

function macOf(keyring: Keyring, keyId: string | null, body: Omit<PlaceDocument, 'mac'>): string | undefined {
  const text = canonicalJson(body);
  return keyId === null ? checksum(text) : keyring.find(keyId)?.digest(['state', text]);
}

function parseDocument(document: JsonValue, place: string, keyring: Keyring): PlaceDocument {
  const version = z.object({ formatVersion: z.number() }).safeParse(document);
  if (version.success && version.data.formatVersion > FORMAT_VERSION) {
    throw unreadable(place, 'a newer version of secret-sync-engine wrote it; update this one');
  }
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) {
    throw unreadable(
      place,
      'it is not a state document; restore it from a backup, or delete it and let the next run ask anew',
    );
  }
  const { mac, ...body } = parsed.data;
  if (body.place !== place)
    throw unreadable(place, 'it belongs to another place; put it back where it came from');
  const expected = macOf(keyring, body.keyId, body);
  if (expected !== undefined && expected !== mac) {
    throw unreadable(
      place,
      'it was altered or damaged; restore it from a backup, or delete it and let the next run ask anew',
    );
  }
  return parsed.data;
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
    async load(place, signal) {
      const key = storeKeys(place).state;
      const stored = await readDocument(store, key, signal);
      const document = stored === undefined ? undefined : parseDocument(stored.document, place, keyring);
      const entries = withProcessFingerprints(place, stored?.version ?? '', document?.entries ?? []);
      const facts = knownFacts.get(place) ?? new Map<string, string>();
      for (const [name, value] of document?.facts ?? []) if (!facts.has(name)) facts.set(name, value);
      knownFacts.set(place, facts);

      const memory = createPlaceMemory({ syncs: document?.syncs ?? [], entries }, facts);
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

const toJson = (document: PlaceDocument): JsonValue => ({
  ...document,
  syncs: document.syncs.map((sync) => ({ ...sync })),
  entries: document.entries.map(({ pending, ...entry }) =>
    pending === undefined ? { ...entry } : { ...entry, pending: { ...pending } },
  ),
});

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
