import { checkArguments } from '../../shared/arguments/check.js';
import { aFunction, aName, field, withMethods } from '../../shared/arguments/rules.js';

/** What a conformance suite needs of a test runner: Vitest, Jest, Mocha, `node:test` and Bun have it. */
export interface ConformanceRunner {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: (title: string, body: () => Promise<void>) => unknown;
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
