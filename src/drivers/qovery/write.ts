import type { WriteBatch, WriteOptions, WriteOutcome } from '../../contracts/destination.js';
import { eachAtOnce } from '../../shared/async.js';
import { retell } from '../../shared/problems.js';
import { interrupted } from '../support/interrupted.js';
import { attempt, type WriteContext } from './attempt.js';

/**
 * Writes key by key, in parallel. A key that fails does not stop the others; a token that is refused does. On an abort,
 * or a mistake in the code, everything in flight ends, and then it is thrown.
 */
export async function write(
  context: WriteContext & { readonly concurrency: number },
  { changes }: WriteBatch,
  options: WriteOptions,
): Promise<readonly WriteOutcome[]> {
  const { signal } = options;
  const outcomes: WriteOutcome[] = [];
  const thrown: unknown[] = [];
  let isRefused = false;
  const end = (outcome: WriteOutcome) => {
    outcomes.push(outcome);
    options.onOutcome(outcome);
    if (outcome.status !== 'applied' && outcome.error.code === 'UNAUTHORIZED') isRefused = true;
  };
  await eachAtOnce(changes, context.concurrency, async (change) => {
    if (isRefused || signal.aborted || thrown.length > 0) return;
    try {
      end(await attempt(context, change, signal));
    } catch (error) {
      thrown.push(error);
      const { key } = change;
      end({ key, status: 'unknown', error: retell(interrupted(), { key, maybeWritten: true }) });
    }
  });
  if (thrown.length > 0) throw thrown[0];
  signal.throwIfAborted();
  return outcomes;
}
