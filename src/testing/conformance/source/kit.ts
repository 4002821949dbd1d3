import assert from 'node:assert/strict';
import { SecretValue } from '../../../contracts/secret.js';
import type { SecretSource, SourceCallOptions, SourceChange } from '../../../contracts/source.js';
import { sourceSnapshot } from '../../../core/inputs/source-snapshot.js';
import { createCanaries, type Canaries } from '../../leaks/canaries.js';
import { calm } from '../calls.js';
import { skippable, type ConformanceRunner, type Skip } from '../runner.js';
import type { AddSourceTest } from './optional.js';
import type { Pairs, SourceConformanceOptions } from './options.js';

/** What the tests of a source are written with. */
export interface SourceKit {
  readonly options: SourceConformanceOptions;
  readonly canaries: Canaries;
  /** Adds a test of a source that holds these secrets. */
  readonly test: AddSourceTest;
  /** Adds a test that makes its source itself. */
  readonly testAlone: (
    title: string,
    create: () => SecretSource | Promise<SecretSource>,
    body: (source: SecretSource, skip: Skip) => Promise<void>,
  ) => void;
  /** Names a test that the fixture lacks something for, where the runner can skip tests. */
  readonly notTested: (title: string, missing: string) => void;
  readonly assertHolds: (source: SecretSource, expected: Pairs) => Promise<void>;
  readonly write: (
    source: SecretSource,
    changes: readonly SourceChange[],
    call?: SourceCallOptions,
  ) => Promise<void>;
}

export const change = (key: string, value: string, action: SourceChange['action']): SourceChange =>
  Object.freeze({ key, value: new SecretValue(value), action });

export function createSourceKit(options: SourceConformanceOptions, { it }: ConformanceRunner): SourceKit {
  const { location = {} } = options;

  const testAlone: SourceKit['testAlone'] = (title, create, body) =>
    void it(
      title,
      skippable(async (skip) => {
        const source = await create();
        try {
          await body(source, skip);
        } finally {
          await options.dispose?.(source);
        }
      }),
    );
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

  return {
    options,
    canaries: createCanaries(),
    testAlone,
    test: (title, secrets, body) => testAlone(title, () => options.create(secrets), body),
    notTested(title, missing) {
      const skip: unknown = Reflect.get(it, 'skip');
      if (typeof skip === 'function') {
        Reflect.apply(skip, it, [`${title} (not tested: the fixture has no ${missing})`, () => undefined]);
      }
    },
    async assertHolds(source, expected) {
      // As a map of booleans, because a failed comparison of values would print them.
      const found = new Map(await read(source));
      assert.deepEqual([...found.keys()].sort(), expected.map(([key]) => key).sort());
      const different = expected.filter(([key, value]) => found.get(key) !== value).map(([key]) => key);
      assert.deepEqual(different, [], 'these keys have another value');
    },
    async write(source, changes, call = calm()) {
      assert(source.write !== undefined, 'the source has no write');
      await source.write(location, changes, call);
    },
  };
}
