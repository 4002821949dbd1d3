import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { unrestrictedCapabilities } from '../../../src/core/definition/defaults.js';
import { checkEntries, parsePlanInput } from '../../../src/core/inputs/plan-sync-input.js';

const right = { definition: { name: 'nightly' }, source: {}, destination: {} };

/** What is wrong with an input, and the code of the error; `undefined` where nothing is. */
function refused(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (!isSecretSyncError(error)) throw error;
    return {
      code: error.code,
      subject: error.message.split(':')[0],
      problems: (error.problems ?? []).map(({ path, message }) => `${path}: ${message}`),
    };
  }
  return undefined;
}
const parsed = (fields: object) => refused(() => parsePlanInput({ ...right, ...fields }));

const INVALID = { code: 'INVALID_OPTION', subject: 'The input of planSync is not valid' };

describe('the input of planSync', () => {
  it.each<[string, object, string]>([
    ['no definition', { definition: 7 }, 'definition: it must be an object'],
    ['a definition that is null', { definition: null }, 'definition: it must be an object'],
    [
      'a source that is a number',
      { source: 7 },
      'source: it must be a record, a Map, pairs, or an object with secrets',
    ],
    [
      'a destination that is a text',
      { destination: 'A' },
      'destination: it must be a record, a Map, pairs, or a list of entries',
    ],
    [
      'syncs of another shape',
      { state: { syncs: {} } },
      'state.syncs: it must be a list, as a store keeps it',
    ],
    [
      'entries of another shape',
      { state: { entries: [{ key: 'A' }] } },
      'state.entries: it must be a list, as a store keeps it',
    ],
    [
      'ids of another shape',
      { state: { redeployDue: [1] } },
      'state.redeployDue: it must be a list, as a store keeps it',
    ],
    [
      'no number of deletions',
      { confirmDeletions: 1.5 },
      'confirmDeletions: it must be a whole number, the number of deletions that the plan shows',
    ],
    ['an empty place', { place: '' }, 'place: it is empty; set it, or leave it out'],
  ])('is refused with %s', (_title, fields, problem) => {
    expect(parsed(fields)).toEqual({ ...INVALID, problems: [problem] });
  });

  it.each<[string, object, string]>([
    ['an operation', { operation: 'prune' }, 'operation'],
    ['a behavior', { importBehavior: 'newest' }, 'importBehavior'],
    ['a flag', { force: 'yes' }, 'force'],
    ['capabilities', { capabilities: {} }, 'capabilities'],
    ['a fingerprint key', { fingerprintKey: 'short' }, 'fingerprintKey'],
    ['a state', { state: 7 }, 'state'],
    ['an option', { confirmDeletion: 1 }, 'confirmDeletion'],
  ])('is refused with %s that there is not', (_title, fields, path) => {
    const { problems = [], ...rest } = parsed(fields) ?? {};
    expect(rest).toEqual(INVALID);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${path}: `));
  });

  it('is refused with everything that is wrong, of the definition too', () => {
    const wrong = parsed({ definition: { name: 7 }, force: 1, fingerprintKey: 'short', place: '' });
    expect(wrong).toMatchObject(INVALID);
    expect(wrong?.problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'fingerprintKey',
      'force',
      'name',
      'place',
    ]);
  });

  it('is refused by the code of the definition where only that is wrong', () => {
    expect(parsed({ definition: { name: 7 } })).toEqual({
      code: 'INVALID_DEFINITION',
      subject: 'The definition is not valid',
      problems: ['name: it must be a string'],
    });
  });

  it('is refused where the destination cannot redeploy as the definition asks', () => {
    const definition = { name: 'nightly', syncOptions: { redeploy: 'start' } };
    const { followUp: _, ...withoutFollowUp } = unrestrictedCapabilities;
    expect(parsed({ definition })).toBeUndefined();
    const wrong = parsed({ definition, capabilities: withoutFollowUp });
    expect(wrong).toMatchObject({ code: 'INVALID_DEFINITION' });
    expect(wrong?.problems).toEqual([
      expect.stringMatching(/^syncOptions\.redeploy: the driver "destination"/),
    ]);
  });

  it('is taken with all that it can have', () => {
    const all = {
      definition: { name: 'nightly', destination: 'shop', destinationConfig: { a: 1 } },
      source: new Map([['A', '1']]),
      destination: [{ key: 'A' }],
      state: { syncs: [], entries: [], redeployDue: [] },
      capabilities: unrestrictedCapabilities,
      operation: 'import',
      importBehavior: 'prioritize-destination',
      force: true,
      confirmDeletions: 0,
      fingerprintKey: 'k'.repeat(32),
      place: 'shop:1',
    };
    const { definition, keyring } = parsePlanInput(all);
    expect(definition).toMatchObject({ id: 'nightly', destination: 'shop', destinationConfig: { a: 1 } });
    expect(keyring?.ephemeral).toBe(false);
    expect(parsePlanInput(right)).toMatchObject({
      definition: { destination: 'destination', destinationConfig: {} },
      keyring: undefined,
    });
  });

  it('is refused with entries that have no key or another value, each named', () => {
    const entries: unknown = [{ key: 'A' }, { key: 7 }, { key: 'B', value: 7 }, null];
    expect(refused(() => Reflect.apply(checkEntries, undefined, [entries]) as unknown)).toEqual({
      ...INVALID,
      problems: [
        'destination[1]: it must have a key that is a string',
        'destination[2]: its value must be a string, a SecretValue, or absent',
        'destination[3]: it must have a key that is a string',
      ],
    });
    const whole = [{ key: 'A' }];
    expect(checkEntries(whole)).toBe(whole);
  });
});
