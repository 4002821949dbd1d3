import type { Clock } from '../../contracts/clock.js';
import { isSecretSyncError } from '../../contracts/errors.js';
import type { HttpRequest } from '../../contracts/http.js';
import type { GuardedHttpClient } from '../../http/client.js';
import { beginJointWork, type JointWork } from '../../shared/joint/joint-work.js';
import { logIn, type Grant, type InfisicalCredentials } from './login.js';
import { classify, retryAfter } from './wire.js';

interface Login {
  readonly grant: JointWork<Grant>;
  readonly stop: AbortController;
  waiting: number;
}

/** What a machine identity is let in with. */
export interface InfisicalSession {
  /** Sends a request as the identity, once more after another login when its token is refused, and returns its data. */
  request<Data>(request: HttpRequest<Data>, signal: AbortSignal): Promise<Data>;
}

/** The grant of the moment. */
interface Grants {
  /** Returns the grant, and logs in where there is none that lasts. */
  get(signal: AbortSignal): Promise<Grant>;
  /** Drops a grant that was refused, unless another call has renewed it already. */
  drop(grant: Grant): void;
}

/** Logs in when a grant is needed, and again before it ends. All who need one at a time share one login. */
function createGrants(logInNow: (signal: AbortSignal) => Promise<Grant>, clock: Clock): Grants {
  let current: Grant | undefined;
  let login: Login | undefined;

  const forget = (ended: Login) => {
    if (login === ended) login = undefined;
  };

  const begin = (): Login => {
    const stop = new AbortController();
    const grant = beginJointWork(async () => {
      try {
        return (current = await logInNow(stop.signal));
      } finally {
        forget(begun);
      }
    });
    const begun = { grant, stop, waiting: 0 };
    return begun;
  };

  return {
    async get(signal) {
      for (;;) {
        signal.throwIfAborted();
        if (current !== undefined && clock.now() < current.renewAt) return current;
        const joined = (login ??= begin());
        joined.waiting += 1;
        try {
          const granted = await joined.grant.wait(signal);
          if (granted !== undefined) return granted.result;
          forget(joined);
        } finally {
          joined.waiting -= 1;
          // All who waited have left: the next one must not join what is being stopped.
          if (joined.waiting === 0 && login === joined) {
            forget(joined);
            joined.stop.abort();
          }
        }
      }
    },
    drop(grant) {
      if (current === grant) current = undefined;
    },
  };
}

/** Returns a session of a machine identity. Sends nothing by itself. */
export function createSession(
  client: GuardedHttpClient,
  credentials: InfisicalCredentials,
  clock: Clock,
): InfisicalSession {
  const grants = createGrants((signal) => logIn(client, credentials, clock, signal), clock);

  return {
    async request(request, signal) {
      const http = client.forRun({ signal });
      const send = async ({ authorization }: Grant) => {
        const headers = { ...request.headers, authorization };
        return (await http.request({ classify, retryAfter, ...request, headers })).data;
      };
      const first = await grants.get(signal);
      try {
        return await send(first);
      } catch (error) {
        if (!isSecretSyncError(error, 'UNAUTHORIZED')) throw error;
        grants.drop(first);
      }
      return send(await grants.get(signal));
    },
  };
}
