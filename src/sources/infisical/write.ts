import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import type { SourceChange, UnwritableKey } from '../../contracts/source.js';
import { notWritable } from '../not-writable.js';
import { byKey, type ListSecrets } from './list.js';
import type { InfisicalPlace } from './options.js';
import type { InfisicalSession } from './session.js';
import { asStored, holdsReference, writeSchema, type ListedSecret } from './wire.js';

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

interface Standing {
  readonly own: ListedSecret | undefined;
  readonly isImported: boolean;
}

/** Why a key or value can't be written, whatever stands there. */
function checkText(key: string, value: string, expands: boolean): string | undefined {
  if (!/^[^\s:/]+$/.test(key)) return 'Infisical takes no white space, colon or slash in a name; rename it';
  if (asStored(value) !== value) {
    return 'Infisical trims values, and this one begins or ends with white space; trim it';
  }
  if (/\p{Surrogate}/u.test(value))
    return 'its value holds half of a surrogate pair; write it as valid Unicode';
  return expands && holdsReference(value)
    ? 'its value holds ${…}, which Infisical would take for a reference; write it otherwise'
    : undefined;
}

/*
 * | stands there as                | create            | update          |
 * |--------------------------------|-------------------|-----------------|
 * | nothing                        | written           | gone meanwhile  |
 * | an import                      | refused           | refused         |
 * | a reference, or hidden         | refused           | refused         |
 * | the same value                 | nothing to do     | nothing to do   |
 * | another value                  | there meanwhile   | written         |
 */
function checkStanding({ action, value }: SourceChange, { own, isImported }: Standing): string | undefined {
  if (own === undefined) {
    if (isImported) return 'it comes from an import; change it where it is imported from';
    return action === 'update' ? 'it is no longer there; run again' : undefined;
  }
  if (own.value === undefined) return 'its value is hidden from this identity; let the identity read values';
  if (holdsReference(own.value.reveal())) return 'it refers to another secret; change that one';
  return action === 'create' && !own.value.equals(value) ? 'it was created meanwhile; run again' : undefined;
}

/** Writes back, in batches: creations, then updates. Nothing is sent that the server would change or hold back. */
export function createWriter(
  session: InfisicalSession,
  list: ListSecrets,
  flags: { readonly includeImports: boolean; readonly expandSecretReferences: boolean },
): InfisicalWriter {
  /** What stands there as it was typed, so that references show. */
  const look = async (place: InfisicalPlace, signal: AbortSignal): Promise<(key: string) => Standing> => {
    const listing = await list(place, { ...flags, expandSecretReferences: false }, signal);
    const own = byKey(listing.secrets);
    const imported = byKey((listing.imports ?? []).flatMap(({ secrets }) => secrets));
    return (key) => ({ own: own.get(key)?.[0], isImported: imported.has(key) });
  };

  const refused = (changes: readonly SourceChange[], standing: (key: string) => Standing): UnwritableKey[] =>
    changes.flatMap((change) => {
      const { key, value } = change;
      const message =
        checkText(key, value.reveal(), flags.expandSecretReferences) ?? checkStanding(change, standing(key));
      return message === undefined ? [] : [{ key, message }];
    });

  const send = async (
    place: InfisicalPlace,
    action: SourceChange['action'],
    batch: readonly SourceChange[],
    signal: AbortSignal,
  ): Promise<void> => {
    const isCreation = action === 'create';
    const { needsApproval } = await session.request(
      {
        operation: `${action} secrets in Infisical`,
        method: isCreation ? 'POST' : 'PATCH',
        path: ['api', 'v4', 'secrets', 'batch'],
        body: {
          ...place,
          ...(isCreation ? {} : { mode: 'failOnNotFound' }),
          secrets: batch.map(({ key, value }) => ({ secretKey: key, secretValue: value })),
        },
        schema: writeSchema,
        repeatable: !isCreation,
      },
      signal,
    );
    if (!needsApproval) return;
    throw new SecretSyncError(
      'SOURCE_WRITE_FAILED',
      `Infisical did not ${action} ${batch.length} secrets at ${quote(place.secretPath)} in ` +
        `${quote(place.environment)}: a policy holds the change back until somebody approves it. Approve it in ` +
        'Infisical, or exempt this identity from the policy, then run again.',
    );
  };

  const isThere = async (place: InfisicalPlace, batch: readonly SourceChange[], signal: AbortSignal) => {
    const standing = await look(place, signal);
    return batch.every(({ key, value }) => standing(key).own?.value?.equals(value) === true);
  };

  const create = async (place: InfisicalPlace, batch: readonly SourceChange[], signal: AbortSignal) => {
    for (let retriesLeft = 1; ; retriesLeft -= 1) {
      try {
        return await send(place, 'create', batch, signal);
      } catch (error) {
        if (!isSecretSyncError(error) || error.maybeWritten !== true) throw error;
        // The answer was lost: a batch is written as a whole, and what was written can be read.
        if (await isThere(place, batch, signal)) return;
        if (retriesLeft === 0 || !error.retryable) throw error;
      }
    }
  };

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
          await (action === 'create' ? create(place, batch, signal) : send(place, action, batch, signal));
        }
      }
    },
  };
}
