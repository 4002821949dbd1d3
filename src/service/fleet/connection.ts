import type { SyncDefinition } from '../../contracts/definition.js';
import { checksum } from '../../shared/canonical-json.js';

/** What the runs of a definition share with others: its connection, else its driver's own credentials. */
export const connectionOf = ({
  connectionId,
  destination,
}: Pick<SyncDefinition, 'connectionId' | 'destination'>): string =>
  connectionId === undefined ? `driver:${destination}` : `connection:${connectionId}`;

/** The connection as a segment of a key in the store. */
export const connectionSegment = (connection: string): string => checksum(connection).slice(0, 40);
