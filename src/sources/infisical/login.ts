import type { Clock } from '../../contracts/clock.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { SecretValue } from '../../contracts/secret.js';
import type { GuardedHttpClient } from '../../http/client.js';
import { retell } from '../../shared/problems.js';
import { classify, loginSchema, retryAfter } from './wire.js';

/** A token is renewed so long before it ends, in ms, or at a tenth of its life where that is less. */
const RENEWED_BEFORE = 60_000;

/** What a login gave. */
export interface Grant {
  readonly authorization: string;
  /** In ms since the epoch. */
  readonly renewAt: number;
}

/** Universal auth of a machine identity. */
export interface InfisicalCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * Logs in.
 *
 * @throws SecretSyncError `UNAUTHORIZED` that says what to check.
 */
export async function logIn(
  client: GuardedHttpClient,
  { clientId, clientSecret }: InfisicalCredentials,
  clock: Clock,
  signal: AbortSignal,
): Promise<Grant> {
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
    return { authorization: `Bearer ${data.accessToken}`, renewAt };
  } catch (error) {
    if (!isSecretSyncError(error)) throw error;
    const { code, status } = error;
    // A login writes no secret, although it is a POST.
    if (code !== 'UNAUTHORIZED') throw retell(error, { maybeWritten: false });
    const message =
      'Could not log in to Infisical: it does not accept the clientId and clientSecret. Check both, and that the ' +
      'secret has not expired and the identity is not locked.';
    throw new SecretSyncError('UNAUTHORIZED', message, status === undefined ? {} : { status });
  }
}
