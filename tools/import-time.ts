// How much longer a new process takes with the root entry imported than with an empty script: `npm run bench:import`.
// Medians of 15 processes in each of five rounds, both scripts in turn, so that a busy machine slows both.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROCESSES = 15;
const ROUNDS = 5;
const entry = new URL('../dist/index.js', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'import-time-'));
const said = ';const used = process.cpuUsage(); console.log((used.user + used.system) / 1000);';
const scripts = { empty: said, import: `import ${JSON.stringify(entry)}${said}` };

/** In ms: on the clock of the wall, and of all cores together. */
function timeOf(name: keyof typeof scripts): readonly [wall: number, cores: number] {
  const started = performance.now();
  const { stdout } = spawnSync(process.execPath, [join(folder, `${name}.mjs`)], { encoding: 'utf8' });
  return [performance.now() - started, Number(stdout)];
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((first, second) => first - second)[Math.floor(numbers.length / 2)] ?? 0;

try {
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(folder, `${name}.mjs`), text);
  console.log(`Node.js ${process.version}, ${fileURLToPath(entry)}`);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const pairs = Array.from({ length: PROCESSES }, () => [timeOf('empty'), timeOf('import')] as const);
    const over = (index: 0 | 1) =>
      (median(pairs.map(([, own]) => own[index])) - median(pairs.map(([empty]) => empty[index]))).toFixed(0);
    console.log(`round ${round}: ${over(0)} ms over an empty script (${over(1)} ms of all cores together)`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
