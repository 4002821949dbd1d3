import type * as z from 'zod/mini';
import type { CallOptions } from '../../contracts/destination.js';
import type { HttpClient } from '../../contracts/http.js';
import { createHttpClient } from '../../http/client.js';
import { parseArgument } from '../../shared/validation.js';

interface Connectable<Credentials> {
  readonly displayName: string;
  readonly endpoint: (credentials: Credentials) => string;
  readonly authorization: (credentials: Credentials) => Readonly<Record<string, string>>;
}

/**
 * Returns a client for one call outside a run, such as discovery or `validateConnection`.
 *
 * @throws SecretSyncError `INVALID_OPTION` for credentials that do not fit the schema, `UNSAFE_URL`.
 */
export function callClient<Credentials>(
  { displayName, endpoint, authorization }: Connectable<Credentials>,
  schema: z.ZodMiniType<Credentials>,
  input: Credentials,
  { signal, ...network }: CallOptions = {},
): HttpClient {
  const credentials = parseArgument(schema, input, `The credentials for ${displayName} are not valid`);
  return createHttpClient({
    endpoint: endpoint(credentials),
    headers: authorization(credentials),
    ...network,
  }).forRun(signal === undefined ? {} : { signal });
}
