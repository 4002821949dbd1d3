import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import { takeLease } from '../../stores/lease.js';
import { foreignError } from '../boundary/guard-call.js';
import type { ResolvedOptions } from '../options.js';
import type { AtPlace, Run } from '../run/run.js';

/** The right to write at a place, held by one run at a time. */
export interface Lease {
  /** @throws SecretSyncError `SYNC_BUSY`, and ends the run, when the lease has ended: another run may be writing. */
  check(): void;
  release(): Promise<void>;
}

function lostLease(place: string): SecretSyncError {
  const message = `The lease on ${quote(place)} was lost, so another run may be writing there; nothing more is written. Run again.`;
  return new SecretSyncError('SYNC_BUSY', message, { retryable: true });
}

function notTaken(place: string, error: unknown): SecretSyncError {
  const sentence = `The store could not take the lease on ${quote(place)}; nothing was written. Check the store.`;
  if (!isSecretSyncError(error))
    return foreignError(error, 'STATE_UNREADABLE', sentence, { retryable: true });
  return new SecretSyncError('STATE_UNREADABLE', `${sentence} ${error.message}`, { retryable: true });
}

/**
 * Takes the lease on a place, waiting up to `leaseWait` for another run, and renews it until it is released.
 *
 * @throws SecretSyncError `SYNC_BUSY` when another run still holds it after that; `STATE_UNREADABLE` when the store
 * fails.
 */
export async function acquireLease(options: ResolvedOptions, run: Run<AtPlace>, key: string): Promise<Lease> {
  const { store, clock, leaseWait, random } = options;
  const { place } = run.prepared;
  const held = await takeLease({
    store: store.leases,
    clock,
    key,
    holder: run.fields.runId,
    wait: leaseWait,
    signal: run.signal,
    random,
    onWaiting: () => run.emit({ ...run.fields, type: 'lease-waiting', place, waitMs: leaseWait }),
    onLost: () => run.abort(lostLease(place)),
  }).catch((error: unknown) => {
    run.signal.throwIfAborted();
    throw notTaken(place, error);
  });
  if (held === undefined) {
    const message = `Another run holds ${quote(place)} and did not end within the leaseWait of ${leaseWait} ms; try again later, or increase leaseWait.`;
    throw new SecretSyncError('SYNC_BUSY', message, { retryable: true });
  }
  return {
    check() {
      if (held.isHeld()) return;
      const error = lostLease(place);
      run.abort(error);
      throw error;
    },
    release: () => held.release(),
  };
}
