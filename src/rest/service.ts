import type { SyncRecord } from '../service/records/sync-record.js';
import type { SecretSyncService } from '../service/secret-sync-service.js';

/** The service, as the handler uses it: with definitions that were read from JSON. */
export type RestService = Pick<
  SecretSyncService,
  | 'createSync'
  | 'getSync'
  | 'listSyncs'
  | 'updateSync'
  | 'deleteSync'
  | 'plan'
  | 'requestSync'
  | 'requestImport'
  | 'requestRemoval'
  | 'destinations'
>;

/** A record, as each response shows it. */
export const shown = (record: SyncRecord): Readonly<Record<string, unknown>> => ({
  ...record,
  isAutoSyncEnabled: record.syncOptions.autoSyncEnabled,
});
