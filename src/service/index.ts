export { SecretSyncService } from './secret-sync-service.js';
export type { DeleteOptions, StopOptions, SyncFilter, UpdateOptions } from './call-options.js';
export type { AutoSyncOptions, CrossSyncCheck, ServiceOptions } from './options.js';
export type { SyncChanges } from './changes.js';
export type { RunStatus } from './documents.js';
export type { SyncRecord } from './record.js';
export type { RunCause, ServiceEvent } from './events.js';
export { crossSyncConflict } from './cross-sync.js';
export type { KeySchemaOf } from './cross-sync.js';
