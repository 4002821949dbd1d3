import * as z from 'zod/mini';
import type { SyncPlan } from '../contracts/plan.js';
import { isWrite } from './step.js';
import { byText } from '../shared/text.js';
import { errorFromProblems } from '../shared/problems.js';
import { type ErrorProblem } from '../contracts/error-codes.js';
import type { DecidedPlan } from './situation.js';

interface Planned {
  readonly action: string;
  readonly digest: string;
}

function plannedWrites(
  { changes, imports, preconditions }: SyncPlan,
  withImports: boolean,
): Map<string, Planned> {
  const writes = new Map<string, Planned>();
  changes.forEach(({ key, kind, action }, index) => {
    if (!isWrite(action) && action !== 'blocked') return;
    writes.set(JSON.stringify(['key', key, kind ?? '']), {
      action,
      digest: preconditions?.changes[index] ?? '',
    });
  });
  imports.forEach(({ sourceKey, action }, index) => {
    if (action === 'ignore' || !withImports) return;
    writes.set(JSON.stringify(['import', sourceKey]), {
      action,
      digest: preconditions?.imports[index] ?? '',
    });
  });
  return writes;
}

/**
 * Compares a plan with the same decision made now.
 *
 * | planned | now | then |
 * |---|---|---|
 * | a write | the same, of the same value, over the same entry | as planned |
 * | a write | the same, of another value or over an entry that moved | stale |
 * | a write | another action, or none | stale |
 * | none | a write | stale |
 *
 * `withImports: false` once the imports have been written.
 *
 * @throws SecretSyncError `PLAN_STALE`, naming every key that moved.
 */
export function assertNotStale(plan: SyncPlan, now: DecidedPlan, withImports: boolean): void {
  const [planned, current] = [plannedWrites(plan, withImports), plannedWrites(now.plan, withImports)];
  const problems: (ErrorProblem & { key: string })[] = [];
  for (const id of new Set([...planned.keys(), ...current.keys()])) {
    const [then, today] = [planned.get(id), current.get(id)];
    if (then?.action === today?.action && then?.digest === today?.digest) continue;
    const [kind, key = ''] = z.array(z.string()).parse(JSON.parse(id));
    const subject = kind === 'import' ? 'its import' : 'it';
    const message =
      then?.action === today?.action
        ? `the value to be written, or what stands there, has changed since the plan was made`
        : `${subject} was planned as ${then?.action ?? 'nothing to do'} and would now be ${today?.action ?? 'nothing to do'}`;
    problems.push({ code: 'PLAN_STALE', key, message });
  }
  if (problems.length === 0) return;
  problems.sort(byText((problem) => problem.key));
  throw errorFromProblems(
    'PLAN_STALE',
    'The plan is out of date, and nothing was written; make a new plan',
    problems,
  );
}
