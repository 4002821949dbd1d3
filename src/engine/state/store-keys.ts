import type { StateStore, VersionedDocument } from '../../contracts/state-store.js';
import { guarded } from '../boundary/guard-call.js';
import { checksum } from '../../shared/canonical-json.js';

/** The keys of a place's documents. An identity can hold any text; a store's keys can't. */
export function storeKeys(place: string): { readonly state: string; readonly lease: string } {
  const digest = checksum(place).slice(0, 40);
  return { state: `places/${digest}`, lease: `leases/${digest}` };
}

/** @throws SecretSyncError `STATE_UNREADABLE` whatever the store throws. */
export async function readDocument(
  store: StateStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<VersionedDocument | undefined> {
  const sentence = `The store could not read ${key}; nothing was written. Check the store.`;
  return guarded(() => store.get(key), signal, 'STATE_UNREADABLE', sentence, { retryable: true });
}
