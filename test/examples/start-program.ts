import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { complaintsIn } from '../support/complaints/complaints.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A program that runs: what it says, and how it ends. */
export function startProgram(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const options = { cwd: root, env: { ...process.env, ...env } };
  const child = spawn(process.execPath, [file, ...args], options);
  const said = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      waiting.forEach((look) => look());
    });
  }
  const ended = new Promise<{
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout: said.stdout, stderr: complaintsIn(said.stderr) })),
  );
  return {
    ended,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** Resolves with what it says as soon as that matches; rejects when it ends before. */
    async says(pattern: RegExp): Promise<RegExpExecArray> {
      const heard = new Promise<RegExpExecArray>((resolve) => {
        const look = () => {
          const match = pattern.exec(said.stdout);
          if (match) resolve(match);
        };
        waiting.add(look);
        look();
      });
      const tooEarly = ended.then(({ code, stderr }) => {
        throw new Error(`It ended with ${code}: ${stderr}`);
      });
      return Promise.race([heard, tooEarly]);
    },
  };
}
