import type { Clock } from '../../contracts/clock.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { SyncEvent } from '../../contracts/events.js';
import { endUnneeded, followSignals } from '../../shared/abort.js';
import { FOLLOW_UP_LIMIT_MS } from '../apply/follow-up.js';
import type { CallSignal } from '../call-options.js';

/** How long a run that no caller waits for may tell of nothing, in ms: each request has a time limit that is far shorter. */
export const SILENCE_MS = 900_000;

function tooSilent(): SecretSyncError {
  const message =
    `Nothing has happened in the run for ${SILENCE_MS / 60_000} minutes, so that it was ended; a source, a driver or the store ` +
    'does not return. Run again, and give their calls a time limit.';
  return new SecretSyncError('TIMEOUT', message, { retryable: true });
}

/** For how long an event says that nothing more will be told, in ms. */
function announcedBy(event: SyncEvent): number {
  if (event.type === 'redeploy-started') return FOLLOW_UP_LIMIT_MS;
  return 'waitMs' in event ? event.waitMs : 0;
}

/**
 * Does what a service begins by itself, and ends it when it has told of nothing for so long that foreign code must hang: else
 * its record, its place and its turn would be taken for ever. Leaves no timer and no listener behind.
 */
export async function unlessSilent<Result>(
  clock: Clock,
  { signal, onEvent }: CallSignal,
  work: (call: CallSignal) => Promise<Result>,
): Promise<Result> {
  const silent = new AbortController();
  const settled = new AbortController();
  const { signal: ended, release } = followSignals(signal, silent.signal);
  // What it has announced to wait for is no silence.
  let announced = 0;
  let isHeard = true;
  const watch = async () => {
    while (isHeard) {
      const rest = SILENCE_MS + announced;
      announced = 0;
      isHeard = false;
      await clock.sleep(rest, settled.signal);
    }
    silent.abort(tooSilent());
  };
  watch().catch(() => undefined);
  const hear = (event: SyncEvent) => {
    isHeard = true;
    announced = Math.max(announced, announcedBy(event));
    return onEvent?.(event);
  };
  try {
    return await work({ signal: ended, onEvent: hear });
  } finally {
    release();
    endUnneeded(settled);
  }
}
