import type { SecretSource } from '../../contracts/source.js';
import { checkEndpoint } from '../../http/address.js';
import { createHttpClient } from '../../http/client.js';
import { systemClock } from '../../shared/clock.js';
import { describe } from './describe.js';
import { aboutSource } from './errors.js';
import { createList, effectiveSecrets } from './list.js';
import { checkOptions, placeOf, type InfisicalOptions, type InfisicalPlace } from './options.js';
import { createSession } from './session.js';
import { watch } from './watch.js';
import { createWriter } from './write.js';

export type { InfisicalOptions } from './options.js';

/** A source of Infisical: all that a source can do. */
export type InfisicalSource = Required<SecretSource>;

/**
 * The secrets of a folder in Infisical, as `projectId`, `environment` (its slug) and `secretPath` of a definition name
 * it, else the options. Logs in with universal auth when it is needed, and again before the token ends or when it is
 * refused. Sends nothing when it is made; throws `INVALID_OPTION` or `UNSAFE_URL` then.
 *
 * - A folder's own secrets win over imported ones; of imports, the last one wins.
 * - A value that Infisical hides from the identity is unreadable: nothing is deleted in such a run.
 * - Personal secrets are not read.
 * - A write lists and refuses (`SOURCE_NOT_WRITABLE`) imported keys, keys whose value is a reference, and values that
 *   Infisical would give back changed, since it trims them; a change that waits for approval is `SOURCE_WRITE_FAILED`.
 * - A watch follows the events of the folder; where Infisical pushes none (an enterprise feature), it reads the folder
 *   every `pollInterval`. A change of what a reference in another folder points at may go unnoticed by events.
 *
 * Errors: `UNAUTHORIZED`, `FORBIDDEN`, `NOT_FOUND`, `RATE_LIMITED` and `TIMEOUT` as they are, else
 * `SOURCE_READ_FAILED` or `SOURCE_WRITE_FAILED`; `INVALID_OPTION` where neither definition nor options name a project
 * and an environment.
 *
 * @example
 * const source = infisicalSource({ clientId, clientSecret, projectId, environment: 'prod' });
 */
export function infisicalSource(options: InfisicalOptions): InfisicalSource {
  checkOptions(options);
  const {
    siteUrl = 'https://app.infisical.com',
    includeImports = true,
    expandSecretReferences = true,
  } = options;
  const {
    clock = systemClock,
    random = Math.random,
    fetch,
    timeout = 30_000,
    pollInterval = 60_000,
  } = options;
  const { clientId, clientSecret, allowPrivateNetwork, retry, concurrency } = options;
  const flags = { includeImports, expandSecretReferences };
  const network = { fetch, timeout, clock };
  const client = createHttpClient({
    endpoint: siteUrl,
    allowPrivateNetwork,
    retry,
    concurrency,
    random,
    ...network,
  });
  const endpoint = checkEndpoint(siteUrl, { allowPrivateNetwork });
  const session = createSession(client, { clientId, clientSecret }, clock);
  const list = createList(session);
  const writer = createWriter(session, list, flags);
  const defaults = options;

  const read = (place: InfisicalPlace, signal: AbortSignal) =>
    aboutSource('SOURCE_READ_FAILED', async () => effectiveSecrets(await list(place, flags, signal)));

  return {
    name: 'infisical',
    async read(location, { signal }) {
      return read(placeOf(location, defaults), signal);
    },
    async checkWrite(location, changes, { signal }) {
      const place = placeOf(location, defaults);
      return aboutSource('SOURCE_READ_FAILED', () => writer.check(place, changes, signal));
    },
    async write(location, changes, { signal }) {
      const place = placeOf(location, defaults);
      return aboutSource('SOURCE_WRITE_FAILED', () => writer.write(place, changes, signal));
    },
    async watch(location, onChange, { signal }) {
      if (signal.aborted) return;
      const place = placeOf(location, defaults);
      await watch({ session, endpoint, random, pollInterval, read, ...network }, place, onChange, signal);
    },
    async describe(location, { signal }) {
      const place = placeOf(location, defaults);
      return aboutSource('SOURCE_READ_FAILED', () => describe(session, place, signal));
    },
  };
}
