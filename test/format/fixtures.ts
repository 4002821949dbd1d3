import type { PlannedChange, SyncPlan } from '../../src/contracts/plan.js';
import type { Outcome, ResultSummary, SyncResult } from '../../src/contracts/result.js';

const NONE = { create: 0, update: 0, replace: 0, delete: 0, unchanged: 0, keep: 0, blocked: 0, import: 0 };

/** A plan with a summary that fits its lists. */
export function planOf(parts: Partial<SyncPlan> = {}): SyncPlan {
  const { changes = [], imports = [], problems = [] } = parts;
  const summary = { ...NONE, import: imports.filter(({ action }) => action !== 'ignore').length };
  for (const { action } of changes) summary[action] += 1;
  return {
    formatVersion: 2,
    operation: 'sync',
    definition: {
      id: 'nightly',
      name: 'nightly',
      isEnabled: true,
      syncOptions: {
        initialSyncBehavior: 'overwrite-destination',
        autoSyncEnabled: true,
        disableSecretDeletion: false,
        deletionScope: 'ask',
        maxDeletions: { count: 100, ratio: 0.5 },
        allowEmptySource: false,
        allowReplace: false,
        invalidKeys: 'refuse',
        deleteLeftBehind: false,
        redeploy: 'never',
      },
      destination: 'somewhere',
      destinationConfig: {},
    },
    place: 'somewhere:https://host.test/p1',
    isInitialSync: false,
    applicable: problems.length === 0,
    imports,
    changes,
    options: { force: false },
    problems,
    warnings: [],
    summary,
    ...parts,
  };
}

export function resultOf(
  plan: SyncPlan,
  outcomes: readonly Outcome[],
  parts: Partial<SyncResult> = {},
): SyncResult {
  const summary: Record<keyof ResultSummary, number> = {
    applied: 0,
    skipped: 0,
    failed: 0,
    withheld: 0,
    indeterminate: 0,
    imported: plan.summary.import,
  };
  for (const { status } of outcomes) summary[status] += 1;
  return {
    status: 'succeeded',
    runId: 'run-1',
    plan,
    outcomes,
    summary,
    requestCount: 4,
    startedAt: '2026-11-01T10:00:00.000Z',
    finishedAt: '2026-11-01T10:00:01.250Z',
    ...parts,
  };
}

export const keep = (key: string): PlannedChange => ({ key, action: 'keep', reason: 'outside-schema' });
export const same = (key: string): PlannedChange => ({
  key,
  sourceKey: key,
  action: 'unchanged',
  reason: 'value-equal',
});
