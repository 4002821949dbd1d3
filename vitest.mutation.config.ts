import { defineConfig } from 'vitest/config';
import { PARTS } from './tools/mutation/parts.js';
import config from './vitest.config.js';

// They are one project, without those that would bring tests of their own.
const { projects: _projects, ...shared } = config.test ?? {};

const part = PARTS[process.env['MUTATION_PART'] ?? 'core'];

// Properties with fewer cases: each change is tested by all tests that reach it.
export default defineConfig({
  ...config,
  test: { ...shared, include: [...(part?.tests ?? [])], env: { PROPERTY_RUNS: '20' }, isolate: false },
});
