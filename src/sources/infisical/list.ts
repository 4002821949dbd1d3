import { isSecretSyncError } from '../../contracts/errors.js';
import type { InfisicalPlace } from './options.js';
import { pathOf, placeFields, type ApiVersion, type SecretsApi } from './secrets-api.js';
import { listSchema, type Listing } from './wire.js';

export interface ListFlags {
  readonly includeImports: boolean;
  readonly expandSecretReferences: boolean;
}

export type ListSecrets = (place: InfisicalPlace, flags: ListFlags, signal: AbortSignal) => Promise<Listing>;

/** Whether `/api/v4` takes the flag for imports under both names; undefined until it was asked. */
type BothNames = 'taken' | 'refused' | undefined;

/** A validation error: the parameters are not what the server knows. */
const isRefusal = (error: unknown): boolean =>
  isSecretSyncError(error, 'DESTINATION_REJECTED') && (error.status === 400 || error.status === 422);

/** What the flag for imports is called by each family of routes. */
const IMPORTS_FLAG = { v4: 'includeImports', v3: 'include_imports' } as const;

/** Sends one list request, in which `/api/v4` gets the flag for imports under the older name too where it is asked to. */
async function listOnce(
  api: SecretsApi,
  place: InfisicalPlace,
  { includeImports, expandSecretReferences }: ListFlags,
  withBoth: boolean,
  signal: AbortSignal,
): Promise<{ readonly version: ApiVersion; readonly data: Listing }> {
  const listed = await api.request((version) => {
    const names = withBoth ? Object.values(IMPORTS_FLAG) : [IMPORTS_FLAG[version]];
    return {
      operation: 'read the secrets from Infisical',
      method: 'GET',
      path: pathOf(version, 'list'),
      query: {
        ...placeFields(version, place),
        viewSecretValue: 'true',
        expandSecretReferences: String(expandSecretReferences),
        ...Object.fromEntries(names.map((name) => [name, String(includeImports)])),
        recursive: 'false',
      },
      schema: listSchema,
    };
  }, signal);
  await api.checkNames(namesIn(listed.data), signal);
  return listed;
}

/** What is shown of a list: keys, and where imports come from. */
function* namesIn({ secrets, imports }: Listing): Iterable<string> {
  for (const { key } of secrets) yield key;
  for (const imported of imports ?? []) {
    yield `${imported.environment ?? ''}:${imported.secretPath ?? ''}`;
    for (const { key } of imported.secrets) yield key;
  }
}

/*
 * A server that does not know the flag for imports leaves them out without a word, and they would look deleted. So each
 * listing has to show by itself that it is complete; what was learned from others only saves requests.
 *
 * | asked with                | the response has   | it is complete                                              |
 * |---------------------------|--------------------|-------------------------------------------------------------|
 * | the name of its family    | imports            | yes                                                         |
 * | the name of `/api/v3`     | no word of imports | yes                                                         |
 * | the name of `/api/v4`     | no word of imports | where the server refuses names unknown to it; else ask both |
 * | both names                | anything           | yes                                                         |
 */

/** Returns what lists the secrets of a folder, with the imports where they are asked for. */
export function createList(api: SecretsApi): ListSecrets {
  let bothNames: BothNames;

  return async (place, flags, signal) => {
    const list = (withBoth: boolean) => listOnce(api, place, flags, withBoth, signal);
    /** Undefined where the request is refused. */
    const listWithBoth = async (): Promise<Listing | undefined> => {
      try {
        const { data } = await list(true);
        bothNames = 'taken';
        return data;
      } catch (error) {
        if (isRefusal(error)) return undefined;
        throw error;
      }
    };

    // A server may do as it likes by default.
    if (!flags.includeImports) return { secrets: (await list(false)).data.secrets };
    if (bothNames === 'taken') {
      const listing = await listWithBoth();
      if (listing) return listing;
    }
    const known = bothNames;
    const { version, data: listing } = await list(false);
    // Both were refused just now, and the one is not: another server than before.
    if (known === 'taken') bothNames = undefined;
    if (listing.imports || known === 'refused' || version === 'v3') return listing;
    const complete = await listWithBoth();
    if (complete) return complete;
    // The one name was taken with the same parameters, so it is the other that is refused.
    bothNames = 'refused';
    return listing;
  };
}
