export { startHasuraCloudEmulator } from './emulators/hasura-cloud/index.js';
export type { HasuraCloudEmulator, HasuraCloudEmulatorOptions } from './emulators/hasura-cloud/index.js';
export type {
  HasuraCloudProject,
  HasuraCloudProjectSetup,
  JsonByKey,
} from './emulators/hasura-cloud/state.js';
export type { HasuraCloudSwitches } from './emulators/hasura-cloud/switches.js';
export { startQoveryEmulator } from './emulators/qovery/index.js';
export type { QoveryEmulator, QoveryEmulatorOptions } from './emulators/qovery/index.js';
export type {
  QoveryDeployment,
  QoveryPlace,
  QoveryPlaceSetup,
  QoveryVariable,
  QoveryVariableSetup,
} from './emulators/qovery/types.js';
export type { QoveryMissing, QoveryRateLimit, QoverySwitches } from './emulators/qovery/switches.js';
export type {
  AlteredAnswer,
  Emulator,
  EmulatorOptions,
  Fault,
  Intercept,
  RequestLogEntry,
} from './emulators/server/types.js';

export { memoryDestination } from './memory-destination/index.js';
export type {
  MemoryConfig,
  MemoryConfigInput,
  MemoryCredentials,
  MemoryDestination,
  MemoryDestinationOptions,
  MemoryFailureFilter,
  MemoryWhere,
} from './memory-destination/types.js';
export type { MemoryCall, MemoryFault, MemoryIntercept } from './memory-destination/faults.js';
export type { MemoryEntry, MemoryEntrySetup } from './memory-destination/place.js';

export { createCanaries } from './leaks/canaries.js';
export type { Canaries, Canary, CanaryFinding, CanaryNeedle } from './leaks/canaries.js';
export { inspectAll } from './leaks/inspect-all.js';

export { driverConformance } from './conformance/driver/index.js';
export type { DriverConformanceOptions } from './conformance/driver/index.js';
export type { DriverFixture, DriverPlace, FixtureTokens, SeenRequest } from './conformance/driver/fixture.js';
export { mapPlace } from './conformance/driver/map-place.js';
export type { MapPlace } from './conformance/driver/map-place.js';
export { sourceConformance } from './conformance/source/index.js';
export { storeConformance } from './conformance/store/index.js';
export type { StoreConformanceOptions } from './conformance/store/index.js';
export type { ConformanceRunner } from './conformance/runner.js';
export { startInfisicalEmulator } from './emulators/infisical/index.js';
export type { InfisicalEmulator, InfisicalEmulatorOptions } from './emulators/infisical/index.js';
export type { InfisicalRateLimit, InfisicalSwitches } from './emulators/infisical/switches.js';
export type * from './emulators/infisical/types.js';
export type { SourceConformanceOptions } from './conformance/source/options.js';
