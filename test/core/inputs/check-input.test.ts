import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import { unrestrictedCapabilities } from '../../../src/core/definition/defaults.js';
import { identityKeySchema } from '../../../src/core/definition/key-schema.js';
import { checkPureInput, isEntry, isText } from '../../../src/core/inputs/check-input.js';
import { guardDeletions } from '../../../src/core/deletion-guard.js';
import { compileKeySchema } from '../../../src/core/definition/key-schema.js';
import { resolveImport } from '../../../src/core/imports.js';
import { planSync } from '../../../src/core/plan-sync.js';
import { reconcile } from '../../../src/core/reconcile.js';
import { failure, subjectsOf } from '../../support/engine.js';

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
const STATE = 'state: it must be an object with syncs, entries, redeployDue, as a store keeps them';

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

describe('the options of a pure function', () => {
  const LIMITS = 'options.maxDeletions: it must be an object with count and ratio, numbers from 0 on';

  it.each<[string, object, readonly string[]]>([
    ['every scope of deletions', { deletionScope: 'ask' }, []],
    ['every scope of deletions', { deletionScope: 'matching' }, []],
    ['every scope of deletions', { deletionScope: 'owned' }, []],
    ['both ways with invalid keys', { invalidKeys: 'refuse' }, []],
    ['both ways with invalid keys', { invalidKeys: 'skip' }, []],
    ['one limit of deletions', { maxDeletions: { count: 0, ratio: undefined } }, []],
    ['no limit of deletions', { maxDeletions: {} }, []],
    ['no limit of another name', { maxDeletions: { recount: 1 } }, [LIMITS]],
    ['no limit of another name beside a right one', { maxDeletions: { count: 1, other: 1 } }, [LIMITS]],
    ['no limit below 0', { maxDeletions: { count: 1, ratio: -1 } }, [LIMITS]],
  ])('can hold %s: %j', (_title, options, expected) => {
    expect(checked({ destination: {}, options })).toEqual(expected);
  });

  it('can stand beside the fields of the other pure functions', () => {
    const others = { source: {}, desired: {}, unreadable: [], duplicates: [], behavior: 'x', changes: [] };
    expect(checked({ destination: {}, syncId: 'a', confirmDeletions: 1, ...others })).toEqual([]);
    expect(checked({ destination: {}, other: 1 })).toHaveLength(1);
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

const keySchema = compileKeySchema('APP_{{secretKey}}');
const destination = { APP_A: '1', APP_B: '2' };
const { changes } = reconcile({ syncId: 'nightly', desired: {}, destination, keySchema });
const guarding = { syncId: 'nightly', changes, destination, keySchema, source: { empty: false } };

/** As JavaScript would, where no compiler looks at the input. */
const guard = (wrong: object) => guardDeletions({ ...guarding, ...wrong } satisfies object);

describe('a guard of deletions is left out by no input that is wrong:', () => {
  it.each<[string, object]>([
    ['options.allowEmptySource', { options: { allowEmptySource: 'false' }, source: { empty: true } }],
    ['options.disableSecretDeletions', { options: { disableSecretDeletions: true } }],
    ['options.deletionScope', { options: { deletionScope: 'own' } }],
    ['options.maxDeletions', { options: { maxDeletions: { count: 'many' } } }],
    ['options.maxDeletions', { options: { maxDeletions: { counts: 1 } } }],
    ['options.maxDeletions', { options: { maxDeletions: 1 } }],
    ['source.partial', { source: { partial: 'yes' } }],
    ['source.partal', { source: { partal: true } }],
    ['source', { source: new Map([['partial', true]]) }],
    ['sourc', { sourc: { partial: true } }],
    ['state', { state: { entries: [null] } }],
    ['changes', { changes: [{ action: 'delete' }] }],
    ['confirmDeletion', { confirmDeletion: 2 }],
  ])('%s of %j', async (path, wrong) => {
    expect(subjectsOf(await failure(() => guard(wrong), 'INVALID_OPTION'))).toEqual([path]);
  });

  it.each([[undefined], [7], [[{ key: 'A' }]], [[{ action: 'delete' }]]])('changes that are %j', (wrong) => {
    expect(() => guard({ changes: wrong })).toThrow(
      /"changes": it must be a list of changes as reconcile returns them/,
    );
  });
});

describe('the pure functions', () => {
  it('name every option that is wrong or unknown together', async () => {
    const wrong = { options: { force: 'no', invalidKeys: 'drop', forced: true }, unreadble: ['A'] };
    const input = { syncId: 'nightly', desired: {}, destination, ...wrong };
    const error = await failure(() => reconcile(input as never), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual([
      'options.force',
      'options.forced',
      'options.invalidKeys',
      'unreadble',
    ]);
  });

  it('take the fields of each other, which a caller can share', () => {
    const shared = {
      ...guarding,
      options: { force: true, allowReplace: false },
      unreadable: [],
      desired: {},
    };
    expect(guardDeletions(shared).changes).toEqual(changes);
    expect(reconcile(shared).changes).toEqual(changes);
    expect(resolveImport({ ...shared, source: {}, behavior: 'overwrite-destination' }).imports).toEqual([]);
  });

  it('take no promise that nobody awaited for an empty source or destination', async () => {
    const nothing = Promise.resolve({});
    const input = { definition: { name: 'nightly' }, source: nothing, destination: nothing };
    const error = await failure(() => planSync(input as never), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(['destination', 'source']);
  });

  it('name the list of a state that holds something else', async () => {
    const state = { syncs: ['nightly'], entries: [{ key: 'A' }], redeployDue: [1] };
    const input = { definition: { name: 'nightly' }, source: {}, destination: {}, state };
    const error = await failure(() => planSync(input as never), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(['state.entries', 'state.redeployDue', 'state.syncs']);
  });

  it('compile a key schema whose options are null, as without options', () => {
    expect(compileKeySchema('APP_{{secretKey}}', null as never).render('A')).toBe('APP_A');
  });
});
