import * as z from 'zod/mini';
import { isSecretSyncError, SecretSyncError } from '../contracts/errors.js';
import { quote } from '../contracts/quote.js';
import type { ResolvedOptions } from './options.js';
import type { Run } from './run.js';
import { readDocument } from './store-access.js';

const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
const POLL_MS = 250;

const leaseSchema = z.object({ holder: z.string(), expiresAt: z.number() });

/** The right to write at a place, held by one run at a time. */
export interface Lease {
  /** @throws SecretSyncError `SYNC_BUSY`, and ends the run, when the lease has ended: another run may be writing. */
  check(): void;
  release(): Promise<void>;
}

function lostLease(place: string): SecretSyncError {
  const message = `The lease on ${quote(place)} was lost, so that another run may be writing there; nothing more is written. Run again.`;
  return new SecretSyncError('SYNC_BUSY', message, { retryable: true });
}

interface Held {
  readonly version: string;
  /** As it stands in the store: what others go by. */
  readonly expiresAt: number;
}

async function tryAcquire(options: ResolvedOptions, run: Run, key: string): Promise<Held | undefined> {
  const { store, clock } = options;
  const stored = await readDocument(store, key);
  const known = leaseSchema.safeParse(stored?.document);
  if (known.success && known.data.expiresAt > clock.now()) return undefined;
  try {
    const expiresAt = clock.now() + LEASE_MS;
    const document = { holder: run.fields.runId, expiresAt };
    const { version } = await store.put(key, document, { ifVersion: stored?.version ?? null, flush: false });
    return { version, expiresAt };
  } catch (error) {
    if (isSecretSyncError(error, 'STATE_CONFLICT')) return undefined;
    const why = isSecretSyncError(error) ? ` ${error.message}` : '';
    const message = `The store could not take the lease on ${quote(run.prepared.place)}; nothing was written. Check the store.${why}`;
    throw new SecretSyncError('STATE_UNREADABLE', message, { retryable: true });
  }
}

/**
 * Takes the lease on a place, waiting up to `leaseWait` for another run, and renews it until it is released.
 *
 * @throws SecretSyncError `SYNC_BUSY` when another run still holds it after that.
 */
export async function acquireLease(options: ResolvedOptions, run: Run, key: string): Promise<Lease> {
  const { store, clock, leaseWait, random } = options;
  const { place } = run.prepared;
  const giveUpAt = clock.now() + leaseWait;
  let held = await tryAcquire(options, run, key);
  if (held === undefined) run.emit({ ...run.fields, type: 'lease-waiting', place, waitMs: leaseWait });
  while (held === undefined) {
    const left = giveUpAt - clock.now();
    if (left <= 0) {
      const message = `Another run holds ${quote(place)} and did not end within the leaseWait of ${leaseWait} ms; try again later, or raise it.`;
      throw new SecretSyncError('SYNC_BUSY', message, { retryable: true });
    }
    await clock.sleep(Math.min(left, POLL_MS * (0.5 + random())), run.signal);
    held = await tryAcquire(options, run, key);
  }

  let { version: current, expiresAt } = held;
  let isLost = false;
  const stop = new AbortController();
  const renewal = (async () => {
    for (;;) {
      await clock.sleep(RENEW_MS, stop.signal);
      const until = clock.now() + LEASE_MS;
      try {
        current = (
          await store.put(
            key,
            { holder: run.fields.runId, expiresAt: until },
            { ifVersion: current, flush: false },
          )
        ).version;
        expiresAt = until;
      } catch (error) {
        // Another run took it over: this one slept past its end. Any other failure may pass until it expires.
        if (!isSecretSyncError(error, 'STATE_CONFLICT')) continue;
        isLost = true;
        run.abort(lostLease(place));
        return;
      }
    }
  })().catch(() => undefined);

  return {
    check() {
      if (!isLost && clock.now() < expiresAt) return;
      const error = lostLease(place);
      run.abort(error);
      throw error;
    },
    async release() {
      stop.abort();
      await renewal;
      if (isLost) return;
      // A lease that can't be given back ends by itself.
      await store.delete(key, { ifVersion: current }).catch(() => undefined);
    },
  };
}
