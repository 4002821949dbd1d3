// Runs the test suite many times, and says which tests failed how often: `npm run test:again -- 20 --busy`.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  describeRuns,
  failuresOf,
  hasRun,
  parseAgainOptions,
  type AgainOptions,
  type Failure,
} from './again.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');

/** Ends by itself when its parent is gone, however that ended. */
const SPIN = 'const parent = process.ppid; while (process.ppid === parent) for (let i = 0; i < 1e7; i += 1);';

/** Keeps all cores busy until the function that is returned is called. */
function keepBusy(): () => void {
  const spinning = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', SPIN], { stdio: 'ignore' }),
  );
  return () => spinning.forEach((child) => child.kill('SIGKILL'));
}

const endOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  });

/** The parts of the suite, as `npm test` runs them. */
const PARTS = ['vitest.config.ts', 'vitest.system.config.ts'];

/** Runs one part of the suite once. Returns what its reporter wrote, and what failed; `undefined` when interrupted. */
async function runPart(config: string, files: readonly string[], directory: string, signal: AbortSignal) {
  const outputFile = join(directory, 'report.json');
  await rm(outputFile, { force: true });
  const args = [
    vitest,
    'run',
    `--config=${config}`,
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${outputFile}`,
    // Files that are asked for may all be in the other part.
    '--passWithNoTests',
    ...files,
  ];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => said.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => said.push(bytes));
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const code = await endOf(child);
  signal.removeEventListener('abort', stop);
  if (signal.aborted) return undefined;
  const report = await readFile(outputFile, 'utf8').catch(() => '{"testResults":[]}');
  const failures: readonly Failure[] = failuresOf(report, root);
  if (code === 0 || failures.length > 0) return { report, failures };
  process.stdout.write(Buffer.concat(said));
  const message = `vitest ended with ${code}, and no test failed: see above`;
  return { report, failures: [{ name: `the run of ${config} itself`, message }] };
}

/** Runs the suite once, and lists what failed. */
async function runOnce(files: readonly string[], directory: string, signal: AbortSignal) {
  const failures: Failure[] = [];
  let isEmpty = true;
  for (const config of PARTS) {
    const part = await runPart(config, files, directory, signal);
    if (part === undefined) return undefined;
    failures.push(...part.failures);
    isEmpty &&= !hasRun(part.report);
  }
  if (!isEmpty || failures.length > 0) return failures;
  return [{ name: 'the run itself', message: 'no file of tests was found' }];
}

async function main({ runs, isBusy, files }: AgainOptions): Promise<number> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const directory = await mkdtemp(join(tmpdir(), 'secret-sync-again-'));
  const letRest = isBusy ? keepBusy() : () => undefined;
  const made: string[][] = [];
  try {
    while (made.length < runs && !interrupted.signal.aborted) {
      const started = performance.now();
      const failures = await runOnce(files, directory, interrupted.signal);
      if (failures === undefined) break;
      made.push(failures.map(({ name }) => name));
      const seconds = ((performance.now() - started) / 1_000).toFixed(0);
      console.log(`run ${made.length} of ${runs}: ${failures.length} failed after ${seconds} s`);
      for (const { name, message } of failures) console.log(`  ${name}\n    ${message}`);
    }
  } finally {
    letRest();
    await rm(directory, { recursive: true, force: true });
  }
  console.log(`\n${describeRuns(made)}`);
  if (interrupted.signal.aborted) return 130;
  return made.some((names) => names.length > 0) ? 1 : 0;
}

/** What is asked for, or `undefined` once it was said what is wrong with it. */
function optionsFrom(args: readonly string[]): AgainOptions | undefined {
  try {
    return parseAgainOptions(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

const options = optionsFrom(process.argv.slice(2));
process.exitCode = options === undefined ? 2 : await main(options);
