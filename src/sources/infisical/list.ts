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

/** Lists what stands in a folder, with the imports where they are asked for. */
export function createList(session: InfisicalSession): ListSecrets {
  /** What the server calls the flag for imports; undefined until it is known. */
  let importsFlag: string | undefined;

  return async (place, { includeImports, expandSecretReferences }, signal) => {
    const list = (flag: string) =>
      session.request(
        {
          operation: 'read the secrets from Infisical',
          method: 'GET',
          path: ['api', 'v4', 'secrets'],
          query: {
            ...place,
            viewSecretValue: 'true',
            expandSecretReferences: String(expandSecretReferences),
            [flag]: String(includeImports),
            recursive: 'false',
          },
          schema: listSchema,
        },
        signal,
      );
    const listing = await list(importsFlag ?? 'includeImports');
    if (!includeImports || importsFlag !== undefined) return listing;
    importsFlag = 'includeImports';
    if (listing.imports) return listing;
    // Older servers know the flag by another name and leave out, without a word, what would then look deleted.
    try {
      const older = await list('include_imports');
      if (!older.imports) return listing;
      importsFlag = 'include_imports';
      return older;
    } catch (error) {
      if (isSecretSyncError(error, 'DESTINATION_REJECTED')) return listing;
      importsFlag = undefined;
      throw error;
    }
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
