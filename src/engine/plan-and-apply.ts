import { isSecretSyncError, SecretSyncError } from '../contracts/errors.js';
import type { SyncResult, UnchangedResult } from '../contracts/result.js';
import { assertNotStale } from '../core/staleness.js';
import { applyDecided } from './apply/apply.js';
import { planRun, readWithDigest, type DecisionRequest, type ReadSource } from './plan-run.js';
import type { EngineContext } from './run/clients.js';
import { timestamp } from '../shared/timestamps.js';
import { inTurns } from '../shared/turns/turns.js';
import type { Run } from './run/run.js';
import { assertApplicable } from './saved-plan.js';
import { dueRedeploysOf } from './state/due-redeploys.js';
import type { Lease } from './state/lease.js';

const MAX_ATTEMPTS = 4;

/**
 * Decides and carries it out; where the place was changed by others in between, decides again, a few times. A first
 * sync that is decided again is still a first sync.
 *
 * @throws SecretSyncError `PLAN_STALE`, `PLAN_BLOCKED`, `DELETION_REFUSED`; `CONFLICT` after the last time; and as
 * {@link applyDecided}.
 */
export async function planAndApply(
  context: EngineContext,
  run: Run,
  lease: Lease,
  request: DecisionRequest,
  known?: ReadSource,
): Promise<SyncResult> {
  const { options } = context;
  const { saved } = request;
  let source = known;
  let isStillInitial = false;
  for (let attempt = 1; ; attempt += 1) {
    const planned = await planRun(context, run, { ...request, isStillInitial }, lease, source);
    const { plan } = planned.decided;
    source = undefined;
    isStillInitial = plan.isInitialSync;
    if (saved !== undefined) await inTurns(assertNotStale(saved.plan, plan, attempt === 1), run.signal);
    assertApplicable(plan);
    try {
      return await applyDecided({
        ...planned,
        options,
        run,
        lease,
        onSourceWritten() {
          const { sourceDigest } = planned;
          if (sourceDigest !== undefined) request.onSourceDigest?.(sourceDigest);
        },
        beforeWrites: async () => request.beforeWrites?.(plan, planned.sourceDigest),
        // What was forced has been written by then.
        decideAgain: () => {
          const unforced = { ...request.options, force: false };
          const again = { ...request, keyring: options.keyring, seal: false, options: unforced };
          return planRun(context, run, again, lease);
        },
      });
    } catch (error) {
      if (!isSecretSyncError(error, 'CONFLICT')) throw error;
      if (attempt === MAX_ATTEMPTS) {
        const message = `${run.prepared.driver.displayName} was changed by others each of the ${attempt} times that a plan was made; run again. ${error.message}`;
        throw new SecretSyncError('CONFLICT', message, { retryable: true });
      }
      run.emit({ ...run.fields, type: 'conflict', attempt });
    }
  }
}

/**
 * As {@link planAndApply}, but does nothing where the source still has this digest and no redeployment is due: nothing
 * is asked of the destination then.
 */
export async function planAndApplyUnless(
  digest: string,
  context: EngineContext,
  run: Run,
  lease: Lease,
  request: DecisionRequest,
): Promise<SyncResult | UnchangedResult> {
  const { options } = context;
  const source = await readWithDigest(options, run, request);
  const due = await dueRedeploysOf(options, run.prepared, run.signal);
  if (source.digest !== digest || due.has(run.fields.definitionId))
    return planAndApply(context, run, lease, request, source);
  run.emit({ ...run.fields, type: 'run-unneeded' });
  return {
    status: 'unchanged',
    runId: run.fields.runId,
    sourceDigest: digest,
    requestCount: 0,
    startedAt: run.startedAt,
    finishedAt: timestamp(run.clock),
  };
}
