import { SecretSyncError } from '../../contracts/errors.js';
import type { HttpRequest } from '../../contracts/http.js';
import type { InfisicalPlace } from './options.js';
import type { InfisicalSession } from './session.js';
import { classify, isMissingRoute } from './wire.js';

/** The families of routes for secrets; servers from before 2026 have the older one alone. */
export type ApiVersion = 'v4' | 'v3';

/** The routes for secrets, of the newest family that the server has. */
export interface SecretsApi {
  /** Sends the request that is made for a family, of the next one where the server does not have the routes of one. */
  request<Data>(
    make: (version: ApiVersion) => HttpRequest<Data>,
    signal: AbortSignal,
  ): Promise<{ readonly version: ApiVersion; readonly data: Data }>;
  readonly checkNames: InfisicalSession['checkNames'];
}

const PATHS = {
  v4: { list: ['api', 'v4', 'secrets'], batch: ['api', 'v4', 'secrets', 'batch'] },
  v3: { list: ['api', 'v3', 'secrets', 'raw'], batch: ['api', 'v3', 'secrets', 'batch', 'raw'] },
} as const;

/** The path of a list, or of a batch of writes. */
export const pathOf = (version: ApiVersion, what: 'list' | 'batch'): readonly string[] =>
  PATHS[version][what];

/** A folder, as a family of routes calls it. */
export function placeFields(
  version: ApiVersion,
  { projectId, environment, secretPath }: InfisicalPlace,
): Readonly<Record<string, string>> {
  return { [version === 'v4' ? 'projectId' : 'workspaceId']: projectId, environment, secretPath };
}

/** Returns the routes for secrets. Which family the server has is found out once, and again where it has changed. */
export function createSecretsApi(session: InfisicalSession): SecretsApi {
  let known: ApiVersion = 'v4';

  return {
    checkNames: (names, signal) => session.checkNames(names, signal),
    async request(make, signal) {
      for (const version of known === 'v4' ? (['v4', 'v3'] as const) : (['v3', 'v4'] as const)) {
        let isMissing = false;
        try {
          const request: ReturnType<typeof make> = {
            ...make(version),
            classify(refusal) {
              isMissing = isMissingRoute(refusal);
              return classify(refusal);
            },
          };
          const data = await session.request(request, signal);
          known = version;
          return { version, data };
        } catch (error) {
          if (!isMissing) throw error;
        }
      }
      throw new SecretSyncError(
        'SOURCE_READ_FAILED',
        'This Infisical has neither /api/v4/secrets nor /api/v3/secrets/raw. Update it to version 0.46 or later, or ' +
          'check the siteUrl.',
        { status: 404 },
      );
    },
  };
}
