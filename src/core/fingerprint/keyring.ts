import { bytesToHex } from '@noble/hashes/utils.js';
import { bytesInTurns } from '../../shared/turns/json.js';
import { errorFromProblems } from '../../shared/problems.js';
import { bestSha256, type Hash, type Hmac, type Sha256 } from '../../shared/sha256.js';
import type { Turns } from '../../shared/turns/turns.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';

/** A key for fingerprints: a string or bytes, of a length of at least 32. */
export type FingerprintKey = string | Uint8Array;

/** The current key, or the current one and the previous ones that still verify. */
export type FingerprintKeys = FingerprintKey | readonly [FingerprintKey, ...FingerprintKey[]];

/** A keyed digest over fields; the number and the length of the fields are part of what is digested. */
export interface Digester {
  readonly keyId: string;
  readonly digest: (fields: readonly string[]) => string;
  /** The same for many or long fields, in turns. */
  readonly digestInTurns: (fields: readonly string[]) => Turns<string>;
}

export interface Keyring {
  readonly current: Digester;
  /** True when the key was drawn for this process and is known to no other. */
  readonly ephemeral: boolean;
  find(keyId: string): Digester | undefined;
  /** The digester of the key that made a fingerprint. */
  makerOf(made: string): Digester | undefined;
}

const MIN_LENGTH = 32;

const EPHEMERAL = 'process-';

const encoder = new TextEncoder();

const SCRATCH = 1024;

const FIELDS_PER_TURN = 16_384;

/** To look through and encode so many characters is a turn's work by itself. */
const LONG_FIELD = 2 ** 20;

// UTF-8 has no halves of surrogate pairs, and would make them all one.
const ILL_FORMED = /\p{Surrogate}/u;

const ILL_FORMED_MARK = 0x80000000;

/** The state of one digest; what is allocated for it can be used for the next one. */
function createMac(hmac: Hmac) {
  const scratch = new Uint8Array(SCRATCH);
  const view = new DataView(scratch.buffer);
  let used = 0;
  /** Of a message that is longer than the scratch. */
  let long: Hash | undefined;

  const flush = (): Hash => {
    long ??= hmac.create();
    long.update(scratch.subarray(0, used));
    used = 0;
    return long;
  };
  const startField = (length: number) => {
    if (used + 4 > SCRATCH) flush();
    view.setUint32(used, length);
    used += 4;
  };
  /** Adds a field that is short and ASCII; false where it is neither. */
  const addShort = (field: string): boolean => {
    const { length } = field;
    if (used + 4 + length > SCRATCH) return false;
    const start = used + 4;
    let at = 0;
    let code = 0;
    while (at < length && (code = field.charCodeAt(at)) < 0x80) scratch[start + at++] = code;
    if (at < length) return false;
    startField(length);
    used += length;
    return true;
  };
  /** Starts any other field, and returns the bytes that are to be added. */
  const startLong = (field: string, isIllFormed = ILL_FORMED.test(field)): Uint8Array => {
    const encoded = encoder.encode(isIllFormed ? JSON.stringify(field) : field);
    startField(encoded.length + (isIllFormed ? ILL_FORMED_MARK : 0));
    return encoded;
  };
  const addBytes = (bytes: Uint8Array): void => {
    if (used + bytes.length > SCRATCH) {
      flush().update(bytes);
      return;
    }
    scratch.set(bytes, used);
    used += bytes.length;
  };
  return {
    restart() {
      used = 0;
      long = undefined;
    },
    add(field: string): void {
      if (!addShort(field)) addBytes(startLong(field));
    },
    *addInTurns(field: string): Turns {
      if (addShort(field)) return;
      const isIllFormed = ILL_FORMED.test(field);
      if (field.length > LONG_FIELD) yield;
      const bytes = startLong(field, isIllFormed);
      if (field.length > LONG_FIELD) yield;
      const hash = flush();
      yield* bytesInTurns(bytes, (piece) => void hash.update(piece));
    },
    end(): string {
      if (long === undefined) return hmac.digest(scratch.subarray(0, used));
      return bytesToHex(flush().digest());
    },
  };
}

function digester(sha256: Sha256, key: Uint8Array, idPrefix: string): Digester {
  const hmac = sha256.hmac(key);
  const shared = createMac(hmac);
  const digest = (fields: readonly string[]): string => {
    shared.restart();
    for (const field of fields) shared.add(field);
    return shared.end();
  };
  function* digestInTurns(fields: readonly string[]): Turns<string> {
    // Its own: others can be made between two turns.
    const mac = createMac(hmac);
    for (let start = 0; start < fields.length; start += FIELDS_PER_TURN) {
      if (start > 0) yield;
      for (const field of fields.slice(start, start + FIELDS_PER_TURN)) yield* mac.addInTurns(field);
    }
    return mac.end();
  }
  return { keyId: idPrefix + digest(['key id']).slice(0, 12), digest, digestInTurns };
}

const invalidKey = (path: string, message: string): ErrorProblem => ({
  code: 'INVALID_OPTION',
  path,
  message,
});

/** Makes the digesters of a fingerprint key or of several, the current one first; or says what is wrong with the keys. */
export function tryKeyring(
  keys: unknown,
  ephemeral = false,
): { readonly keyring?: Keyring; readonly problems?: readonly ErrorProblem[] } {
  if (keys === undefined) return {};
  const list: readonly unknown[] = Array.isArray(keys) ? keys : [keys];
  const sha256 = bestSha256();
  const problems: ErrorProblem[] = [];
  const digesters = list.flatMap((key, index): Digester[] => {
    if ((typeof key === 'string' || key instanceof Uint8Array) && key.length >= MIN_LENGTH) {
      return [
        digester(sha256, typeof key === 'string' ? encoder.encode(key) : key, ephemeral ? EPHEMERAL : ''),
      ];
    }
    const path = list.length === 1 ? 'fingerprintKey' : `fingerprintKey[${index}]`;
    const message = `it must be a string or bytes of a length of at least ${MIN_LENGTH}; generateFingerprintKey() makes one`;
    problems.push(invalidKey(path, message));
    return [];
  });
  const [current] = digesters;
  if (list.length === 0)
    problems.push(invalidKey('fingerprintKey', 'the list is empty; put the current key first'));
  if (current === undefined || problems.length > 0) return { problems };
  return {
    keyring: {
      current,
      ephemeral,
      find: (keyId) => digesters.find((known) => known.keyId === keyId),
      makerOf: (made) => digesters.find(({ keyId }) => isMadeWith(keyId, made)),
    },
  };
}

/**
 * Makes the digesters of a fingerprint key or of several, the current one first.
 *
 * @throws SecretSyncError `INVALID_OPTION` when a key is shorter than 32 characters or bytes.
 */
export function createKeyring(keys: FingerprintKeys, ephemeral = false): Keyring {
  const { keyring, problems = [] } = tryKeyring(keys, ephemeral);
  if (keyring !== undefined) return keyring;
  throw errorFromProblems('INVALID_OPTION', 'The fingerprint key is not valid', problems);
}

/** Draws a new fingerprint key: 64 hex digits. Keep it where other secrets are kept, and apart from the state. */
export function generateFingerprintKey(): string {
  return bytesToHex(globalThis.crypto.getRandomValues(new Uint8Array(32)));
}

/**
 * Returns a keyring under a key that nothing else knows, for as long as this object lives. The key is drawn when it is
 * first needed: an engine can be made where nothing may be drawn, such as the module scope of a worker.
 */
export function ephemeralKeyring(): Keyring {
  let drawn: Keyring | undefined;
  const keyring = () => (drawn ??= createKeyring(generateFingerprintKey(), true));
  return {
    get current() {
      return keyring().current;
    },
    ephemeral: true,
    find: (keyId) => keyring().find(keyId),
    makerOf: (made) => keyring().makerOf(made),
  };
}

/** True for the id of a key that some engine drew for its own life. */
export const isEphemeralKeyId = (keyId: string): boolean => keyId.startsWith(EPHEMERAL);

/** Whether {@link keyIdOf} a fingerprint is this id. Takes nothing apart: a place can have 100,000 of them. */
export const isMadeWith = (keyId: string, made: string): boolean =>
  made.charAt(keyId.length) === '.' && made.startsWith(keyId) && !made.includes('.', keyId.length + 1);

/** The id of the key that made a fingerprint; empty where none is named. */
export const keyIdOf = (made: string): string => made.slice(0, Math.max(0, made.lastIndexOf('.')));
