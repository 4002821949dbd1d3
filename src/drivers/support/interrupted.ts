import { SecretSyncError } from '../../contracts/errors.js';

/** The error of a write that was in progress when its run was ended. */
export function interrupted(): SecretSyncError {
  return new SecretSyncError(
    'DESTINATION_UNAVAILABLE',
    'The run was ended before the response to this write came; run it again.',
    { retryable: true, maybeWritten: true },
  );
}
