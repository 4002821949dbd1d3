import { detailsOf, SecretSyncError } from '../contracts/errors.js';
import { quote } from '../contracts/quote.js';

interface Retelling {
  /** The key that it is about. */
  readonly key?: string;
  /** One more sentence at the end. */
  readonly after?: string;
  /** Default: as it was. */
  readonly maybeWritten?: boolean;
}

/** A copy of an error, told of one key or with the end of the story. */
export function retell(error: SecretSyncError, { key, after, maybeWritten }: Retelling): SecretSyncError {
  const { code, message } = error;
  const story = after === undefined ? message : `${message.replace(/\.$/, '')}. ${after}`;
  return new SecretSyncError(code, key === undefined ? story : `${quote(key)}: ${story}`, {
    ...detailsOf(error),
    ...(key !== undefined && { key }),
    maybeWritten: maybeWritten ?? error.maybeWritten ?? false,
  });
}

/** What becomes of a write that was under way when its run was ended. */
export function interrupted(): SecretSyncError {
  return new SecretSyncError(
    'DESTINATION_UNAVAILABLE',
    'The run was ended before the answer to this write came; run it again.',
    { retryable: true, maybeWritten: true },
  );
}
