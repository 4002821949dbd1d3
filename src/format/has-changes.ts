import type { SyncPlan } from '../contracts/plan.js';

/**
 * Returns true where applying the plan would write anything, at the destination or the source. A plan that is not
 * applicable is judged by what it would write once its problems are fixed.
 *
 * @example
 * if (hasChanges(plan)) await engine.apply(plan);
 */
export function hasChanges({ summary }: SyncPlan): boolean {
  return summary.create + summary.update + summary.replace + summary.delete + summary.import > 0;
}
