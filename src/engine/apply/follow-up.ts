import type { FollowUpOutcome, PlannedFollowUp } from '../../contracts/follow-up.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { SyncResult } from '../../contracts/result.js';
import { changedKeys, followUpNow } from '../../core/follow-up.js';
import { withTimeLimit } from '../../shared/async.js';
import { timestamp } from '../../shared/timestamps.js';
import { guarded } from '../boundary/guard-call.js';
import { followUpOutcomeOf } from '../boundary/guard-driver.js';
import type { Application } from './application.js';

/** The longest time that the end of a redeployment is waited for, in ms, where no `runTimeout` ends the run before. */
export const FOLLOW_UP_LIMIT_MS = 3_600_000;

/** A result, and what the call throws although every key ended well. */
export interface FollowedResult {
  readonly result: SyncResult;
  readonly thrown?: { readonly error: unknown };
}

const WORDS = { redeploy: 'redeployment', restart: 'restart' } as const;

/** How a follow-up went, and what makes its call fail. */
interface Ending {
  readonly outcome: FollowUpOutcome;
  readonly thrown?: { readonly error: unknown } | undefined;
  readonly failure?: Pick<SecretSyncError, 'retryable' | 'retryAt' | 'status'> | undefined;
}

/** Returns whether the deadline of a run, and neither its caller nor a lost lease, has ended it. */
const isTimeUp = ({ run }: Application): boolean =>
  run.deadline !== undefined &&
  run.clock.now() >= run.deadline &&
  isSecretSyncError(run.signal.reason, 'TIMEOUT');

function afterError(application: Application, error: unknown, tooLate: SecretSyncError): Ending {
  const { run } = application;
  if (error === tooLate || (run.signal.aborted && isTimeUp(application))) {
    const message = 'It had not ended when the time was up.';
    return { outcome: { status: 'timed-out', message }, failure: { retryable: true } };
  }
  if (run.signal.aborted || !isSecretSyncError(error)) {
    const message = 'The run was ended before it was known how this ends.';
    return {
      outcome: { status: 'failed', message },
      thrown: { error: run.signal.aborted ? run.signal.reason : error },
    };
  }
  const { message, retryable, maybeWritten, retryAt, status } = error;
  return {
    outcome: { status: 'failed', message },
    failure: {
      retryable: retryable || maybeWritten === true,
      ...(retryAt === undefined ? {} : { retryAt }),
      ...(status === undefined ? {} : { status }),
    },
  };
}

/** Has the driver do what follows, within the time that there is. */
async function finish(
  application: Application,
  { wait }: PlannedFollowUp,
  changed: readonly string[],
): Promise<Ending> {
  const { run, lease, connection } = application;
  const { clock, prepared } = run;
  const { displayName } = prepared.driver;
  const tooLate = new SecretSyncError('TIMEOUT', 'The time for what follows the writes is up.');
  try {
    lease.check();
    const outcome = await withTimeLimit(
      (signal) =>
        guarded(
          async () =>
            followUpOutcomeOf(
              prepared.driver,
              await connection.finish?.({
                changed,
                wait,
                signal,
                sleep: (ms) => clock.sleep(ms, signal),
              }),
            ),
          signal,
          'DESTINATION_UNAVAILABLE',
          `${displayName} failed in what follows the writes.`,
          { maybeWritten: true, retryable: true },
        ),
      { ms: FOLLOW_UP_LIMIT_MS, clock, signal: run.signal },
      () => tooLate,
    );
    const isDone = outcome.status === 'succeeded' || (outcome.status === 'started' && !wait);
    const message = prepared.echoes.shown(outcome.message);
    return {
      outcome: { status: outcome.status, message },
      ...(isDone ? {} : { failure: { retryable: outcome.status === 'timed-out' } }),
    };
  } catch (error) {
    return afterError(application, error, tooLate);
  }
}

function redeployFailed(result: SyncResult, after: PlannedFollowUp, { outcome, failure }: Ending) {
  const count = changedKeys(result).length;
  const written =
    count === 0
      ? 'Nothing had to be written'
      : `What was written (${count === 1 ? '1 key' : `${count} keys`}) stays`;
  const how = outcome.status === 'timed-out' ? 'did not end in time' : 'failed';
  const message = `${written}, but the ${WORDS[after.action]} that follows it ${how}: ${outcome.message.replace(/\.$/, '')}. It stays due: the next run of this sync makes up for it.`;
  return new SecretSyncError('REDEPLOY_FAILED', message, { ...failure, result });
}

/**
 * Does what follows the writes of a run whose end is recorded, while the run holds the place: another run that wrote
 * in the meantime would not know whether its values were taken over.
 *
 * It is remembered as due from before the first write on, and until it succeeded. The result shows how it went; what the
 * call has to throw for it stands beside.
 *
 * @param wasDue Whether it was due when the run was planned.
 * @param isCutOff Whether the run was ended before its last key.
 */
export async function followUp(
  application: Application,
  result: SyncResult,
  { wasDue, isCutOff }: { readonly wasDue: boolean; readonly isCutOff: boolean },
): Promise<FollowedResult> {
  const { run, due } = application;
  const { after, definition } = result.plan;
  const { isDue, isNow } = followUpNow(result, wasDue);
  if (!isDue) await due.remove(definition.id);
  if (after === undefined || !isNow || isCutOff) return { result };
  const { action, wait } = after;
  const began = run.clock.now();
  run.emit({ ...run.fields, type: 'redeploy-started', action, wait });
  const ending = await finish(application, after, changedKeys(result));
  const { outcome, failure, thrown } = ending;
  const isDone = failure === undefined && thrown === undefined;
  if (isDone) await due.clear();
  const durationMs = run.clock.now() - began;
  run.emit({ ...run.fields, type: 'redeploy-finished', action, ...outcome, durationMs });
  const followed: SyncResult = {
    ...result,
    status: isDone ? result.status : 'failed',
    after: outcome,
    requestCount: run.requestCount(),
    finishedAt: timestamp(run.clock),
  };
  if (isDone) return { result: followed };
  return { result: followed, thrown: thrown ?? { error: redeployFailed(followed, after, ending) } };
}
