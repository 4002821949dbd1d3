import PQueue from 'p-queue';
import type { WriteBatch, WriteChange, WriteOptions, WriteOutcome } from '../../contracts/destination.js';
import { isSecretSyncError, type SecretSyncError } from '../../contracts/errors.js';
import { interrupted } from '../support/interrupted.js';
import { createWriter, type WriteContext } from './writer.js';
import type { Variable } from './wire.js';
import { retell } from '../../shared/problems.js';

/**
 * Writes key by key, in parallel. A key that fails does not stop the others; a token that is refused does. Failures
 * about which the list can tell more are settled at the end, by one list for all of them.
 */
export async function write(
  context: WriteContext & { readonly concurrency: number },
  { changes }: WriteBatch,
  options: WriteOptions,
): Promise<readonly WriteOutcome[]> {
  const { concurrency } = context;
  const { signal } = options;
  const writer = createWriter(context);
  const outcomes: WriteOutcome[] = [];
  const doubtful: { readonly change: WriteChange; readonly error: SecretSyncError }[] = [];
  const thrown: unknown[] = [];
  let isRefused = false;
  const mayGoOn = () => !isRefused && !signal.aborted && thrown.length === 0;

  const end = (outcome: WriteOutcome) => {
    outcomes.push(outcome);
    options.onOutcome(outcome);
  };
  const succeed = ({ key }: WriteChange, variable?: Variable) => {
    const revision = variable?.updated_at;
    end({
      key,
      status: 'applied',
      ...(variable !== undefined && { id: variable.id }),
      ...(revision !== undefined && { revision }),
    });
  };
  const fail = async (change: WriteChange, failure: SecretSyncError) => {
    const { key } = change;
    const error = retell(await writer.giveUp(change, failure, mayGoOn()), { key });
    end({ key, status: error.maybeWritten === true ? 'unknown' : 'failed', error });
  };
  /** An abort, or a mistake in the code: everything under way ends, then it is thrown. */
  const isFatal = (error: unknown): boolean => {
    if (!signal.aborted && isSecretSyncError(error)) return false;
    thrown.push(error);
    return true;
  };
  const run = async (
    change: WriteChange,
    attempt: Promise<Variable | undefined>,
    onFailure: (error: SecretSyncError) => unknown,
  ) => {
    try {
      succeed(change, await attempt);
    } catch (error) {
      if (isFatal(error)) return fail(change, retell(interrupted(), { maybeWritten: true }));
      if (!isSecretSyncError(error)) return;
      if (error.code === 'UNAUTHORIZED') isRefused = true;
      await onFailure(error);
    }
  };

  const queue = new PQueue({ concurrency });
  await queue.addAll(
    changes.map((change) => async () => {
      if (!mayGoOn()) return;
      await run(change, writer.first(change), (error) =>
        mayGoOn() && writer.isWorthALook(change, error)
          ? doubtful.push({ change, error })
          : fail(change, error),
      );
    }),
  );

  let fresh: readonly Variable[] | undefined;
  if (doubtful.length > 0 && mayGoOn()) {
    try {
      fresh = await context.api.list();
    } catch (error) {
      if (!isFatal(error)) isRefused = isSecretSyncError(error, 'UNAUTHORIZED');
    }
  }
  await queue.addAll(
    doubtful.map(({ change, error }) => async () => {
      if (fresh !== undefined && mayGoOn()) {
        await run(change, writer.again(change, error, fresh), (later) => fail(change, later));
      } else if (change.action === 'delete' && error.code === 'NOT_FOUND') {
        succeed(change);
      } else {
        await fail(change, error);
      }
    }),
  );

  if (thrown.length > 0) throw thrown[0];
  signal.throwIfAborted();
  return outcomes;
}
