import type { SyncOptions, SyncOptionsInput } from '../../contracts/definition.js';
import type { Capabilities } from '../../contracts/destination.js';

/** Returns sync options with every default filled in. The defaults are written here and nowhere else. */
export function resolveSyncOptions(input: SyncOptionsInput = {}): SyncOptions {
  const { keySchema, maxDeletions, ...given } = input;
  return {
    initialSyncBehavior: given.initialSyncBehavior ?? 'overwrite-destination',
    autoSyncEnabled: given.autoSyncEnabled ?? true,
    disableSecretDeletion: given.disableSecretDeletion ?? false,
    ...(keySchema === undefined ? {} : { keySchema: keySchema.trim() }),
    deletionScope: given.deletionScope ?? 'ask',
    maxDeletions: { count: maxDeletions?.count ?? 100, ratio: maxDeletions?.ratio ?? 0.5 },
    allowEmptySource: given.allowEmptySource ?? false,
    allowReplace: given.allowReplace ?? false,
    invalidKeys: given.invalidKeys ?? 'refuse',
    deleteLeftBehind: given.deleteLeftBehind ?? false,
    redeploy: given.redeploy ?? 'never',
  };
}

/** A destination that takes any key and value: what the pure functions assume where no capabilities are given. */
export const unrestrictedCapabilities: Capabilities = {
  import: true,
  writes: 'batch',
  reservedWritable: true,
  checkKey: () => undefined,
  checkValue: () => undefined,
  isReserved: () => false,
  followUp: { action: 'redeploy' },
};
