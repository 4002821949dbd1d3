import type { Clock } from '../../contracts/clock.js';
import type { VersionedDocument } from '../../contracts/state-store.js';

/** How long a document holds that is not renewed, and how often it is renewed, in ms. */
export const LEASE_MS = 30_000;
export const RENEW_MS = 10_000;

/** Tells documents that a process keeps renewing from those whose process ended. */
export interface Liveness {
  /** Whether a document was not renewed for the length of a lease. */
  hasLapsed(key: string, found: VersionedDocument): boolean;
  forget(key: string): void;
}

/**
 * A document has lapsed when the store says that it is that old, or when it was seen unchanged for so long by one's own
 * clock. What two machines take for the time is never compared.
 */
export function createLiveness(clock: Clock): Liveness {
  const seen = new Map<string, { readonly version: string; readonly since: number }>();
  return {
    hasLapsed(key, { version, age = 0 }) {
      const known = seen.get(key);
      const isSame = known?.version === version;
      const since = isSame ? known.since : clock.now();
      if (!isSame) seen.set(key, { version, since });
      return Math.max(age, clock.now() - since) >= LEASE_MS;
    },
    forget: (key) => void seen.delete(key),
  };
}
