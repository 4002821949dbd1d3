export { SecretSyncEngine } from './engine/secret-sync-engine.js';
export type {
  ApplyCallOptions,
  CallSignal,
  DefinitionInputOf,
  DefinitionOf,
  ImportCallOptions,
  PlanCallOptions,
  RemoveCallOptions,
  SyncAtPlace,
  SyncCallOptions,
} from './engine/secret-sync-engine.js';
export type { Connection, Connections, EngineOptions } from './engine/options.js';
export type { OnForeignError } from './engine/boundary/report-errors.js';
export { parseDefinition } from './engine/resolve/driver-registry.js';

export { planSync } from './core/plan-sync.js';
export type { PlanSyncInput } from './core/plan-sync.js';
export { explain } from './format/explain.js';
export { compileKeySchema } from './core/definition/key-schema.js';
export type { KeySchema } from './core/definition/key-schema.js';
export { resolveImport } from './core/imports.js';
export type { DesiredSecret, ResolvedImport, ResolveImportInput } from './core/imports.js';
export { reconcile } from './core/reconcile.js';
export type { Reconciled, ReconcileInput } from './core/reconcile.js';
export type { Desired } from './core/key-decision.js';
export { guardDeletions } from './core/deletion-guard.js';
export type { GuardDeletionsInput, GuardedDeletions } from './core/deletion-guard.js';

export { defineSource } from './sources/define-source.js';
export { envSource } from './sources/env.js';
export type { EnvSourceOptions } from './sources/env.js';
export { memorySource } from './sources/memory.js';
export type { MemorySource } from './sources/memory.js';
export { memoryStore } from './stores/memory.js';
export type { MemoryStoreOptions } from './stores/memory.js';
export { hasChanges } from './format/has-changes.js';
export { formatPlan } from './format/format-plan.js';
export { formatResult } from './format/format-result.js';
export type { FormatOptions } from './format/report.js';
export type { RetryOptions, RetryOptionsInput } from './http/backoff.js';

export { SecretValue } from './contracts/secret.js';
export { isSecretSyncError, SecretSyncError } from './contracts/errors.js';
export type { ErrorDetails } from './contracts/errors.js';
export { httpStatus } from './shared/http-status.js';
export type {
  SecretRecord,
  SecretSource,
  SourceCallOptions,
  SourceChange,
  SourceClash,
  SourceDescription,
  SourceLocation,
  SourcePart,
  SourceRead,
  SourceReadResult,
  UnwritableKey,
} from './contracts/source.js';
export { defineDriver } from './contracts/destination.js';
export type {
  CallOptions,
  Capabilities,
  ConnectOptions,
  DestinationConnection,
  DestinationDriver,
  DestinationEntry,
  DiscoveryList,
  Facts,
  FixedReason,
  NamedResource,
  WarnableChange,
  WriteBatch,
  WriteChange,
  WriteOptions,
  WriteOutcome,
} from './contracts/destination.js';
export type {
  ImportBehavior,
  InitialSyncBehavior,
  Redeploy,
  SyncDefinition,
  SyncDefinitionInput,
  SyncOptions,
  SyncOptionsInput,
} from './contracts/definition.js';
export type * from './contracts/follow-up.js';
export type * from './contracts/plan.js';
export type * from './contracts/result.js';
export type { SyncEvent } from './contracts/events.js';
export type * from './contracts/state-store.js';
export type {
  Fetch,
  FetchBody,
  FetchHeaders,
  FetchOptions,
  FetchResponse,
  HttpBody,
  HttpClient,
  HttpErrorResponse,
  HttpRequest,
  HttpResult,
} from './contracts/http.js';
export type { Clock } from './contracts/clock.js';
export type { JsonValue } from './contracts/json.js';
export { ERROR_CODES } from './contracts/error-codes.js';
export type { ErrorCode, ErrorProblem } from './contracts/error-codes.js';
export type {
  AnyDestinationDriver,
  DefinitionArgument,
  DefinitionFor,
  DefinitionInputFor,
  DestinationName,
} from './contracts/typed-definition.js';
export { generateFingerprintKey } from './core/fingerprint/keyring.js';
export type { FingerprintKey, FingerprintKeys } from './core/fingerprint/keyring.js';
export type { DestinationInput } from './core/inputs/destination-index.js';
