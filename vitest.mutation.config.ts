import { defineConfig } from 'vitest/config';
import config from './vitest.config.js';

// Each mutant is tested by those of these tests that reach it: pure and quick ones only (those before a
// whole server take seconds), and properties with fewer cases.
const TESTS = [
  'test/core/**/*.test.ts',
  'test/contracts/**/*.test.ts',
  'test/shared/**/*.test.ts',
  'test/engine/saved-plan.test.ts',
  'test/engine/state/recorder.test.ts',
  'test/http/{address,address-ranges,backoff,errors,retry}.test.ts',
  'test/http/pacing/{closed-connection,pace,throttle,throttle-table,told-times}.test.ts',
];

/** `MUTATION_TESTS`: globs, separated by blanks, for a quick run over a few files. */
const chosen = process.env['MUTATION_TESTS']?.split(' ');

// They are one project, without those that would bring tests of their own.
const { projects: _projects, ...shared } = config.test ?? {};

export default defineConfig({
  ...config,
  test: { ...shared, include: chosen ?? TESTS, env: { PROPERTY_RUNS: '20' }, isolate: false },
});
