// Second job, after the review: tsx apply.ts plan.json [number of deletions that are confirmed].
import { readFile } from 'node:fs/promises';
import { formatResult, isSecretSyncError, type SyncPlan } from 'secret-sync-engine';
import { engine } from './engine.js';

const [planFile = 'plan.json', confirmed] = process.argv.slice(2);

// Whether it is one, and still as it was made, is for apply to check.
const plan = JSON.parse(await readFile(planFile, 'utf8')) as SyncPlan;

try {
  const result = await engine.apply(plan, {
    ...(confirmed !== undefined && { confirmDeletions: Number(confirmed) }),
  });
  console.log(formatResult(result));
} catch (error) {
  if (!isSecretSyncError(error)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
