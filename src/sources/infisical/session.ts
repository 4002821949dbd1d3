import type { Clock } from '../../contracts/clock.js';
import { isSecretSyncError } from '../../contracts/errors.js';
import type { HttpRequest } from '../../contracts/http.js';
import { SecretValue } from '../../contracts/secret.js';
import type { GuardedHttpClient } from '../../http/client.js';
import { untilAborted } from '../../shared/abort.js';
import { retell } from './errors.js';
import { classify, loginSchema, retryAfter } from './wire.js';

/** A token is renewed so long before it ends, in ms, or at a tenth of its life where that is less. */
const RENEWED_BEFORE = 60_000;

interface Grant {
  readonly authorization: string;
  /** In ms since the epoch. */
  readonly renewAt: number;
}

interface Login {
  readonly grant: Promise<Grant>;
  readonly stop: AbortController;
  waiting: number;
}

/** What a machine identity is let in with. */
export interface InfisicalSession {
  /** Sends a request as the identity, and answers its data. */
  request<Data>(request: HttpRequest<Data>, signal: AbortSignal): Promise<Data>;
  /**
   * Calls with the header that authenticates, and once more, after another login, when the call throws `UNAUTHORIZED`.
   */
  authorized<Result>(call: (authorization: string) => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

/** Logs in when a token is needed, and again before it ends. All who need one at a time share one login. */
export function createSession(
  client: GuardedHttpClient,
  credentials: { readonly clientId: string; readonly clientSecret: string },
  clock: Clock,
): InfisicalSession {
  const { clientId, clientSecret } = credentials;
  let current: Grant | undefined;
  let login: Login | undefined;

  const logIn = async (signal: AbortSignal): Promise<Grant> => {
    const startedAt = clock.now();
    try {
      const { data } = await client.forRun({ signal }).request({
        operation: 'log in to Infisical',
        method: 'POST',
        path: ['api', 'v1', 'auth', 'universal-auth', 'login'],
        body: { clientId, clientSecret: new SecretValue(clientSecret) },
        schema: loginSchema,
        repeatable: true,
        classify,
        retryAfter,
      });
      const life = data.expiresIn * 1_000 || Infinity;
      const renewAt = startedAt + life - Math.min(RENEWED_BEFORE, life / 10);
      return (current = { authorization: `Bearer ${data.accessToken}`, renewAt });
    } catch (error) {
      if (!isSecretSyncError(error, 'UNAUTHORIZED')) throw error;
      const message =
        'Could not log in to Infisical: it does not accept the clientId and clientSecret. Check both, and that the ' +
        'secret has not expired and the identity is not locked.';
      throw retell(error, 'UNAUTHORIZED', message);
    }
  };

  const begin = (): Login => {
    const stop = new AbortController();
    const begun = { grant: logIn(stop.signal), stop, waiting: 0 };
    const end = () => {
      if (login === begun) login = undefined;
    };
    begun.grant.then(end, end);
    return begun;
  };

  const grant = async (signal: AbortSignal): Promise<Grant> => {
    signal.throwIfAborted();
    if (current !== undefined && clock.now() < current.renewAt) return current;
    const joined = (login ??= begin());
    joined.waiting += 1;
    try {
      return await untilAborted(joined.grant, signal);
    } finally {
      joined.waiting -= 1;
      // Nobody waits any more: the next one must not join what is being stopped.
      if (joined.waiting === 0 && login === joined) {
        login = undefined;
        joined.stop.abort();
      }
    }
  };

  const authorized: InfisicalSession['authorized'] = async (call, signal) => {
    const first = await grant(signal);
    try {
      return await call(first.authorization);
    } catch (error) {
      if (!isSecretSyncError(error, 'UNAUTHORIZED')) throw error;
      // Another call may have renewed it already.
      if (current === first) current = undefined;
    }
    return call((await grant(signal)).authorization);
  };

  return {
    authorized,
    request(request, signal) {
      const http = client.forRun({ signal });
      return authorized(async (authorization) => {
        const headers = { ...request.headers, authorization };
        return (await http.request({ classify, retryAfter, ...request, headers })).data;
      }, signal);
    },
  };
}
