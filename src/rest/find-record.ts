import { isSecretSyncError, SecretSyncError } from '../contracts/errors.js';
import { isDamage } from '../service/records/name-document.js';
import type { SyncRecord } from '../service/records/sync-record.js';
import { quote } from '../shared/text.js';
import { RestError } from './errors.js';
import type { RestService } from './service.js';

interface Permitting {
  readonly params: Readonly<Record<string, string>>;
  readonly permit: (more: {
    readonly syncId: string;
    readonly projectId: string | null;
    readonly connectionId: string | null;
  }) => Promise<void>;
}

const notFound = (idOrName: string) =>
  new SecretSyncError(
    'SYNC_NOT_FOUND',
    `There is no sync ${quote(idOrName)} for this destination; list the syncs to see which exist.`,
  );

/** The destination that the path names, once it is known to be one. */
export function destinationOf(
  service: RestService,
  { params: { destination = '' } }: Pick<Permitting, 'params'>,
): string {
  if (service.destinations.list().some((known) => known.destination === destination)) return destination;
  const message = `There is no destination ${quote(destination)}; the options list those that exist.`;
  throw new RestError(404, 'UNKNOWN_DESTINATION', message);
}

async function permitted(record: SyncRecord, { permit }: Pick<Permitting, 'permit'>): Promise<SyncRecord> {
  await permit({ syncId: record.id, projectId: record.projectId, connectionId: record.connectionId });
  return record;
}

/** Finds the record that the path names by its id, and asks whether it may be reached. */
export async function recordOf(service: RestService, call: Permitting): Promise<SyncRecord> {
  const destination = destinationOf(service, call);
  const { syncId = '' } = call.params;
  const record = await service.getSync(syncId).catch((error: unknown) => {
    throw isSecretSyncError(error, 'SYNC_NOT_FOUND') ? notFound(syncId) : error;
  });
  // The service knows records by their names too, which have a route of their own.
  if (record.id !== syncId || record.destination !== destination) throw notFound(syncId);
  return permitted(record, call);
}

/**
 * Finds the record that the path of a deletion names by its id. `undefined` for one that is damaged: it names no project that
 * could be asked for, and nothing but its id is needed to delete it.
 */
export async function recordToDelete(
  service: RestService,
  call: Permitting,
): Promise<SyncRecord | undefined> {
  try {
    return await recordOf(service, call);
  } catch (error) {
    // A store that fails for a moment says nothing of the record.
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** Finds the record that the path names by its name. */
export async function namedRecord(
  service: RestService,
  call: Permitting & { readonly query: { readonly projectId?: string | undefined } },
): Promise<SyncRecord> {
  const destination = destinationOf(service, call);
  const { name = '' } = call.params;
  const { projectId } = call.query;
  const records = await service.listSyncs({ destination, ...(projectId !== undefined && { projectId }) });
  const record = records.find((candidate) => candidate.name === name);
  if (record === undefined) throw notFound(name);
  return permitted(record, call);
}

/** Asks whether the record may be reached that a check leaves out: the check goes through its connection where none is named. */
export async function permitExcluded(
  service: RestService,
  id: string,
  call: Pick<Permitting, 'permit'>,
): Promise<void> {
  const record = await service.getSync(id).catch((error: unknown) => {
    // The check knows no such record either.
    if (isSecretSyncError(error, 'SYNC_NOT_FOUND') || isDamage(error)) return undefined;
    throw error;
  });
  if (record?.id === id) await permitted(record, call);
}
