import { checkArguments } from '../../shared/arguments/check.js';
import { aFunction, aName, field, withMethods } from '../../shared/arguments/rules.js';

/** What a conformance suite needs of a test runner: Vitest, Jest, Mocha, `node:test` and Bun have it. */
export interface ConformanceRunner {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: (title: string, body: () => Promise<void>) => unknown;
}

/** Marks the test that runs as not tested, and says why. */
export type Skip = (why: string) => void;

/**
 * The body of a test that may find out only while it runs that it can't be tested: Vitest and `node:test` hand it a `skip`,
 * Mocha has one on `this`. Jest has none, so that the titles of such tests say what they depend on.
 */
export function skippable(body: (skip: Skip) => Promise<void>): () => Promise<void> {
  // A proxy, because a runner that sees a parameter takes it for a callback or for fixtures of its own.
  return new Proxy(async () => undefined, {
    apply: (_target, self: unknown, [context]: readonly unknown[]) =>
      body((why) => {
        const skips = [context, self].flatMap((owner) => {
          const skip: unknown = field(owner, 'skip');
          return typeof skip === 'function' ? [() => void Reflect.apply(skip, owner, [why])] : [];
        });
        skips[0]?.();
      }),
  });
}

/** @throws SecretSyncError `INVALID_OPTION` for a fixture or a runner that a suite can't begin with. */
export function checkSuite(suite: string, options: unknown, runner: unknown): void {
  checkArguments(
    suite,
    { options, runner },
    {
      options: [
        'an object with a name and a function create',
        (value) => aName[1](field(value, 'name')) && aFunction[1](field(value, 'create')),
      ],
      runner: withMethods('describe', 'it'),
    },
  );
}
