import type PQueue from 'p-queue';
import type { QueueAddOptions } from 'p-queue';
import { untilAborted } from '../../shared/abort.js';

/**
 * Does work when a queue gives it a place, and keeps the place until the work ends.
 *
 * The queue only hands out places: the work is started by who called this, never by the end of other work. In a
 * Cloudflare worker the two can belong to different requests, and none may do I/O for another.
 */
export async function inTurn<Result>(
  queue: PQueue,
  options: Pick<QueueAddOptions, 'priority' | 'signal'>,
  work: () => Promise<Result>,
): Promise<Result> {
  let leave: (() => void) | undefined;
  const left = new Promise<void>((resolve) => (leave = resolve));
  await new Promise<void>((enter, reject) => {
    const place = () => {
      enter();
      return left;
    };
    queue.add(place, options).catch(reject);
  });
  try {
    return await untilAborted(work(), options.signal);
  } finally {
    leave?.();
  }
}
