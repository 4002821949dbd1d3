import type { JsonValue } from '../../contracts/json.js';
import type { Seal } from '../../contracts/state-store.js';
import type { Keyring } from '../../core/fingerprint/keyring.js';
import {
  canonicalJsonInTurns,
  checksumInTurns,
  inOrderInTurns,
  jsonInTurns,
} from '../../shared/turns/json.js';
import type { Turns } from '../../shared/turns/turns.js';

/** Where the documents are that can carry the seal of 0.1.0. */
export const PLACES = 'places/';

/** How many fields a document can have at most: none that an engine made has more than some tens. */
const MOST_FIELDS = 1_000;

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

function* macOf(
  keyring: Keyring,
  keyId: string | null,
  key: string,
  text: string,
): Turns<string | undefined> {
  if (keyId === null) return yield* checksumInTurns(`${key}\n${text}`);
  const digester = keyring.find(keyId);
  return digester && (yield* digester.digestInTurns(['document', key, text]));
}

/** As 0.1.0 sealed places, and places alone. */
function* legacyMacOf(keyring: Keyring, keyId: string | null, text: string): Turns<string | undefined> {
  if (keyId === null) return yield* checksumInTurns(text);
  const digester = keyring.find(keyId);
  return digester && (yield* digester.digestInTurns(['state', text]));
}

/** Adds, in turns, the seal of an engine: a MAC under its fingerprint key, or a checksum where it has none. */
export function* seal(keyring: Keyring, key: string, fields: DocumentFields): Turns<DocumentFields & Seal> {
  const keyId = currentKeyId(keyring);
  const sealed = (yield* inOrderInTurns({ ...fields, keyId })) as DocumentFields;
  const mac = yield* macOf(keyring, keyId, key, yield* jsonInTurns(sealed));
  return { ...sealed, keyId, mac: mac ?? '' };
}

/**
 * Takes the seal off a document and says what it is worth, in turns.
 *
 * | engine | `keyId` | `mac` | worth |
 * |---|---|---|---|
 * | any | any, among more fields than a document can have | – | altered |
 * | any | of a key that the engine has, or `null` | other | altered |
 * | with a key | of a key that it has | fits | valid |
 * | with a key | of another key | – | unknown-key |
 * | with a key | `null` | fits | keyless |
 * | with a key | none | – | unsealed |
 * | without a key | `null` | fits | valid |
 * | without a key | of a key, or none | – | valid |
 */
export function* unseal(keyring: Keyring, key: string, stored: JsonValue): Turns<Unsealed> {
  const hasKey = !keyring.ephemeral;
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored))
    return { document: stored, worth: hasKey ? 'unsealed' : 'valid', isCurrent: false };
  // A copy of so many, and the MAC over them, would take long; each is a turn's work by itself.
  if (Object.keys(stored).length > MOST_FIELDS)
    return { document: stored, worth: 'altered', isCurrent: false };
  const { mac, ...sealed } = stored as DocumentFields;
  const { keyId, ...document } = sealed;
  if (typeof mac !== 'string' || (typeof keyId !== 'string' && keyId !== null))
    return { document: stored, worth: hasKey ? 'unsealed' : 'valid', isCurrent: false };
  if (keyId !== null && keyring.find(keyId) === undefined)
    return { document, worth: hasKey ? 'unknown-key' : 'valid', isCurrent: false };
  // Most stores keep the order of the fields, which spares a look at all of them.
  let isOurs = (yield* macOf(keyring, keyId, key, yield* jsonInTurns(sealed))) === mac;
  let isLegacy = false;
  if (!isOurs) {
    const canonical = yield* canonicalJsonInTurns(sealed);
    isOurs = (yield* macOf(keyring, keyId, key, canonical)) === mac;
    isLegacy = !isOurs && key.startsWith(PLACES) && (yield* legacyMacOf(keyring, keyId, canonical)) === mac;
  }
  if (!isOurs && !isLegacy) return { document, worth: 'altered', isCurrent: false };
  const worth = keyId === null && hasKey ? 'keyless' : 'valid';
  return { document, worth, isCurrent: isOurs && keyId === currentKeyId(keyring) };
}
