import { isSecretSyncError } from '../../contracts/errors.js';
import type { HttpRequest } from '../../contracts/http.js';
import type { SourceDescription } from '../../contracts/source.js';
import type { InfisicalPlace } from './options.js';
import type { InfisicalSession } from './session.js';
import { environmentSchema, foldersSchema } from './wire.js';

/** Returns the names and ids of a folder and its environment; what this identity may not see is left out. */
export async function describe(
  session: InfisicalSession,
  { projectId, environment, secretPath }: InfisicalPlace,
  signal: AbortSignal,
): Promise<SourceDescription> {
  const ask = async <Data>(request: HttpRequest<Data>): Promise<Data | undefined> => {
    try {
      return await session.request(request, signal);
    } catch (error) {
      if (isSecretSyncError(error, 'FORBIDDEN') || isSecretSyncError(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  };
  const segments = secretPath.split('/').filter(Boolean);
  const name = segments.pop();
  const [found, listed] = await Promise.all([
    ask({
      operation: 'look up the environment in Infisical',
      method: 'GET',
      path: ['api', 'v1', 'projects', projectId, 'environments', 'slug', environment],
      schema: environmentSchema,
    }),
    // No call returns the id of a root folder.
    name === undefined
      ? undefined
      : ask({
          operation: 'look up the folder in Infisical',
          method: 'GET',
          path: ['api', 'v2', 'folders'],
          query: { projectId, environment, path: `/${segments.join('/')}` },
          schema: foldersSchema,
        }),
  ]);
  await session.checkNames(
    [...Object.values(found?.environment ?? {}), ...(listed?.folders ?? []).map(({ id }) => id)],
    signal,
  );
  const folder = listed?.folders.find((candidate) => candidate.name === name);
  return {
    ...(found === undefined ? {} : { environment: found.environment }),
    ...(folder === undefined ? {} : { folder: { id: folder.id, path: secretPath } }),
  };
}
