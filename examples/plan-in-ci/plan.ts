// First job: tsx plan.ts plan.json plan.md. Writes the plan, and a comment for the pull request.
import { writeFile } from 'node:fs/promises';
import { formatPlan } from 'secret-sync-engine';
import { definition, engine } from './engine.js';

const [planFile = 'plan.json', commentFile = 'plan.md'] = process.argv.slice(2);

const plan = await engine.plan(definition);
await writeFile(planFile, JSON.stringify(plan, null, 2));
await writeFile(commentFile, formatPlan(plan, { format: 'markdown' }));
console.log(formatPlan(plan));

// Blocked keys fail the job. Refused deletions do not: whoever reviews the plan can confirm them.
if (plan.problems.some(({ code }) => code === 'PLAN_BLOCKED')) process.exitCode = 1;
