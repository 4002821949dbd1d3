export { startHasuraCloudEmulator } from './hasura-cloud-emulator.js';
export type { HasuraCloudEmulator, HasuraCloudEmulatorOptions } from './hasura-cloud-emulator.js';
export type {
  HasuraCloudProject,
  HasuraCloudProjectSetup,
  JsonByKey,
} from './hasura-cloud-emulator-state.js';
export type { HasuraCloudSwitches } from './hasura-cloud-emulator-switches.js';
export { startQoveryEmulator } from './qovery-emulator.js';
export type { QoveryEmulator, QoveryEmulatorOptions } from './qovery-emulator.js';
export type {
  QoveryDeployment,
  QoveryPlace,
  QoveryPlaceSetup,
  QoveryVariable,
  QoveryVariableSetup,
} from './qovery-emulator-types.js';
export type { QoveryMissing, QoveryRateLimit, QoverySwitches } from './qovery-emulator-switches.js';
export type {
  AlteredAnswer,
  Emulator,
  EmulatorOptions,
  Fault,
  Intercept,
  RequestLogEntry,
} from './emulator-types.js';

export { memoryDestination } from './memory-destination.js';
export type {
  MemoryConfig,
  MemoryConfigInput,
  MemoryCredentials,
  MemoryDestination,
  MemoryDestinationOptions,
  MemoryFailureFilter,
  MemoryWhere,
} from './memory-destination.js';
export type { MemoryCall, MemoryFault, MemoryIntercept } from './memory-faults.js';
export type { MemoryEntry, MemoryEntrySetup } from './memory-place.js';

export { createCanaries } from './canaries.js';
export type { Canaries, Canary, CanaryFinding, CanaryNeedle } from './canaries.js';
export { inspectAll } from './inspect-all.js';

export { driverConformance } from './driver-conformance.js';
export type { DriverConformanceOptions } from './driver-conformance.js';
export type { DriverFixture, DriverPlace, FixtureTokens, SeenRequest } from './driver-fixture.js';
export { sourceConformance } from './source-conformance.js';
export type { SourceConformanceOptions } from './source-conformance.js';
export { storeConformance } from './store-conformance.js';
export type { StoreConformanceOptions } from './store-conformance.js';
export type { ConformanceRunner } from './runner.js';
export { startInfisicalEmulator } from './infisical-emulator.js';
export type { InfisicalEmulator, InfisicalEmulatorOptions } from './infisical-emulator.js';
export type * from './infisical-emulator-types.js';
