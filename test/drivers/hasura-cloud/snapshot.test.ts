import { describe, expect, it } from 'vitest';
import { SecretValue } from '../../../src/contracts/secret.js';
import { isDone, sameBeside, toEntries } from '../../../src/drivers/hasura-cloud/snapshot.js';
import { failure } from '../../support/engine.js';

/** What was read, with values in plain sight. */
const read = (envVars: unknown) =>
  [...toEntries(envVars).values()].map(({ value, ...entry }) => ({
    ...entry,
    value: SecretValue.is(value) ? value.reveal() : value,
  }));

describe('toEntries', () => {
  it.each([
    ['nothing', {}, []],
    ['no variables', { environment: null }, []],
    ['a variable', { environment: { A: '1' } }, [{ key: 'A', value: '1' }]],
    [
      'a variable of Hasura itself',
      { environment: { HASURA_A: '1' } },
      [{ key: 'HASURA_A', value: '1', reserved: true }],
    ],
    [
      'a setting of Hasura beside the variables',
      { HASURA_A: '1', environment: {} },
      [{ key: 'HASURA_A', value: '1', reserved: true }],
    ],
    [
      'what the platform has beside them',
      { A: '1' },
      [{ key: 'A', value: '1', fixed: 'built-in', reserved: true }],
    ],
    ['a key in both', { A: '1', environment: { A: '2' } }, [{ key: 'A', value: '2' }]],
    [
      'values that are no strings',
      { environment: { A: 1, B: null, C: { d: [true] } } },
      [
        { key: 'A', value: { notAString: true, json: '1' } },
        { key: 'B', value: { notAString: true } },
        { key: 'C', value: { notAString: true, json: '{"d":[true]}' } },
      ],
    ],
  ])('reads %s', (_, envVars, entries) => {
    expect(read(envVars)).toEqual(entries);
  });

  it.each([[null], ['text'], [[]], [{ environment: 'text' }], [{ environment: [] }], [{ environment: 0 }]])(
    'takes %j for no environment',
    async (envVars) => {
      const error = await failure(() => toEntries(envVars), 'INVALID_RESPONSE');
      expect(error.message).toBe(
        'Hasura Cloud returned an environment that is not a JSON object; check in its console whether the project works.',
      );
    },
  );
});

describe('isDone', () => {
  const entries = toEntries({ environment: { A: '1', N: 1, X: null } });

  it.each([
    ['A', '1', true],
    ['A', '2', false],
    ['A', undefined, false],
    ['B', undefined, true],
    ['B', '1', false],
    ['N', '1', true],
    ['N', '2', false],
    ['X', 'null', false],
    ['X', undefined, false],
  ])('of %s as %j is %j', (key, wanted, done) => {
    expect(isDone(entries, key, wanted === undefined ? undefined : new SecretValue(wanted))).toBe(done);
  });
});

describe('sameBeside', () => {
  const before = toEntries({ environment: { A: '1', B: '2', N: 1 } });
  const changes = new Map([['A', new SecretValue('9')]]);

  it.each([
    ['nothing', { A: '1', B: '2', N: 1 }, true],
    ['what was changed', { A: '9', B: '2', N: 1 }, true],
    ['that what was changed is gone', { B: '2', N: 1 }, true],
    ['another value', { A: '9', B: '3', N: 1 }, false],
    ['that another is gone', { A: '9', N: 1 }, false],
    ['that another is new', { A: '9', B: '2', N: 1, C: '3' }, false],
    ['that one without text is gone', { A: '9', B: '2' }, false],
    ['that one without text is another one without', { A: '9', B: '2', N: 2 }, true],
  ])('sees %s', (_, environment, same) => {
    expect(sameBeside(before, toEntries({ environment }), changes)).toBe(same);
  });
});
