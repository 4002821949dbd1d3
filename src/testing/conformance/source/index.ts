import assert from 'node:assert/strict';
import { SecretValue } from '../../../contracts/secret.js';
import type { SecretSource, SourceCallOptions, SourceChange } from '../../../contracts/source.js';
import { sourceSnapshot } from '../../../core/inputs/source-snapshot.js';
import { createCanaries } from '../../leaks/canaries.js';
import type { ConformanceRunner } from '../runner.js';
import { addDescribeTests, addWatchTests } from './optional.js';
import type { SourceConformanceOptions } from './options.js';
import type { Pairs } from './options.js';

/**
 * Tests that a source keeps the promises of `SecretSource`: it reads what is there, anew each time; it heeds its signal;
 * it writes all changes; it tells who watches, and nobody else; its errors and descriptions show no value. Pass the
 * `describe` and `it` of your test runner.
 *
 * @example
 * sourceConformance({ name: 'vault', create: (secrets) => vaultWith(secrets) }, { describe, it });
 */
export function sourceConformance(
  options: SourceConformanceOptions,
  { describe, it }: ConformanceRunner,
): void {
  const { location = {}, writable = false, anyName = true, anyValue = true } = options;
  const canaries = createCanaries();
  const calm = (): SourceCallOptions => ({ signal: new AbortController().signal });
  const change = (key: string, value: string, action: SourceChange['action']): SourceChange =>
    Object.freeze({ key, value: new SecretValue(value), action });

  const test = (title: string, secrets: Pairs, body: (source: SecretSource) => Promise<void>) =>
    it(title, async () => {
      const source = await options.create(secrets);
      try {
        await body(source);
      } finally {
        await options.dispose?.(source);
      }
    });
  const read = async (source: SecretSource): Promise<Pairs> => {
    const { secrets, duplicates, unreadable, incomplete } = sourceSnapshot(
      await source.read(location, calm()),
    );
    assert.deepEqual(
      [[...duplicates], [...unreadable], incomplete],
      [[], [], false],
      'the read is not complete',
    );
    return [...secrets].map(([key, value]) => [key, value.reveal()] as const);
  };
  const assertHolds = async (source: SecretSource, expected: Pairs): Promise<void> => {
    // As a map of booleans, because a failed comparison of values would print them.
    const found = new Map(await read(source));
    assert.deepEqual([...found.keys()].sort(), expected.map(([key]) => key).sort());
    const different = expected.filter(([key, value]) => found.get(key) !== value).map(([key]) => key);
    assert.deepEqual(different, [], 'these keys have another value');
  };
  const write = async (
    source: SecretSource,
    changes: readonly SourceChange[],
    call = calm(),
  ): Promise<void> => {
    assert(source.write !== undefined, 'the source has no write');
    await source.write(location, changes, call);
  };
  /** What a call throws, at once or later. */
  const failureOf = async (call: () => unknown): Promise<unknown> => {
    try {
      await call();
    } catch (error) {
      return error;
    }
    return assert.fail('the call did not fail');
  };

  describe(`${options.name} keeps the promises of a source`, () => {
    const few: Pairs = [
      ['A', '1'],
      ['B', ''],
      ['LONG_NAME_2', 'a value with spaces'],
    ];

    test('has a name', few, async (source) => {
      assert.equal(typeof source.name, 'string');
      assert.notEqual(source.name, '');
    });
    test('reads every secret, an empty one too', few, (source) => assertHolds(source, few));
    test('reads nothing where there is nothing', [], (source) => assertHolds(source, []));
    test('answers a read the same way again, and many at once', few, async (source) => {
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
      test('takes __proto__ and its like for keys as any other', names, (source) =>
        assertHolds(source, names),
      );
    }
    if (anyValue) {
      const values: Pairs = canaries.values.map(({ text }, index) => [`KEY_${index}`, text]);
      test('gives back any text as it was', values, (source) => assertHolds(source, values));
    }

    test('rejects a read whose signal was aborted, with its reason', few, async (source) => {
      const reason = new Error('enough');
      assert.equal(
        await failureOf(() => source.read(location, { signal: AbortSignal.abort(reason) })),
        reason,
      );
    });

    if (options.createBroken !== undefined) {
      it('fails, rather than answer less, when it can not read, and shows no value then', async () => {
        // Values of one line, so that every source can hold them.
        const secrets = canaries.values.filter(({ name }) => name === 'random' || name === 'four characters');
        const source = await options.createBroken?.(secrets.map(({ text }, index) => [`KEY_${index}`, text]));
        assert(source !== undefined);
        try {
          canaries.assertAbsent('the error', await failureOf(() => source.read(location, calm())));
        } finally {
          await options.dispose?.(source);
        }
      });
    }

    addWatchTests(options, test);
    addDescribeTests(options, test);

    if (!writable) {
      test('has no write, so that an import is refused before it begins', few, async (source) => {
        assert(!('write' in source));
      });
      return;
    }
    test('reads back what it wrote, and keeps the rest', few, async (source) => {
      const [random] = canaries.values;
      const text = random?.text ?? '';
      const changes = Object.freeze([
        change('A', 'new', 'update'),
        change('C', '', 'create'),
        change('D', text, 'create'),
      ]);
      await write(source, changes);
      await assertHolds(source, [['A', 'new'], ['C', ''], ['D', text], ...few.slice(1)]);
    });
    test('ends in the same state when a write is repeated', few, async (source) => {
      await write(source, [change('C', '3', 'create')]);
      await write(source, [change('C', '3', 'create')]);
      await assertHolds(source, [...few, ['C', '3']]);
    });
    test('writes nothing for no changes', few, async (source) => {
      await write(source, []);
      await assertHolds(source, few);
    });
    test('writes nothing when its signal was aborted, and rejects with the reason', few, async (source) => {
      const reason = new Error('enough');
      const call = { signal: AbortSignal.abort(reason) };
      assert.equal(await failureOf(() => write(source, [change('A', 'new', 'update')], call)), reason);
      await assertHolds(source, few);
    });
    test('says before a write which keys it would refuse, and writes nothing by it', few, async (source) => {
      const changes = [change('C', '3', 'create'), change('A', 'new', 'update')];
      const refused = (await source.checkWrite?.(location, changes, calm())) ?? [];
      assert.deepEqual([...refused], [], 'it refuses plain keys');
      await assertHolds(source, few);
    });
  });
}

function manySecrets(): Pairs {
  return Array.from({ length: 1_000 }, (_, index) => [`KEY_${index}`, `value ${index}`] as const);
}
