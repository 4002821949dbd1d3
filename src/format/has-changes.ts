import type { SyncPlan } from '../contracts/plan.js';
import { checkArguments } from '../shared/arguments/check.js';
import { aPlan } from './check-report.js';

/**
 * Returns true where applying the plan would write anything, at the destination or the source. A plan that is not
 * applicable is judged by what it would write once its problems are fixed.
 *
 * @example
 * if (hasChanges(plan)) await engine.apply(plan);
 */
export function hasChanges(plan: SyncPlan): boolean {
  checkArguments('hasChanges', { plan }, { plan: aPlan });
  const { summary } = plan;
  return summary.create + summary.update + summary.replace + summary.delete + summary.import > 0;
}
