import { guarded } from '../boundary/guard-call.js';
import { checksum } from '../../shared/canonical-json.js';
import { PLACES } from './seal.js';
import type { SealedDocument, SealedStore } from './sealed-store.js';

/** The keys of a place's documents. An identity can hold any string; a store's keys can't. */
export function storeKeys(place: string): {
  readonly state: string;
  readonly intent: string;
  readonly lease: string;
  readonly redeploys: string;
} {
  const digest = checksum(place).slice(0, 40);
  return {
    state: `${PLACES}${digest}`,
    intent: `intents/${digest}`,
    lease: `leases/${digest}`,
    redeploys: `redeploys/${digest}`,
  };
}

/** @throws SecretSyncError `STATE_UNREADABLE` whatever the store throws. */
export async function readDocument(
  store: SealedStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<SealedDocument | undefined> {
  const sentence = `The store could not read ${key}; nothing was written. Check the store.`;
  return guarded(() => store.read(key), signal, 'STATE_UNREADABLE', sentence, { retryable: true });
}
