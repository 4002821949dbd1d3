import * as z from 'zod/mini';
import { SecretSyncError } from '../../contracts/errors.js';
import type { JsonValue } from '../../contracts/json.js';
import { quote } from '../../shared/text.js';
import type { PlaceDocument } from '../../contracts/state-store.js';
import { canonicalJson, checksum } from '../../shared/canonical-json.js';
import { type Keyring } from '../../core/fingerprint/keyring.js';

export const FORMAT_VERSION = 1;

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
      pending: z.exactOptional(
        z.strictObject({ syncId: z.string(), action, fingerprint: z.exactOptional(z.string()) }),
      ),
      holders: z.exactOptional(z.array(z.string())),
      part: z.exactOptional(z.string()),
    }),
  ),
  facts: z.array(z.tuple([z.string(), z.string()])),
});

function unreadable(place: string, why: string): SecretSyncError {
  const message = `What is remembered of ${quote(place)} can't be used: ${why}. Nothing was written.`;
  return new SecretSyncError('STATE_UNREADABLE', message);
}

export function macOf(
  keyring: Keyring,
  keyId: string | null,
  body: Omit<PlaceDocument, 'mac'>,
): string | undefined {
  const text = canonicalJson(body);
  return keyId === null ? checksum(text) : keyring.find(keyId)?.digest(['state', text]);
}

export function parseDocument(document: JsonValue, place: string, keyring: Keyring): PlaceDocument {
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

export const toJson = (document: PlaceDocument): JsonValue => ({
  ...document,
  syncs: document.syncs.map((sync) => ({ ...sync })),
  entries: document.entries.map(({ pending, ...entry }) =>
    pending === undefined ? { ...entry } : { ...entry, pending: { ...pending } },
  ),
});
