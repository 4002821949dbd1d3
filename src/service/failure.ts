import type { ErrorCode } from '../contracts/error-codes.js';
import { isSecretSyncError } from '../contracts/errors.js';
import type { RunFailure } from './records/stored-sync.js';

/** The longest message that a record keeps, in characters. */
const MOST_CHARACTERS = 2_000;

/** What went wrong, in words that can be kept and shown: nothing of an error that is not ours. */
export interface FailureText {
  readonly code: ErrorCode | 'ABORTED' | 'UNEXPECTED';
  readonly message: string;
}

/** Returns what a failure may say of itself. `signal`: that of the call which failed. */
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
    : { code: 'UNEXPECTED', message: 'The run failed with an error of an unknown kind.' };
}

/** What only people can resolve, at the definition, the plan or the source: trying again changes nothing. */
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

/** How often a deployment is tried that itself fails: a build that is broken would fail for ever. */
const DEPLOYMENT_TRIES = 3;

/**
 * Whether the same run can succeed later without a decision of a person. A token, for one, may be replaced. `attempts`:
 * the failures in a row, this one included.
 */
export function isWorthRetrying(error: unknown, attempts = 1): boolean {
  if (!isSecretSyncError(error)) return true;
  if (error.code === 'REDEPLOY_FAILED') return error.retryable || attempts < DEPLOYMENT_TRIES;
  return !NEEDS_A_DECISION.has(error.code);
}

interface Pauses {
  readonly minPause: number;
  readonly maxPause: number;
}

/** The pause after the `attempt`th failure, from 1, in ms: doubles up to `maxPause`, less up to a quarter. */
export function pauseAfter(attempt: number, random: number, { minPause, maxPause }: Pauses): number {
  return Math.min(minPause * 2 ** (attempt - 1), maxPause) * (1 - random / 4);
}

/** How many times the smallest pause a watch must have held to count as a good one. */
const GOOD_PAUSES = 4;

/**
 * The number of a watch's failure, from 1, where those before it in a row are so many. That a watch ends which has held for a
 * while, in ms, is the first failure: servers and proxies end each stream after a time.
 */
export const watchFailure = (before: number, held: number, { minPause }: Pick<Pauses, 'minPause'>): number =>
  held >= GOOD_PAUSES * minPause ? 1 : before + 1;

/** The longest time that a failure is believed to have to wait for, in ms: a day. */
export const LONGEST_TOLD_MS = 86_400_000;

/** The latest time that a failure was told to wait for, in ms since the epoch; 0 where none was told. */
export function toldTime(error: unknown): number {
  if (!isSecretSyncError(error)) return 0;
  const ofKeys = error.result?.outcomes.map(({ error: failed }) => failed?.retryAt) ?? [];
  return [error.retryAt, ...ofKeys].reduce(
    (latest, told) => Math.max(latest, Date.parse(told ?? '') || 0),
    0,
  );
}

/**
 * What a record keeps of a failure: when it is tried again, and for what.
 *
 * | the failure | is tried again |
 * |---|---|
 * | only people can resolve it | when the source holds something else, the definition has changed, or someone asks |
 * | a deployment that itself failed; the first or second failure in a row | after a pause, as where the cause may pass |
 * | the same, the third or a later one | as where only people can resolve it |
 * | otherwise | after a pause that grows with each failure in a row up to `maxPause`, for as long as the cause lasts |
 * | the same, and a time was told | not before that, but after a day at the latest |
 *
 * Failures are counted from 1 again where the source holds something else.
 */
export function failureOf(
  error: unknown,
  { before, digest }: { readonly before: RunFailure | null; readonly digest: string | null },
  { now, random, pauses }: { readonly now: number; readonly random: number; readonly pauses: Pauses },
): RunFailure {
  const isOther = before?.digest !== digest && before?.digest !== null && digest !== null;
  const attempts = before === null || isOther ? 1 : before.attempts + 1;
  if (!isWorthRetrying(error, attempts)) return { digest, attempts, retryAt: null };
  const retryAt = Math.max(
    now + pauseAfter(attempts, random, pauses),
    Math.min(toldTime(error), now + LONGEST_TOLD_MS),
  );
  return { digest: digest ?? before?.digest ?? null, attempts, retryAt: new Date(retryAt).toISOString() };
}
