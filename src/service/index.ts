export { SecretSyncService } from './secret-sync-service.js';
export type {
  DeleteOptions,
  DestinationQuery,
  RunRequest,
  ServiceSyncOptions,
  StopOptions,
  SyncFilter,
  UpdateOptions,
} from './call-options.js';
export type { AutoSyncOptions, CrossSyncCheck, ServiceOptions } from './options.js';
export type { DestinationCheck, ServiceDestinations } from './destinations.js';
export type { DestinationInfo, DiscoveryRequest } from '../engine/destinations.js';
export type { SyncChanges, SyncChangesFor } from './records/definition-patch.js';
export type { RunStatus } from './records/stored-sync.js';
export type { SyncRecord, SyncRecordFor } from './records/sync-record.js';
export type { ServiceEvent } from './events.js';
export type { FindDueOptions } from './runs/sync-job.js';
export type { Performed, PerformOptions, RunCause, RunOptions, SyncJob, SyncQueue } from './runs/sync-job.js';
export { crossSyncConflict } from '../core/definition/key-schema-overlap.js';
export type { KeySchemaOf } from '../core/definition/key-schema-overlap.js';
