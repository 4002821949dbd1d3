// Runs npm scripts at the same time: `tsx tools/together.ts typecheck lint`. What each says is shown when it ends, in
// one piece; all of them end by themselves, so that one run shows all that is wrong. Fails when one of them fails.
import { spawn } from 'node:child_process';

function run(script: string): Promise<boolean> {
  const started = performance.now();
  return new Promise((resolve) => {
    // By the shell, since npm is no program but a script on Windows.
    const child = spawn(`npm run --silent ${script}`, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => said.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => said.push(bytes));
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      process.stdout.write(`${script}: ${code === 0 ? 'passed' : 'failed'} after ${seconds} s\n`);
      process.stdout.write(Buffer.concat(said));
      resolve(code === 0);
    });
  });
}

const ends = await Promise.all(process.argv.slice(2).map(run));
if (ends.includes(false)) process.exitCode = 1;
