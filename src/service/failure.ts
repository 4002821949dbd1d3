import { isSecretSyncError } from '../contracts/errors.js';
import { type ErrorCode } from '../contracts/error-codes.js';

/** The longest message that a record keeps, in characters. */
const MOST_CHARACTERS = 2_000;

/** What went wrong, in words that can be kept and shown: nothing of an error that is not ours. */
export interface FailureText {
  readonly code: ErrorCode | 'ABORTED' | 'UNEXPECTED';
  readonly message: string;
}

/** What a failure may say of itself. `signal`: that of the call which failed. */
export function failureText(error: unknown, signal?: AbortSignal): FailureText {
  if (isSecretSyncError(error)) {
    const { code, message } = error;
    const cut = message.length > MOST_CHARACTERS ? `${message.slice(0, MOST_CHARACTERS)}…` : message;
    return { code, message: cut };
  }
  return signal?.aborted === true
    ? {
        code: 'ABORTED',
        message: 'The run was ended before it was done. What it had written is remembered; run again.',
      }
    : { code: 'UNEXPECTED', message: 'The run ended with an error of another kind.' };
}

/** What only people can put right, at the definition, the plan or the source: trying again changes nothing. */
const NEEDS_A_DECISION: ReadonlySet<string> = new Set<ErrorCode>([
  'PLAN_BLOCKED',
  'DELETION_REFUSED',
  'INVALID_DEFINITION',
  'INVALID_KEY_SCHEMA',
  'INVALID_OPTION',
  'UNKNOWN_DESTINATION',
  'CONNECTION_MISMATCH',
  'UNSAFE_URL',
  'IMPORT_NOT_SUPPORTED',
  'SOURCE_NOT_WRITABLE',
  'DURABLE_STORE_REQUIRED',
  'SYNC_DISABLED',
]);

/** Whether the same run can end better without anybody deciding anything. A token, for one, may be replaced. */
export const isWorthRetrying = (error: unknown): boolean =>
  !isSecretSyncError(error) || !NEEDS_A_DECISION.has(error.code);

/** The pause after the `attempt`th failure, from 1, in ms: doubles up to `maxPause`, less up to a quarter. */
export function pauseAfter(
  attempt: number,
  random: number,
  { minPause, maxPause }: { readonly minPause: number; readonly maxPause: number },
): number {
  return Math.min(minPause * 2 ** (attempt - 1), maxPause) * (1 - random / 4);
}
