import { SecretSyncError } from '../../contracts/errors.js';
import type { SyncEvent } from '../../contracts/events.js';
import type { SyncResult } from '../../contracts/result.js';
import { contextOfSync } from '../../shared/problems.js';
import { quote } from '../../shared/text.js';
import { syncNotFound, type LoadedSync } from '../records/record-store.js';
import type { StoredSync } from '../records/stored-sync.js';
import type { Decision } from './due.js';
import type { SyncJob } from './sync-job.js';

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
  /** Done before the place is given back, once the run has succeeded there. */
  readonly onSucceeded?: (place: string) => Promise<void>;
}

/** Why a run that is no longer wanted was ended. */
export const switchedOff = (name: string): SecretSyncError =>
  new SecretSyncError(
    'SYNC_DISABLED',
    `The sync ${quote(name)} was switched off while it ran or waited; what it had written is remembered.`,
  );

/** What keeps a run from beginning that has its turn. */
export function refusalOf(
  current: StoredSync,
  decision: Decision,
  { job, call, loaded }: { readonly job: SyncJob; readonly call: RunCall; readonly loaded: LoadedSync },
): RunEnd | undefined {
  const { version, createdAt } = loaded.stored;
  if (call.isAwaited && job.cause !== 'deleted' && current.deletion?.status === 'running') {
    const message = `The sync ${quote(current.definition.name)} is being deleted.`;
    const details = { ...contextOfSync(current), retryable: true };
    return { status: 'busy', error: new SecretSyncError('SYNC_BUSY', message, details) };
  }
  if (decision.status === 'busy') return { status: 'busy', error: undefined };
  if (decision.status === 'unwanted') return decision;
  return current.version !== version || current.createdAt !== createdAt ? { status: 'moved' } : undefined;
}

/** Throws what a run that was waited for ended with, if it did not succeed. */
export function assertSucceeded(
  end: RunEnd,
  syncId: string,
): asserts end is RunEnd & { status: 'succeeded' } {
  if (end.status === 'succeeded') return;
  if ('error' in end) throw end.error;
  throw syncNotFound(syncId);
}
