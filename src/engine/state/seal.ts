import type { JsonValue } from '../../contracts/json.js';
import type { Seal } from '../../contracts/state-store.js';
import type { Keyring } from '../../core/fingerprint/keyring.js';
import { canonicalJson, checksum } from '../../shared/canonical-json.js';

/** Where the documents are that can carry the seal of 0.1.0. */
export const PLACES = 'places/';

/** The fields of a document. */
export type DocumentFields = Readonly<Record<string, JsonValue>>;

/** What a seal is worth. */
export type SealWorth =
  /** It holds, or this engine has no key, so that there is nothing to hold it against. */
  | 'valid'
  /** It does not fit the document. */
  | 'altered'
  /** It can't be checked by an engine that has a key: what it is on may have been made up. */
  | 'unsealed'
  | 'keyless'
  | 'unknown-key';

/** A document without its seal. */
export interface Unsealed {
  readonly document: JsonValue;
  readonly worth: SealWorth;
  /** Whether it carries the seal that this engine would give it. */
  readonly isCurrent: boolean;
}

/** The id of the key under which an engine seals; `null`: it has none. */
const currentKeyId = ({ ephemeral, current }: Keyring): string | null => (ephemeral ? null : current.keyId);

function macOf(keyring: Keyring, keyId: string | null, key: string, text: string): string | undefined {
  return keyId === null ? checksum(`${key}\n${text}`) : keyring.find(keyId)?.digest(['document', key, text]);
}

/** As 0.1.0 sealed places, and places alone. */
function legacyMacOf(keyring: Keyring, keyId: string | null, text: string): string | undefined {
  return keyId === null ? checksum(text) : keyring.find(keyId)?.digest(['state', text]);
}

/** Adds the seal of an engine: a MAC under its fingerprint key, or a checksum where it has none. */
export function seal(keyring: Keyring, key: string, fields: DocumentFields): DocumentFields & Seal {
  const keyId = currentKeyId(keyring);
  const sealed = { ...fields, keyId };
  return { ...sealed, mac: macOf(keyring, keyId, key, canonicalJson(sealed)) ?? '' };
}

/**
 * Takes the seal off a document and says what it is worth.
 *
 * | engine | `keyId` | `mac` | worth |
 * |---|---|---|---|
 * | any | of a key that the engine has, or `null` | other | altered |
 * | with a key | of a key that it has | fits | valid |
 * | with a key | of another key | – | unknown-key |
 * | with a key | `null` | fits | keyless |
 * | with a key | none | – | unsealed |
 * | without a key | `null` | fits | valid |
 * | without a key | of a key, or none | – | valid |
 */
export function unseal(keyring: Keyring, key: string, stored: JsonValue): Unsealed {
  const hasKey = !keyring.ephemeral;
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored))
    return { document: stored, worth: hasKey ? 'unsealed' : 'valid', isCurrent: false };
  const { mac, ...sealed } = stored as DocumentFields;
  const { keyId, ...document } = sealed;
  if (typeof mac !== 'string' || (typeof keyId !== 'string' && keyId !== null))
    return { document: stored, worth: hasKey ? 'unsealed' : 'valid', isCurrent: false };
  if (keyId !== null && keyring.find(keyId) === undefined)
    return { document, worth: hasKey ? 'unknown-key' : 'valid', isCurrent: false };
  const text = canonicalJson(sealed);
  const isOurs = macOf(keyring, keyId, key, text) === mac;
  const isLegacy = !isOurs && key.startsWith(PLACES) && legacyMacOf(keyring, keyId, text) === mac;
  if (!isOurs && !isLegacy) return { document, worth: 'altered', isCurrent: false };
  const worth = keyId === null && hasKey ? 'keyless' : 'valid';
  return { document, worth, isCurrent: isOurs && keyId === currentKeyId(keyring) };
}
