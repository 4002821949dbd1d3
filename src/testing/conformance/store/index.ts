import { checkSuite, type ConformanceRunner } from '../runner.js';
import { testDocuments } from './documents.js';
import { createStoreKit, type StoreConformanceOptions } from './kit.js';
import { testOptional } from './optional.js';
import { testRaces } from './races.js';
import { testVersions } from './versions.js';

export type { StoreConformanceOptions } from './kit.js';

/**
 * Tests that a store keeps the promises of `StateStore`: versioned documents, compare-and-swap with exactly one winner,
 * documents that come back as they were, and what it offers beyond that. Pass the `describe` and `it` of your test
 * runner. A test that the fixture has no hook for is skipped under its name, where the runner has `it.skip`.
 *
 * @example
 * storeConformance({ name: 'redis', create: () => redisStore(client) }, { describe, it });
 */
export function storeConformance(options: StoreConformanceOptions, runner: ConformanceRunner): void {
  checkSuite('storeConformance', options, runner);
  const kit = createStoreKit(options, runner);
  runner.describe(`${options.name} keeps the promises of a state store`, () => {
    testVersions(kit);
    testDocuments(kit);
    testRaces(kit);
    testOptional(kit);
  });
}
