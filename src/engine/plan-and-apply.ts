import { isSecretSyncError, SecretSyncError } from '../contracts/errors.js';
import { applyDecided } from './apply/apply.js';
import { consider, readUnlessSame, tellDigest, type DecisionRequest } from './plan-run.js';
import type { Lease } from './state/lease.js';
import type { SourceSnapshot } from '../core/inputs/source-snapshot.js';
import type { Run } from './run/run.js';
import { assertApplicable } from './saved-plan.js';
import type { SyncResult } from '../contracts/result.js';
import { assertNotStale } from '../core/staleness.js';
import { type EngineContext } from './run/clients.js';

const MAX_ATTEMPTS = 4;

/**
 * Decides and carries it out; where the place was changed by somebody else in between, decides anew, a few times.
 *
 * `undefined` where the source holds what the request says that it need not be run for.
 *
 * @throws SecretSyncError `PLAN_STALE`, `PLAN_BLOCKED`, `DELETION_REFUSED`; `CONFLICT` after the last time; and as
 * {@link applyDecided}.
 */
export async function considerAndApply(
  context: EngineContext,
  run: Run,
  lease: Lease,
  request: DecisionRequest,
): Promise<SyncResult | undefined> {
  const { options } = context;
  let snapshot: SourceSnapshot | undefined;
  if (request.unlessDigest !== undefined) {
    snapshot = await readUnlessSame(options, run, request);
    if (snapshot === undefined) return undefined;
  }
  for (let attempt = 1; ; attempt += 1) {
    const considered = await consider(context, run, { ...request, snapshot }, lease);
    // What is decided again is read again.
    snapshot = undefined;
    const { source } = considered;
    let { digest } = considered;
    if (request.saved !== undefined) assertNotStale(request.saved.plan, considered.decided, attempt === 1);
    assertApplicable(considered.decided.plan);
    try {
      return await applyDecided({
        ...considered,
        options,
        run,
        lease,
        sourceDigest: () => digest,
        onSourceWritten(changes) {
          const written = changes.map(({ key, value }) => [key, value] as const);
          const secrets = new Map([...source.secrets, ...written]);
          digest = tellDigest(options, run, request, { ...source, secrets });
        },
        // What was forced has been written by then.
        decideAgain: () => {
          const unforced = { ...request.options, force: false };
          const again = { ...request, keyring: options.keyring, options: unforced };
          return consider(context, run, again, lease);
        },
      });
    } catch (error) {
      if (!isSecretSyncError(error, 'CONFLICT')) throw error;
      if (attempt === MAX_ATTEMPTS) {
        const message = `${run.prepared.driver.displayName} was changed by somebody else each of ${attempt} times that it was decided upon; run again. ${error.message}`;
        throw new SecretSyncError('CONFLICT', message, { retryable: true });
      }
      run.emit({ ...run.fields, type: 'conflict', attempt });
    }
  }
}
