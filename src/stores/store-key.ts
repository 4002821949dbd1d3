import { SecretSyncError } from '../contracts/errors.js';
import { quote } from '../shared/text.js';

const STORE_KEY = /^[a-z0-9-]{1,200}(?:\/[a-z0-9-]{1,200})*$/;

/** Throws `INVALID_OPTION` for a key that is not made of slash-separated segments of `a-z 0-9 -`, each at most 200. */
export function assertStoreKey(key: string): void {
  if (STORE_KEY.test(key)) return;
  throw new SecretSyncError(
    'INVALID_OPTION',
    `${quote(key)} is not a key of a state store: use slash-separated segments of a-z, 0-9 and "-", at most 200 characters each.`,
  );
}

/** The error of a compare-and-swap that found another version. */
export function stateConflict(key: string): SecretSyncError {
  return new SecretSyncError(
    'STATE_CONFLICT',
    `The state ${quote(key)} was changed by another run: read it again before writing it.`,
    { retryable: true },
  );
}
