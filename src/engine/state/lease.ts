import * as z from 'zod/mini';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import { untilAborted } from '../../shared/abort.js';
import type { ResolvedOptions } from '../options.js';
import type { AtPlace, Run } from '../run/run.js';
import { readDocument } from './store-keys.js';

const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
const POLL_MS = 250;
/** By how much a clock is put right now and then, without having been wrong. */
const CLOCK_TOLERANCE_MS = 1_000;

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
  readonly grantedAt: number;
}

/** What was found instead of a lease that is free. */
interface Taken {
  /** Of the document of who holds it; absent where it was taken in this moment. */
  readonly takenAs?: string;
}

/** Puts the lease in this run's name, from now on, where the stored one is still of this version. */
async function writeLease(
  { store, clock }: ResolvedOptions,
  run: Run<AtPlace>,
  key: string,
  ifVersion: string | null,
): Promise<Held> {
  const grantedAt = clock.now();
  const document = { holder: run.fields.runId, expiresAt: grantedAt + LEASE_MS };
  const { version } = await store.put(key, document, { ifVersion, flush: false });
  return { version, grantedAt };
}

/** `dead`: the version of a lease that counts as ended, whatever it says. */
async function tryAcquire(
  options: ResolvedOptions,
  run: Run<AtPlace>,
  key: string,
  dead?: string,
): Promise<Held | Taken> {
  const { store, clock } = options;
  const stored = await readDocument(store, key, run.signal);
  const known = leaseSchema.safeParse(stored?.document);
  if (stored !== undefined && stored.version !== dead && known.success) {
    if (known.data.expiresAt > clock.now()) return { takenAs: stored.version };
  }
  try {
    return await untilAborted(writeLease(options, run, key, stored?.version ?? null), run.signal, clock);
  } catch (error) {
    run.signal.throwIfAborted();
    if (isSecretSyncError(error, 'STATE_CONFLICT')) return {};
    const why = isSecretSyncError(error) ? ` ${error.message}` : '';
    const message = `The store could not take the lease on ${quote(run.prepared.place)}; nothing was written. Check the store.${why}`;
    throw new SecretSyncError('STATE_UNREADABLE', message, { retryable: true });
  }
}

/**
 * Waits for its turn, up to `leaseWait`. A lease that is not renewed within its length while one looks on is dead, even
 * if it claims to last: it was written before the clock was set back, or by a machine whose clock is ahead.
 */
async function waitForLease(options: ResolvedOptions, run: Run<AtPlace>, key: string): Promise<Held> {
  const { clock, leaseWait, random } = options;
  const { place } = run.prepared;
  const begunAt = clock.now();
  let slept = 0;
  let seen: { readonly version: string; readonly since: number } | undefined;
  for (;;) {
    const dead = seen !== undefined && slept - seen.since >= LEASE_MS ? seen.version : undefined;
    const answer = await tryAcquire(options, run, key, dead);
    if ('version' in answer) return answer;
    if (slept === 0) run.emit({ ...run.fields, type: 'lease-waiting', place, waitMs: leaseWait });
    const { takenAs } = answer;
    if (takenAs !== seen?.version)
      seen = takenAs === undefined ? undefined : { version: takenAs, since: slept };
    const left = leaseWait - Math.max(slept, clock.now() - begunAt);
    if (left <= 0) {
      const message = `Another run holds ${quote(place)} and did not end within the leaseWait of ${leaseWait} ms; try again later, or raise it.`;
      throw new SecretSyncError('SYNC_BUSY', message, { retryable: true });
    }
    const pause = Math.min(left, POLL_MS * (0.5 + random()));
    await clock.sleep(pause, run.signal);
    slept += pause;
  }
}

/**
 * Takes the lease on a place, waiting up to `leaseWait` for another run, and renews it until it is released.
 *
 * @throws SecretSyncError `SYNC_BUSY` when another run still holds it after that.
 */
export async function acquireLease(options: ResolvedOptions, run: Run<AtPlace>, key: string): Promise<Lease> {
  const { store, clock } = options;
  const { place } = run.prepared;
  let held = await waitForLease(options, run, key);
  let isLost = false;
  const stop = new AbortController();
  const renewal = (async () => {
    for (;;) {
      await clock.sleep(RENEW_MS, stop.signal);
      try {
        held = await writeLease(options, run, key, held.version);
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
      // Of a clock that was set back nobody knows how long ago the lease was granted.
      const heldFor = clock.now() - held.grantedAt;
      if (!isLost && heldFor < LEASE_MS && heldFor > -CLOCK_TOLERANCE_MS) return;
      const error = lostLease(place);
      run.abort(error);
      throw error;
    },
    async release() {
      stop.abort();
      const giveBack = async () => {
        await renewal;
        if (!isLost) await store.delete(key, { ifVersion: held.version });
      };
      // A lease that can't be given back ends by itself.
      await untilAborted(giveBack(), run.signal, clock).catch(() => undefined);
    },
  };
}
