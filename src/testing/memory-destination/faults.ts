import type { WriteChange } from '../../contracts/destination.js';
import { SecretSyncError } from '../../contracts/errors.js';

/** One call that reached a memory destination: a read, a write of one key or of a whole batch, or what follows the writes. */
export interface MemoryCall {
  readonly method: 'read' | 'write' | 'finish';
  /** The place of the definition's config. */
  readonly place: string;
  /** Of a write. */
  readonly phase?: 'upsert' | 'delete';
  /** What is to be written, the values closed: one change where writes are `each`. Empty for all else. */
  readonly changes: readonly WriteChange[];
}

/**
 * What goes wrong with one call.
 *
 * | fault | carried out | what the driver says |
 * |---|---|---|
 * | `unavailable` | no | `DESTINATION_UNAVAILABLE`, may be tried again |
 * | `lost-before` | no | `DESTINATION_UNAVAILABLE`, and that it may have been written |
 * | `lost-after` | yes | the same |
 * | `conflict` | no | `CONFLICT`: a batch is read and decided again, a single key failed |
 * | `unauthorized` | no | `UNAUTHORIZED`; keys after it are not tried |
 * | `forbidden` | no | `FORBIDDEN` |
 * | `rejected` | no | `DESTINATION_REJECTED` |
 * | an `Error` | no | it is thrown as it is, out of the whole call of the engine to the driver |
 */
export type MemoryFault =
  | 'unavailable'
  | 'lost-before'
  | 'lost-after'
  | 'conflict'
  | 'unauthorized'
  | 'forbidden'
  | 'rejected'
  | Error;

/**
 * Called with each call before it is carried out; `undefined` lets it pass. It may wait, which holds the call back
 * until the run is aborted, and may change the destination.
 */
export type MemoryIntercept = (
  call: MemoryCall,
) => MemoryFault | undefined | Promise<MemoryFault | undefined>;

const CODES = {
  unavailable: 'DESTINATION_UNAVAILABLE',
  'lost-before': 'DESTINATION_UNAVAILABLE',
  'lost-after': 'DESTINATION_UNAVAILABLE',
  conflict: 'CONFLICT',
  unauthorized: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  rejected: 'DESTINATION_REJECTED',
} as const;

/** The error that a fault stands for. */
export function faultError(fault: Exclude<MemoryFault, Error>): SecretSyncError {
  const isLost = fault === 'lost-before' || fault === 'lost-after';
  return new SecretSyncError(
    CODES[fault],
    `The memory destination was told to fail (${fault}); take the fault away.`,
    { retryable: fault === 'unavailable' || isLost || fault === 'conflict', maybeWritten: isLost },
  );
}
