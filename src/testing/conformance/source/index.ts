import { checkSuite, type ConformanceRunner } from '../runner.js';
import { createSourceKit } from './kit.js';
import { addDescribeTests, addWatchTests } from './optional.js';
import type { SourceConformanceOptions } from './options.js';
import { addPartTests } from './parts.js';
import { addFailureTests, addReadTests } from './reads.js';
import { addWriteTests } from './writes.js';

/**
 * Tests that a source keeps the promises of `SecretSource`: it reads what it holds, from the start each time; it heeds
 * its signal; its parts have names that last; it writes all changes; it calls those who watch, and no others; its errors and
 * descriptions show no value. Pass the `describe` and `it` of your test runner. A test that the fixture lacks something
 * for is skipped under its name, where the runner has `it.skip`.
 *
 * @example
 * sourceConformance({ name: 'vault', create: (secrets) => vaultWith(secrets) }, { describe, it });
 */
export function sourceConformance(options: SourceConformanceOptions, runner: ConformanceRunner): void {
  checkSuite('sourceConformance', options, runner);
  runner.describe(`${options.name} keeps the promises of a source`, () => {
    const kit = createSourceKit(options, runner);
    addReadTests(kit);
    addFailureTests(kit);
    addPartTests(kit);
    addWatchTests(options, kit.test);
    addDescribeTests(options, kit.test);
    addWriteTests(kit);
  });
}
