import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import { unrestrictedCapabilities } from '../../../src/core/definition/defaults.js';
import { identityKeySchema } from '../../../src/core/definition/key-schema.js';
import { checkPureInput, isEntry, isText } from '../../../src/core/inputs/check-input.js';

/** The paths of what is wrong; the entries where nothing is. */
function checked(input: unknown) {
  try {
    return checkPureInput('reconcile', input, {});
  } catch (error) {
    if (!isSecretSyncError(error, 'INVALID_OPTION')) throw error;
    expect(error.message).toContain('The arguments of reconcile() are not valid');
    return (error.problems ?? []).map(({ path, message }) => `${path}: ${message}`);
  }
}

const DESTINATION =
  'destination: it must be a record, a Map, pairs, or a list of entries, with keys and values that are strings';
const STATE = 'state: it must be an object whose syncs, entries, redeployDue are lists';

describe('the input of a pure function', () => {
  const secret = new SecretValue('1');

  it.each<[string, unknown, unknown]>([
    ['a record', { A: '1' }, [{ key: 'A', value: '1' }]],
    ['a record of secrets', { A: secret }, [{ key: 'A', value: secret }]],
    ['a Map', new Map([['A', '1']]), [{ key: 'A', value: '1' }]],
    ['pairs', [['A', '1']], [{ key: 'A', value: '1' }]],
    ['entries', [{ key: 'A' }, { key: 'B', value: '1' }], [{ key: 'A' }, { key: 'B', value: '1' }]],
    [
      'an entry that is no string',
      [{ key: 'A', value: { notAString: 1 } }],
      [{ key: 'A', value: { notAString: 1 } }],
    ],
    ['entries that come one by one', new Set([{ key: 'A' }]), [{ key: 'A' }]],
    ['nothing', [], []],
  ])('has a destination: %s', (_title, destination, entries) => {
    expect(checked({ destination })).toStrictEqual(entries);
  });

  it('has values by key of the kind that the capabilities write', () => {
    const capabilities = { ...unrestrictedCapabilities, kind: 'secret' };
    expect(checked({ destination: { A: '1' }, capabilities })).toStrictEqual([
      { key: 'A', value: '1', kind: 'secret' },
    ]);
    expect(checked({ destination: { A: '1' } })).toStrictEqual([{ key: 'A', value: '1' }]);
  });

  it.each([
    [undefined],
    ['text'],
    [null],
    [{ A: 1 }],
    [{ A: {} }],
    [[{ key: 7 }]],
    [[{ value: '1' }]],
    [[{ key: 'A', value: 7 }]],
    [[{ key: 'A', value: {} }]],
    [[{ key: 'A', value: null }]],
    [[null]],
  ])('is refused with the destination %j', (destination) => {
    expect(checked({ destination })).toEqual([DESTINATION]);
  });

  it.each([
    ['text'],
    [7],
    [null],
    [{ syncs: {} }],
    [{ entries: 'x' }],
    [{ redeployDue: 1 }],
    [{ syncs: [], entries: {} }],
  ])('is refused with the state %j', (state) => {
    expect(checked({ destination: {}, state })).toEqual([STATE]);
  });

  it.each([[undefined], [{}], [{ syncs: [], entries: [], redeployDue: [] }]])(
    'can have the state %j',
    (state) => {
      expect(checked({ destination: {}, state })).toEqual([]);
    },
  );

  it('names everything that is wrong with it', () => {
    expect(
      checked({ destination: 7, state: 7, keySchema: {}, capabilities: { checkKey: 1 }, options: [] }),
    ).toEqual([
      DESTINATION,
      STATE,
      'keySchema: it must be an object with render(), match(), strip()',
      'capabilities: it must be an object with checkKey(), checkValue(), isReserved()',
      'options: it must be an object',
    ]);
    const { render, match } = identityKeySchema;
    const others = { ...unrestrictedCapabilities, isReserved: undefined };
    expect(checked({ destination: {}, keySchema: { render, match }, capabilities: others })).toHaveLength(2);
  });

  it('can have all that a pure function takes', () => {
    const more = { keySchema: identityKeySchema, capabilities: unrestrictedCapabilities, options: {} };
    expect(checked({ destination: {}, ...more })).toEqual([]);
  });
});

describe('a value', () => {
  it.each([
    ['text', true],
    ['', true],
    [new SecretValue('1'), true],
    [7, false],
    [undefined, false],
    [{}, false],
  ])('%s is a text: %s', (value, expected) => {
    expect(isText(value)).toBe(expected);
  });

  it.each([
    [{ key: 'A' }, true],
    [{ key: 'A', value: '' }, true],
    [{ key: 'A', value: { notAString: [] } }, true],
    [{ key: 'A', value: {} }, false],
    [{ key: 'A', value: 7 }, false],
    [{ key: 7, value: 'x' }, false],
    [{ value: 'x' }, false],
    [undefined, false],
  ])('%j is an entry: %s', (value, expected) => {
    expect(isEntry(value)).toBe(expected);
  });
});
