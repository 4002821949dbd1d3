import type { SecretSource } from '../../contracts/source.js';
import { createHttpClient } from '../../http/client.js';
import { systemClock } from '../../shared/clock.js';
import { describe } from './describe.js';
import { aboutSource } from './errors.js';
import { effectiveSecrets, emptyKeys, type Effective } from './effective.js';
import { createList } from './list.js';
import { checkOptions, placeOf, type InfisicalOptions, type InfisicalPlace } from './options.js';
import { createSecretsApi } from './secrets-api.js';
import { createSession } from './session.js';
import { watch } from './watch.js';
import { createWriter } from './write.js';

export type { InfisicalOptions } from './options.js';

/** A source of Infisical: all that a source can do. */
export type InfisicalSource = Required<SecretSource>;

/**
 * Returns a source of the secrets of a folder in Infisical, as `projectId`, `environment` (its slug) and `secretPath` of
 * a definition name it, else the options. Logs in with universal auth when it is needed, and again before the token ends
 * or when it is refused. Sends nothing when it is made.
 *
 * - **Precedence.** A folder's own secrets win over imported ones; of imports, the last one wins, as on Infisical's
 *   server and in its CLI. (`listSecretsWithImports` of `@infisical/sdk` lets the first one win.)
 * - **Parts.** The folder and each import is a part, by its environment and path (`prod:/shared`): when one that held
 *   keys of a sync holds nothing any more, these keys are not deleted without consent.
 * - **What the identity may not see is left out by Infisical without a notice.** A role that was narrowed looks like
 *   deleted secrets, and an import that it may not read like one that was removed; only the deletion guard helps there. A
 *   value that Infisical hides (a role that may describe secrets and not read them) is unreadable: nothing is deleted in
 *   such a run. Personal secrets are not read.
 * - **References.** A key whose value still holds `${…}` is listed as `unresolved`: some servers return a reference that
 *   they can't resolve as it was typed, others as an empty string. Of the latter only those are known that leave the whole value
 *   empty; for these, a read with empty values takes a second request.
 * - **Servers.** Uses `/api/v4`, and `/api/v3` of servers from before 2026, which is found out once; no server before 0.46.
 * - **A write** lists and refuses (`SOURCE_NOT_WRITABLE`) imported keys, keys whose value is a reference, and values that
 *   Infisical would return changed, since it trims them; a change that waits for approval is `SOURCE_WRITE_FAILED`.
 * - **A watch** follows the events of the folder; where Infisical pushes none (an enterprise feature), it reads the folder
 *   every `pollInterval`. A change of what a reference in another folder points at may go unnoticed by events.
 *
 * Errors: `UNAUTHORIZED`, `FORBIDDEN`, `NOT_FOUND`, `RATE_LIMITED` and `TIMEOUT` as they are, else
 * `SOURCE_READ_FAILED` or `SOURCE_WRITE_FAILED`; `INVALID_OPTION` where neither definition nor options name a project
 * and an environment.
 *
 * @throws SecretSyncError `INVALID_OPTION` or `UNSAFE_URL` for options that are not valid.
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
  const client = createHttpClient({
    endpoint: siteUrl,
    allowPrivateNetwork,
    retry,
    concurrency,
    random,
    fetch,
    timeout,
    clock,
  });
  const session = createSession(client, { clientId, clientSecret }, clock);
  const api = createSecretsApi(session);
  const list = createList(api);
  const writer = createWriter(api, list, flags);
  const defaults = options;

  /** Some servers return an empty string for a reference that they can't resolve: how it was typed shows it. */
  const withEmptied = async (
    place: InfisicalPlace,
    read: Effective,
    signal: AbortSignal,
  ): Promise<Effective> => {
    const empty = new Set(emptyKeys(read));
    if (!expandSecretReferences || empty.size === 0) return read;
    const typed = effectiveSecrets(
      await list(place, { ...flags, expandSecretReferences: false }, signal),
      place,
    );
    const emptied = typed.unresolved.filter((key) => empty.has(key));
    return { ...read, unresolved: [...read.unresolved, ...emptied] };
  };
  const read = (place: InfisicalPlace, signal: AbortSignal) =>
    aboutSource('SOURCE_READ_FAILED', async () =>
      withEmptied(place, effectiveSecrets(await list(place, flags, signal), place), signal),
    );

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
      await watch({ session, clock, random, pollInterval, read }, place, onChange, signal);
    },
    async describe(location, { signal }) {
      const place = placeOf(location, defaults);
      return aboutSource('SOURCE_READ_FAILED', () => describe(session, place, signal));
    },
  };
}
