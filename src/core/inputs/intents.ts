import type { DestinationEntry } from '../../contracts/destination.js';
import type { RememberedEntry } from '../../contracts/state-store.js';
import type { SecretValue } from '../../contracts/secret.js';
import { endsTurn, type Turns } from '../../shared/turns/turns.js';
import { keyIdOf } from '../fingerprint/keyring.js';
import { isInherited, readableValue, type EntryIndex } from './destination-index.js';
import { holdersBeside, type Ownership } from './ownership.js';

/** The fingerprint of a value under the key that made `known`; `undefined` where that key is not at hand. */
export type FingerprintOf = (
  key: string,
  kind: string | undefined,
  value: string | SecretValue,
  known: string,
) => string | undefined;

/**
 * Settles what earlier runs began and whose end was not recorded, as far as the place shows it.
 *
 * | begun | at the place now | then |
 * |---|---|---|
 * | create | nothing | not written: who else wants the key is remembered, and nothing else |
 * | create, update, replace | readable, the value that was to be written | written: it belongs to the sync that began it |
 * | create, of this sync | readable, another value | not written: a person created it |
 * | create, of another sync | readable, another value | not known: it stays begun, and is not touched for it |
 * | create | unreadable, or begun without a fingerprint | not known: it stays begun |
 * | update, replace | readable, another value; or unreadable | not known: it counts for both syncs |
 * | delete | nothing | deleted: nothing is remembered |
 * | delete | anything | not deleted: as before |
 */
export function* settleIntents(
  ownership: Ownership,
  index: EntryIndex,
  fingerprintOf: FingerprintOf,
  syncId: string,
): Turns {
  const begun: RememberedEntry[] = [];
  let count = 0;
  for (const remembered of ownership.entries()) {
    count += 1;
    if (endsTurn(count)) yield;
    if (remembered.pending !== undefined) begun.push(remembered);
  }
  for (const remembered of begun) {
    count += 1;
    if (endsTurn(count)) yield;
    const { key, kind, pending } = remembered;
    if (pending === undefined) continue;
    const found = index.find(key, kind);
    const entry = found === undefined || isInherited(found) ? undefined : found;
    if (entry === undefined) {
      if (pending.action === 'create' || pending.action === 'delete') forgetBegun(ownership, remembered);
      continue;
    }
    if (pending.action === 'delete') {
      const { pending: _, ...before } = remembered;
      ownership.remember(before);
      continue;
    }
    const value = readableValue(entry);
    if (value === undefined || pending.fingerprint === undefined) continue;
    const made = fingerprintOf(key, kind, value, pending.fingerprint);
    if (made === undefined || keyIdOf(made) !== keyIdOf(pending.fingerprint)) continue;
    if (made === pending.fingerprint) {
      ownership.remember(written(remembered, pending, entry));
    } else if (pending.action === 'create' && pending.syncId === syncId) {
      forgetBegun(ownership, remembered, entry);
    }
  }
}

/** Forgets what was begun, but not that another sync owns or wants the key. */
function forgetBegun(
  ownership: Ownership,
  { pending, ...before }: RememberedEntry,
  entry?: DestinationEntry,
): void {
  const isOthers = before.syncId !== pending?.syncId;
  // What exists there, and a person created, would belong to the sync that began.
  const isWanted = entry === undefined && (before.holders?.length ?? 0) > 0;
  if (pending?.action === 'create' && (isOthers || isWanted)) ownership.remember(before);
  else ownership.forget(before.key, before.kind);
}

function written(
  remembered: RememberedEntry,
  pending: NonNullable<RememberedEntry['pending']>,
  { id, revision }: { readonly id?: string | undefined; readonly revision?: string | undefined },
): RememberedEntry {
  const { key, kind } = remembered;
  return {
    key,
    ...(kind === undefined ? {} : { kind }),
    syncId: pending.syncId,
    ...holdersBeside(pending.syncId, remembered),
    ...(pending.part === undefined ? {} : { part: pending.part }),
    ...(pending.fingerprint === undefined ? {} : { fingerprint: pending.fingerprint }),
    ...(id === undefined ? {} : { id }),
    ...(revision === undefined ? {} : { revision }),
  };
}
