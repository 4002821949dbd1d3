import { type SecretSyncError } from '../contracts/errors.js';
import type { UnwritableKey } from '../contracts/source.js';
import { errorFromProblems } from '../shared/problems.js';

/** Returns a `SOURCE_NOT_WRITABLE` that names every key that a source can't take. */
export function notWritable(subject: string, refused: readonly UnwritableKey[]): SecretSyncError {
  return errorFromProblems(
    'SOURCE_NOT_WRITABLE',
    `${subject} can't take these keys; nothing was written`,
    refused.map(({ key, message }) => ({ code: 'SOURCE_NOT_WRITABLE', key, message })),
  );
}
