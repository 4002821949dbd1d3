import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { SourceChange, UnwritableKey } from '../../contracts/source.js';
import { quote } from '../../shared/text.js';
import { notWritable } from '../not-writable.js';
import { byKey } from './effective.js';
import type { ListFlags, ListSecrets } from './list.js';
import type { InfisicalPlace } from './options.js';
import { pathOf, placeFields, type SecretsApi } from './secrets-api.js';
import { writeSchema } from './wire.js';
import { unwritableChanges, type Standing } from './writable.js';

/** How many secrets go into one request; no limit is documented. */
const BATCH = 100;

export interface InfisicalWriter {
  check(
    place: InfisicalPlace,
    changes: readonly SourceChange[],
    signal: AbortSignal,
  ): Promise<readonly UnwritableKey[]>;
  write(place: InfisicalPlace, changes: readonly SourceChange[], signal: AbortSignal): Promise<void>;
}

type Look = (place: InfisicalPlace, signal: AbortSignal) => Promise<(key: string) => Standing>;

/** What a folder holds as it was typed, so that references show. */
function createLook(list: ListSecrets, flags: ListFlags): Look {
  return async (place, signal) => {
    const listing = await list(place, { ...flags, expandSecretReferences: false }, signal);
    const own = byKey(listing.secrets);
    const imported = byKey((listing.imports ?? []).flatMap(({ secrets }) => secrets));
    return (key) => ({ own: own.get(key)?.[0], isImported: imported.has(key) });
  };
}

/** Sends one batch of creations or of updates. */
async function send(
  api: SecretsApi,
  place: InfisicalPlace,
  action: SourceChange['action'],
  batch: readonly SourceChange[],
  signal: AbortSignal,
): Promise<void> {
  const isCreation = action === 'create';
  const { data } = await api.request(
    (version) => ({
      operation: `${action} secrets in Infisical`,
      method: isCreation ? 'POST' : 'PATCH',
      path: pathOf(version, 'batch'),
      body: {
        ...placeFields(version, place),
        // The older routes know no other mode, and some not the field.
        ...(isCreation || version === 'v3' ? {} : { mode: 'failOnNotFound' }),
        secrets: batch.map(({ key, value }) => ({ secretKey: key, secretValue: value })),
      },
      schema: writeSchema,
      repeatable: !isCreation,
    }),
    signal,
  );
  if (!data.needsApproval) return;
  throw new SecretSyncError(
    'SOURCE_WRITE_FAILED',
    `Infisical did not ${action} ${batch.length} secrets at ${quote(place.secretPath)} in ` +
      `${quote(place.environment)}: a policy holds the change back until it is approved. Approve it in Infisical, or ` +
      'exempt this identity from the policy, then run again.',
  );
}

/** Sends one batch of creations, and looks at the folder where the response was lost. */
async function create(
  api: SecretsApi,
  look: Look,
  place: InfisicalPlace,
  batch: readonly SourceChange[],
  signal: AbortSignal,
): Promise<void> {
  for (let retriesLeft = 1; ; retriesLeft -= 1) {
    try {
      return await send(api, place, 'create', batch, signal);
    } catch (error) {
      if (!isSecretSyncError(error) || error.maybeWritten !== true) throw error;
      // A batch is written as a whole, and what was written can be read.
      const standing = await look(place, signal);
      if (batch.every(({ key, value }) => standing(key).own?.value?.equals(value) === true)) return;
      if (retriesLeft === 0 || !error.retryable) throw error;
    }
  }
}

/** Returns what writes back, in batches: creations, then updates. Nothing is sent that the server would change or hold back. */
export function createWriter(api: SecretsApi, list: ListSecrets, flags: ListFlags): InfisicalWriter {
  const look = createLook(list, flags);
  const refused = (changes: readonly SourceChange[], standing: (key: string) => Standing) =>
    unwritableChanges(changes, standing, flags.expandSecretReferences);

  return {
    async check(place, changes, signal) {
      return changes.length === 0 ? [] : refused(changes, await look(place, signal));
    },
    async write(place, changes, signal) {
      signal.throwIfAborted();
      if (changes.length === 0) return;
      const standing = await look(place, signal);
      const impossible = refused(changes, standing);
      if (impossible.length > 0) throw notWritable('Infisical', impossible);
      const due = changes.filter(({ key, value }) => standing(key).own?.value?.equals(value) !== true);
      for (const action of ['create', 'update'] as const) {
        const same = due.filter((change) => change.action === action);
        for (let start = 0; start < same.length; start += BATCH) {
          const batch = same.slice(start, start + BATCH);
          await (action === 'create'
            ? create(api, look, place, batch, signal)
            : send(api, place, action, batch, signal));
        }
      }
    },
  };
}
