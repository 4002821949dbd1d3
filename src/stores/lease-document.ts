import * as z from 'zod/mini';
import type { Clock } from '../contracts/clock.js';
import { isSecretSyncError } from '../contracts/errors.js';
import type { StateStore } from '../contracts/state-store.js';
import { momentOf, type Moment } from './lease-decision.js';

/** Stands for the version of a document that can't be read. */
export const UNREADABLE = '';

/** Documents of 0.1.0 also hold an `expiresAt`, which is of another machine's clock and says nothing. */
const leaseSchema = z.object({ holder: z.string(), renewal: z.optional(z.number()) });

/** Where a lease is kept, and whose it is to be. */
export interface LeaseFile {
  readonly store: StateStore;
  readonly clock: Clock;
  /** The key of the lease's document. */
  readonly key: string;
  /** Who holds it: an id that is drawn for each request, so that no two holders share one. */
  readonly holder: string;
}

/** A lease document that names this holder. */
export interface Grant {
  readonly version: string;
  /** Before the document was sent, so that no one sees it earlier. */
  readonly at: Moment;
}

/** A lease document, as read. */
export interface StoredLease {
  /** {@link UNREADABLE} for one that is damaged. */
  readonly version: string;
  readonly holder?: string;
  readonly renewal?: number | undefined;
  readonly age?: number;
}

export const isConflict = (error: unknown): boolean => isSecretSyncError(error, 'STATE_CONFLICT');

/** Whether the document is there and damaged: an error that may pass says that the store can't be reached. */
export const isUnreadable = (error: unknown): boolean =>
  isSecretSyncError(error, 'STATE_UNREADABLE') && !error.retryable;

/** Reads the lease. Throws what the store throws, except of a document that is damaged and can be discarded. */
export async function readLease({ store, key }: LeaseFile): Promise<StoredLease | undefined> {
  try {
    const stored = await store.get(key);
    if (stored === undefined) return undefined;
    const { version, age } = stored;
    const lease = leaseSchema.safeParse(stored.document).data;
    return { version, ...lease, ...(age === undefined ? {} : { age }) };
  } catch (error) {
    if (isUnreadable(error) && store.discard !== undefined) return { version: UNREADABLE };
    throw error;
  }
}

/** Puts the lease in this holder's name. `slept`: how long the holder has waited so far, in ms. */
export async function writeLease(
  { store, key, holder, clock }: LeaseFile,
  ifVersion: string | null,
  renewal: number,
  slept: number,
): Promise<Grant | { readonly error: unknown; readonly at: Moment }> {
  const at = momentOf(clock, slept);
  const document = renewal === 0 ? { holder } : { holder, renewal };
  try {
    const { version } = await store.put(key, document, { ifVersion, flush: false, intact: false });
    return { version, at };
  } catch (error) {
    return { error, at };
  }
}

/** Removes a lease that can't be read, unless one that can be read was put there in the meantime. */
export async function discardLease({ store, key }: LeaseFile): Promise<void> {
  try {
    await store.discard?.(key);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** Deletes the lease, if it is this holder's. */
export async function giveBackLease(file: LeaseFile, version: string): Promise<void> {
  const { store, key, holder } = file;
  try {
    await store.delete(key, { ifVersion: version, flush: false });
  } catch {
    // A renewal whose response was lost has moved it, or the response to the deletion was lost.
    const found = await readLease(file);
    if (found?.holder === holder) await store.delete(key, { ifVersion: found.version, flush: false });
  }
}
