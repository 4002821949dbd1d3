import assert from 'node:assert/strict';
import { calm, failureOf } from '../calls.js';
import type { SourceKit } from './kit.js';
import { FEW as few, type Pairs } from './options.js';

const manySecrets = (): Pairs =>
  Array.from({ length: 1_000 }, (_, index) => [`KEY_${index}`, `value ${index}`] as const);

/** Adds the tests of a read that succeeds. */
export function addReadTests({ options, canaries, test, assertHolds }: SourceKit): void {
  const { location = {}, anyName = true, anyValue = true } = options;

  test('has a name', few, async (source) => {
    assert.equal(typeof source.name, 'string');
    assert.notEqual(source.name, '');
  });
  test('reads every secret, an empty one too', few, (source) => assertHolds(source, few));
  test('reads nothing where there is nothing', [], (source) => assertHolds(source, []));
  test('returns the same for a read again, and for many at the same time', few, async (source) => {
    await assertHolds(source, few);
    await Promise.all([1, 2, 3].map(() => assertHolds(source, few)));
  });
  test('leaves the location that it is given alone', few, async (source) => {
    await source.read(Object.freeze({ ...location }), calm());
  });
  test('reads a large number of secrets', manySecrets(), (source) => assertHolds(source, manySecrets()));

  if (anyName) {
    const names: Pairs = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((name) => [
      name,
      `of ${name}`,
    ]);
    test('takes __proto__ and its like for keys as any other', names, (source) => assertHolds(source, names));
  }
  if (anyValue) {
    const values: Pairs = canaries.values.map(({ text }, index) => [`KEY_${index}`, text]);
    test('returns any string as it was', values, (source) => assertHolds(source, values));
  }

  test('rejects a read whose signal was aborted, with its reason', few, async (source) => {
    const reason = new Error('enough');
    assert.equal(await failureOf(() => source.read(location, { signal: AbortSignal.abort(reason) })), reason);
  });
}

/** Adds the tests of a read that fails. */
export function addFailureTests({ options, canaries, testAlone, notTested }: SourceKit): void {
  const title = 'fails, rather than return less, when it cannot read, and shows no value then';
  const { location = {}, createBroken } = options;
  if (createBroken === undefined) return notTested(title, 'createBroken');
  // Values of one line, so that every source can hold them.
  const secrets = canaries.values
    .filter(({ name }) => name === 'random' || name === 'four characters')
    .map(({ text }, index) => [`KEY_${index}`, text] as const);
  testAlone(
    title,
    () => createBroken(secrets),
    async (source) =>
      canaries.assertAbsent('the error', await failureOf(() => source.read(location, calm()))),
  );
}
