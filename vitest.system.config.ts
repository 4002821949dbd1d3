import { defineConfig } from 'vitest/config';
import config, { SYSTEM } from './vitest.config.js';

// They are one project: those of the other tests would bring tests of their own.
const { projects: _projects, ...shared } = config.test ?? {};

export default defineConfig({ ...config, test: { ...shared, include: SYSTEM, isolate: false } });
