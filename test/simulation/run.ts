import { realLibrary } from './bugs/library.js';
import { shrink } from './shrink.js';
import { drawSetting } from './world/setting.js';
import { runSteps, simulate } from './simulate.js';
import { describeStep } from './steps.js';
import { drawSteps } from './world/draw.js';

function readNumber(name: string, byDefault: number): number {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? byDefault : Number(process.argv[at + 1]);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number.`);
  return value;
}

const seed = readNumber('seed', 1);
const steps = readNumber('steps', 200);
const seeds = readNumber('seeds', 1);
const options = { library: realLibrary, sockets: process.argv.includes('--sockets') };

const counts = new Map<string, number>();
let total = 0;
let failed = 0;
const begun = Date.now();
for (let current = seed; current < seed + seeds; current += 1) {
  const simulated = await simulate(current, steps, options);
  total += simulated.done;
  for (const [what, count] of simulated.counts) counts.set(what, (counts.get(what) ?? 0) + count);
  if (simulated.violation === undefined) continue;
  failed += 1;
  const { rule, detail } = simulated.violation;
  console.log(`seed ${current}, step ${simulated.done}: ${rule}: ${detail}`);
  if (process.argv.includes('--no-shrink')) continue;
  const shortest = await shrink(current, drawSteps(current, steps).slice(0, simulated.done), rule, options);
  console.log(`the shortest script that was found (${shortest.length} steps, then a settle):`);
  for (const step of shortest) console.log(`  ${describeStep(step)}`);
  if (process.argv.includes('--trace')) {
    console.log(JSON.stringify(drawSetting(current), undefined, 1));
    await runSteps(current, shortest, { ...options, trace: (line) => console.log(line) });
  }
}
for (const [what, count] of [...counts].sort()) console.log(`${String(count).padStart(8)}  ${what}`);
console.log(`${total} steps of ${seeds} seeds in ${Date.now() - begun} ms; ${failed} seeds with a violation`);
process.exitCode = failed === 0 ? 0 : 1;
