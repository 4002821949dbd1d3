// One job of a CI pipeline: tsx ci-script.ts plan.json [--apply] [--confirm <number of deletions>].
// Writes the plan to a file, to be kept as an artifact, and shows it; with --apply, does exactly what it says.
// Ends with 0: done, or nothing to do; 1: failed; 2: there are changes, or a person has to decide.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { formatPlan, formatResult, hasChanges, isSecretSyncError } from 'secret-sync-engine';
import { definition, engine } from './plan-in-ci/engine.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { apply: { type: 'boolean', default: false }, confirm: { type: 'string' } },
});
const [planFile = 'plan.json'] = positionals;

try {
  const plan = await engine.plan(definition);
  await writeFile(planFile, JSON.stringify(plan, null, 2));
  console.log(formatPlan(plan));
  // A deployment can be due although nothing has to be written.
  const isUnchanged = !hasChanges(plan) && plan.after === undefined;
  const isDecided = plan.applicable || values.confirm !== undefined;
  if (isUnchanged && plan.applicable) console.log('Nothing to do.');
  else if (!values.apply || !isDecided) process.exitCode = 2;
  else {
    const confirmed = values.confirm === undefined ? {} : { confirmDeletions: Number(values.confirm) };
    console.log(formatResult(await engine.apply(plan, confirmed)));
  }
} catch (error) {
  if (!isSecretSyncError(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
