import * as z from 'zod/mini';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { FinishOptions, FollowUpOutcome } from '../../contracts/follow-up.js';
import type { HttpClient } from '../../contracts/http.js';
import { poll } from '../support/poll.js';
import { missing } from './refusals.js';

/** An hour of looks at the longest pause takes an eighth of the requests that a token has in an hour. */
const PAUSES = { first: 5_000, most: 30_000 };

const statusSchema = z.object({ state: z.string() });

/**
 * What a state of an environment says of a deployment that was asked for. The states are those of the API's `StateEnum`;
 * one that is not known here has ended.
 *
 * | state | is |
 * |---|---|
 * | `DEPLOYED`, `RESTARTED` | succeeded |
 * | `…ING` (also `WAITING_…ING`), `…QUEUED`, `RECAP` | in progress |
 * | `READY`: nothing was deployed yet | not begun |
 * | `…ERROR`, `CANCELED`, `STOPPED`, `DELETED`, any other | failed |
 */
export function phaseOf(state: string): 'succeeded' | 'in progress' | 'not begun' | 'failed' {
  if (state === 'DEPLOYED' || state === 'RESTARTED') return 'succeeded';
  if (state === 'READY') return 'not begun';
  return /(?:ING|QUEUED|RECAP)$/.test(state) ? 'in progress' : 'failed';
}

async function stateOf(http: HttpClient, environmentId: string, signal: AbortSignal): Promise<string> {
  const { data } = await http.request({
    operation: 'look at the deployment of the environment',
    method: 'GET',
    path: ['environment', environmentId, 'status'],
    schema: statusSchema,
    classify: missing,
    signal,
  });
  return data.state;
}

/**
 * Asks for a deployment. It is asked for once: whether a second request would deploy once more can't be known.
 *
 * @throws SecretSyncError `CONFLICT` while the environment does something else.
 */
async function askForDeployment(http: HttpClient, environmentId: string, signal: AbortSignal): Promise<void> {
  const operation = 'deploy the environment';
  const { status } = await http.request({
    operation,
    method: 'POST',
    path: ['environment', environmentId, 'deploy'],
    classify: missing,
    signal,
  });
  if (status === 202) return;
  throw new SecretSyncError(
    'INVALID_RESPONSE',
    `Could not ${operation}: the response is not that of a deployment. Check the URL.`,
    { maybeWritten: true },
  );
}

/**
 * Deploys an environment. One that is deployed or stopped already is waited for and then deployed once more: what is under
 * way may not have the new values.
 */
export async function deploy(
  http: HttpClient,
  environmentId: string,
  { wait, signal, sleep }: FinishOptions,
): Promise<FollowUpOutcome> {
  const look = () => stateOf(http, environmentId, signal);
  // Each time later: a 409 whose reason no look shows must not use up the requests of the token.
  for (let first = PAUSES.first; ; first = Math.min(first * 1.5, PAUSES.most)) {
    try {
      await askForDeployment(http, environmentId, signal);
      break;
    } catch (error) {
      if (!isSecretSyncError(error, 'CONFLICT')) throw error;
      await poll(
        { sleep },
        { ...PAUSES, first },
        async () => phaseOf(await look()) !== 'in progress' || undefined,
      );
    }
  }
  if (!wait) return { status: 'started', message: 'The deployment of the environment was started.' };
  const { phase, state } = await poll({ sleep }, PAUSES, async () => {
    const found = await look();
    const reached = phaseOf(found);
    return reached === 'succeeded' || reached === 'failed' ? { phase: reached, state: found } : undefined;
  });
  return phase === 'succeeded'
    ? { status: 'succeeded', message: 'The environment was deployed.' }
    : {
        status: 'failed',
        message: `The deployment of the environment ended as ${wordOf(state)}; look at its log in the console.`,
      };
}

/** A state as the API names it, for a message. */
const wordOf = (state: string): string =>
  /^[A-Z_]{1,40}$/.test(state) ? state : 'a state that is not known';
