import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { errorFromProblems, type ErrorProblem } from '../contracts/errors.js';
import type { SecretValue } from '../contracts/secret.js';

/** A key for fingerprints: text or bytes, at least 32 of them. */
export type FingerprintKey = string | Uint8Array;

/** The current key, or the current one and the previous ones that still verify. */
export type FingerprintKeys = FingerprintKey | readonly [FingerprintKey, ...FingerprintKey[]];

/** A keyed digest over fields; the number and the length of the fields are part of what is digested. */
export interface Digester {
  readonly keyId: string;
  readonly digest: (fields: readonly string[]) => string;
}

export interface Keyring {
  readonly current: Digester;
  /** True when the key was drawn for this process and is known to nobody else. */
  readonly ephemeral: boolean;
  find(keyId: string): Digester | undefined;
}

const MIN_LENGTH = 32;
const EPHEMERAL = 'process-';
const encoder = new TextEncoder();

function digester(key: Uint8Array, idPrefix: string): Digester {
  // Cloning a keyed state spares half of the hash blocks for each of many short messages.
  const keyed = hmac.create(sha256, key);
  const digest = (fields: readonly string[]): string => {
    const encoded = fields.map((field) => encoder.encode(field));
    const message = new Uint8Array(encoded.reduce((length, field) => length + 4 + field.length, 0));
    const view = new DataView(message.buffer);
    let offset = 0;
    for (const field of encoded) {
      view.setUint32(offset, field.length);
      message.set(field, offset + 4);
      offset += 4 + field.length;
    }
    return bytesToHex(keyed.clone().update(message).digest());
  };
  return { keyId: idPrefix + digest(['key id']).slice(0, 12), digest };
}

/**
 * Makes the digesters of a fingerprint key or of several, the current one first.
 *
 * @throws SecretSyncError `INVALID_OPTION` when a key is shorter than 32 characters or bytes.
 */
export function createKeyring(keys: FingerprintKeys, ephemeral = false): Keyring {
  const list: readonly FingerprintKey[] =
    typeof keys === 'string' || keys instanceof Uint8Array ? [keys] : keys;
  const problems = list.flatMap((key, index): ErrorProblem[] => {
    const path = list.length === 1 ? 'fingerprintKey' : `fingerprintKey[${index}]`;
    const usable = (typeof key === 'string' || key instanceof Uint8Array) && key.length >= MIN_LENGTH;
    const message = `it must be text or bytes of a length of at least ${MIN_LENGTH}; generateFingerprintKey() makes one`;
    return usable ? [] : [{ code: 'INVALID_OPTION', path, message }];
  });
  if (problems.length > 0)
    throw errorFromProblems('INVALID_OPTION', 'The fingerprint key is not valid', problems);
  const digesters = list.map((key) =>
    digester(typeof key === 'string' ? encoder.encode(key) : key, ephemeral ? EPHEMERAL : ''),
  );
  const [current] = digesters;
  if (current === undefined) {
    throw errorFromProblems('INVALID_OPTION', 'The fingerprint key is not valid', [
      {
        code: 'INVALID_OPTION',
        path: 'fingerprintKey',
        message: 'the list is empty; put the current key first',
      },
    ]);
  }
  return { current, ephemeral, find: (keyId) => digesters.find((known) => known.keyId === keyId) };
}

/** Draws a new fingerprint key: 64 hex digits. Keep it where you keep other secrets, and next to no state. */
export function generateFingerprintKey(): string {
  return bytesToHex(globalThis.crypto.getRandomValues(new Uint8Array(32)));
}

/** A keyring under a key that nobody else knows, for as long as this object lives. */
export const ephemeralKeyring = (): Keyring => createKeyring(generateFingerprintKey(), true);

/** True for the id of a key that some engine drew for its own life. */
export const isEphemeralKeyId = (keyId: string): boolean => keyId.startsWith(EPHEMERAL);

/** `keyId.hmac` of (identity, kind, key, value): says whether a value is the same, and nothing else of it. */
export function fingerprint(
  { keyId, digest }: Digester,
  place: string,
  kind: string | undefined,
  key: string,
  value: SecretValue,
): string {
  return `${keyId}.${digest([place, kind ?? '', key, value.reveal()])}`;
}

/** The id of the key that made a fingerprint. */
export const keyIdOf = (made: string): string => made.slice(0, made.lastIndexOf('.'));

/** A checksum without a key, which finds damage but no forgery. */
export function checksum(text: string): string {
  return bytesToHex(sha256(encoder.encode(text)));
}

/** JSON with sorted keys: equal data gives equal text, whatever wrote it down. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([first], [second]) => (first < second ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}
