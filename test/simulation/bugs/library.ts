import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { hasuraCloud } from '../../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../../src/drivers/qovery/index.js';
import { SecretSyncEngine } from '../../../src/engine/secret-sync-engine.js';
import { SecretSyncService } from '../../../src/service/secret-sync-service.js';

/** What a simulation needs of the package: the real one, or a copy with a bug in it. */
export interface Library {
  readonly SecretSyncService: typeof SecretSyncService;
  readonly SecretSyncEngine: typeof SecretSyncEngine;
  readonly hasuraCloud: typeof hasuraCloud;
  readonly qovery: typeof qovery;
  readonly isSecretSyncError: typeof isSecretSyncError;
}

export const realLibrary: Library = {
  SecretSyncEngine,
  SecretSyncService,
  hasuraCloud,
  qovery,
  isSecretSyncError,
};

export function isLibrary(input: unknown): input is Library {
  return (
    typeof input === 'object' &&
    input !== null &&
    Object.keys(realLibrary).every((name) => typeof Reflect.get(input, name) === 'function')
  );
}
