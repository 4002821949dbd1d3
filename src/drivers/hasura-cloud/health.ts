import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { FinishOptions, FollowUpOutcome } from '../../contracts/follow-up.js';
import type { HttpClient } from '../../contracts/http.js';
import { isWebUrl } from '../support/base-url.js';
import { poll } from '../support/poll.js';
import { findEndpoint } from './wire.js';

/** A restart takes some seconds to begin and some to end. */
const AFTER_A_CHANGE = { first: 3_000, most: 15_000 };
/** What was changed long ago needs no patience. */
const AFTER_NOTHING = { first: 0, most: 15_000 };

/** The base of a project: the API names its GraphQL endpoint, or the base itself. */
const healthBase = (endpoint: string): string => endpoint.replace(/\/+$/, '').replace(/\/v1\/graphql$/, '');

/** Whether a project responds. What can't change by waiting is thrown. */
async function isHealthy(project: HttpClient, signal: AbortSignal): Promise<boolean> {
  try {
    await project.request({
      operation: 'ask the project whether it is healthy',
      method: 'GET',
      path: ['healthz'],
      signal,
    });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (isSecretSyncError(error)) return false;
    throw error;
  }
}

/**
 * What follows a change of the environment: the project restarts by itself. To wait means to ask `healthz` of the project,
 * which takes no credentials and gets none, until it responds.
 */
export async function awaitRestart(
  http: HttpClient,
  projectId: string,
  { changed, wait, signal, sleep }: FinishOptions,
): Promise<FollowUpOutcome> {
  if (!wait) return { status: 'started', message: 'The project restarts by itself.' };
  const endpoint = await findEndpoint(http, projectId, signal);
  if (!endpoint || !isWebUrl(endpoint)) {
    throw new SecretSyncError(
      'NOT_FOUND',
      `Hasura Cloud shows no endpoint of project ${projectId} to this access token, so that its restart can't be waited for; check the rights of the account, or use redeploy: "start".`,
      { status: 200 },
    );
  }
  const project = http.anonymous(healthBase(endpoint));
  const pauses = changed.length > 0 ? AFTER_A_CHANGE : AFTER_NOTHING;
  await poll({ sleep }, pauses, async () => (await isHealthy(project, signal)) || undefined);
  return { status: 'succeeded', message: 'The project has restarted and is healthy.' };
}
