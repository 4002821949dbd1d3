import { untilAborted } from '../../shared/abort.js';
import type { Places, Wish } from '../../shared/joint/places.js';

/**
 * Does work once there is a place for it, and keeps the place until the work ends. The work is started by who called
 * this, never by the end of other work: in a Cloudflare worker no request may do I/O for another.
 */
export async function inTurn<Result>(
  places: Places,
  wish: Wish,
  work: () => Promise<Result>,
): Promise<Result> {
  const leave = await places.take(wish);
  try {
    return await untilAborted(work(), wish.signal);
  } finally {
    leave();
  }
}
