import type { NamedResource } from '../contracts/destination.js';
import type { CallSignal } from '../engine/call-options.js';
import type { DestinationInfo, DiscoveryRequest } from '../engine/destinations.js';
import { parseBoth, parseDiscovery, parseServiceOptions, type DestinationQuery } from './call-options.js';
import type { ResolvedServiceOptions } from './options.js';
import type { RecordStore } from './records/record-store.js';

/** Whether a sync writes to a destination already. */
export interface DestinationCheck {
  readonly hasDuplicate: boolean;
  /** The `projectId` of that sync, where it has one. */
  readonly duplicateProjectId?: string;
}

/** The destinations of a service: what a person chooses from before a sync is created. */
export interface ServiceDestinations {
  /** Returns the destinations that definitions can name: the drivers of the engine. */
  list(): readonly DestinationInfo[];
  /**
   * Returns what a connection can see at a destination.
   *
   * @throws SecretSyncError `UNKNOWN_DESTINATION`, `INVALID_OPTION`, `UNKNOWN_CONNECTION`, `CONNECTION_MISMATCH`, and what a
   * request can throw.
   */
  discover(request: DiscoveryRequest, options?: CallSignal): Promise<readonly NamedResource[]>;
  /**
   * Returns whether a record writes to the same place already; the kind of variable does not count. Sends nothing.
   *
   * @throws SecretSyncError what an engine throws for a definition.
   */
  check(query: DestinationQuery): Promise<DestinationCheck>;
}

export function createServiceDestinations({
  options,
  records,
}: {
  readonly options: Pick<ResolvedServiceOptions, 'port'>;
  readonly records: Pick<RecordStore, 'all'>;
}): ServiceDestinations {
  const { port } = options;
  return {
    list: () => port.destinations.list(),
    async discover(request, options = {}) {
      const [asked, { signal }] = parseBoth(
        'discover',
        () => parseDiscovery(request),
        () => parseServiceOptions('discover', options),
      );
      return port.destinations.discover(asked, signal);
    },
    async check(query) {
      const { excludeSyncId, ...asked } = parseServiceOptions('check', query);
      const stored = (await records.all()).loaded.map((found) => found.stored);
      const excluded = stored.find(({ definition }) => definition.id === excludeSyncId);
      const connectionId = asked.connectionId ?? excluded?.definition.connectionId;
      const { place } = await port.inspect({ ...asked, name: 'destination-check', connectionId });
      const other = stored.find((record) => record !== excluded && record.place === place);
      const projectId = other?.definition.projectId;
      return {
        hasDuplicate: other !== undefined,
        ...(projectId !== undefined && { duplicateProjectId: projectId }),
      };
    },
  };
}
