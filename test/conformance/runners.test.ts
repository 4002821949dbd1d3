import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundlePrograms, type Programs } from '../support/servers/programs.js';

const PROGRAM = 'test/conformance/node-test-program.ts';
let programs: Programs;
beforeAll(async () => {
  programs = await bundlePrograms([PROGRAM]);
});
afterAll(() => programs.remove());

it('a suite runs under the describe and it of any runner that is passed in', async () => {
  // A process that believes to be part of a run of node:test would report in another format.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--test-reporter=tap', programs.fileOf(PROGRAM)],
    { env },
  );
  expect(stdout).toMatch(/^# fail 0$/m);
  expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(10);
});
