import type { Clock } from '../../contracts/clock.js';
import type { VersionedDocument } from '../../contracts/state-store.js';
import { decideLease } from '../../stores/lease-decision.js';

export { RENEW_MS } from '../../stores/lease-decision.js';

/** Tells documents that a process keeps renewing from those whose process ended. */
export interface Liveness {
  /** Whether a document has ended as a lease does: it is that old, or was seen unchanged for so long. */
  hasLapsed(key: string, found: VersionedDocument): boolean;
  forget(key: string): void;
}

export function createLiveness(clock: Clock): Liveness {
  const seen = new Map<string, { readonly version: string; readonly since: number }>();
  return {
    hasLapsed(key, { version, age }) {
      const known = seen.get(key);
      const now = clock.steady?.() ?? clock.now();
      const since = known?.version === version ? known.since : now;
      seen.set(key, { version, since });
      const found = { watchedFor: now - since, ...(age !== undefined && { age }) };
      return decideLease(found, '') === 'replace';
    },
    forget: (key) => void seen.delete(key),
  };
}
