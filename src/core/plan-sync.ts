import type { ImportBehavior, SyncDefinitionInput } from '../contracts/definition.js';
import type { Capabilities } from '../contracts/destination.js';
import type { Operation, SyncPlan } from '../contracts/plan.js';
import type { SourceReadResult } from '../contracts/source.js';
import type { PlaceState } from '../contracts/state-store.js';
import { unrestrictedCapabilities } from './definition/defaults.js';
import { decide } from './build-plan.js';
import { inOneGo } from '../shared/turns/turns.js';
import { assertImportable } from './imports.js';
import { sourceSnapshot } from './inputs/source-snapshot.js';
import type { FingerprintKeys } from './fingerprint/keyring.js';
import { canonicalKey, destinationEntries, type DestinationInput } from './inputs/destination-index.js';
import { indexState } from './inputs/ownership.js';
import { checkEntries, parsePlanInput } from './inputs/plan-sync-input.js';

export interface PlanSyncInput {
  /** As for the engine; `destination` and `destinationConfig` may be left out. */
  readonly definition: Omit<SyncDefinitionInput, 'destination' | 'destinationConfig'> &
    Partial<Pick<SyncDefinitionInput, 'destination' | 'destinationConfig'>>;
  /** What the source holds: a record, a Map, pairs, or `{ secrets, complete, unreadable }`. */
  readonly source: SourceReadResult;
  /**
   * What exists at the destination: a record, a Map or pairs, whose values are of the kind that `capabilities` write; or
   * entries with kind, revision and the like.
   */
  readonly destination: DestinationInput;
  /** What is remembered of the place. Default: nothing. */
  readonly state?: PlaceState | undefined;
  /** Such as `hasuraCloud.capabilities`. Default: any key is taken, everything can be read. */
  readonly capabilities?: Capabilities | undefined;
  /** Default: `sync`. */
  readonly operation?: Operation | undefined;
  /** For the operation `import`. Default: `prioritize-source`. */
  readonly importBehavior?: ImportBehavior | undefined;
  /** Default: false. */
  readonly force?: boolean | undefined;
  readonly confirmDeletions?: number | undefined;
  /** Default: none; the plan then has no `preconditions` and can't be applied. */
  readonly fingerprintKey?: FingerprintKeys | undefined;
  /** The identity of the place. Default: the name of the destination. */
  readonly place?: string | undefined;
}

/**
 * Plans a sync, an import or a removal on plain data: no engine, driver, network or async. The same function that
 * the engine calls.
 *
 * @example
 * planSync({ definition: { name: 'nightly' }, source: { A: '1' }, destination: { A: '0', OLD: 'x' } }).summary
 *
 * @throws SecretSyncError `INVALID_DEFINITION`, `INVALID_KEY_SCHEMA`, `INVALID_OPTION`, with everything that is wrong;
 * `SOURCE_READ_FAILED` (a value that is not a string), `IMPORT_NOT_SUPPORTED`. Blocked keys and refused deletions are
 * not thrown: they are the plan's `problems`.
 */
export function planSync(input: PlanSyncInput): SyncPlan {
  const { definition, keyring } = parsePlanInput(input);
  const { destination } = definition;
  const { operation = 'sync', importBehavior, confirmDeletions } = input;
  const capabilities = input.capabilities ?? unrestrictedCapabilities;
  assertImportable({
    operation,
    definition,
    capabilities,
    displayName: destination,
    remembersFirstSync: true,
  });
  const deciding = decide({
    operation,
    definition,
    place: input.place ?? destination,
    source: sourceSnapshot(input.source),
    entries: checkEntries(destinationEntries(input.destination, capabilities.kind)),
    ownership: indexState(input.state, canonicalKey(capabilities)),
    isRedeployDue: input.state?.redeployDue?.includes(definition.id),
    seal: true,
    capabilities,
    options: {
      force: input.force ?? false,
      ...(importBehavior === undefined ? {} : { importBehavior }),
      ...(confirmDeletions === undefined ? {} : { confirmDeletions }),
    },
    keyring,
  });
  return inOneGo(deciding).plan;
}
