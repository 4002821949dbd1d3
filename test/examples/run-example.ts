import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { complaintsIn } from '../support/complaints/complaints.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** How an example ended. */
export interface ExampleRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program as a process of its own, and answers when it has ended. */
export function runExample(
  file: string,
  { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ExampleRun> {
  const { PATH, TMPDIR } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [file, ...args],
      { cwd: root, env: { PATH, ...(TMPDIR !== undefined && { TMPDIR }), ...env }, timeout: 240_000 },
      (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr: complaintsIn(stderr) }),
    );
  });
}
