import type { SyncDefinition } from '../contracts/definition.js';
import type { ServiceEngine } from './options.js';
import type { StoredSync } from './records/stored-sync.js';

/** A destination that a sync may be created for. */
export interface DestinationQuery {
  /** The name of a driver. */
  readonly destination: string;
  readonly destinationConfig: unknown;
  /** Default: that of `excludeSyncId`; without one, the credentials of the driver. */
  readonly connectionId?: string | undefined;
  /** The id of a sync that does not count: the one that is being changed. */
  readonly excludeSyncId?: string | undefined;
}

/** Whether a sync writes to a destination already. */
export interface DestinationCheck {
  readonly hasDuplicate: boolean;
  /** The `projectId` of that sync, where it has one. */
  readonly duplicateProjectId?: string;
}

/** Looks for a record that writes to the same place: the kind of variable does not count. */
export async function checkDestination(
  engine: ServiceEngine,
  records: readonly StoredSync[],
  { destination, destinationConfig, connectionId, excludeSyncId }: DestinationQuery,
): Promise<DestinationCheck> {
  const excluded = records.find(({ definition }) => definition.id === excludeSyncId);
  const through = connectionId ?? excluded?.definition.connectionId;
  const asked = {
    name: 'destination-check',
    destination,
    destinationConfig,
    ...(through !== undefined && { connectionId: through }),
  };
  // Of any JSON: what is wrong with it is thrown with all its problems.
  const { place } = await engine.inspect(asked);
  const other = records.find((record) => record !== excluded && record.place === place);
  const projectId = other?.definition.projectId;
  return {
    hasDuplicate: other !== undefined,
    ...(projectId !== undefined && { duplicateProjectId: projectId }),
  };
}
