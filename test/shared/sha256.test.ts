import { createHash, createHmac } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bestSha256, nativeSha256, portableSha256 } from '../../src/shared/sha256.js';

const LENGTHS = [0, 1, 31, 32, 55, 56, 63, 64, 65, 119, 128, 1_023, 1_024, 5_000];
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 7 + length) % 256);

afterEach(() => vi.restoreAllMocks());

describe.each([
  ['in JavaScript', portableSha256],
  ['of the runtime', nativeSha256() ?? portableSha256],
])('SHA-256 %s', (_, implementation) => {
  it('is SHA-256, in one piece and in several', () => {
    for (const length of LENGTHS) {
      const hash = implementation.create();
      hash.update(bytesOf(length).subarray(0, 3));
      hash.update(bytesOf(length).subarray(3));
      const expected = createHash('sha256').update(bytesOf(length)).digest('hex');
      expect(Buffer.from(hash.digest()).toString('hex')).toBe(expected);
    }
  });

  it('makes HMACs under keys and of messages of any length, whatever was digested before', () => {
    for (const keyLength of LENGTHS) {
      const key = bytesOf(keyLength);
      const hmac = implementation.hmac(key);
      for (const length of [...LENGTHS, ...LENGTHS.toReversed()]) {
        const message = bytesOf(length);
        const expected = createHmac('sha256', key).update(message).digest('hex');
        expect(hmac.digest(message)).toBe(expected);
        const pieces = hmac.create();
        pieces.update(message.subarray(0, 40));
        pieces.update(message.subarray(40));
        expect(Buffer.from(pieces.digest()).toString('hex')).toBe(expected);
      }
    }
  });
});

describe('the choice of an implementation', () => {
  it('is that of the runtime, where it has one', () => {
    expect(nativeSha256()).toBeDefined();
  });

  const native = process.getBuiltinModule('node:crypto');
  const withoutFit: [string, unknown][] = [
    ['has none', undefined],
    ['has no one-shot hash', { createHash: native.createHash, createHmac: native.createHmac }],
    ['hashes something else', { ...native, hash: () => 'x'.repeat(64) }],
    ['makes other HMACs', { ...native, createHmac: () => native.createHash('sha256') }],
    ['makes other hashes piece by piece', { ...native, createHash: () => native.createHash('sha512') }],
  ];
  it.each(withoutFit)('is the portable one where the runtime %s', (_, found) => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(found as object);
    expect(nativeSha256()).toBeUndefined();
    expect(bestSha256()).toBe(portableSha256);
  });

  it('is the portable one where the runtime refuses its own', () => {
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(() => {
      throw new Error('not here');
    });
    expect(bestSha256()).toBe(portableSha256);
  });

  it('is the portable one where there is no process, as in a browser', () => {
    vi.stubGlobal('process', undefined);
    const found = nativeSha256();
    vi.unstubAllGlobals();
    expect(found).toBeUndefined();
  });
});
