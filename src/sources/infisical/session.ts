import type { Clock } from '../../contracts/clock.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { HttpRequest } from '../../contracts/http.js';
import type { GuardedHttpClient } from '../../http/client.js';
import { createTokenSearch, readingsOf } from '../../shared/echo-search.js';
import { beginJointWork, type JointWork } from '../../shared/joint/joint-work.js';
import { forEachInTurns, inTurns } from '../../shared/turns/turns.js';
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
  /**
   * Checks names and ids that the server returned, which plans, records and events show.
   *
   * @throws SecretSyncError `INVALID_RESPONSE` where one holds a token or a part of the credentials.
   */
  checkNames(names: Iterable<string>, signal: AbortSignal): Promise<void>;
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
  let tokens = createTokenSearch([credentials.clientSecret]);
  const grants = createGrants(async (signal) => {
    const granted = await logIn(client, credentials, clock, signal);
    const token = granted.authorization.slice(granted.authorization.indexOf(' ') + 1);
    tokens = createTokenSearch([credentials.clientSecret, token]);
    return granted;
  }, clock);
  const checkName = (name: string): void => {
    if (!tokens.finds(readingsOf(name))) return;
    throw new SecretSyncError(
      'INVALID_RESPONSE',
      'Infisical returned a name or an id that holds the credentials of the identity; it is not used, shown or stored. ' +
        'Check the siteUrl, and whether a proxy echoes requests.',
    );
  };

  return {
    checkNames: (names, signal) => inTurns(forEachInTurns(names, checkName), signal),
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
