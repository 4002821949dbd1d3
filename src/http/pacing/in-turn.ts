import { untilAborted } from '../../shared/abort.js';
import type { Semaphore, PermitRequest } from '../../shared/joint/semaphore.js';

/**
 * Does work once there is a permit for it, and keeps the permit until the work ends. The work is started by who called
 * this, never by the end of other work: in a Cloudflare worker no request may do I/O for another.
 */
export async function inTurn<Result>(
  semaphore: Semaphore,
  request: PermitRequest,
  work: () => Promise<Result>,
): Promise<Result> {
  const release = await semaphore.acquire(request);
  try {
    return await untilAborted(work(), request.signal);
  } finally {
    release();
  }
}
