import { SecretSyncError } from '../../contracts/errors.js';
import type { SyncEvent } from '../../contracts/events.js';
import type { SyncResult } from '../../contracts/result.js';
import { quote } from '../../shared/text.js';

/** How a run ended. */
export type RunEnd =
  | { readonly status: 'succeeded'; readonly result: SyncResult }
  | { readonly status: 'unwanted' }
  | { readonly status: 'aborted'; readonly error: unknown }
  /** `retryAt`: in ms since the epoch, where it is known. */
  | { readonly status: 'busy'; readonly error: unknown; readonly retryAt?: number }
  | { readonly status: 'failed'; readonly error: unknown; readonly retryAt: string | null }
  /** The record is another one than the run was begun for: decide again. */
  | { readonly status: 'moved' };

/** How a job is done. */
export interface RunCall {
  readonly signal: AbortSignal;
  /** Default: that of the run that was asked for, once, or a new UUID. */
  readonly jobId?: string | undefined;
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
  /** A caller waits for it, and gets what it throws: it is done whatever the record says. */
  readonly isAwaited: boolean;
  /** Done before the place is given back, once the run has succeeded. */
  readonly onSucceeded?: () => Promise<void>;
}

/** Why a run that is no longer wanted was ended. */
export const switchedOff = (name: string): SecretSyncError =>
  new SecretSyncError(
    'SYNC_DISABLED',
    `The sync ${quote(name)} was switched off while it ran or waited; what it had written is remembered.`,
  );
