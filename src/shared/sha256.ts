import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** A digest that takes its message piece by piece. */
export interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** HMAC-SHA256 under one key. */
export interface Hmac {
  /** Starts a message that comes piece by piece. */
  readonly create: () => Hash;
  /** Returns the digest of a message in hexadecimal. What it needs is allocated once: most messages are short. */
  readonly digest: (message: Uint8Array) => string;
}

/** SHA-256 in one implementation. */
export interface Sha256 {
  readonly create: () => Hash;
  readonly hmac: (key: Uint8Array) => Hmac;
}

/** SHA-256 in JavaScript, for runtimes that have no synchronous one. */
export const portableSha256: Sha256 = {
  create: () => sha256.create(),
  hmac(key) {
    // A copy of the keyed state spares half of the hash blocks of a short message.
    const keyed = hmac.create(sha256, key);
    const mac = keyed.clone();
    const result = new Uint8Array(keyed.outputLen);
    return {
      create: () => keyed.clone(),
      digest(message) {
        keyed._cloneInto(mac);
        mac.update(message);
        mac.digestInto(result);
        return bytesToHex(result);
      },
    };
  },
};

/** What is used of `node:crypto`. */
interface NativeCrypto {
  createHash(algorithm: string): Hash;
  createHmac(algorithm: string, key: Uint8Array): Hash;
  hash(algorithm: string, message: Uint8Array, encoding: 'hex' | 'latin1'): string;
}

const ALGORITHM = 'sha256';
const BLOCK = 64;
const DIGEST = 32;

/** A key's block with each byte changed, as HMAC asks for. */
const padded = (block: Uint8Array, by: number): Uint8Array => block.map((byte) => byte ^ by);

/** HMAC by two one-shot hashes, which take a third of the time that the runtime's own HMAC takes to set up. */
function nativeHmac(native: NativeCrypto, key: Uint8Array): Hmac {
  const block = new Uint8Array(BLOCK);
  block.set(key.length > BLOCK ? sha256(key) : key);
  let inner = padded(block, 0x36);
  const outer = new Uint8Array(BLOCK + DIGEST);
  outer.set(padded(block, 0x5c));
  return {
    create: () => native.createHmac(ALGORITHM, key),
    digest(message) {
      const length = BLOCK + message.length;
      if (inner.length < length) {
        const longer = new Uint8Array(length * 2);
        longer.set(inner.subarray(0, BLOCK));
        inner = longer;
      }
      inner.set(message, BLOCK);
      const hashed = native.hash(ALGORITHM, inner.subarray(0, length), 'latin1');
      for (let at = 0; at < DIGEST; at += 1) outer[BLOCK + at] = hashed.charCodeAt(at);
      return native.hash(ALGORITHM, outer, 'hex');
    },
  };
}

const hasMethods = <Name extends string>(
  value: unknown,
  ...names: readonly Name[]
): value is Record<Name, (...given: readonly unknown[]) => unknown> =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => typeof Reflect.get(value, name) === 'function');

const isNativeCrypto = (value: unknown): value is NativeCrypto =>
  hasMethods(value, 'createHash', 'createHmac', 'hash');

/** What was made of a runtime's functions and found sound: to find out takes longer than most digests. */
const soundOf = new WeakMap<NativeCrypto, Sha256>();

/** The runtime's own SHA-256; `undefined` where it has none that is synchronous, or one that does not give the same. */
export function nativeSha256(): Sha256 | undefined {
  // Without an import, which would tie every bundle to Node.
  const runtime: unknown = Reflect.get(globalThis, 'process');
  if (!hasMethods(runtime, 'getBuiltinModule')) return undefined;
  try {
    const native: unknown = runtime.getBuiltinModule('node:crypto');
    if (!isNativeCrypto(native)) return undefined;
    const known = soundOf.get(native);
    if (known !== undefined) return known;
    const found: Sha256 = {
      create: () => native.createHash(ALGORITHM),
      hmac: (key) => nativeHmac(native, key),
    };
    if (!isSound(found)) return undefined;
    soundOf.set(native, found);
    return found;
  } catch {
    return undefined;
  }
}

/** Whether an implementation gives what the portable one gives, in each way that it is used. */
function isSound({ create, hmac: hmacOf }: Sha256): boolean {
  const sample = new Uint8Array(BLOCK + 1).fill(0xa5);
  const [expected, given] = [portableSha256.hmac(sample), hmacOf(sample)];
  const digestOf = (hash: Hash) => {
    hash.update(sample);
    return bytesToHex(hash.digest());
  };
  const mac = expected.digest(sample);
  return (
    given.digest(sample) === mac &&
    digestOf(given.create()) === mac &&
    digestOf(create()) === bytesToHex(sha256(sample))
  );
}

/** SHA-256 by what the runtime has, which takes a quarter of the time; else in JavaScript. */
export const bestSha256 = (): Sha256 => nativeSha256() ?? portableSha256;
