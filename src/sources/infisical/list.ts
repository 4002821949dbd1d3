import { isSecretSyncError } from '../../contracts/errors.js';
import type { SecretValue } from '../../contracts/secret.js';
import type { SourceRead } from '../../contracts/source.js';
import type { InfisicalPlace } from './options.js';
import type { InfisicalSession } from './session.js';
import { listSchema, type ListedSecret, type Listing } from './wire.js';

export interface ListFlags {
  readonly includeImports: boolean;
  readonly expandSecretReferences: boolean;
}

export type ListSecrets = (place: InfisicalPlace, flags: ListFlags, signal: AbortSignal) => Promise<Listing>;

/** Whether the server takes the flag for imports under both names at once; undefined until it was asked. */
type BothNames = 'taken' | 'refused' | undefined;

/** A validation error: the parameters are not what the server knows. */
const isRefusal = (error: unknown): boolean =>
  isSecretSyncError(error, 'DESTINATION_REJECTED') && (error.status === 400 || error.status === 422);

/*
 * Older servers know the flag for imports by another name, and leave out, without a word, what would then look deleted.
 * So each listing has to show by itself that it is complete; what was learned from others only saves requests.
 *
 * | asked with        | answered with      | it is complete                                              |
 * |-------------------|--------------------|-------------------------------------------------------------|
 * | the name of today | imports            | yes                                                         |
 * | the name of today | no word of imports | where the server refuses names unknown to it; else ask both |
 * | both names        | anything           | yes                                                         |
 */

/** Lists what stands in a folder, with the imports where they are asked for. */
export function createList(session: InfisicalSession): ListSecrets {
  let bothNames: BothNames;

  return async (place, { includeImports, expandSecretReferences }, signal) => {
    const list = (...names: readonly string[]) =>
      session.request(
        {
          operation: 'read the secrets from Infisical',
          method: 'GET',
          path: ['api', 'v4', 'secrets'],
          query: {
            ...place,
            viewSecretValue: 'true',
            expandSecretReferences: String(expandSecretReferences),
            ...Object.fromEntries(names.map((name) => [name, String(includeImports)])),
            recursive: 'false',
          },
          schema: listSchema,
        },
        signal,
      );
    /** Undefined where the request is refused. */
    const listWithBoth = async (): Promise<Listing | undefined> => {
      try {
        const listing = await list('includeImports', 'include_imports');
        bothNames = 'taken';
        return listing;
      } catch (error) {
        if (isRefusal(error)) return undefined;
        throw error;
      }
    };

    // An older server may do as it likes by default.
    if (!includeImports) return { secrets: (await list('includeImports')).secrets };
    if (bothNames === 'taken') {
      const listing = await listWithBoth();
      if (listing) return listing;
    }
    const known = bothNames;
    const listing = await list('includeImports');
    // Both were refused just now, and the one is not: another server than before.
    if (known === 'taken') bothNames = undefined;
    if (listing.imports || known === 'refused') return listing;
    const complete = await listWithBoth();
    if (complete) return complete;
    // The one name was taken with the same parameters, so it is the other that is refused.
    bothNames = 'refused';
    return listing;
  };
}

/** The secrets that all see, by key; a key that stands twice has two. */
export function byKey(secrets: readonly ListedSecret[]): Map<string, ListedSecret[]> {
  const groups = new Map<string, ListedSecret[]>();
  for (const secret of secrets) {
    if (secret.isPersonal) continue;
    const group = groups.get(secret.key);
    if (group === undefined) groups.set(secret.key, [secret]);
    else group.push(secret);
  }
  return groups;
}

/**
 * What a folder holds in the end: its own secrets win over imported ones, of which the last import wins (official
 * documentation). Where the winner is hidden, the key is unreadable, whatever an import behind it shows.
 */
export function effectiveSecrets({ secrets, imports }: Listing): SourceRead & {
  readonly secrets: readonly (readonly [string, SecretValue])[];
  readonly unreadable: readonly string[];
} {
  const winners = new Map<string, readonly ListedSecret[]>();
  for (const layer of [...(imports ?? []).map((imported) => imported.secrets), secrets]) {
    for (const [key, group] of byKey(layer)) winners.set(key, group);
  }
  const all = [...winners.values()].flat();
  return {
    secrets: all.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value] as const])),
    unreadable: all.flatMap(({ key, value }) => (value === undefined ? [key] : [])),
  };
}
