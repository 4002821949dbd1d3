import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import { fingerprint, sourceDigest } from '../../../src/core/fingerprint/fingerprint.js';
import type { SourceLocation, SourceReadResult } from '../../../src/contracts/source.js';
import { sourceSnapshot } from '../../../src/core/inputs/source-snapshot.js';
import { anyText } from '../../support/properties/arbitraries.js';
import { propertyRuns } from '../../support/properties/property.js';
import { canonicalJson, checksum } from '../../../src/shared/canonical-json.js';
import {
  createKeyring,
  ephemeralKeyring,
  generateFingerprintKey,
  isEphemeralKeyId,
  isMadeWith,
  keyIdOf,
  type FingerprintKeys,
} from '../../../src/core/fingerprint/keyring.js';
import { inOneGo } from '../../../src/shared/turns/turns.js';

const KEY = '0123456789abcdef0123456789abcdef';
// Made in each test: what fails while a file is loaded fails without a name.
const own = () => createKeyring(KEY).current;
const print = (place: string, kind: string | undefined, key: string, value: string) =>
  fingerprint(own(), place, kind, key, new SecretValue(value));

function framed(fields: readonly string[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4);
      const bytes = Buffer.from(field, 'utf8');
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

describe('a fingerprint', () => {
  it('is the HMAC-SHA256 of the fields, each with its length, after the id of its key', () => {
    const fields = ['hasura:1', 'secret', 'APP_É', 'multi\nline 🔑'];
    const hmac = createHmac('sha256', KEY).update(framed(fields)).digest('hex');
    expect(print('hasura:1', 'secret', 'APP_É', 'multi\nline 🔑')).toBe(`${own().keyId}.${hmac}`);
  });

  it('is the same for long fields as for short ones, of any length around a block', () => {
    for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 1_000, 70_000]) {
      const value = 'é'.repeat(length);
      const hmac = createHmac('sha256', KEY)
        .update(framed(['p', '', 'k', value]))
        .digest('hex');
      expect(print('p', undefined, 'k', value)).toBe(`${own().keyId}.${hmac}`);
    }
  });

  it('is the same at any length around what is gathered before it is digested', () => {
    for (let length = 1_005; length <= 1_030; length += 1) {
      const fields = ['p'.repeat(length), 'kind', 'k', 'v'];
      const late = ['p', 'kind', 'k'.repeat(length), 'é'];
      for (const [place = '', kind, key = '', value = ''] of [fields, late]) {
        const hmac = createHmac('sha256', KEY)
          .update(framed([place, kind ?? '', key, value]))
          .digest('hex');
        expect(print(place, kind, key, value)).toBe(`${own().keyId}.${hmac}`);
      }
    }
  });

  it.each(['\u007f', '\u0080', 'a\u0080', '\u07ff\u0800', '\ufffd'])('takes %j as UTF-8', (value) => {
    const hmac = createHmac('sha256', KEY)
      .update(framed(['p', '', 'k', value]))
      .digest('hex');
    expect(print('p', undefined, 'k', value)).toBe(`${own().keyId}.${hmac}`);
  });

  it('differs where any part differs, and where text moves from one part to the next', () => {
    const made = [
      print('place', 'kind', 'key', 'value'),
      print('placex', 'kind', 'key', 'value'),
      print('place', 'kindx', 'key', 'value'),
      print('place', 'kind', 'keyx', 'value'),
      print('place', 'kind', 'key', 'valuex'),
      print('placek', 'ind', 'key', 'value'),
      print('place', 'kindk', 'ey', 'value'),
      print('place', 'kind', 'keyv', 'alue'),
      print('place', '', 'kindkey', 'value'),
    ];
    expect(new Set(made).size).toBe(made.length);
  });

  it('differs for any two different values, halves of surrogate pairs included', () => {
    const anyUnit = fc.string({
      unit: fc.constantFrom('\ud800', '\ud801', '\udc00', '\ufffd', 'a', 'é'),
      maxLength: 3,
    });
    fc.assert(
      fc.property(anyUnit, anyUnit, (first, second) => {
        expect(print('p', '', 'k', first) === print('p', '', 'k', second)).toBe(first === second);
      }),
      propertyRuns,
    );
    expect(print('p', '', 'k', '\ud800')).not.toBe(print('p', '', 'k', '\ud801'));
    expect(print('p', '', 'k', '\ud800')).not.toBe(print('p', '', 'k', '\ufffd'));
  });

  it('is the same, as is the digest of a source, where the runtime has no synchronous hash of its own', () => {
    const secrets = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`K${index}`, 'é'.repeat(index)]),
    );
    const digests = () => [
      print('p', 'kind', 'k', 'v'),
      ...Object.entries(secrets).map(([key, value]) => print('p', undefined, key, value)),
      inOneGo(sourceDigest(own(), {}, sourceSnapshot({ secrets, complete: true }))),
    ];
    const native = digests();
    const builtIns = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
    expect(digests()).toEqual(native);
    expect(builtIns).toHaveBeenCalled();
    builtIns.mockRestore();
  });

  it('holds nothing of the value', () => {
    expect(print('p', '', 'k', 'hunter2hunter2')).toMatch(/^[0-9a-f]{12}\.[0-9a-f]{64}$/);
  });

  it.each([
    ['abc.00', 'abc'],
    ['process-abc.00', 'process-abc'],
    ['a.b.00', 'a.b'],
    ['no dot', ''],
    ['', ''],
  ])('%j names the key %j', (made, keyId) => {
    expect(keyIdOf(made)).toBe(keyId);
    expect(isMadeWith(keyId, made)).toBe(made.includes('.'));
    expect(isMadeWith('other', made)).toBe(false);
    expect(isMadeWith('a', made)).toBe(false);
  });
});

describe('a keyring', () => {
  it('takes text and bytes of at least 32, as the same key', () => {
    const bytes = new TextEncoder().encode(KEY);
    expect(createKeyring(bytes).current.keyId).toBe(own().keyId);
    expect(createKeyring(bytes).current.digest(['x'])).toBe(own().digest(['x']));
    expect(bytes).toEqual(new TextEncoder().encode(KEY));
  });

  it('is named in a way that lasts, since what is remembered names it: by a digest of its own', () => {
    const hmac = createHmac('sha256', KEY)
      .update(framed(['key id']))
      .digest('hex');
    expect(own().keyId).toBe(hmac.slice(0, 12));
  });

  it('is not changed by what becomes of the bytes later', () => {
    const bytes = new TextEncoder().encode(KEY);
    const { current: made } = createKeyring(bytes);
    bytes.fill(0);
    expect(made.digest(['x'])).toBe(own().digest(['x']));
  });

  it('makes with the first key and finds all', () => {
    const keyring = createKeyring(['n'.repeat(32), KEY]);
    expect(keyring.current.keyId).not.toBe(own().keyId);
    expect(keyring.find(own().keyId)?.digest(['x'])).toBe(own().digest(['x']));
    expect(keyring.find('unknown')).toBeUndefined();
    expect(keyring.ephemeral).toBe(false);
  });

  it.each<[string, unknown, RegExp]>([
    ['a short text', 'k'.repeat(31), /fingerprintKey": .*at least 32.*generateFingerprintKey\(\)/],
    ['short bytes', new Uint8Array(31), /at least 32/],
    ['a short one among others', [KEY, 'short'], /"fingerprintKey\[1\]"/],
    ['nothing', [], /list is empty/],
    ['a number', [7], /a string or bytes/],
  ])('refuses %s, and does not show it', (_title, keys, message) => {
    expect(() => createKeyring(keys as FingerprintKeys)).toThrowError(message);
    try {
      createKeyring(keys as FingerprintKeys);
    } catch (error) {
      expect(isSecretSyncError(error, 'INVALID_OPTION')).toBe(true);
      expect(String(error)).not.toMatch(/kkkk|short"/);
    }
  });

  it.each<[unknown, string[]]>([
    ['short', ['fingerprintKey']],
    [['short'], ['fingerprintKey']],
    [[], ['fingerprintKey']],
    [[KEY, Array(32).fill('k')], ['fingerprintKey[1]']],
    [
      [KEY, 'short', 7],
      ['fingerprintKey[1]', 'fingerprintKey[2]'],
    ],
  ])('refuses %j with the path of each key', (keys, paths) => {
    try {
      createKeyring(keys as FingerprintKeys);
      expect.unreachable();
    } catch (error) {
      if (!isSecretSyncError(error)) throw error;
      expect(error.message).toMatch(/^The fingerprint key is not valid:/);
      expect(error.problems?.map(({ path }) => path)).toEqual(paths);
    }
  });

  it('draws the key of an engine only when it is needed, once', () => {
    const draw = vi.spyOn(globalThis.crypto, 'getRandomValues');
    try {
      const keyring = ephemeralKeyring();
      expect(draw).not.toHaveBeenCalled();
      expect(keyring.find(keyring.current.keyId)).toBe(keyring.current);
      expect(draw).toHaveBeenCalledTimes(1);
    } finally {
      draw.mockRestore();
    }
  });

  it('of one process has a key that nobody else has, and an id that says so', () => {
    const [first, second] = [ephemeralKeyring(), ephemeralKeyring()];
    expect(first.ephemeral).toBe(true);
    expect(first.current.keyId).not.toBe(second.current.keyId);
    expect(isEphemeralKeyId(first.current.keyId)).toBe(true);
    expect(isEphemeralKeyId(own().keyId)).toBe(false);
    expect(keyIdOf(fingerprint(first.current, 'p', undefined, 'k', new SecretValue('v')))).toBe(
      first.current.keyId,
    );
  });

  it('of one process finds what its key made, and nothing else', () => {
    const keyring = ephemeralKeyring();
    const made = fingerprint(keyring.current, 'p', undefined, 'A', new SecretValue('1'));
    expect(keyring.makerOf(made)?.keyId).toBe(keyring.current.keyId);
    expect(keyring.find(keyring.current.keyId)?.keyId).toBe(keyring.current.keyId);
    expect(keyring.makerOf(print('p', undefined, 'A', '1'))).toBeUndefined();
    expect(keyring.find(own().keyId)).toBeUndefined();
  });

  it('is refused with the code of an option where a key is too short', () => {
    expect(() => createKeyring('short')).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(
          /^The fingerprint key is not valid: "fingerprintKey": it must be/,
        ) as unknown,
      }),
    );
  });

  it('can be made of a generated key', () => {
    const made = generateFingerprintKey();
    expect(made).toMatch(/^[0-9a-f]{64}$/);
    expect(generateFingerprintKey()).not.toBe(made);
    expect(createKeyring(made).current.keyId).toMatch(/^[0-9a-f]{12}$/);
  });
});

describe('canonical JSON', () => {
  it.each<[string, unknown, string]>([
    [
      'sorts names by code unit, at every depth',
      { b: [{ d: 1, c: 2 }], a: { é: 1, B: 2 } },
      '{"a":{"B":2,"é":1},"b":[{"c":2,"d":1}]}',
    ],
    ['leaves out what is undefined', { a: undefined, b: 1 }, '{"b":1}'],
    ['takes __proto__ as a name', JSON.parse('{"__proto__":{"b":1,"a":2}}'), '{"__proto__":{"a":2,"b":1}}'],
    ['keeps the order of a list', [3, 1, 2], '[3,1,2]'],
    ['writes texts as JSON does', { a: '"\n\u2028\ud800' }, JSON.stringify({ a: '"\n\u2028\ud800' })],
    ['takes null, numbers and booleans', [null, 1.5, true, ''], '[null,1.5,true,""]'],
    ['has null for nothing at all', undefined, 'null'],
    ['takes empty lists and objects', { a: [], b: {} }, '{"a":[],"b":{}}'],
  ])('%s', (_title, value, json) => {
    expect(canonicalJson(value)).toBe(json);
  });

  it('is the same for equal data, and different for different data', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== 'object' || value === null) return value;
      const fields = Object.entries(value).reverse();
      return Object.fromEntries(fields.map(([name, field]) => [name, shuffled(field)]));
    };
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (value, other) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
        const roundTrip: unknown = JSON.parse(JSON.stringify(value));
        expect(canonicalJson(roundTrip)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(roundTrip);
        if (canonicalJson(value) === canonicalJson(other)) {
          expect(JSON.parse(JSON.stringify(other))).toEqual(roundTrip);
        }
      }),
      propertyRuns,
    );
  });
});

describe('the digest of a source', () => {
  const digestOf = (read: SourceReadResult, location: SourceLocation = {}) =>
    inOneGo(sourceDigest(own(), location, sourceSnapshot(read)));
  const secrets = { A: '1', B: '2' };

  it('is of its location, its names, and its secrets by key, and does not change with this library', () => {
    const fields = ['source', '{"environment":"prod"}', '[[],["C"],false]', 'A', '1', 'B', '2'];
    const hmac = createHmac('sha256', KEY).update(framed(fields)).digest('hex');
    const read = { secrets: { B: '2', A: '1' }, unreadable: ['C'] };
    expect(digestOf(read, { environment: 'prod' })).toBe(`${own().keyId}.${hmac}`);
  });

  it('names its key, and holds nothing of the values', () => {
    expect(digestOf({ A: 'hunter2hunter2' })).toMatch(/^[0-9a-f]{12}\.[0-9a-f]{64}$/);
    expect(keyIdOf(digestOf(secrets))).toBe(own().keyId);
  });

  it('is the same for the same secrets in any order', () => {
    expect(digestOf({ B: '2', A: '1' })).toBe(digestOf(secrets));
    const pairs = (keys: string[]): [string, string][] => keys.map((key) => [key, '1']);
    const one = { secrets: pairs(['A', 'B', 'A', 'B']), unreadable: ['C', 'D'] };
    const other = { secrets: pairs(['B', 'A', 'B', 'A']), unreadable: ['D', 'C'] };
    expect(digestOf(one)).toBe(digestOf(other));
    expect(digestOf(pairs(['C', 'A', 'D', 'B', 'E']))).toBe(digestOf(pairs(['E', 'B', 'D', 'A', 'C'])));
    const place = { environment: 'prod', secretPath: '/' };
    expect(digestOf(secrets, { secretPath: '/', environment: 'prod' })).toBe(digestOf(secrets, place));
  });

  it('is another one where anything has moved', () => {
    const made = [
      digestOf(secrets),
      digestOf(secrets, { environment: 'prod' }),
      digestOf(secrets, { secretPath: 'prod' }),
      digestOf({ A: '1' }),
      digestOf({}),
      digestOf({ A: '2', B: '1' }),
      digestOf({ A: '1', C: '2' }),
      digestOf({ A: '1B2' }),
      digestOf({ secrets, complete: false }),
      digestOf({ secrets, unreadable: ['C'] }),
      digestOf({ secrets, unreadable: ['D'] }),
      digestOf([
        ['A', '1'],
        ['B', '2'],
        ['B', '2'],
      ]),
      digestOf([
        ['A', '1'],
        ['B', '2'],
        ['A', '2'],
      ]),
      `${own().keyId}.${own().digest([])}`,
    ];
    expect(new Set(made).size).toBe(made.length);
  });

  it('is another one where a key has moved from a part to another, as a plan that deletes depends on it', () => {
    const inParts = (first: string[], last: string[]) =>
      digestOf({
        secrets,
        parts: [
          { name: 'first', keys: first },
          { name: 'last', keys: last },
        ],
      });
    const made = [
      inParts(['A'], ['B']),
      inParts(['B'], ['A']),
      inParts(['A', 'B'], []),
      inParts([], ['A', 'B']),
    ];
    expect(new Set(made).size).toBe(made.length);
    expect(inParts(['A', 'B'], ['B'])).toBe(inParts(['A'], ['B']));
    // What an import writes goes to the strongest part.
    expect(inParts([], ['A', 'B'])).toBe(inParts([], ['A']));
  });

  it('is another one where the only part has another name, or there is none any more', () => {
    const inPart = (name: string) => digestOf({ secrets, parts: [{ name, keys: ['A', 'B'] }] });
    expect(new Set([inPart('.env'), inPart('/etc/app/.env'), digestOf(secrets)]).size).toBe(3);
  });
});

describe('a checksum', () => {
  const anyWellFormed = anyText.map((text) => text.replace(/\p{Surrogate}/gu, ''));

  it('is the same for the same text only', () => {
    fc.assert(
      fc.property(anyWellFormed, anyWellFormed, (first, second) => {
        expect(checksum(first) === checksum(second)).toBe(first === second);
      }),
      propertyRuns,
    );
  });
});

describe('a digest that is made in turns', () => {
  it('is the one that is made in one go, of many fields and of long ones', () => {
    const { digest, digestInTurns } = own();
    const many = Array.from({ length: 40_000 }, (_, index) => `field ${index}`);
    for (const fields of [[], ['a', ''], many, ['é'.repeat(400_000), '\ud800', 'x'.repeat(1_200_000)]]) {
      expect(inOneGo(digestInTurns(fields))).toBe(digest(fields));
    }
  });

  it('gives others a turn after many fields, and around a long one', () => {
    const turns = (fields: readonly string[]) => [...own().digestInTurns(fields)].length;
    expect(turns(['A', 'x'.repeat(2_000)])).toBe(0);
    expect(turns(Array.from({ length: 16_384 }, () => 'A'))).toBe(0);
    expect(turns(Array.from({ length: 16_385 }, () => 'A'))).toBe(1);
    expect(turns(['x'.repeat(2 ** 20)])).toBe(1);
    // Of a longer one, also before and after it is encoded, and after one more piece.
    expect(turns(['x'.repeat(2 ** 20 + 1)])).toBe(4);
  });

  it('is not disturbed by digests that are made between its turns', () => {
    const { digest, digestInTurns } = own();
    const fields = ['x'.repeat(1_200_000)];
    const work = digestInTurns(fields);
    for (;;) {
      const { done, value } = work.next();
      digest(['another']);
      if (done === true) return expect(value).toBe(digest(fields));
    }
  });
});
