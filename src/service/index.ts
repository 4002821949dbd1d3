export { SecretSyncService } from './secret-sync-service.js';
export type { DeleteOptions, StopOptions, SyncFilter, UpdateOptions } from './call-options.js';
export type { AutoSyncOptions, CrossSyncCheck, ServiceOptions } from './options.js';
export type { SyncChanges } from './records/definition-patch.js';
export type { RunStatus } from './records/stored-sync.js';
export type { SyncRecord } from './records/sync-record.js';
export type { RunCause, ServiceEvent } from './events.js';
export { crossSyncConflict } from '../core/definition/key-schema-overlap.js';
export type { KeySchemaOf } from '../core/definition/key-schema-overlap.js';
